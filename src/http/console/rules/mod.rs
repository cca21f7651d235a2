//! `/console/rules`: the project's rules by version: read, compared, written, tried, and put to judging.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use maud::{Markup, html};

use crate::http::console::errors::PageError;
use crate::http::console::guest::Guest;
use crate::operations::error::Error;
use crate::operations::rule_owner::RuleOwner;
use crate::scoring::verdict::Verdict;

mod backtest;
mod diff;
mod editor;
mod lines;
mod list;
mod places;
mod roles;
mod shadow;
mod trial;
mod version;
mod wording;

type Answer = Result<HttpResponse, PageError>;

/// Adds the routes.
pub(super) fn configure(routes: &mut ServiceConfig) {
    routes
        .route("/rules", web::get().to(list::show))
        .route("/rules", web::post().to(editor::save))
        .route("/rules/new", web::get().to(editor::show))
        .route("/rules/check", web::post().to(editor::check))
        .route("/rules/diff", web::get().to(diff::show))
        .route("/rules/shadow/end", web::post().to(roles::end_shadow))
        .route("/rules/{version}", web::get().to(version::show))
        .route("/rules/{version}/activate", web::post().to(roles::activate))
        .route("/rules/{version}/shadow", web::get().to(shadow::show))
        .route("/rules/{version}/shadow", web::post().to(roles::shadow))
        .route("/rules/{version}/try", web::get().to(trial::show))
        .route("/rules/{version}/backtest", web::get().to(backtest::show))
        .route("/rules/{version}/backtest", web::post().to(backtest::run));
}

/// The guest as an owner of their project's rules.
fn owner(guest: &Guest) -> Result<RuleOwner, Error> {
    let caller = &guest.visitor.caller;
    caller.owner_of_rules(&caller.project.id.to_string())
}

/// The version that an address names: its number, or `default` for the service's own rules.
fn number(named: &str) -> Result<Option<u32>, Error> {
    let what = "version of the rules";
    match named {
        "default" => Ok(None),
        number => number
            .parse()
            .map(Some)
            .map_err(|_| Error::NotFound { what }),
    }
}

/// How addresses name a version.
fn address(number: Option<u32>) -> String {
    number.map_or_else(
        || "/console/rules/default".to_owned(),
        |number| format!("/console/rules/{number}"),
    )
}

/// How people name it.
fn name(number: Option<u32>) -> String {
    number.map_or_else(
        || "The service's own rules".to_owned(),
        |number| format!("Version {number}"),
    )
}

/// The way back from a page about a version.
fn back(number: Option<u32>) -> Markup {
    html! {
        nav.crumbs aria-label="Where this is" {
            a href="/console/rules" { "Rules" }
            " / "
            a href=(address(number)) { (name(number)) }
        }
    }
}

/// What did not hold, condition by condition.
fn reasons(verdict: &Verdict) -> Markup {
    html! {
        @if verdict.reasons.is_empty() {
            p.muted { "Every condition holds." }
        } @else {
            ul.reasons {
                @for reason in &verdict.reasons {
                    li {
                        span.badge.fail[reason.outcome.name() == "fail"].refer[reason.outcome.name() == "refer"] {
                            (reason.outcome.name())
                        }
                        " " (reason.text) " " code { (reason.code.name()) }
                    }
                }
            }
        }
    }
}
