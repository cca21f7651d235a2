//! The project's own API under `/v1`.

pub mod calls;
pub mod decisions;
pub mod embeddings;
pub mod errors;
pub mod holds;
pub mod routes;
pub mod wire;
