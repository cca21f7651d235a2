//! Everything that was done to a session, as the audit log has it; and what people decided and wrote.

use std::collections::HashMap;

use maud::{Markup, html};
use serde_json::Value;

use crate::http::console::{parts, words};
use crate::operations::read_case::Case;
use crate::operations::read_decisions::SignedDecision;
use crate::session::actor::Actor;
use crate::session::audit::AuditRow;
use crate::session::decision::Note;
use crate::session::gallery::Subject;
use crate::session::time::Timestamp;

/// One line: who did what, when, and how often in a row.
struct Event {
    at: Timestamp,
    who: String,
    what: String,
    times: u32,
}

/// Decisions, the log, and where the applicant is enrolled.
pub(super) fn show(case: &Case) -> Markup {
    html! {
        section.card aria-labelledby="decisions-title" {
            h2 #decisions-title { "Decisions and notes" }
            @if case.decisions.is_empty() { p.muted { "Nobody has decided or noted anything yet." } }
            ol.log { @for decision in &case.decisions { (one_decision(decision, &case.names)) } }
        }
        section.card aria-labelledby="enrolled-title" {
            h2 #enrolled-title { "Enrolment" }
            (enrolled(&case.enrolled))
        }
        section.card aria-labelledby="history-title" {
            h2 #history-title { "Everything done so far" }
            ol.log {
                @for event in events(case) {
                    li {
                        (parts::moment(event.at)) " " strong { (event.who) } " " (event.what)
                        @if event.times > 1 { span.muted { " ×" (event.times) } }
                    }
                }
            }
        }
    }
}

fn one_decision(signed: &SignedDecision, names: &HashMap<Actor, String>) -> Markup {
    let decision = &signed.decision;
    html! {
        li {
            (parts::moment(decision.at)) " "
            strong { (signed.officer_name.clone().unwrap_or_else(|| name(&decision.actor.to_string(), names))) }
            " " span.badge { (decision.kind.name()) } " "
            @for reason in &decision.reasons { code { (reason.name()) } " " }
            @match &decision.note {
                Note::None => {},
                Note::Text(text) => { blockquote { (text) } },
                Note::Erased => { span.muted { "(a note that was erased)" } },
            }
        }
    }
}

fn enrolled(people: &[Subject]) -> Markup {
    html! {
        @if people.is_empty() {
            p.muted { "Nobody is enrolled under this applicant's name." }
        } @else {
            ul {
                @for person in people {
                    li { code { (person.id) } " enrolled " (parts::moment(person.created_at)) ", changed " (parts::moment(person.updated_at)) }
                }
            }
        }
    }
}

/// The log's rows and what the session's own dates tell, in order; the same thing in a row is one line.
fn events(case: &Case) -> Vec<Event> {
    let session = &case.view.session;
    let mut events = vec![event(session.created_at, "service", "session opened")];
    for evidence in case.view.document.iter().chain(&case.view.video) {
        let what = format!("{} received", evidence.kind.name());
        events.push(event(evidence.received_at, "service", &what));
    }
    for examination in &case.view.examinations {
        events.push(event(
            examination.queued_at,
            "service",
            "examination asked for",
        ));
    }
    for row in &case.history {
        events.push(event(
            Timestamp(row.at),
            &name(&row.actor, &case.names),
            &in_words(row),
        ));
    }
    events.sort_by_key(|event| event.at);
    let mut merged: Vec<Event> = Vec::new();
    for event in events {
        match merged.last_mut() {
            Some(last) if last.who == event.who && last.what == event.what => last.times += 1,
            _ => merged.push(event),
        }
    }
    merged
}

fn event(at: Timestamp, who: &str, what: &str) -> Event {
    Event {
        at,
        who: who.to_owned(),
        what: what.to_owned(),
        times: 1,
    }
}

/// Whoever it was: an officer by name, anybody else by what they are.
fn name(actor: &str, names: &HashMap<Actor, String>) -> String {
    match actor.parse::<Actor>() {
        Ok(actor @ Actor::Officer(_)) => names
            .get(&actor)
            .cloned()
            .unwrap_or_else(|| "an officer".to_owned()),
        Ok(Actor::Token(id)) => format!("token …{}", words::short(&id.to_string())),
        Ok(Actor::Operator) => "the operator".to_owned(),
        Ok(Actor::Service) | Err(_) => "service".to_owned(),
    }
}

/// A row of the log, with what of its details is for people.
fn in_words(row: &AuditRow) -> String {
    let details: Value = serde_json::from_str(&row.details).unwrap_or_default();
    let text = |key: &str| details.get(key).and_then(Value::as_str);
    match row.action.as_str() {
        "session.judged" => format!("verdict: {}", text("outcome").unwrap_or("given")),
        "session.decided" => format!("decided: {}", text("kind").unwrap_or("?")),
        "session.held" => "put on hold".to_owned(),
        "session.released" => "taken off hold".to_owned(),
        "session.erased" => "erased".to_owned(),
        "decision.voided" => format!(
            "decision void: {}",
            text("because").unwrap_or("something came between")
        ),
        "evidence.read" if details.get("video").is_some() => "watched the video".to_owned(),
        "evidence.read" => "looked at pictures".to_owned(),
        other => other.to_owned(),
    }
}
