//! Receives what people send from a page: only from a page of ours, only so much, only what the form asks for.

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, ORIGIN};
use actix_web::web::Payload;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::http::console::errors::PageError;
use crate::http::console::guest::Guest;
use crate::http::error::Refusal;
use crate::http::upload;
use crate::operations::Operations;

/// A form's mark; its other fields are the page's own.
#[derive(Deserialize)]
struct Marked {
    #[serde(default)]
    mark: String,
}

/// A form whose button says it all.
#[derive(Deserialize)]
pub(super) struct Nothing {}

/// The fields of a form that somebody who is signed in sent from one of their pages.
pub(super) async fn receive<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: Payload,
    operations: &Operations,
) -> Result<(Guest, T), PageError> {
    let guest = Guest::of(request, operations).await?;
    let body = body(request, payload).await?;
    of_guest(guest, &body)
}

/// The same for a form that holds a text of so many bytes, however its characters are written on the way.
pub(super) async fn receive_text<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: Payload,
    operations: &Operations,
    bytes: usize,
) -> Result<(Guest, T), PageError> {
    let guest = Guest::of(request, operations).await?;
    refuse_foreign(request)?;
    // Three characters for a byte, and room for the other fields.
    let body = upload::body_up_to(payload, bytes * 3 + 16_384).await?;
    of_guest(guest, &body)
}

/// The same where nobody is signed in yet.
pub(super) async fn receive_from_anybody<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: Payload,
) -> Result<T, PageError> {
    read(&body(request, payload).await?)
}

fn of_guest<T: DeserializeOwned>(guest: Guest, body: &[u8]) -> Result<(Guest, T), PageError> {
    let marked: Marked = read(body)?;
    if !guest.knows_form(&marked.mark) {
        return Err(PageError::foreign());
    }
    Ok((guest, read(body)?))
}

async fn body(request: &HttpRequest, payload: Payload) -> Result<Vec<u8>, PageError> {
    refuse_foreign(request)?;
    Ok(upload::small_body(payload).await?.to_vec())
}

/// A browser says which page a form comes from; one of another site does nothing here.
fn refuse_foreign(request: &HttpRequest) -> Result<(), PageError> {
    let text = |name| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let Some(origin) = text(ORIGIN) else {
        return Ok(());
    };
    // A proxy that changes the one says the other; a page of another site can set neither.
    let connection = request.connection_info();
    let here = [text(HOST), Some(connection.host())];
    let from = origin.split_once("://").map(|(_, host)| without_port(host));
    if from.is_some() && here.into_iter().any(|host| host.map(without_port) == from) {
        return Ok(());
    }
    Err(PageError::foreign())
}

/// A host without the port that its scheme has anyway, which one of the two names and the other does not.
fn without_port(host: &str) -> &str {
    host.strip_suffix(":443")
        .or_else(|| host.strip_suffix(":80"))
        .unwrap_or(host)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, PageError> {
    serde_html_form::from_bytes(body).map_err(|_| {
        let refusal =
            Refusal::bad_request("the form lacks a field, or a field holds what it cannot hold");
        PageError::from(refusal)
    })
}
