//! `/console/projects`: the project's settings, tokens, officers, webhooks and usage, for its admins.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, ServiceConfig};
use maud::{Markup, html};

use crate::http::console::errors::PageError;
use crate::http::console::guest::Guest;
use crate::http::console::parts;
use crate::http::console::shell::{Page, Place};

mod fields;
mod officers;
mod settings;
mod tokens;
mod usage;
mod webhooks;

type Answer = Result<HttpResponse, PageError>;

/// The pages, in the order in which they are shown.
const PAGES: [(&str, &str); 5] = [
    ("Settings", "/console/projects"),
    ("Tokens", "/console/projects/tokens"),
    ("Officers", "/console/projects/officers"),
    ("Webhooks", "/console/projects/webhooks"),
    ("Usage", "/console/projects/usage"),
];

/// Adds the routes.
pub(super) fn configure(routes: &mut ServiceConfig) {
    routes
        .route("/projects", web::get().to(settings::show))
        .route("/projects", web::post().to(settings::change))
        .route("/projects/tokens", web::get().to(tokens::show))
        .route("/projects/tokens", web::post().to(tokens::create))
        .route(
            "/projects/tokens/{id}/revoke",
            web::post().to(tokens::revoke),
        )
        .route("/projects/officers", web::get().to(officers::show))
        .route("/projects/officers", web::post().to(officers::add))
        .route(
            "/projects/officers/{id}/role",
            web::post().to(officers::change),
        )
        .route(
            "/projects/officers/{id}/remove",
            web::post().to(officers::remove),
        )
        .route("/projects/webhooks", web::get().to(webhooks::show))
        .route(
            "/projects/webhooks/{id}/replay",
            web::post().to(webhooks::replay),
        )
        .route("/projects/usage", web::get().to(usage::show));
}

/// A page of the project's, with the ways to the others.
struct Sheet<'a> {
    guest: &'a Guest,
    /// As the list of pages has it.
    name: &'a str,
    scripts: &'a [&'a str],
    body: Markup,
}

impl Sheet<'_> {
    fn show_as(self, status: StatusCode) -> HttpResponse {
        let project = &self.guest.visitor.caller.project.name;
        let title = format!("{} of {project}", self.name);
        let body = html! {
            div.head { h1 { (title) } }
            nav.tabs aria-label="The project" {
                @for (name, address) in PAGES {
                    a href=(address) aria-current=[(name == self.name).then_some("page")] { (name) }
                }
            }
            (self.body)
        };
        let page = Page {
            guest: self.guest,
            place: Place::Project,
            title: &title,
            scripts: self.scripts,
            body,
        };
        parts::show_as(status, page)
    }

    fn show(self) -> HttpResponse {
        self.show_as(StatusCode::OK)
    }
}

/// Something that is shown this once.
fn once(what: &str, id: &str, secret: &str, hint: &str) -> Markup {
    html! {
        section.card.secret role="status" {
            h2 { (what) }
            p { code id=(id) { (secret) } }
            div.actions {
                button type="button" data-copies=(id) hidden { "Copy" }
                span.hint { (hint) }
            }
        }
    }
}
