//! The networks, each named after its paper or its origin.

pub mod dlib_resnet;
pub mod face_mesh;
pub mod mask_net;
pub mod mini_fasnet;
pub mod mtcnn;
pub mod retail_0095;
