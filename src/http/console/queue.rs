//! What waits for a person, who has waited longest first, and everything that was ever examined.

use actix_web::web::{self, Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};

use crate::http::console::cases::{CaseQuery, CaseTable};
use crate::http::console::errors::PageError;
use crate::http::console::guest::Guest;
use crate::http::console::shell::{Page, Place, mark};
use crate::http::console::sign_in::to;
use crate::http::console::{events, forms};
use crate::operations::Operations;
use crate::session::review::{ReviewCounts, ReviewFilter, ReviewState};

type Answer = Result<HttpResponse, PageError>;

/// Cases of a page.
const PAGE: u64 = 50;

/// Adds the routes.
pub(super) fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("/queue", web::get().to(show_queue))
        .route("/queue/next", web::post().to(take_next))
        .route("/queue/events", web::get().to(events::stream))
        .route("/sessions", web::get().to(show_sessions));
}

async fn show_queue(
    request: HttpRequest,
    operations: Data<Operations>,
    query: Query<CaseQuery>,
) -> Answer {
    let guest = Guest::of(&request, &operations).await?;
    let caller = &guest.visitor.caller;
    let filter = query.filter(ReviewFilter::queue(), caller.officer)?;
    let list = operations
        .list_reviews(caller, &filter, query.place()?, PAGE)
        .await?;
    let counts = operations.review_counts(caller).await?;
    let table = CaseTable {
        list: &list,
        query: &query,
        now: operations.now(),
        within_minutes: caller.project.settings.review_within_minutes,
        empty: "Nothing waits for a person.",
    };
    let body = html! {
        div.head {
            h1 { "Queue" }
            (figures(&counts))
            form.push method="post" action="/console/queue/next" {
                (mark(&guest))
                button.primary data-key="j" { "Take the next case " kbd aria-hidden="true" { "J" } }
            }
        }
        @if !query.nothing.is_empty() {
            p.warning role="status" { "There is no case that you could take now." }
        }
        (query.fields(&[]))
        section.card #cases data-live="/console/queue/events" { (table.show()) }
    };
    Ok(page(&guest, Place::Queue, "Queue", body))
}

async fn show_sessions(
    request: HttpRequest,
    operations: Data<Operations>,
    query: Query<CaseQuery>,
) -> Answer {
    let guest = Guest::of(&request, &operations).await?;
    let caller = &guest.visitor.caller;
    let filter = query.filter(ReviewFilter::everything(), caller.officer)?;
    let list = operations
        .list_reviews(caller, &filter, query.place()?, PAGE)
        .await?;
    let table = CaseTable {
        list: &list,
        query: &query,
        now: operations.now(),
        within_minutes: caller.project.settings.review_within_minutes,
        empty: "No session is like that. Sessions appear here once they have been examined.",
    };
    let body = html! {
        div.head { h1 { "Sessions" } p.muted { "Everything that was examined, the newest result first." } }
        (query.fields(&ReviewState::ALL))
        section.card #cases { (table.show()) }
    };
    Ok(page(&guest, Place::Sessions, "Sessions", body))
}

/// Takes the case that has waited longest and opens it.
async fn take_next(request: HttpRequest, operations: Data<Operations>, payload: Payload) -> Answer {
    let (guest, forms::Nothing {}) = forms::receive(&request, payload, &operations).await?;
    match operations.next_case(&guest.visitor.caller).await? {
        Some(session) => Ok(to(&format!("/console/sessions/{session}"))),
        None => Ok(to("/console/queue?nothing=left")),
    }
}

fn page(guest: &Guest, place: Place, title: &str, body: Markup) -> HttpResponse {
    Page {
        guest,
        place,
        title,
        scripts: &["queue.js"],
        body,
    }
    .show()
}

fn figures(counts: &ReviewCounts) -> Markup {
    html! {
        p #counts .actions role="status" {
            span.badge { (counts.waiting) " waiting" }
            @if counts.mine > 0 { span.badge.accent { (counts.mine) " with you" } }
            @if counts.overdue > 0 { span.badge.fail { (counts.overdue) " late" } }
        }
    }
}
