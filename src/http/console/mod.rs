//! The officers' pages: each handler parses, calls one operation, renders HTML; nothing else speaks HTML.

use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, ResponseError as _, web};

use crate::http::console::errors::PageError;
use crate::http::error::Refusal;

mod assets;
mod case;
mod cases;
mod chart;
mod errors;
mod events;
mod forms;
mod guest;
mod headers;
mod links;
mod overview;
mod parts;
mod projects;
mod quality;
mod queue;
mod rules;
mod shell;
mod sign_in;
mod welcome;
mod words;

/// A refusal that came before the pages, as a page.
pub(super) fn refuse(refusal: Refusal) -> HttpResponse {
    PageError::from(refusal).error_response()
}

/// Adds the pages below `/console`.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes.service(
        web::scope("/console")
            .app_data(web::QueryConfig::default().error_handler(|_, _| {
                PageError::from(Refusal::bad_request("the address asks for something odd")).into()
            }))
            .wrap(from_fn(headers::with_page_headers))
            .configure(assets::configure)
            .configure(sign_in::configure)
            .configure(welcome::configure)
            .configure(queue::configure)
            .configure(case::configure)
            .configure(rules::configure)
            .configure(projects::configure)
            .configure(overview::configure)
            .configure(quality::configure)
            .default_service(web::to(errors::no_such_page)),
    );
}
