//! Where a link leads that somebody was sent: they set their password and add the console to their device.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, PreEscaped, html};
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Deserialize;

use crate::http::console::errors::{PageError, sentence};
use crate::http::console::{forms, shell};
use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::manage_members::{Enrolled, Enrolment};

type Answer = Result<HttpResponse, PageError>;

const TITLE: &str = "Welcome";

/// Adds the routes.
pub(super) fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("/enrol", web::get().to(show))
        .route("/enrol", web::post().to(begin))
        .route("/enrol/finish", web::post().to(finish));
}

/// The link's secret stands behind a `#`, which no browser sends; a script puts it into this form.
async fn show() -> HttpResponse {
    let body = html! {
        section.card.narrow {
            h1 { (TITLE) }
            p { "You were sent a link that sets your password. It works once." }
            form.stack method="post" action="/console/enrol" data-takes-fragment {
                label for="invitation" { "The link, or what stands behind its #" }
                input #invitation name="invitation" autocomplete="off" required maxlength="500";
                button.primary { "Go on" }
            }
        }
    };
    shell::bare(StatusCode::OK, TITLE, &body)
}

#[derive(Deserialize)]
struct BeginForm {
    invitation: String,
}

async fn begin(request: HttpRequest, operations: Data<Operations>, payload: Payload) -> Answer {
    let form: BeginForm = forms::receive_from_anybody(&request, payload).await?;
    let secret = behind_the_sign(&form.invitation);
    let enrolment = operations.read_invitation(secret).await?;
    Ok(page(StatusCode::OK, secret, &enrolment, None))
}

#[derive(Deserialize)]
struct FinishForm {
    invitation: String,
    password: String,
    again: String,
    code: String,
}

async fn finish(request: HttpRequest, operations: Data<Operations>, payload: Payload) -> Answer {
    let form: FinishForm = forms::receive_from_anybody(&request, payload).await?;
    let secret = behind_the_sign(&form.invitation);
    let done = if form.password == form.again {
        let enrolled = Enrolled {
            password: form.password,
            code: form.code,
        };
        operations.use_invitation(secret, enrolled).await
    } else {
        Err(Error::Invalid {
            reason: "the two passwords differ".to_owned(),
        })
    };
    match done {
        Ok(()) => Ok(shell::bare(StatusCode::OK, TITLE, &done_page())),
        Err(Error::Invalid { reason }) => {
            let enrolment = operations.read_invitation(secret).await?;
            let status = StatusCode::BAD_REQUEST;
            Ok(page(status, secret, &enrolment, Some(&reason)))
        }
        Err(error) => Err(error.into()),
    }
}

/// The secret alone, where somebody pasted the whole link.
fn behind_the_sign(text: &str) -> &str {
    let text = text.trim();
    text.rsplit_once('#').map_or(text, |(_, secret)| secret)
}

fn page(
    status: StatusCode,
    secret: &str,
    enrolment: &Enrolment,
    problem: Option<&str>,
) -> HttpResponse {
    let body = html! {
        section.card.narrow {
            h1 { (TITLE) ", " (enrolment.name) }
            @if let Some(problem) = problem {
                p.problem role="alert" { (sentence(problem)) }
            }
            form.stack method="post" action="/console/enrol/finish" {
                input type="hidden" name="invitation" value=(secret);
                // For password managers, which file a password under a name.
                input.unseen name="username" autocomplete="username" value=(enrolment.name) readonly
                    tabindex="-1" aria-label="Name";
                label for="password" { "Password" }
                input #password name="password" type="password" autocomplete="new-password" required
                    minlength="12" maxlength="256" aria-describedby="password-hint";
                p.hint #password-hint { "Twelve characters or more. Several words are easy to remember and hard to guess." }
                label for="again" { "The same again" }
                input #again name="again" type="password" autocomplete="new-password" required maxlength="256";
                (device(enrolment))
                label for="code" { "The code that the app shows now" }
                input #code name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="10";
                button.primary { "Set password" }
            }
        }
    };
    shell::bare(status, TITLE, &body)
}

fn device(enrolment: &Enrolment) -> Markup {
    html! {
        fieldset.device {
            legend { "The app on your phone" }
            p { "Scan this with an app that makes one-time codes." }
            @if let Some(picture) = qr(&enrolment.device_url) {
                div.qr role="img" aria-label="QR code of the key below" { (picture) }
            }
            p.hint { "Or type this key into it: " code { (enrolment.device_key) } }
        }
    }
}

fn qr(url: &str) -> Option<Markup> {
    let code = QrCode::new(url).ok()?;
    let picture = code
        .render::<svg::Color<'_>>()
        .min_dimensions(200, 200)
        .build();
    // The XML declaration has no place inside a page.
    let from = picture.find("<svg")?;
    Some(PreEscaped(picture.get(from..)?.to_owned()))
}

fn done_page() -> Markup {
    html! {
        section.card.narrow {
            h1 { "Your password is set" }
            p { "From now on you sign in with your name, the password and a code of the app." }
            p { a.button.primary href="/console" { "Sign in" } }
        }
    }
}
