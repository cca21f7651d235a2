//! Networks and alignment against their origins, on the same pixels.

mod alignment;
mod chips;
mod dlib_resnet;
mod face_mesh;
mod mask;
mod mini_fasnet;
mod mtcnn;
mod picture;
mod retail_0095;
mod subject;
