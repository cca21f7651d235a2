//! The project's access tokens: listed, made, revoked. A secret is shown once, on the answer that made it.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde::Deserialize;

use crate::http::console::errors::PageError;
use crate::http::console::guest::Guest;
use crate::http::console::projects::{Answer, Sheet, once};
use crate::http::console::shell::mark;
use crate::http::console::sign_in::to;
use crate::http::console::{forms, parts};
use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::manage_tokens::{OwnToken, Secret, WantedToken};
use crate::session::actor::Officer;
use crate::session::ids::TokenId;
use crate::session::project::Scope;

/// What each scope that a token may have opens.
const SCOPES: [(Scope, &str); 6] = [
    (Scope::Submit, "post evidence and ask for examinations"),
    (Scope::Read, "read sessions, galleries and rules"),
    (Scope::Enrol, "make galleries, enrol people and delete them"),
    (
        Scope::Rules,
        "save, backtest and activate rules; for a person",
    ),
    (
        Scope::Decide,
        "decide about sessions and hold them; for a person",
    ),
    (Scope::Erase, "erase sessions"),
];

/// What came of a form.
enum Came {
    OfNothing,
    OfIt(Secret),
    Refused(String),
}

/// The page.
pub(super) async fn show(request: HttpRequest, operations: Data<Operations>) -> Answer {
    let guest = Guest::of(&request, &operations).await?;
    page(&operations, &guest, &Came::OfNothing).await
}

#[derive(Deserialize)]
pub(super) struct NewTokenForm {
    #[serde(default)]
    label: String,
    #[serde(default)]
    scope: Vec<String>,
    #[serde(default)]
    days: String,
    #[serde(default)]
    officer: String,
}

impl NewTokenForm {
    fn read(self) -> Result<WantedToken, Error> {
        let unknown = |what: &str| Error::Invalid {
            reason: format!("{what} is none of the list"),
        };
        let scope = |name: &String| Scope::from_name(name).ok_or_else(|| unknown("a scope"));
        let (days, officer) = (self.days.trim(), self.officer.as_str());
        let days = (!days.is_empty()).then(|| days.parse()).transpose();
        let officer = (!officer.is_empty()).then(|| officer.parse()).transpose();
        Ok(WantedToken {
            label: self.label.trim().to_owned(),
            scopes: self.scope.iter().map(scope).collect::<Result<_, _>>()?,
            days: days.map_err(|_| Error::Invalid {
                reason: "the days are a whole number, or empty".to_owned(),
            })?,
            officer: officer.map_err(|_| unknown("the officer"))?,
        })
    }
}

/// Makes a token and shows its secret.
pub(super) async fn create(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let (guest, form): (_, NewTokenForm) = forms::receive(&request, payload, &operations).await?;
    let made = match form.read() {
        Ok(wanted) => {
            operations
                .create_own_token(&guest.visitor.caller, wanted)
                .await
        }
        Err(error) => Err(error),
    };
    let came = match made {
        Ok(secret) => Came::OfIt(secret),
        Err(Error::Invalid { reason }) => Came::Refused(reason),
        Err(error) => return Err(error.into()),
    };
    page(&operations, &guest, &came).await
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

/// Closes a token.
pub(super) async fn revoke(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
    payload: Payload,
) -> Answer {
    let (guest, Nothing {}) = forms::receive(&request, payload, &operations).await?;
    let what = "live token";
    let id: TokenId = id.parse().map_err(|_| Error::NotFound { what })?;
    operations
        .revoke_own_token(&guest.visitor.caller, id)
        .await?;
    Ok(to("/console/projects/tokens"))
}

async fn page(
    operations: &Operations,
    guest: &Guest,
    came: &Came,
) -> Result<HttpResponse, PageError> {
    let caller = &guest.visitor.caller;
    let tokens = operations.list_own_tokens(caller).await?;
    let officers = operations.officers(caller.project.id).await?;
    let (status, above) = match came {
        Came::OfNothing => (StatusCode::OK, html! {}),
        Came::OfIt(secret) => (StatusCode::OK, shown(secret)),
        Came::Refused(reason) => (StatusCode::BAD_REQUEST, parts::problem(Some(reason))),
    };
    let body = html! {
        (above)
        section.card { (table(guest, &tokens, &officers)) }
        section.card { h2 { "A new token" } (form(guest, &officers)) }
    };
    let sheet = Sheet {
        guest,
        name: "Tokens",
        scripts: &["copy.js"],
        body,
    };
    Ok(sheet.show_as(status))
}

fn shown(secret: &Secret) -> Markup {
    let hint = "It is shown this once: only its hash is kept.";
    once("The token", "token-secret", secret.reveal(), hint)
}

fn table(guest: &Guest, tokens: &[OwnToken], officers: &[Officer]) -> Markup {
    html! {
        @if tokens.is_empty() { p.empty { "No token yet." } } @else {
            div.scroll tabindex="0" role="region" aria-label="Tokens" {
                table {
                    thead {
                        tr {
                            th scope="col" { "Token" }
                            th scope="col" { "Label" }
                            th scope="col" { "Scopes" }
                            th scope="col" { "For" }
                            th scope="col" { "Made" }
                            th scope="col" { "Expires" }
                            th scope="col" { "State" }
                            th scope="col" { span.unseen { "What can be done" } }
                        }
                    }
                    tbody { @for token in tokens { (row(guest, token, officers)) } }
                }
            }
        }
    }
}

fn row(guest: &Guest, own: &OwnToken, officers: &[Officer]) -> Markup {
    let token = &own.record;
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.name()).collect();
    let officer = officers
        .iter()
        .find(|officer| Some(officer.id) == token.officer);
    html! {
        tr {
            td { code.nowrap { (token.id) } }
            td { (token.label) @if token.parent.is_some() { " " span.muted { "made for a day" } } }
            td { (scopes.join(", ")) }
            td { @if let Some(officer) = officer { (officer.name) } }
            td { (parts::moment(token.created_at)) }
            td { @if let Some(at) = token.expires_at { (parts::moment(at)) } @else { span.muted { "never" } } }
            td {
                @if own.is_live { span.badge.pass { "live" } }
                @else if token.revoked_at.is_some() { span.badge { "revoked" } }
                @else { span.badge { "over" } }
            }
            td.right {
                @if own.is_live {
                    form method="post" action={"/console/projects/tokens/" (token.id) "/revoke"}
                        data-asks="Calls with this token are refused from now on. That cannot be taken back." {
                        (mark(guest))
                        button.danger aria-label={"Revoke " (token.id)} { "Revoke" }
                    }
                }
            }
        }
    }
}

fn form(guest: &Guest, officers: &[Officer]) -> Markup {
    html! {
        form.stack method="post" action="/console/projects/tokens" {
            (mark(guest))
            label for="label" { "Label" }
            input #label name="label" maxlength="100" autocomplete="off" aria-describedby="label-hint";
            p.hint #label-hint { "A word to know it by in the list." }
            fieldset {
                legend { "Scopes" }
                @for (scope, words) in SCOPES {
                    p {
                        label.plain {
                            input type="checkbox" name="scope" value=(scope.name());
                            " " code { (scope.name()) } ": " (words)
                        }
                    }
                }
            }
            label for="officer" { "For whom" }
            select #officer name="officer" aria-describedby="officer-hint" {
                option value="" { "A program" }
                @for officer in officers.iter().filter(|officer| Some(officer.id) == guest.visitor.caller.officer) {
                    option value=(officer.id) { (officer.name) }
                }
            }
            p.hint #officer-hint { "The scopes rules and decide are for a person, and everybody makes their own: what is done with the token is done in their name." }
            label for="days" { "Days until it expires" }
            input.figure #days name="days" inputmode="numeric" maxlength="5" autocomplete="off" aria-describedby="days-hint";
            p.hint #days-hint { "Empty for a token without an end." }
            button.primary { "Make the token" }
        }
    }
}
