//! Readers of the formats in which weights are published.

pub mod error;
mod pickle;
pub mod tensor;
pub mod torch_legacy;
