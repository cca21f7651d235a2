//! What a page shows that cannot be shown: a sentence, and a way on.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use maud::html;

use crate::http::console::shell;
use crate::http::error::Refusal;
use crate::http::upload::UploadError;
use crate::operations::error::Error;

/// Why there is no such page for this person now.
#[derive(Clone, Debug)]
pub(super) enum PageError {
    /// Nobody is signed in, or not any more.
    SignedOut {
        /// Where they wanted to go, where that can be gone to again.
        to: Option<String>,
    },
    Refused(Refusal),
}

impl PageError {
    /// A form that does not come from one of this person's pages.
    pub(super) fn foreign() -> Self {
        Self::Refused(Refusal::new(
            StatusCode::FORBIDDEN,
            "foreign_form",
            "this form comes from a page that is not yours now: of another project, or from before you signed in. Go back, load the page anew and try again",
        ))
    }
}

impl From<Refusal> for PageError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        if matches!(error, Error::Unauthenticated) {
            Self::SignedOut { to: None }
        } else {
            Self::Refused(Refusal::from(error))
        }
    }
}

impl From<UploadError> for PageError {
    fn from(error: UploadError) -> Self {
        Self::Refused(Refusal::from(error))
    }
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignedOut { .. } => f.write_str("nobody is signed in"),
            Self::Refused(refusal) => f.write_str(&refusal.message),
        }
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::SignedOut { .. } => StatusCode::SEE_OTHER,
            Self::Refused(refusal) => refusal.status,
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::SignedOut { to } => {
                let query = to.as_ref().map(|to| [("to", to)]);
                let query = query.and_then(|query| serde_html_form::to_string(query).ok());
                let address =
                    query.map_or("/console".to_owned(), |query| format!("/console?{query}"));
                HttpResponse::SeeOther()
                    .insert_header((LOCATION, address))
                    .finish()
            }
            Self::Refused(refusal) => page(refusal),
        }
    }
}

/// A path below `/console` that leads nowhere.
pub(super) async fn no_such_page(_request: HttpRequest) -> HttpResponse {
    page(&Refusal::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is no such page",
    ))
}

fn page(refusal: &Refusal) -> HttpResponse {
    let title = refusal.status.canonical_reason().unwrap_or("Error");
    let body = html! {
        section.notice {
            h1 { (title) }
            p { (sentence(&refusal.message)) }
            p.actions {
                button type="button" data-back hidden { "Back to what you were doing" }
                a href="/console/queue" { "To the queue" }
            }
        }
    };
    shell::bare(refusal.status, title, &body)
}

/// A message that begins as sentences do and ends with a full stop.
pub(super) fn sentence(message: &str) -> String {
    let mut characters = message.chars();
    let first: String = characters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let rest = characters.as_str().trim_end_matches('.');
    format!("{first}{rest}.")
}
