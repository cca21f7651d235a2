//! RisetAI's Face API: facegalleries, enrolment, verification and identification, at two addresses.

pub mod client;
pub mod errors;
pub mod fields;
pub mod forms;
pub mod galleries;
pub mod mount;
pub mod people;
pub mod recognition;
pub mod routes;
pub mod status;
pub mod token;
pub mod wire;
