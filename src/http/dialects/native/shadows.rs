//! What versions in the shadow said: of everything they saw, and of one examination.

use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::caller::caller;
use crate::http::dialects::native::errors::NativeError;
use crate::http::dialects::native::moments::moment;
use crate::http::dialects::native::names::{examination_id, session_id, version};
use crate::http::dialects::native::reasons_wire::{ReasonBody, bodies};
use crate::http::dialects::native::verdict_table_wire::VerdictTableBody;
use crate::http::dialects::native::wire::{ErrorBody, rfc3339};
use crate::http::error::Refusal;
use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::shadow_report::ShadowOrder;
use crate::session::examination::ShadowVerdict;
use crate::session::project::Dialect;
use crate::session::time::Span;
use crate::store::shadow_report::ShadowDifference;

type Answer = Result<HttpResponse, NativeError>;

/// Sessions on a page when nothing is asked for.
const PAGE: u64 = 50;

/// Adds the routes.
pub fn configure(routes: &mut ServiceConfig) {
    routes
        .route(
            "/projects/{id}/rules/{version}/shadow",
            web::get().to(report),
        )
        .route(
            "/sessions/{id}/examinations/{examination}/shadow",
            web::get().to(of_examination),
        );
}

/// What a version said in the shadow of the rules that counted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::ShadowReportBody)]
pub struct ShadowReportBody {
    pub version: u32,
    /// The outer name is the verdict that counted, the inner one that of the shadow. A session counts
    /// by its newest examination that the version saw.
    pub table: VerdictTableBody,
    pub sessions: u64,
    pub changed: u64,
    /// A page of the sessions where the two differ, newest first.
    pub differences: Vec<ShadowDifferenceBody>,
    /// Give this as `before` to read on; null on the last page.
    pub next: Option<String>,
}

/// A session that the version in the shadow judged otherwise.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::ShadowDifferenceBody)]
pub struct ShadowDifferenceBody {
    pub session_id: String,
    pub examination_id: String,
    pub finished_at: String,
    /// The verdict that counted: `pass`, `refer` or `fail`.
    pub verdict: &'static str,
    /// The verdict of the shadow.
    pub shadow: &'static str,
    /// Conditions of the shadow below their refer bound, in words.
    pub failed_conditions: Vec<String>,
    /// Conditions of the shadow between their bounds, in words.
    pub failed_refer_conditions: Vec<String>,
    pub reasons: Vec<ReasonBody>,
}

impl From<ShadowDifference> for ShadowDifferenceBody {
    fn from(difference: ShadowDifference) -> Self {
        Self {
            session_id: difference.session.to_string(),
            examination_id: difference.examination.to_string(),
            finished_at: rfc3339(difference.finished_at),
            verdict: difference.counting.name(),
            shadow: difference.shadow.outcome.name(),
            failed_conditions: difference.shadow.failed_conditions,
            failed_refer_conditions: difference.shadow.failed_refer_conditions,
            reasons: bodies(difference.shadow.reasons),
        }
    }
}

#[derive(Deserialize)]
pub struct ReportQuery {
    since: Option<String>,
    until: Option<String>,
    before: Option<String>,
    limit: Option<u64>,
}

impl ReportQuery {
    fn order(&self, version: u32) -> Result<ShadowOrder, Refusal> {
        let before = self.before.as_deref().map(str::parse).transpose();
        let since = self.since.as_deref().map(|text| moment("since", text));
        let until = self.until.as_deref().map(|text| moment("until", text));
        Ok(ShadowOrder {
            version,
            span: Span::between(since.transpose()?, until.transpose()?),
            before: before.map_err(|_| Refusal::bad_request("`before` is an examination's id"))?,
            limit: self.limit.unwrap_or(PAGE),
        })
    }
}

/// What a version said in the shadow: how many verdicts would have been others, and which.
#[utoipa::path(get, path = "/v1/projects/{id}/rules/{version}/shadow", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path, description = "The caller's project: `proj_…` or its name."),
        ("version" = String, Path, description = "The version's number."),
        ("since" = Option<String>, Query, description = "RFC 3339: examinations that ended from then on."),
        ("until" = Option<String>, Query, description = "RFC 3339: examinations that ended before."),
        ("before" = Option<String>, Query, description = "`next` of the page before."),
        ("limit" = Option<u64>, Query, description = "1–200, 50 without it.")),
    responses((status = 200, body = ShadowReportBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn report(
    request: HttpRequest,
    operations: Data<Operations>,
    path: Path<(String, String)>,
    query: Query<ReportQuery>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let owner = caller.owner_of_rules(&path.0).map_err(Refusal::from)?;
    let what = "version of the rules";
    let version = version(&path.1)?.ok_or(Refusal::from(Error::NotFound { what }))?;
    let order = query.order(version)?;
    let report = operations.shadow_report(&owner, order).await;
    let report = report.map_err(Refusal::from)?;
    let full = report.differences.len() as u64 == order.limit;
    let differences: Vec<ShadowDifferenceBody> =
        report.differences.into_iter().map(Into::into).collect();
    let last = differences.last().filter(|_| full);
    Ok(HttpResponse::Ok().json(ShadowReportBody {
        version,
        table: (&report.table).into(),
        sessions: report.table.sessions(),
        changed: report.table.changed(),
        next: last.map(|last| last.examination_id.clone()),
        differences,
    }))
}

/// What versions in the shadow said of an examination, the newest version first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::ShadowVerdictListBody)]
pub struct ShadowVerdictListBody {
    pub shadow: Vec<ShadowVerdictBody>,
}

/// A verdict that did not count.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::ShadowVerdictBody)]
pub struct ShadowVerdictBody {
    pub version: u32,
    /// SHA-256 of the rule file.
    pub hash: String,
    /// `pass`, `refer` or `fail`.
    pub verdict: &'static str,
    pub failed_conditions: Vec<String>,
    pub failed_refer_conditions: Vec<String>,
    pub reasons: Vec<ReasonBody>,
}

impl From<ShadowVerdict> for ShadowVerdictBody {
    fn from(shadow: ShadowVerdict) -> Self {
        Self {
            version: shadow.version,
            hash: shadow.rules_hash,
            verdict: shadow.verdict.outcome.name(),
            failed_conditions: shadow.verdict.failed_conditions,
            failed_refer_conditions: shadow.verdict.failed_refer_conditions,
            reasons: bodies(shadow.verdict.reasons),
        }
    }
}

/// What versions in the shadow said of one examination.
#[utoipa::path(get, path = "/v1/sessions/{id}/examinations/{examination}/shadow", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path), ("examination" = String, Path, description = "The examination, `exam_…`.")),
    responses((status = 200, body = ShadowVerdictListBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn of_examination(
    request: HttpRequest,
    operations: Data<Operations>,
    path: Path<(String, String)>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let (session, examination) = (session_id(&path.0)?, examination_id(&path.1)?);
    let shadow = operations
        .shadow_verdicts(&caller, session, examination)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::Ok().json(ShadowVerdictListBody {
        shadow: shadow.into_iter().map(ShadowVerdictBody::from).collect(),
    }))
}
