//! One session judged by a version from its stored signals, beside the verdict that it got.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use maud::{Markup, html};
use serde::Deserialize;

use crate::http::console::guest::Guest;
use crate::http::console::parts;
use crate::http::console::rules::{Answer, address, back, name, number, owner, reasons, wording};
use crate::http::console::shell::{Page, Place};
use crate::http::error::Refusal;
use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::rule_owner::RuleOwner;
use crate::operations::try_rules::Trial;

#[derive(Deserialize)]
pub(super) struct TrialQuery {
    #[serde(default)]
    session: String,
}

/// The page.
pub(super) async fn show(
    request: HttpRequest,
    operations: Data<Operations>,
    named: Path<String>,
    query: Query<TrialQuery>,
) -> Answer {
    let guest = Guest::of(&request, &operations).await?;
    let (owner, number) = (owner(&guest)?, number(&named)?);
    let tried = try_on(&operations, &owner, number, query.session.trim()).await;
    let (status, result) = match tried {
        Ok(trial) => (StatusCode::OK, compared(&trial, number)),
        // Nothing was asked for yet.
        Err(Error::NotFound { what: "session" }) if query.session.is_empty() => {
            (StatusCode::OK, html! {})
        }
        Err(error @ (Error::NotFound { what: "session" } | Error::Conflict { .. })) => {
            let refusal = Refusal::from(error);
            (refusal.status, parts::problem(Some(&refusal.message)))
        }
        Err(error) => return Err(error.into()),
    };
    let page = Page {
        guest: &guest,
        place: Place::Rules,
        title: "Try on a session",
        scripts: &[],
        body: html! {
            (back(number))
            div.head { h1 { (name(number)) " on a session" } }
            section.card { (form(number, &query.session)) }
            (result)
        },
    };
    Ok(parts::show_as(status, page))
}

async fn try_on(
    operations: &Operations,
    owner: &RuleOwner,
    number: Option<u32>,
    session: &str,
) -> Result<Trial, Error> {
    let session = session
        .parse()
        .map_err(|_| Error::NotFound { what: "session" })?;
    operations.try_rules(owner, number, session).await
}

/// Asks for a session.
pub(super) fn form(number: Option<u32>, session: &str) -> Markup {
    html! {
        form.filters method="get" action={(address(number)) "/try"} {
            div {
                label for="session" { "Session" }
                input #session name="session" required maxlength="60" autocomplete="off" placeholder="sess_…" value=(session);
            }
            div { button { "Judge it" } }
        }
        p.hint { "From the signals that are stored: no video is touched, and nothing is kept." }
    }
}

fn compared(trial: &Trial, number: Option<u32>) -> Markup {
    let checks: Vec<&str> = trial.checks.iter().copied().map(wording::title).collect();
    html! {
        p {
            a href={"/console/sessions/" (trial.session)} { (trial.session) }
            @if let Some(at) = trial.finished_at { ", examined " (parts::moment(at)) }
            ". Checks: " (checks.join(", ")) "."
        }
        div.columns {
            section.card {
                h2 { "It got " (parts::outcome(trial.before.outcome)) }
                p.muted { "By: " (name(trial.judged_by)) }
                (reasons(&trial.before))
            }
            section.card {
                h2 { "It would get " (parts::outcome(trial.after.outcome)) }
                p.muted { "By: " (name(number)) }
                (reasons(&trial.after))
            }
        }
    }
}
