//! Readers of the formats in which weights are published.

pub mod error;
pub mod tensor;
