//! `likeness` says whether the person in a video is the person on a document.

pub mod app;
pub mod cli;
pub mod config;
pub mod evaluation;
pub mod http;
pub mod media;
pub mod operations;
pub mod packs;
pub mod pipeline;
pub mod scoring;
pub mod session;
pub mod store;
pub mod telemetry;
pub mod vision;
pub mod worker;
