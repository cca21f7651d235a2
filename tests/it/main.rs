//! The tests that cross rooms, in one binary.

mod evaluation;
mod vision;
mod weights;
