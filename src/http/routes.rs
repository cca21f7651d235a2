//! Every route of the service: `app` serves them, and a test walks the same ones.

use actix_web::web;

use crate::http::{console, dialects, health, openapi};

/// Adds them.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes
        .configure(health::configure)
        .configure(openapi::configure)
        .configure(console::configure)
        .configure(dialects::configure);
}
