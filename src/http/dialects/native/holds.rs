//! `/v1/sessions/{id}/hold`: what may not be erased.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::caller::caller;
use crate::http::dialects::native::errors::NativeError;
use crate::http::dialects::native::names::session_id;
use crate::http::dialects::native::wire::ErrorBody;
use crate::http::error::Refusal;
use crate::operations::Operations;
use crate::session::project::Dialect;

type Answer = Result<HttpResponse, NativeError>;

/// Puts a session under a legal hold: its data are not erased while it stands.
#[utoipa::path(post, path = "/v1/sessions/{id}/hold", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path, description = "The session, `sess_…`.")),
    responses((status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub async fn hold_session(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    operations
        .hold_session(&caller, session_id(&id)?)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::NoContent().finish())
}

/// Lifts a legal hold.
#[utoipa::path(delete, path = "/v1/sessions/{id}/hold", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path, description = "The session, `sess_…`.")),
    responses((status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn release_session(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    operations
        .release_session(&caller, session_id(&id)?)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::NoContent().finish())
}
