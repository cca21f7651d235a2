//! The way in and out: `/console` asks for a name, a password and a code.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde::Deserialize;

use crate::http::console::errors::{PageError, sentence};
use crate::http::console::guest::{self, Guest};
use crate::http::console::{forms, shell};
use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::sign_in::Attempt;
use crate::session::ids::ProjectId;

type Answer = Result<HttpResponse, PageError>;

/// Adds the routes.
pub(super) fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("", web::get().to(show))
        .route("/", web::get().to(show))
        .route("/sign-in", web::post().to(sign_in))
        .route("/sign-out", web::post().to(sign_out))
        .route("/project", web::post().to(switch_project));
}

#[derive(Deserialize)]
struct WantedPage {
    #[serde(default)]
    to: String,
}

async fn show(
    request: HttpRequest,
    operations: Data<Operations>,
    wanted: Query<WantedPage>,
) -> Answer {
    match Guest::of(&request, &operations).await {
        Ok(_) => Ok(to(own_page(&wanted.to))),
        Err(PageError::SignedOut { .. }) => Ok(page(StatusCode::OK, &wanted.to, None)),
        Err(error) => Err(error),
    }
}

/// The page that was wanted, where it is one of the console's; the queue, where it is anything else.
fn own_page(wanted: &str) -> &str {
    let is_plain = |c: char| c.is_ascii_graphic() && c != '\\';
    if wanted.starts_with("/console/") && wanted.chars().all(is_plain) {
        wanted
    } else {
        "/console/queue"
    }
}

#[derive(Deserialize)]
struct SignInForm {
    name: String,
    password: String,
    code: String,
    #[serde(default)]
    to: String,
}

async fn sign_in(request: HttpRequest, operations: Data<Operations>, payload: Payload) -> Answer {
    let form: SignInForm = forms::receive_from_anybody(&request, payload).await?;
    let attempt = Attempt {
        name: form.name,
        password: form.password,
        code: form.code,
    };
    match operations.sign_in(attempt).await {
        Ok(secret) => {
            let mut response = to(own_page(&form.to));
            response
                .add_cookie(&guest::cookie(&request, secret.reveal()))
                .map_err(Error::internal)?;
            Ok(response)
        }
        Err(Error::Refused { reason }) => Ok(page(StatusCode::FORBIDDEN, &form.to, Some(&reason))),
        Err(error) => Err(error.into()),
    }
}

async fn sign_out(request: HttpRequest, operations: Data<Operations>, payload: Payload) -> Answer {
    let (guest, forms::Nothing {}) = forms::receive(&request, payload, &operations).await?;
    operations.sign_out(guest.secret()).await?;
    let mut response = to("/console");
    response
        .add_cookie(&guest::no_cookie(&request))
        .map_err(Error::internal)?;
    Ok(response)
}

#[derive(Deserialize)]
struct ProjectForm {
    project: String,
}

async fn switch_project(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let (guest, form): (_, ProjectForm) = forms::receive(&request, payload, &operations).await?;
    let project: ProjectId = form
        .project
        .parse()
        .map_err(|_| Error::NotFound { what: "project" })?;
    operations
        .work_in(&guest.visitor, guest.secret(), project)
        .await?;
    Ok(to("/console/queue"))
}

/// Sends the browser on, so that loading the page anew sends no form twice.
pub(super) fn to(address: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, address))
        .finish()
}

fn page(status: StatusCode, wanted: &str, problem: Option<&str>) -> HttpResponse {
    shell::bare(status, "Sign in", &form(wanted, problem))
}

fn form(wanted: &str, problem: Option<&str>) -> Markup {
    html! {
        section.card.narrow {
            h1 { "Sign in" }
            @if let Some(problem) = problem {
                p.problem role="alert" { (sentence(problem)) }
            }
            form.stack method="post" action="/console/sign-in" {
                input type="hidden" name="to" value=(own_page(wanted));
                label for="name" { "Name" }
                input #name name="name" autocomplete="username" required autofocus maxlength="200";
                label for="password" { "Password" }
                input #password name="password" type="password" autocomplete="current-password" required maxlength="256";
                label for="code" { "Code" }
                input #code name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="10"
                    aria-describedby="code-hint";
                p.hint #code-hint { "Six digits from the app on your phone." }
                button.primary { "Sign in" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::own_page;

    #[test]
    fn nobody_is_led_out_of_the_console() {
        assert_eq!(
            own_page("/console/sessions/sess_1?x=1"),
            "/console/sessions/sess_1?x=1"
        );
        for odd in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example/console/",
            "/consolence",
            "/console/\nx",
            "/docs/",
        ] {
            assert_eq!(own_page(odd), "/console/queue", "{odd:?}");
        }
    }
}
