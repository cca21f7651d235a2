//! The page of one session, put together.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};

use crate::http::console::case::decide::session;
use crate::http::console::case::{chart, compare, conditions, evidence, frames, history, panel};
use crate::http::console::cases;
use crate::http::console::errors::PageError;
use crate::http::console::guest::Guest;
use crate::http::console::shell::{Page, Place};
use crate::http::console::{parts, words};
use crate::operations::Operations;
use crate::operations::read_case::Case;
use crate::session::actor::Actor;
use crate::session::examination::ExaminationRecord;
use crate::session::time::Timestamp;

/// A session's page.
pub(super) async fn show(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    let guest = Guest::of(&request, &operations).await?;
    let case = operations
        .read_case(&guest.visitor.caller, session(&id)?)
        .await?;
    let now = operations.now();
    let title = format!("Session {}", words::short(&id));
    let page = Page {
        guest: &guest,
        place: Place::Sessions,
        title: &title,
        scripts: &["queue.js", "case.js"],
        body: body(&guest, &case, &title, now),
    };
    Ok(page.show())
}

fn body(guest: &Guest, case: &Case, title: &str, now: Timestamp) -> Markup {
    let examined = case.view.examinations.first();
    html! {
        div.head { h1 { (title) } (facts(case)) }
        div.case {
            div.evidence {
                @match examined {
                    Some(record) => { (looked_at(guest, case, record, now)) },
                    None => { section.card { p.empty { "Nothing has been examined yet." } } },
                }
            }
            div.side { (panel::show(guest, case, now)) (history::show(case)) }
        }
    }
}

/// What an examination saw, from what an officer looks at first to what they look up.
fn looked_at(guest: &Guest, case: &Case, record: &ExaminationRecord, now: Timestamp) -> Markup {
    html! {
        @if case.view.session.erased_at.is_some() {
            section.card { p.warning { "This session was erased: its pictures are gone, its verdicts stay." } }
        } @else if let Some(report) = &record.report {
            (compare::show(guest, record, report, now))
            section.card aria-labelledby="video-title" {
                h2 #video-title { "Video" }
                div.watch {
                    video #video controls muted playsinline preload="metadata" src=(evidence::video(guest, record.session, now))
                        aria-label="The applicant's video" {}
                    div { (frames::show(guest, record, report, now)) }
                }
                (chart::show(record, report))
            }
        }
        (conditions::show(record))
        @if case.view.examinations.len() > 1 { (earlier(&case.view.examinations)) }
    }
}

fn facts(case: &Case) -> Markup {
    let session = &case.view.session;
    let names = case
        .names
        .iter()
        .filter_map(|(actor, name)| match actor {
            Actor::Officer(id) => Some((*id, name.clone())),
            Actor::Token(_) | Actor::Operator | Actor::Service => None,
        })
        .collect();
    html! {
        @if let Some(review) = &case.review {
            (words::outcome(review.outcome))
            (cases::state(review, &names))
        }
        @if session.held_at.is_some() { span.badge.refer { "on hold" } }
        span.muted {
            code { (session.id) }
            @if let Some(reference) = &session.reference { " · " (reference) }
            @if let Some(name) = &session.subject_name { " · " (name) }
            " · " (parts::moment(session.created_at))
        }
    }
}

/// The attempts before the newest.
fn earlier(examinations: &[ExaminationRecord]) -> Markup {
    html! {
        section.card aria-labelledby="earlier-title" {
            h2 #earlier-title { "Earlier examinations" }
            ul {
                @for record in examinations.iter().skip(1) {
                    li {
                        (parts::moment(record.queued_at)) " "
                        (words::outcome(record.verdict.as_ref().map(|verdict| verdict.outcome))) " "
                        @if let Some(failure) = &record.failure { (failure.reason) }
                        @if let Some(verdict) = &record.verdict {
                            @for reason in &verdict.reasons { code { (reason.code.name()) } " " }
                        }
                    }
                }
            }
        }
    }
}
