//! Nodeflux FREMIS-N: one-to-one matches, enrolment into keyspaces, and recognition.

pub mod errors;
pub mod routes;
pub mod wire;
