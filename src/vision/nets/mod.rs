//! The networks, each named after its paper or its origin.

pub mod dlib_resnet;
pub mod mask_net;
pub mod mtcnn;
pub mod retail_0095;
