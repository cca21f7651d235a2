//! The tests that cross rooms, in one binary.

mod architecture;
mod evaluation;
mod helpers;
mod http;
mod media;
mod packs;
mod rules;
mod samples;
mod store;
mod vision;
mod weights;
