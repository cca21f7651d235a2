//! Erasures and their receipts: of a session, and of everything that a project knows somebody by one reference.

use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::caller::caller;
use crate::http::dialects::native::errors::NativeError;
use crate::http::dialects::native::names::session_id;
use crate::http::dialects::native::wire::ErrorBody;
use crate::http::error::Refusal;
use crate::operations::Operations;
use crate::operations::error::Error;
use crate::session::ids::{SessionId, SubjectId};
use crate::session::project::Dialect;
use crate::store::receipts::Receipt;

type Answer = Result<HttpResponse, NativeError>;

/// What went in an erasure, signed.
#[derive(Serialize, ToSchema)]
#[schema(as = native::ReceiptBody)]
pub struct ReceiptBody {
    /// JSON as a text: sessions, people, how much of what went, and the names of the keys that were destroyed. The signature is
    /// over its bytes.
    pub payload: String,
    /// Ed25519, in base64.
    pub signature: String,
    /// The key of `GET /v1/erasure-key`, in base64.
    pub public_key: String,
}

impl From<Receipt> for ReceiptBody {
    fn from(receipt: Receipt) -> Self {
        Self {
            payload: receipt.payload,
            signature: receipt.signature,
            public_key: receipt.public_key,
        }
    }
}

/// What receipts are checked with.
#[derive(Serialize, ToSchema)]
#[schema(as = native::ErasureKeyBody)]
pub struct ErasureKeyBody {
    /// `Ed25519`.
    pub algorithm: &'static str,
    /// In base64.
    pub public_key: String,
    /// The same as other programs read it.
    pub pem: String,
}

#[derive(Deserialize)]
pub struct EraseQuery {
    #[serde(default)]
    people: bool,
}

/// Erases a session's pictures, names and notes, and destroys its key. Its verdicts, numbers and hashes stay.
#[utoipa::path(delete, path = "/v1/sessions/{id}", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path, description = "The session, `sess_…`."),
           ("people" = Option<bool>, Query, description = "Whether whoever was enrolled from it goes too.")),
    responses((status = 200, body = ReceiptBody), (status = 204, description = "It was erased before receipts were given."),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn erase_session(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
    query: Query<EraseQuery>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let receipt = operations
        .erase_session(&caller, session_id(&id)?, query.people)
        .await
        .map_err(Refusal::from)?;
    Ok(match receipt {
        Some(receipt) => HttpResponse::Ok().json(ReceiptBody::from(receipt)),
        None => HttpResponse::NoContent().finish(),
    })
}

/// Erases everything that the project keeps of somebody: the sessions of a reference, the people of that label in its galleries, and
/// whoever was enrolled from the sessions. All of it or nothing.
#[utoipa::path(delete, path = "/v1/subjects/{reference}", tag = "Native", security(("bearer" = [])),
    params(("reference" = String, Path, description = "The reference of sessions, and the label of people in galleries.")),
    responses((status = 200, body = ReceiptBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn erase_subject(
    request: HttpRequest,
    operations: Data<Operations>,
    reference: Path<String>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let receipt = operations
        .erase_subject(&caller, &reference)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::Ok().json(ReceiptBody::from(receipt)))
}

/// The receipt of a session's erasure.
#[utoipa::path(get, path = "/v1/sessions/{id}/erasure", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path, description = "The session, `sess_…`.")),
    responses((status = 200, body = ReceiptBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn read_receipt(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
) -> Answer {
    let id = session_id(&id);
    receipt(&request, &operations, id.map(|id: SessionId| id.0)).await
}

/// The receipt of the erasure of an enrolled person, by the identifier that the audit log names.
#[utoipa::path(get, path = "/v1/people/{id}/erasure", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path, description = "The person's identifier.")),
    responses((status = 200, body = ReceiptBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn read_persons_receipt(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
) -> Answer {
    let id = id.parse::<SubjectId>().map(|id| id.0);
    let id = id.map_err(|_| Refusal::from(Error::NotFound { what: "receipt" }));
    receipt(&request, &operations, id).await
}

/// The public key that receipts are checked with.
#[utoipa::path(get, path = "/v1/erasure-key", tag = "Native", security(("bearer" = [])),
    responses((status = 200, body = ErasureKeyBody), (status = 401, body = ErrorBody)))]
pub async fn read_key(request: HttpRequest, operations: Data<Operations>) -> Answer {
    caller(&request, &operations, Dialect::Native).await?;
    let (public_key, pem) = operations.receipt_keys();
    Ok(HttpResponse::Ok().json(ErasureKeyBody {
        algorithm: "Ed25519",
        public_key,
        pem,
    }))
}

async fn receipt(
    request: &HttpRequest,
    operations: &Data<Operations>,
    id: Result<uuid::Uuid, Refusal>,
) -> Answer {
    let caller = caller(request, operations, Dialect::Native).await?;
    let receipt = operations
        .erasure_receipt(&caller, id?)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::Ok().json(ReceiptBody::from(receipt)))
}
