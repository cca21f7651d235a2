//! Every route of the service: `app` serves them, and a test walks the same ones.

use actix_web::web;

use crate::http::metrics::Readers;
use crate::http::{console, dialects, health, metrics, openapi};

/// Adds them; that of the numbers where somebody may read them here.
pub fn configure(routes: &mut web::ServiceConfig, readers: &Readers) {
    metrics::configure(routes, readers);
    routes
        .configure(health::configure)
        .configure(openapi::configure)
        .configure(console::configure)
        .configure(dialects::configure);
}
