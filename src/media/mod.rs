//! A video file in, upright RGB frames with their times out.

pub mod error;
pub mod facts;
pub mod frame;
pub mod limits;
pub mod probe;
pub mod sampling;

mod colour;
mod container;
mod decode;
mod orientation;
mod plan;
mod source;
mod survey;
