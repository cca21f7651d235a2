//! One version of the rules: its checks in words, its text, and what can be done with it.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};

use crate::http::console::errors::PageError;
use crate::http::console::guest::Guest;
use crate::http::console::parts;
use crate::http::console::rules::list::{author, badges};
use crate::http::console::rules::{Answer, address, lines, name, number, owner, trial, wording};
use crate::http::console::shell::{Page, Place, mark};
use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::read_rules::{OwnRules, Roles, VersionView};
use crate::operations::rule_owner::RuleReader;

/// What is shown of a version, or of the service's own rules.
pub(super) struct Shown {
    pub(super) number: Option<u32>,
    pub(super) text: String,
    hash: String,
    pub(super) active: bool,
    pub(super) shadow: bool,
    /// When, by whom and why it was saved.
    saved: Option<Markup>,
}

impl From<VersionView> for Shown {
    fn from(view: VersionView) -> Self {
        let saved = html! {
            div { dt { "Saved" } dd { (parts::moment(view.version.created_at)) } }
            div { dt { "By" } dd { (author(&view)) } }
            div { dt { "Why" } dd.note { (view.version.note) } }
        };
        Self {
            number: Some(view.version.number),
            hash: view.version.hash,
            text: view.version.text,
            active: view.active,
            shadow: view.shadow,
            saved: Some(saved),
        }
    }
}

impl From<OwnRules> for Shown {
    fn from(own: OwnRules) -> Self {
        Self {
            number: None,
            text: own.text,
            hash: own.hash,
            active: own.active,
            shadow: false,
            saved: None,
        }
    }
}

/// Reads a version, or the service's own rules.
pub(super) async fn read(
    operations: &Operations,
    reader: &RuleReader,
    number: Option<u32>,
) -> Result<Shown, Error> {
    Ok(match number {
        Some(number) => operations.rule_version(reader, number).await?.into(),
        None => operations.own_rules(reader).await?.into(),
    })
}

/// The page.
pub(super) async fn show(
    request: HttpRequest,
    operations: Data<Operations>,
    version: Path<String>,
) -> Answer {
    let guest = Guest::of(&request, &operations).await?;
    page(&operations, &guest, number(&version)?, None).await
}

/// The page, with why it could not be done what was asked for.
pub(super) async fn page(
    operations: &Operations,
    guest: &Guest,
    number: Option<u32>,
    refused: Option<(StatusCode, String)>,
) -> Result<HttpResponse, PageError> {
    let reader = owner(guest)?.reader();
    let shown = read(operations, &reader, number).await?;
    let roles = operations.rule_roles(&reader).await?;
    let body = html! {
        (head(&shown, roles))
        (parts::problem(refused.as_ref().map(|(_, reason)| reason.as_str())))
        div.side-by-side {
            section.card { h2 { "What it asks for" } (wording::tables(&shown.text)) }
            div {
                (facts(&shown))
                (actions(guest, &shown))
                section.card { h2 { "Try it on a session" } (trial::form(shown.number, "")) }
            }
        }
        section.card {
            h2 { "The file" }
            pre tabindex="0" role="region" aria-label="Rule file" { code { (lines::pretty(&shown.text)) } }
        }
    };
    let page = Page {
        guest,
        place: Place::Rules,
        title: &name(shown.number),
        scripts: &[],
        body,
    };
    let status = refused.map_or(StatusCode::OK, |(status, _)| status);
    Ok(parts::show_as(status, page))
}

fn head(shown: &Shown, roles: Roles) -> Markup {
    let named =
        |number: Option<u32>| number.map_or_else(|| "default".to_owned(), |n| n.to_string());
    let here = address(shown.number);
    html! {
        nav.crumbs aria-label="Where this is" { a href="/console/rules" { "Rules" } }
        div.head {
            h1 { (name(shown.number)) }
            (badges(shown.active, shown.shadow))
            div.push.actions {
                @if roles.active != shown.number {
                    a.button href={"/console/rules/diff?from=" (named(roles.active)) "&to=" (named(shown.number))} {
                        "Compare with what judges"
                    }
                }
                a.button href={(here) "/backtest"} { "Backtest" }
                @if shown.number.is_some() { a.button href={(here) "/shadow"} { "Shadow report" } }
                a.button.primary href={"/console/rules/new?from=" (named(shown.number))} { "Edit as a new version" }
            }
        }
    }
}

fn facts(shown: &Shown) -> Markup {
    html! {
        section.card {
            h2 { "About it" }
            dl.facts {
                @if let Some(saved) = &shown.saved { (saved) }
                div { dt { "SHA-256" } dd { code { (shown.hash) } } }
            }
        }
    }
}

fn actions(guest: &Guest, shown: &Shown) -> Markup {
    let here = address(shown.number);
    let this = name(shown.number);
    html! {
        section.card {
            h2 { "Put it to use" }
            @if guest.visitor.caller.project.settings.four_eyes {
                p.hint { "Four eyes: who saved a version may not be who activates it." }
            }
            div.actions {
                @if shown.active {
                    p { "It judges now. To roll back, activate an older version." }
                } @else {
                    form method="post" action={(here) "/activate"}
                        data-asks={(this) " judges from now on. What is queued keeps the rules it was queued with."} {
                        (mark(guest))
                        button.primary { "Activate" }
                    }
                }
                @if shown.shadow {
                    form method="post" action="/console/rules/shadow/end"
                        data-asks={(this) " judges in the shadow no more. What it said is kept."} {
                        (mark(guest))
                        button { "End the shadow" }
                    }
                } @else if shown.number.is_some() {
                    form method="post" action={(here) "/shadow"}
                        data-asks={(this) " judges beside what counts, in place of another one that does. Its verdicts change nothing."} {
                        (mark(guest))
                        button { "Put in the shadow" }
                    }
                }
            }
        }
    }
}
