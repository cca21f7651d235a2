//! Readers of the formats in which weights are published.

pub mod dlib_dat;
mod dlib_stream;
pub mod error;
pub mod openvino_bin;
pub mod tensor;
