//! The cases whose right answer is known: which they are, what became of their copies, and a form for another one.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde::Deserialize;

use crate::http::console::errors::{PageError, sentence};
use crate::http::console::guest::Guest;
use crate::http::console::shell::{Page, Place, mark};
use crate::http::console::sign_in::to;
use crate::http::console::{forms, parts, words};
use crate::http::error::Refusal;
use crate::operations::Operations;
use crate::operations::error::Error;
use crate::session::ids::SessionId;
use crate::session::known_answer::{KnownAnswer, KnownCaseUse};

type Answer = Result<HttpResponse, PageError>;

const ADDRESS: &str = "/console/quality/seeds";

/// What came of a form that said something odd.
struct Problem<'a> {
    said: &'a str,
    session: &'a str,
}

/// The page.
pub(super) async fn show(request: HttpRequest, operations: Data<Operations>) -> Answer {
    let guest = Guest::of(&request, &operations).await?;
    page(&guest, &operations, None).await
}

#[derive(Deserialize)]
pub(super) struct MarkForm {
    session: String,
    answer: String,
}

/// Keeps a known answer.
pub(super) async fn mark_known(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let (guest, form): (_, MarkForm) = forms::receive(&request, payload, &operations).await?;
    let answer = KnownAnswer::from_name(&form.answer)
        .ok_or_else(|| Refusal::bad_request("the answer is to approve or to reject"))?;
    let session = read_session(&form.session);
    let caller = &guest.visitor.caller;
    let marked = match session {
        Ok(id) => operations.mark_known_answer(caller, id, answer).await,
        Err(error) => Err(error),
    };
    match marked {
        Ok(()) => Ok(to(ADDRESS)),
        Err(error @ (Error::Conflict { .. } | Error::NotFound { .. })) => {
            let said = error.to_string();
            let problem = Problem {
                said: &said,
                session: &form.session,
            };
            let mut answer = page(&guest, &operations, Some(problem)).await?;
            *answer.status_mut() = Refusal::from(error).status;
            Ok(answer)
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
pub(super) struct RemoveForm {
    session: String,
}

/// Forgets one.
pub(super) async fn remove(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let (guest, form): (_, RemoveForm) = forms::receive(&request, payload, &operations).await?;
    let session = read_session(&form.session)?;
    operations
        .unmark_known_answer(&guest.visitor.caller, session)
        .await?;
    Ok(to(ADDRESS))
}

fn read_session(text: &str) -> Result<SessionId, Error> {
    let missing = |_| Error::NotFound { what: "session" };
    text.trim().parse().map_err(missing)
}

async fn page(guest: &Guest, operations: &Operations, problem: Option<Problem<'_>>) -> Answer {
    let known = operations.known_answers(&guest.visitor.caller).await?;
    let page = Page {
        guest,
        place: Place::Quality,
        title: "Known answers",
        scripts: &[],
        body: body(guest, &known, problem.as_ref()),
    };
    Ok(page.show())
}

fn body(guest: &Guest, known: &[KnownCaseUse], problem: Option<&Problem<'_>>) -> Markup {
    let percent = guest.visitor.caller.project.settings.seed_percent;
    html! {
        div.head { h1 { "Known answers" } a href="/console/quality" { "Review quality" } }
        section.card {
            p {
                "Copies of these cases are mixed in among those that wait, and officers cannot tell them from others. "
                "What becomes of a copy is counted on the page of review quality and nowhere else."
            }
            p {
                @if percent == 0 { strong { "None is mixed in: the project's setting is 0 in a hundred." } }
                @else { "The project mixes in one for each of " strong { (percent) } " in a hundred cases that newly wait." }
            }
        }
        section.card aria-labelledby="add-title" {
            h2 #add-title { "Add a case" }
            @if let Some(problem) = problem { p #add-problem .problem role="alert" { (sentence(problem.said)) } }
            form.filters method="post" action=(ADDRESS) {
                (mark(guest))
                div {
                    label for="seed-session" { "Session id" }
                    input #seed-session name="session" required size="44" maxlength="60" value=(problem.map_or("", |it| it.session))
                        aria-describedby=[problem.map(|_| "add-problem")] aria-invalid=[problem.map(|_| "true")];
                }
                div {
                    label for="seed-answer" { "The right answer" }
                    select #seed-answer name="answer" {
                        @for answer in KnownAnswer::ALL { option value=(answer.name()) { (answer.name()) } }
                    }
                }
                button.primary { "Add" }
            }
            p.hint { "A session that somebody has settled, and that the rules gave to people to look at." }
        }
        (list(guest, known))
    }
}

fn list(guest: &Guest, known: &[KnownCaseUse]) -> Markup {
    html! {
        section.card aria-labelledby="known-title" {
            h2 #known-title { "Cases" }
            @if known.is_empty() { p.empty { "No right answer is known yet." } }
            @else {
                div.scroll tabindex="0" role="region" aria-label="Known cases" {
                    table {
                        thead {
                            tr {
                                th scope="col" { "Case" }
                                th scope="col" { "Right answer" }
                                th scope="col" { "Since" }
                                th.number scope="col" { "Copies" }
                                th.number scope="col" { "Answered" }
                                th scope="col" { span.unseen { "Remove" } }
                            }
                        }
                        tbody { @for one in known { (row(guest, one)) } }
                    }
                }
            }
        }
    }
}

fn row(guest: &Guest, known: &KnownCaseUse) -> Markup {
    let id = known.case.session.to_string();
    html! {
        tr {
            td { a.row href={ "/console/sessions/" (id) } title=(id) { (words::short(&id)) } }
            td { (known.case.answer.name()) }
            td { (parts::moment(known.case.at)) }
            td.number { (known.copies) }
            td.number { (known.answered) }
            td.right {
                form method="post" action="/console/quality/seeds/remove" data-asks="Take this case off the list? Copies that wait go on waiting." {
                    (mark(guest))
                    input type="hidden" name="session" value=(id);
                    button.quiet aria-label={ "Remove " (words::short(&id)) } { "Remove" }
                }
            }
        }
    }
}
