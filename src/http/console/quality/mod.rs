//! How well reviews are done: officer by officer, as a page and as files, and the cases whose right answer is known.

mod exports;
mod seeds;

use actix_web::web::{self, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};

use crate::http::console::errors::PageError;
use crate::http::console::guest::Guest;
use crate::http::console::overview::SpanQuery;
use crate::http::console::shell::{Page, Place};
use crate::operations::Operations;
use crate::operations::review_quality::{OfficerQuality, Part};
use crate::session::estimate::share;

/// Adds the routes.
pub(super) fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("/quality", web::get().to(show))
        .route("/quality.csv", web::get().to(exports::officers))
        .route("/quality/decisions.csv", web::get().to(exports::decisions))
        .route("/quality/seeds", web::get().to(seeds::show))
        .route("/quality/seeds", web::post().to(seeds::mark_known))
        .route("/quality/seeds/remove", web::post().to(seeds::remove));
}

async fn show(
    request: HttpRequest,
    operations: Data<Operations>,
    query: Query<SpanQuery>,
) -> Result<HttpResponse, PageError> {
    let guest = Guest::of(&request, &operations).await?;
    let days = query.days()?;
    let officers = operations
        .review_quality(&guest.visitor.caller, days)
        .await?;
    let page = Page {
        guest: &guest,
        place: Place::Quality,
        title: "Review quality",
        scripts: &[],
        body: body(&officers, days),
    };
    Ok(page.show())
}

fn body(officers: &[OfficerQuality], days: u32) -> Markup {
    html! {
        div.head { h1 { "Review quality" } a.button href="/console/quality/seeds" { "Known answers" } }
        (SpanQuery::field(days))
        section.card aria-labelledby="officers-title" {
            h2 #officers-title { "Officers" }
            @if officers.is_empty() {
                p.empty { "No officer has decided anything in these days." }
            } @else {
                (table(officers))
                p.hint {
                    "In brackets: the 95 % interval of the share. A share of few cases says little: where two intervals overlap, \
                     one officer cannot be told from the other."
                }
            }
        }
        section.card aria-labelledby="files-title" {
            h2 #files-title { "Files" }
            p.actions {
                a.button href={ "/console/quality.csv?days=" (days) } download { "This table (CSV)" }
                a.button href={ "/console/quality/decisions.csv?days=" (days) } download { "The decisions (CSV)" }
            }
        }
    }
}

fn table(officers: &[OfficerQuality]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Officers" {
            table {
                thead {
                    tr {
                        th scope="col" { "Officer" }
                        th.number scope="col" { "Decided" }
                        th.number scope="col" { "Median time" }
                        th.number scope="col" { "95 % within" }
                        th.number scope="col" { "Confirmed by a second" }
                        th.number scope="col" { "Overruled later" }
                        th.number scope="col" { "Known answers" }
                        th.number scope="col" { "Passed what is wrong" }
                        th.number scope="col" { "Rejected what is right" }
                    }
                }
                tbody {
                    @for officer in officers {
                        tr {
                            th scope="row" { (officer.name) }
                            td.number { (officer.decided) }
                            td.number { (seconds(officer.median_ms)) }
                            td.number { (seconds(officer.p95_ms)) }
                            td.number { (part(officer.confirmed)) }
                            td.number { (part(officer.overruled)) }
                            td.number { (officer.known) }
                            td.number { (part(officer.false_accepts)) }
                            td.number { (part(officer.false_rejects)) }
                        }
                    }
                }
            }
        }
    }
}

fn seconds(milliseconds: Option<u64>) -> String {
    milliseconds.map_or("–".to_owned(), |ms| {
        format!("{:.0} s", ms as f64 / 1_000.0)
    })
}

fn part(part: Part) -> Markup {
    html! {
        @match share(part.hits, part.of) {
            Some(found) => {
                (part.hits) " of " (part.of) " "
                span.muted { (format!("({:.0}–{:.0} %)", found.low, found.high)) }
            },
            None => { "–" },
        }
    }
}
