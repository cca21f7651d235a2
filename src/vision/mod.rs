//! A picture in, observations out: faces, their alignment, embeddings and quality. No clock, no network, no database.

pub mod alignment;
pub mod calibration;
pub mod candidate;
pub mod coarse;
pub mod detector;
pub mod embedder;
pub mod error;
pub mod eyes;
pub mod geometry;
pub mod grey;
pub mod homography;
mod jpeg;
pub mod landmarks;
pub mod layers;
pub mod level;
pub mod liveness;
pub mod mask;
pub mod nets;
pub mod picture;
pub mod portrait;
pub mod quality;
pub mod resample;
pub mod subject;
mod templates;
