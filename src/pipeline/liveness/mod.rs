//! What moves in a clip, and whether it moves as a live head does: a signal a file, each a number of its own.

pub mod blinks;
pub mod challenge;
pub mod cuts;
pub mod expression;
pub mod glimpse;
pub mod motion;
pub mod one_person;
pub mod pulse;
pub mod relief;
pub mod repeats;
pub mod screen;
pub mod sway;
pub mod whose;
