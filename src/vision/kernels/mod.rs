//! Arithmetic that candle does slowly or in several passes, as custom operations.

pub mod bend;
pub mod depthwise;
pub mod layers;
