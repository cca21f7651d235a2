//! The token endpoints: a project's name and token for one that lives a day, and its end.

use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::caller::{admit, header_token};
use crate::http::dialects::risetai::errors::{RisetError, TokenError};
use crate::http::dialects::risetai::fields::TOKEN_HEADER;
use crate::http::dialects::risetai::status::Status;
use crate::http::dialects::risetai::wire::StatusBody;
use crate::operations::Operations;
use crate::operations::error::Error;
use crate::session::project::Dialect;

/// A form of the token endpoints. It holds a secret, so it has no `Debug`.
#[derive(Deserialize, ToSchema)]
#[schema(as = risetai::Credentials)]
pub struct Credentials {
    /// The project's name.
    client_id: String,
    /// One of the project's tokens.
    password: String,
}

/// A token that lives a day at most. It holds a secret, so it has no `Debug`.
#[derive(Serialize, ToSchema)]
#[schema(as = risetai::TokenBody)]
pub struct TokenBody {
    pub access_token: String,
}

/// The answer to `/oauth/token/revoke`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = risetai::RevokedBody)]
pub struct RevokedBody {
    pub status_message: &'static str,
}

/// Credentials as they came, or why they could not be read.
type Sent = Result<Form<Credentials>, actix_web::Error>;

/// Makes a token that lives a day.
#[utoipa::path(post, path = "/oauth/client/token", tag = "RisetAI", operation_id = "risetai_token",
    request_body(content = Credentials, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = TokenBody), (status = 400, body = StatusBody), (status = 401, body = StatusBody),
        (status = 403, body = StatusBody), (status = 500, body = StatusBody)))]
pub async fn exchange(
    request: HttpRequest,
    operations: Data<Operations>,
    sent: Sent,
) -> Result<HttpResponse, TokenError> {
    let Credentials {
        client_id,
        password,
    } = credentials(sent)?;
    let caller = admit(&request, &operations, Dialect::Risetai, Some(&password)).await?;
    let secret = operations.exchange_token(&caller, &client_id).await?;
    Ok(HttpResponse::Ok().json(TokenBody {
        access_token: secret.reveal().to_owned(),
    }))
}

/// Revokes a token that this API made: the one in the header.
#[utoipa::path(post, path = "/oauth/token/revoke", tag = "RisetAI", operation_id = "risetai_revoke", security(("accesstoken" = [])),
    request_body(content = Credentials, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = RevokedBody), (status = 400, body = StatusBody), (status = 401, body = StatusBody),
        (status = 403, body = StatusBody), (status = 500, body = StatusBody)))]
pub async fn revoke(
    request: HttpRequest,
    operations: Data<Operations>,
    sent: Sent,
) -> Result<HttpResponse, TokenError> {
    let Credentials {
        client_id,
        password,
    } = credentials(sent)?;
    let caller = admit(&request, &operations, Dialect::Risetai, Some(&password)).await?;
    let token = header_token(&request, TOKEN_HEADER).ok_or(Error::Unauthenticated)?;
    operations
        .revoke_exchanged_token(&caller, &client_id, token)
        .await?;
    Ok(HttpResponse::Ok().json(RevokedBody {
        status_message: "Success Revoke Token",
    }))
}

fn credentials(sent: Sent) -> Result<Credentials, RisetError> {
    sent.map(Form::into_inner).map_err(|_| {
        RisetError::because(
            Status::Malformed,
            "`client_id` and `password` are sent as a form",
        )
    })
}
