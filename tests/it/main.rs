//! The tests that cross rooms, in one binary.

mod vision;
mod weights;
