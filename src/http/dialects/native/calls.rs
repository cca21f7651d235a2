//! `GET /v1/calls` and `GET /v1/usage`: what the project asked for, and how much it may.

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::caller::caller;
use crate::http::dialects::native::errors::NativeError;
use crate::http::dialects::native::wire::ErrorBody;
use crate::http::error::Refusal;
use crate::operations::Operations;
use crate::session::call::{CallRecord, Usage};
use crate::session::project::Dialect;

/// Calls answered when nothing is asked for.
const PAGE: u64 = 100;

#[derive(Deserialize)]
pub struct CallsQuery {
    reference: Option<String>,
    limit: Option<u64>,
}

/// Calls, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::CallListBody)]
pub struct CallListBody {
    pub calls: Vec<CallBody>,
}

/// One call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::CallBody)]
pub struct CallBody {
    pub id: String,
    /// Milliseconds since 1970 UTC.
    pub at: i64,
    pub dialect: String,
    pub endpoint: String,
    /// The caller's own number for it: RisetAI's `trx_id`.
    pub reference: Option<String>,
    /// The code of the answer; none while it is being answered, or when the service broke off.
    pub outcome: Option<String>,
}

impl From<CallRecord> for CallBody {
    fn from(call: CallRecord) -> Self {
        Self {
            id: call.id.to_string(),
            at: call.at.0,
            dialect: call.dialect,
            endpoint: call.endpoint,
            reference: call.reference,
            outcome: call.outcome,
        }
    }
}

/// What the project has used, and what is left of what it may.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::UsageBody)]
pub struct UsageBody {
    pub used: UsageNumbers,
    /// No limit is told as 2147483647.
    pub remaining: UsageNumbers,
}

/// Calls with a live token, enrolled faces, and galleries.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::UsageNumbers)]
pub struct UsageNumbers {
    pub calls: u64,
    pub faces: u64,
    pub galleries: u64,
}

impl From<Usage> for UsageNumbers {
    fn from(usage: Usage) -> Self {
        Self {
            calls: usage.calls,
            faces: usage.faces,
            galleries: usage.galleries,
        }
    }
}

/// The project's calls, newest first.
#[utoipa::path(get, path = "/v1/calls", tag = "Native", security(("bearer" = [])),
    params(("reference" = Option<String>, Query, description = "Only calls of this reference, such as RisetAI's `trx_id`."),
        ("limit" = Option<u64>, Query, description = "100 without it, 1000 at most.")),
    responses((status = 200, body = CallListBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn list_calls(
    request: HttpRequest,
    operations: Data<Operations>,
    query: Query<CallsQuery>,
) -> Result<HttpResponse, NativeError> {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let limit = query.limit.unwrap_or(PAGE);
    let calls = operations
        .find_calls(&caller, query.reference.as_deref(), limit)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::Ok().json(CallListBody {
        calls: calls.into_iter().map(CallBody::from).collect(),
    }))
}

/// What the project has used and may still use.
#[utoipa::path(get, path = "/v1/usage", tag = "Native", security(("bearer" = [])),
    responses((status = 200, body = UsageBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
pub async fn read_usage(
    request: HttpRequest,
    operations: Data<Operations>,
) -> Result<HttpResponse, NativeError> {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let used = operations.usage(&caller).await.map_err(Refusal::from)?;
    let remaining = caller.project.settings.quotas.remaining(used);
    Ok(HttpResponse::Ok().json(UsageBody {
        used: used.into(),
        remaining: remaining.into(),
    }))
}
