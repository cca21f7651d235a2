//! The project's own API under `/v1`.

pub mod calls;
pub mod embeddings;
pub mod errors;
pub mod routes;
pub mod wire;
