//! The API of Biometry Solutions: `/api-gateway` and `/api-consent`.

pub mod enrolment;
pub mod errors;
pub mod routes;
pub mod wire;
