//! ARGOS Identity: one comparison of two faces, its result posted to a callback as well.

pub mod errors;
pub mod routes;
pub mod wire;
