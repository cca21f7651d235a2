//! The tests that cross rooms, in one binary.

mod evaluation;
mod media;
mod vision;
mod weights;
