//! Named numbers and rules in, a verdict with its reasons out. Pure: it knows no picture and no clock.

pub mod reasons;
pub mod rules;
pub mod signals;
pub mod verdict;
