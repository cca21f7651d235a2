//! A backtest of a version: told line by line to the page's script, or as a whole where it does not run.

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde::Deserialize;

use crate::http::console::guest::Guest;
use crate::http::console::rules::{Answer, address, back, name, number, owner, version};
use crate::http::console::shell::{Page, Place, mark};
use crate::http::console::{forms, parts};
use crate::http::dialects::native::backtests::lines;
use crate::operations::Operations;
use crate::operations::backtest::{
    Backtest, BacktestEvent, BacktestOrder, BacktestRange, BacktestResult, Change,
};
use crate::operations::error::Error;

/// Sessions that are judged again when nothing else is asked for.
const LAST: u64 = 1_000;

/// Sessions that are listed; the table counts all.
const LISTED: usize = 200;

const LINES: &str = "application/x-ndjson";

#[derive(Deserialize)]
pub(super) struct BacktestForm {
    last: u64,
}

/// What was asked for, and what came of it.
struct Told {
    number: Option<u32>,
    last: u64,
    /// Why it was not run.
    refused: Option<String>,
    /// None until it has run to its end.
    result: Option<BacktestResult>,
    /// The first that changed.
    changes: Vec<Change>,
}

impl Told {
    fn nothing(number: Option<u32>, last: u64) -> Self {
        Self {
            number,
            last,
            refused: None,
            result: None,
            changes: Vec::new(),
        }
    }
}

/// The page that asks how far to look back.
pub(super) async fn show(
    request: HttpRequest,
    operations: Data<Operations>,
    named: Path<String>,
) -> Answer {
    let guest = Guest::of(&request, &operations).await?;
    let (owner, number) = (owner(&guest)?, number(&named)?);
    version::read(&operations, &owner.reader(), number).await?;
    Ok(page(&guest, &Told::nothing(number, LAST)))
}

/// Runs one.
pub(super) async fn run(
    request: HttpRequest,
    operations: Data<Operations>,
    named: Path<String>,
    payload: Payload,
) -> Answer {
    let (guest, form): (_, BacktestForm) = forms::receive(&request, payload, &operations).await?;
    let number = number(&named)?;
    let order = BacktestOrder {
        version: number,
        range: BacktestRange::Last(form.last),
    };
    let mut told = Told::nothing(number, form.last);
    let backtest = match operations.backtest(&owner(&guest)?, order).await {
        Ok(backtest) => backtest,
        Err(Error::Invalid { reason }) => {
            told.refused = Some(reason);
            return Ok(page(&guest, &told));
        }
        Err(error) => return Err(error.into()),
    };
    if wants_lines(&request) {
        let answer = HttpResponse::Ok()
            .content_type(LINES)
            .streaming(lines(backtest));
        return Ok(answer);
    }
    to_the_end(backtest, &mut told).await?;
    Ok(page(&guest, &told))
}

fn wants_lines(request: &HttpRequest) -> bool {
    let accepted = request.headers().get(ACCEPT);
    accepted.is_some_and(|accepted| accepted == LINES)
}

async fn to_the_end(mut backtest: Backtest, told: &mut Told) -> Result<(), Error> {
    while let Some(events) = backtest.next().await? {
        for event in events {
            match event {
                BacktestEvent::Change(change) => {
                    if told.changes.len() < LISTED {
                        told.changes.push(*change);
                    }
                }
                BacktestEvent::Progress { .. } => {}
                BacktestEvent::Finished(result) => told.result = Some(result),
            }
        }
    }
    Ok(())
}

fn page(guest: &Guest, told: &Told) -> HttpResponse {
    let Told { number, last, .. } = *told;
    let body = html! {
        (back(number))
        div.head { h1 { "Backtest of " (in_a_sentence(number)) } }
        (parts::problem(told.refused.as_deref()))
        section.card {
            p { "Judges past sessions again from their stored signals: no video is touched, nothing is kept, no verdict changes." }
            (form(guest, number, last))
            div #backtest-running hidden {
                progress #backtest-progress aria-label="Sessions judged again" max="1" value="0" {}
                p #backtest-state role="status" {}
            }
        }
        (result(told))
    };
    let page = Page {
        guest,
        place: Place::Rules,
        title: "Backtest",
        scripts: &["rules-backtest.js"],
        body,
    };
    let status = match told.refused {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    parts::show_as(status, page)
}

fn in_a_sentence(number: Option<u32>) -> String {
    let name = name(number);
    let mut characters = name.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}

fn form(guest: &Guest, number: Option<u32>, last: u64) -> Markup {
    html! {
        form.filters #backtest-form method="post" action={(address(number)) "/backtest"} {
            (mark(guest))
            div {
                label for="last" { "The last sessions, as many as" }
                input #last name="last" type="number" min="1" max="1000000" required value=(last);
            }
            div { button.primary { "Run" } }
        }
    }
}

/// Empty and out of sight until something is known.
fn result(told: &Told) -> Markup {
    let table = told.result.map(|result| result.table);
    html! {
        section.card #backtest-result hidden[table.is_none()] {
            h2 { "What would have changed" }
            p #backtest-summary {
                @if let Some(result) = told.result { (summary(&result)) }
            }
            (parts::verdicts(&table.unwrap_or_default(), "Was", "Would be"))
            h3 { "Sessions that change" }
            p.hint { "The first " (LISTED) " of them, the newest first." }
            div.scroll tabindex="0" role="region" aria-label="Sessions that change" {
                table {
                    thead {
                        tr {
                            th scope="col" { "Session" }
                            th scope="col" { "Was" }
                            th scope="col" { "Would be" }
                            th scope="col" { "Why" }
                        }
                    }
                    tbody #backtest-changes data-most=(LISTED) {
                        @for change in &told.changes { (row(change)) }
                    }
                }
            }
        }
    }
}

fn summary(result: &BacktestResult) -> String {
    let table = &result.table;
    format!(
        "{} sessions judged again in {} ms, {} would change; {} have no signals any more.",
        table.sessions(),
        result.took_ms,
        table.changed(),
        result.skipped,
    )
}

fn row(change: &Change) -> Markup {
    let why = change.after.failed_conditions.iter();
    let why: Vec<&str> = why
        .chain(&change.after.failed_refer_conditions)
        .map(String::as_str)
        .collect();
    html! {
        tr {
            td { a.row href={"/console/sessions/" (change.session)} { (change.session) } }
            td { (parts::outcome(change.before)) }
            td { (parts::outcome(change.after.outcome)) }
            td { (why.join("; ")) }
        }
    }
}
