//! What the project's sessions came to: charts, each with a table of the same, and how the last month differs.

mod bars;
mod drift;
mod figures;
mod lines;
mod scale;

use actix_web::web::{self, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde::Deserialize;

use crate::http::console::errors::PageError;
use crate::http::console::guest::Guest;
use crate::http::console::shell::{Page, Place};
use crate::http::error::Refusal;
use crate::operations::Operations;
use crate::operations::overview::Overview;

/// The spans that can be chosen, in days.
const SPANS: [u32; 3] = [7, 30, 90];

/// Which days are asked for.
#[derive(Clone, Deserialize)]
#[serde(default)]
pub(super) struct SpanQuery {
    days: String,
}

impl Default for SpanQuery {
    fn default() -> Self {
        Self {
            days: "30".to_owned(),
        }
    }
}

impl SpanQuery {
    pub(super) fn days(&self) -> Result<u32, Refusal> {
        self.days
            .parse()
            .map_err(|_| Refusal::bad_request("`days` in the address is a number of days"))
    }

    /// The choice above a page's figures.
    pub(super) fn field(days: u32) -> Markup {
        html! {
            form.filters method="get" aria-label="Time" {
                div {
                    label for="span" { "Time" }
                    select #span name="days" data-submits {
                        @for choice in SPANS {
                            option value=(choice) selected[choice == days] { "the last " (choice) " days" }
                        }
                        @if !SPANS.contains(&days) { option value=(days) selected { "the last " (days) " days" } }
                    }
                }
                button data-unscripted { "Show" }
            }
        }
    }
}

/// Adds the route.
pub(super) fn configure(routes: &mut web::ServiceConfig) {
    routes.route("/overview", web::get().to(show));
}

async fn show(
    request: HttpRequest,
    operations: Data<Operations>,
    query: Query<SpanQuery>,
) -> Result<HttpResponse, PageError> {
    let guest = Guest::of(&request, &operations).await?;
    let days = query.days()?;
    let overview = operations.overview(&guest.visitor.caller, days).await?;
    let page = Page {
        guest: &guest,
        place: Place::Overview,
        title: "Overview",
        scripts: &[],
        body: body(&overview, days),
    };
    Ok(page.show())
}

fn body(overview: &Overview, days: u32) -> Markup {
    html! {
        div.head { h1 { "Overview" } p.muted { "Days are UTC. A session counts on the day of its newest result." } }
        (SpanQuery::field(days))
        @if let Some(kept) = overview.erased_after {
            p.warning role="note" {
                "Sessions of this project are erased after " (kept) " days, and who is erased is counted no more: \
                 figures of days before that are of those that are left."
            }
        }
        (figures::totals(overview))
        (figures::verdicts(overview))
        (figures::refer_rate(overview))
        (drift::show(&overview.drift))
        div.columns {
            (figures::spread("match", "Match score", &overview.score))
            (figures::spread("live", "Liveness", &overview.liveness))
        }
        (figures::waits(overview))
        (figures::reasons(&overview.reasons))
    }
}
