//! The HTTP door: who is asking, bounded uploads, one place where errors get their status, and a folder a dialect.

pub mod address;
pub mod base64_picture;
pub mod bounded_json;
pub mod call_log;
pub mod caller;
pub mod console;
pub mod dialects;
pub mod error;
pub mod headers;
pub mod health;
pub mod idempotency;
pub mod json_body;
pub mod limits;
pub mod metrics;
pub mod openapi;
pub mod request_id;
pub mod routes;
pub mod secure_headers;
pub mod settings;
pub mod tls;
pub mod upload;
