//! Traces for OpenTelemetry: where a span stands in a trace, and how spans leave the service, if they do.

pub mod context;
pub mod export;
