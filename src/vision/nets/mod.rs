//! The networks, each named after its paper or its origin.

pub mod mtcnn;
