//! The project's own API under `/v1`.

pub mod errors;
pub mod routes;
pub mod wire;
