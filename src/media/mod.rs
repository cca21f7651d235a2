//! A video file in, upright RGB frames with their times out.

pub mod decode;
pub mod error;
pub mod facts;
pub mod frame;
pub mod limits;
pub mod probe;
pub mod sampling;
pub mod watch;
pub mod whole;

mod colour;
mod container;
mod demux;
mod orientation;
mod plan;
mod render;
mod source;
mod survey;
