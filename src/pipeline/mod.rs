//! One document and one video in, one examination out: the only room that holds all three instruments.

pub mod aggregate;
pub mod capture;
pub mod defects;
pub mod examine;
pub mod examiner;
pub mod liveness;
pub mod look;

mod conclude;
mod cores;
mod document;
mod faces;
mod pictures;
mod timeline;
mod watching;
