//! `likeness` says whether the person in a video is the person on a document.

pub mod cli;
pub mod evaluation;
pub mod media;
pub mod packs;
pub mod pipeline;
pub mod scoring;
pub mod session;
pub mod store;
pub mod vision;
