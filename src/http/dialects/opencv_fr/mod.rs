//! `OpenCV FR`: the vendor's server for one's own premises and, on the same paths, its cloud API.

pub mod cloud_collections;
pub mod cloud_faces;
pub mod cloud_fields;
pub mod cloud_forms;
pub mod cloud_people;
pub mod cloud_wire;
pub mod errors;
pub mod failures;
pub mod onprem;
pub mod onprem_fields;
pub mod onprem_people;
pub mod onprem_wire;
pub mod routes;
