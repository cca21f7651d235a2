//! What an admin may set for their project, and the text of the consent as it stands.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde::Deserialize;

use crate::http::console::forms;
use crate::http::console::guest::Guest;
use crate::http::console::projects::fields::{GROUPS, Typed};
use crate::http::console::projects::{Answer, Sheet};
use crate::http::console::shell::mark;
use crate::http::console::sign_in::to;
use crate::operations::Operations;
use crate::operations::manage_projects::{NotChanged, settings_hash};
use crate::scoring::rules::content_hash;
use crate::session::project::ProjectSettings;

/// What is wrong, by field.
type Faults = HashMap<&'static str, String>;

/// The form as it is shown.
struct Form {
    typed: Typed,
    /// Which settings it was filled from.
    seen: String,
    faults: Faults,
}

/// Most bytes of the form: the text of a consent is the longest part of it.
const MOST_BYTES: usize = 65_536;

#[derive(Deserialize)]
pub(super) struct SettingsQuery {
    saved: Option<String>,
}

/// The page.
pub(super) async fn show(
    request: HttpRequest,
    operations: Data<Operations>,
    query: Query<SettingsQuery>,
) -> Answer {
    let guest = Guest::of(&request, &operations).await?;
    let settings = operations.own_settings(&guest.visitor.caller)?;
    let form = Form {
        typed: typed(settings),
        seen: settings_hash(settings)?,
        faults: Faults::new(),
    };
    let above = html! {
        @if query.saved.is_some() { p.done role="status" { "Saved." } }
    };
    Ok(page(&guest, &above, &form))
}

/// Keeps what was typed, or shows it again with what is wrong with it.
pub(super) async fn change(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let (guest, typed): (_, Typed) =
        forms::receive_text(&request, payload, &operations, MOST_BYTES).await?;
    let caller = &guest.visitor.caller;
    let mut settings = operations.own_settings(caller)?.clone();
    let seen = one(&typed, "seen").to_owned();
    let mut faults = read(&typed, &mut settings);
    if faults.is_empty() {
        match operations.change_settings(caller, &seen, settings).await {
            Ok(()) => return Ok(to("/console/projects?saved=1")),
            Err(NotChanged::Faults(found)) => {
                faults.extend(found.into_iter().map(|fault| (fault.field, fault.reason)));
            }
            Err(NotChanged::Other(error)) => return Err(error.into()),
        }
    }
    let above = html! {
        p.problem role="alert" { "Nothing was saved: some fields hold what they cannot hold." }
    };
    let form = Form {
        typed,
        seen,
        faults,
    };
    Ok(page(&guest, &above, &form))
}

/// What is set, as it would be typed.
fn typed(settings: &ProjectSettings) -> Typed {
    let fields = GROUPS.iter().flat_map(|group| group.fields);
    fields
        .flat_map(|field| {
            let typed = field.typed(settings).into_iter();
            typed.map(|typed| (field.name.to_owned(), typed))
        })
        .collect()
}

/// Sets what was typed as far as it can be read.
fn read(typed: &Typed, settings: &mut ProjectSettings) -> Faults {
    let mut faults = Faults::new();
    for field in GROUPS.iter().flat_map(|group| group.fields) {
        if let Err(fault) = field.set(settings, &all(typed, field.name)) {
            faults.insert(field.name, fault);
        }
    }
    faults
}

fn all<'a>(typed: &'a Typed, field: &str) -> Vec<&'a str> {
    let of_field = typed.iter().filter(|(name, _)| name == field);
    of_field.map(|(_, typed)| typed.as_str()).collect()
}

fn one<'a>(typed: &'a Typed, field: &str) -> &'a str {
    all(typed, field).first().copied().unwrap_or_default()
}

fn page(guest: &Guest, above: &Markup, form: &Form) -> HttpResponse {
    let Form {
        typed,
        seen,
        faults,
    } = form;
    let settings = &guest.visitor.caller.project.settings;
    let body = html! {
        @if settings.suspended {
            p.warning { "The project is suspended: nothing is processed for it until the operator lifts that." }
        }
        (above)
        form method="post" action="/console/projects" {
            (mark(guest))
            input type="hidden" name="seen" value=(seen);
            @for group in &GROUPS {
                section.card {
                    h2 { (group.title) }
                    div.settings {
                        @for field in group.fields {
                            (field.show(&all(typed, field.name), faults.get(field.name).map(String::as_str)))
                        }
                    }
                }
            }
            div.actions { button.primary { "Save" } }
        }
        (consent(settings))
    };
    let status = if faults.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    let sheet = Sheet {
        guest,
        name: "Settings",
        scripts: &[],
        body,
    };
    sheet.show_as(status)
}

fn consent(settings: &ProjectSettings) -> Markup {
    html! {
        section.card.after {
            h2 { "The text of the consent in force" }
            @if settings.consent_text.is_empty() {
                p.muted { "The project keeps none here." }
            } @else {
                p.muted {
                    "Version " (settings.consent_version) ", SHA-256 " code { (content_hash(&settings.consent_text)) }
                }
                blockquote.written { (settings.consent_text) }
            }
        }
    }
}
