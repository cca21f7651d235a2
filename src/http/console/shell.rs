//! What every page has around it: the head, where one can go, who one is, and which project this is.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use maud::{DOCTYPE, Markup, html};

use crate::http::console::assets;
use crate::http::console::guest::Guest;
use crate::session::account::Role;

/// The places of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Queue,
    Sessions,
    Overview,
    Quality,
    Rules,
    Project,
}

impl Place {
    /// Those in the bar, their addresses, and the least role that sees them.
    const ALL: [(Self, &'static str, &'static str, Role); 6] = [
        (Self::Queue, "Queue", "/console/queue", Role::Officer),
        (
            Self::Sessions,
            "Sessions",
            "/console/sessions",
            Role::Officer,
        ),
        (
            Self::Overview,
            "Overview",
            "/console/overview",
            Role::Officer,
        ),
        (
            Self::Quality,
            "Review quality",
            "/console/quality",
            Role::Lead,
        ),
        (Self::Rules, "Rules", "/console/rules", Role::Lead),
        (Self::Project, "Project", "/console/projects", Role::Admin),
    ];
}

/// A page of somebody who is signed in.
pub(super) struct Page<'a> {
    pub(super) guest: &'a Guest,
    pub(super) place: Place,
    pub(super) title: &'a str,
    /// Scripts of this page alone.
    pub(super) scripts: &'a [&'a str],
    pub(super) body: Markup,
}

impl Page<'_> {
    /// The answer that shows it.
    pub(super) fn show(self) -> HttpResponse {
        let content = html! {
            (bar(self.guest, self.place))
            main #main tabindex="-1" { (self.body) }
        };
        answer(StatusCode::OK, self.title, self.scripts, &content)
    }
}

/// A page of nobody in particular.
pub(super) fn bare(status: StatusCode, title: &str, body: &Markup) -> HttpResponse {
    bare_with(status, title, &[], body)
}

/// The same with scripts of its own.
pub(super) fn bare_with(
    status: StatusCode,
    title: &str,
    scripts: &[&str],
    body: &Markup,
) -> HttpResponse {
    let content = html! { main #main .bare tabindex="-1" { (body) } };
    answer(status, title, scripts, &content)
}

fn answer(status: StatusCode, title: &str, scripts: &[&str], content: &Markup) -> HttpResponse {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " – likeness" }
                link rel="icon" type="image/svg+xml" href=(assets::address("icon.svg"));
                link rel="stylesheet" href=(assets::address("console.css"));
                script src=(assets::address("console.js")) {}
                @for script in scripts {
                    script type="module" src=(assets::address(script)) {}
                }
            }
            body {
                a.skip href="#main" { "To the content" }
                (content)
            }
        }
    };
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(page.into_string())
}

fn bar(guest: &Guest, place: Place) -> Markup {
    let visitor = &guest.visitor;
    html! {
        header.bar {
            a.mark href="/console/queue" { "likeness" }
            nav aria-label="Places" {
                @for (this, name, address, role) in Place::ALL {
                    @if visitor.role >= role {
                        a href=(address) aria-current=[(this == place).then_some("page")] { (name) }
                    }
                }
            }
            div.who {
                (projects(guest))
                span.name title=(visitor.role.name()) { (visitor.name) }
                button.quiet type="button" data-theme-switch { "Theme" }
                form method="post" action="/console/sign-out" {
                    (mark(guest))
                    button.quiet { "Sign out" }
                }
            }
        }
    }
}

/// Which project this is, and the others.
fn projects(guest: &Guest) -> Markup {
    let visitor = &guest.visitor;
    let here = visitor.caller.project.id;
    html! {
        @if visitor.projects.len() > 1 {
            form.switch method="post" action="/console/project" {
                (mark(guest))
                label.unseen for="project-switch" { "Project" }
                select #project-switch name="project" data-submits {
                    @for project in &visitor.projects {
                        option value=(project.id) selected[project.id == here] { (project.name) }
                    }
                }
                button.quiet data-unscripted { "Go" }
            }
        } @else {
            span.project { (visitor.caller.project.name) }
        }
    }
}

/// The field that a form of somebody's page bears.
pub(super) fn mark(guest: &Guest) -> Markup {
    html! { input type="hidden" name="mark" value=(guest.form_mark()); }
}
