//! Where a version is written: the text with what is wrong with it, and the words that it may use at hand.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::console::errors::PageError;
use crate::http::console::forms;
use crate::http::console::guest::Guest;
use crate::http::console::parts;
use crate::http::console::rules::{Answer, address, number, owner, places, version};
use crate::http::console::shell::{Page, Place, mark};
use crate::http::console::sign_in::to;
use crate::operations::Operations;
use crate::operations::check_rules::check_rules;
use crate::operations::error::Error;
use crate::operations::manage_rules::NotSaved;
use crate::scoring::functions::FUNCTIONS;
use crate::scoring::reasons::ReasonCode;
use crate::scoring::rules::{MOST_BYTES, Problem};
use crate::scoring::templates::TEMPLATES;
use crate::scoring::vocabulary::VOCABULARY;

#[derive(Deserialize)]
pub(super) struct NewQuery {
    from: Option<String>,
    template: Option<String>,
}

/// What somebody wrote, or starts from.
#[derive(Deserialize)]
pub(super) struct Draft {
    text: String,
    #[serde(default)]
    note: String,
}

/// The page, with the text of a version or of a shipped file to start from.
pub(super) async fn show(
    request: HttpRequest,
    operations: Data<Operations>,
    query: Query<NewQuery>,
) -> Answer {
    let guest = Guest::of(&request, &operations).await?;
    let reader = owner(&guest)?.reader();
    let text = if let Some(file) = &query.template {
        let known = TEMPLATES.iter().find(|template| template.file == file);
        let what = "shipped rule file";
        known.ok_or(Error::NotFound { what })?.text.to_owned()
    } else {
        let from = number(query.from.as_deref().unwrap_or("default"))?;
        version::read(&operations, &reader, from).await?.text
    };
    let note = String::new();
    let draft = Draft { text, note };
    Ok(page(&guest, &draft, &[], None))
}

/// Keeps what was written as the next version, or says what is wrong with it.
pub(super) async fn save(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let (guest, draft) = receive(&request, payload, &operations).await?;
    let owner = owner(&guest)?;
    let saved = operations.save_rules(&owner, draft.text.clone(), &draft.note);
    match saved.await {
        Ok(saved) => Ok(to(&address(Some(saved.number)))),
        Err(NotSaved::Problems(problems)) => Ok(page(&guest, &draft, &problems, None)),
        Err(NotSaved::Other(Error::Invalid { reason })) => {
            Ok(page(&guest, &draft, &[], Some(&reason)))
        }
        Err(NotSaved::Other(error)) => Err(error.into()),
    }
}

/// What is wrong with what is being written, for the page's script.
pub(super) async fn check(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let (guest, draft) = receive(&request, payload, &operations).await?;
    owner(&guest)?;
    let checked = check_rules(&draft.text);
    let problem = |problem: &Problem| -> Value {
        json!({
            "line": places::line(&draft.text, problem),
            "place": problem.pointer,
            "reason": problem.reason,
        })
    };
    let problems: Vec<Value> = checked.problems.iter().map(problem).collect();
    Ok(HttpResponse::Ok().json(json!({
        "problems": problems,
        "conditions": checked.conditions.len(),
    })))
}

/// Browsers end lines in two characters where the file has one.
async fn receive(
    request: &HttpRequest,
    payload: Payload,
    operations: &Operations,
) -> Result<(Guest, Draft), PageError> {
    // A file that is too long is told so, and not cut off.
    let most = 2 * MOST_BYTES;
    let (guest, draft): (_, Draft) =
        forms::receive_text(request, payload, operations, most).await?;
    let plain = |text: &str| text.replace("\r\n", "\n");
    let draft = Draft {
        text: plain(&draft.text),
        note: plain(&draft.note),
    };
    Ok((guest, draft))
}

fn page(guest: &Guest, draft: &Draft, problems: &[Problem], refused: Option<&str>) -> HttpResponse {
    let body = html! {
        nav.crumbs aria-label="Where this is" { a href="/console/rules" { "Rules" } }
        div.head { h1 { "A new version of the rules" } }
        (parts::problem(refused))
        (templates())
        div.side-by-side {
            section.card { (form(guest, draft, problems)) }
            section.card { (vocabulary()) }
        }
    };
    let page = Page {
        guest,
        place: Place::Rules,
        title: "A new version of the rules",
        scripts: &["rules-editor.js"],
        body,
    };
    let status = if problems.is_empty() && refused.is_none() {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    parts::show_as(status, page)
}

fn templates() -> Markup {
    html! {
        p.hint {
            "Start from a shipped file: "
            @for (index, template) in TEMPLATES.iter().enumerate() {
                @if index > 0 { ", " }
                a href={"/console/rules/new?template=" (template.file)} { (template.file) }
            }
            "."
        }
    }
}

fn form(guest: &Guest, draft: &Draft, problems: &[Problem]) -> Markup {
    html! {
        form.stack #rules-form method="post" action="/console/rules" {
            (mark(guest))
            label for="rules-text" { "Rule file" }
            // A line end at the start of a text area is not part of its text.
            textarea.code #rules-text name="text" rows="28" spellcheck="false" autocapitalize="off" autocomplete="off"
                wrap="off" aria-describedby="rules-found" required { "\n" (draft.text) }
            div #rules-found aria-live="polite" {
                p.hint #rules-state {
                    @if problems.is_empty() { "What is wrong is said here, and again when you save." }
                    @else { (problems.len()) " problems" }
                }
                ul.problems #rules-problems {
                    @for problem in problems { (found(&draft.text, problem)) }
                }
            }
            label for="note" { "Why it is saved" }
            textarea #note name="note" rows="3" maxlength="500" required aria-describedby="note-hint" { "\n" (draft.note) }
            p.hint #note-hint { "For those who read it later: 1 to 500 characters." }
            button.primary { "Save as a new version" }
            p.hint { "Nothing is judged by it until somebody activates it." }
        }
    }
}

fn found(text: &str, problem: &Problem) -> Markup {
    html! {
        li {
            @if let Some(line) = places::line(text, problem) { "Line " (line) ": " }
            (problem.reason)
            @if !problem.pointer.is_empty() { " " code { (problem.pointer) } }
        }
    }
}

fn vocabulary() -> Markup {
    html! {
        h2 { "What rules may speak about" }
        div.stack data-scripted hidden {
            label for="vocabulary-search" { "Search" }
            input #vocabulary-search type="search" autocomplete="off" aria-describedby="vocabulary-hint";
            p.hint #vocabulary-hint { "A click puts the word where the caret is." }
        }
        div.vocabulary #vocabulary tabindex="0" role="region" aria-label="Words" {
            h3 { "Signals" }
            ul {
                @for signal in &VOCABULARY {
                    (word(signal.name, &format!("{}, {}", signal.unit, signal.range.written()), signal.meaning))
                }
            }
            h3 { "Functions over the frames" }
            ul {
                @for function in &FUNCTIONS {
                    (word(&function.call(), function.argument.in_words().unwrap_or_default(), function.meaning))
                }
            }
            h3 { "Reasons" }
            ul {
                @for reason in ReasonCode::of_rules() { (word(reason.name(), "", reason.officer_text())) }
            }
        }
    }
}

fn word(name: &str, range: &str, meaning: &str) -> Markup {
    html! {
        li {
            button.word type="button" data-inserts=(name) { (name) }
            @if !range.is_empty() { " " span.muted { (range) } }
            " " span { (meaning) }
        }
    }
}
