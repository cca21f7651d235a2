//! The route of ARGOS's API: it parses, calls one operation, renders.

use actix_web::web::{self, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use uuid::Uuid;

use crate::http::base64_picture;
use crate::http::call_log::LoggedCall;
use crate::http::caller::{admit, header_token};
use crate::http::dialects::argos::errors::ArgosError;
use crate::http::dialects::argos::wire::{CompareBody, CompareForm, ErrorBody};
use crate::http::json_body::JsonBody;
use crate::http::settings::HttpSettings;
use crate::operations::Operations;
use crate::session::project::Dialect;

type Answer = Result<HttpResponse, ArgosError>;

/// Adds the dialect's routes.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes.service(
        web::scope("/modules")
            .route("/compare", web::post().to(compare))
            .default_service(web::to(no_such_route)),
    );
}

/// Compares the face of one picture with that of another.
#[utoipa::path(post, path = "/modules/compare", tag = "ARGOS", operation_id = "argos_compare", security(("api_key" = [])), request_body = CompareForm,
    responses((status = 200, body = CompareBody), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 429, body = ErrorBody), (status = 500, body = ErrorBody)))]
pub async fn compare(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    let key = header_token(&request, "x-api-key").ok_or(ArgosError::NoKey)?;
    let caller = admit(&request, &operations, Dialect::Argos, Some(key)).await?;
    let transaction = format!("txn_{}", Uuid::now_v7().simple());
    LoggedCall::refer(&request, &transaction);
    let body = JsonBody::read(&request, payload).await?;
    let origin = picture(&body, "originFace", &settings)?;
    let target = picture(&body, "targetFace", &settings)?;
    let callback = callback(&body)?;
    match callback {
        Some(address) => operations.check_callback(address).await?,
        None if caller.project.settings.argos_asynchronous => {
            return Err(ArgosError::CallbackRequired);
        }
        None => {}
    }
    let seen = operations.compare_seen(&caller, origin, target).await?;
    let answer = CompareBody::new(transaction, &seen);
    if let Some(address) = callback {
        let body = serde_json::to_string(&answer).map_err(|_| ArgosError::Failed)?;
        operations.queue_callback(&caller, address, body).await?;
    }
    Ok(HttpResponse::Ok().json(answer))
}

async fn no_such_route() -> Answer {
    Err(ArgosError::NotProcessable(
        "there is nothing at this address".to_owned(),
    ))
}

/// A picture of the call: JPEG, PNG or BMP.
fn picture(body: &JsonBody, key: &str, settings: &HttpSettings) -> Result<Vec<u8>, ArgosError> {
    let text = match body.text(key) {
        Ok(Some(text)) if !text.is_empty() => text,
        Ok(_) | Err(_) => return Err(ArgosError::TwoImages),
    };
    let picture = base64_picture::decode(text, settings.max_picture_bytes)
        .map_err(|problem| ArgosError::NotProcessable(format!("{key}: {problem}")))?;
    let known: [&[u8]; 3] = [&[0xff, 0xd8, 0xff], b"\x89PNG", b"BM"];
    if known.iter().any(|start| picture.starts_with(start)) {
        return Ok(picture);
    }
    Err(ArgosError::NotProcessable(format!(
        "{key} is not a JPEG, PNG or BMP picture"
    )))
}

fn callback(body: &JsonBody) -> Result<Option<&str>, ArgosError> {
    match body.text("callbackUrl") {
        Ok(address) => Ok(address.filter(|address| !address.is_empty())),
        Err(wrong) => Err(ArgosError::NotProcessable(wrong.to_string())),
    }
}
