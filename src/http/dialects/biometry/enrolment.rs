//! Enrolment in Biometry's API, and the two services beside it that are not offered.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::caller::caller;
use crate::http::dialects::biometry::routes::{Answer, named_session, session_id};
use crate::http::dialects::biometry::wire::{EnrollBody, ErrorBody};
use crate::http::error::Refusal;
use crate::http::headers;
use crate::http::settings::HttpSettings;
use crate::http::upload::{self, Part};
use crate::operations::Operations;
use crate::operations::enrol_applicant::Applicant;
use crate::session::ids::SessionId;
use crate::session::project::Dialect;

/// Enrols an applicant's face under an identifier of the service's own.
#[utoipa::path(post, path = "/api-gateway/enroll/face", tag = "Biometry", security(("bearer" = [])),
    request_body(content_type = "multipart/form-data", content = EnrollForm),
    params(("X-User-Fullname" = String, Header, description = "The applicant's name, UTF-8 or Latin-1."),
           ("X-Session-ID" = Option<String>, Header, description = "The session that the applicant is in.")),
    responses((status = 200, body = EnrollBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 413, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub async fn enroll_face(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Biometry).await?;
    let name = headers::text(&request, "X-User-Fullname")?
        .ok_or_else(|| Refusal::bad_request("the header X-User-Fullname is required"))?;
    let session = enrolment_session(&request)?;
    let parts = [
        Part::File {
            name: "face",
            max_bytes: settings.max_document_bytes,
        },
        Part::Text {
            name: "is_document",
        },
    ];
    let mut form = upload::receive(&request, payload, &parts, operations.scratch()).await?;
    let face = form.file("face")?;
    let enrolled = operations
        .enrol_applicant(&caller, Applicant { session, name }, face)
        .await
        .map_err(Refusal::from)?;
    let subject = enrolled.subject.map(|subject| subject.id.to_string());
    Ok(HttpResponse::Ok().json(EnrollBody::new(enrolled.code, subject)))
}

/// Not offered: voices are not examined here.
#[utoipa::path(post, path = "/api-gateway/enroll/voice", tag = "Biometry", security(("bearer" = [])),
    responses((status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
pub async fn enroll_voice(request: HttpRequest, operations: Data<Operations>) -> Answer {
    not_enabled(&request, &operations, "voice enrollment").await
}

/// Not offered: whether a document is genuine is not examined here.
#[utoipa::path(post, path = "/api-gateway/docauth/check", tag = "Biometry", security(("bearer" = [])),
    responses((status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
pub async fn check_document(request: HttpRequest, operations: Data<Operations>) -> Answer {
    not_enabled(&request, &operations, "document authentication").await
}

async fn not_enabled(request: &HttpRequest, operations: &Operations, service: &str) -> Answer {
    caller(request, operations, Dialect::Biometry).await?;
    let message = format!("the service {service} is not enabled");
    Err(Refusal::new(StatusCode::FORBIDDEN, "not_enabled", message).into())
}

/// The form of `enroll/face`.
#[derive(utoipa::ToSchema)]
#[schema(as = biometry::EnrollForm)]
#[expect(dead_code, reason = "describes a multipart form to the API page")]
pub struct EnrollForm {
    /// JPEG, PNG, WebP or BMP: a face or a document that carries one.
    #[schema(value_type = String, format = Binary)]
    face: Vec<u8>,
    /// Accepted; a document's face is found either way.
    is_document: Option<bool>,
}

/// An older page of the vendor names the header otherwise when it enrols.
fn enrolment_session(request: &HttpRequest) -> Result<Option<SessionId>, Refusal> {
    if let Some(session) = named_session(request)? {
        return Ok(Some(session));
    }
    headers::text(request, "X-Request-User-Provided-ID")?
        .map(|text| session_id(&text))
        .transpose()
}
