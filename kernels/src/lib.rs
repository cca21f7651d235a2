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
//! - [`filtered`]: the one and the other, without the maps between them.
//! - [`gate`]: means, and maps weighed by them.
//! - [`heaps`]: how little the allocator keeps of what their threads free.
//! - [`pool`]: maps made smaller.
//! - [`dot`]: many rows times one vector.
//! - [`reading`]: what the memory gives.
//! - [`team`]: threads that share the layers of one network.
//! - [`shrink`]: pictures of bytes made smaller, on their way into maps.

mod aligned;
#[cfg(target_arch = "x86_64")]
mod amx;
mod block;
mod buffers;
#[cfg(test)]
mod crooked;
pub mod dense;
pub mod depthwise;
mod direct;
pub mod dot;
pub mod error;
pub mod filtered;
mod finish;
pub mod gate;
pub mod heaps;
mod lanes;
pub mod machine;
pub mod maps;
pub mod pool;
pub mod reading;
#[cfg(target_arch = "x86_64")]
mod short;
pub mod shrink;
pub mod team;
mod tiles;
mod winograd;
