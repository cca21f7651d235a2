//! The hot arithmetic of the networks: convolutions over feature maps, for the processor at hand.
//!
//! It is a package of its own so that it is compiled for speed in every profile: a test that runs a
//! network would otherwise wait minutes for it. It is the one place with `unsafe` in it, and knows
//! no picture, no weight file and no tensor library: numbers in, numbers out.
//!
//! - [`machine`]: which instruction sets the processor has.
//! - [`maps`]: feature maps, laid out for what follows.
//! - [`dense`]: convolutions that mix all channels.
//! - [`depthwise`]: convolutions that filter every channel for itself.
//! - [`pool`]: maps made smaller.
//! - [`shrink`]: pictures of bytes made smaller, on their way into maps.

pub mod dense;
pub mod depthwise;
pub mod error;
mod lanes;
pub mod machine;
pub mod maps;
pub mod pool;
pub mod shrink;
