//! `POST /v1/projects/{id}/rules/{version}/backtest`: what would have changed, told line by line while it is found out.

use std::convert::Infallible;

use actix_web::web::{Bytes, Data, Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream::{Stream, unfold};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::caller::caller;
use crate::http::dialects::native::errors::NativeError;
use crate::http::dialects::native::moments::moment;
use crate::http::dialects::native::names::version;
use crate::http::dialects::native::reasons_wire::{ReasonBody, bodies};
use crate::http::dialects::native::verdict_table_wire::VerdictTableBody;
use crate::http::dialects::native::wire::{ErrorBody, ErrorDetail};
use crate::http::error::Refusal;
use crate::http::json_body::JsonBody;
use crate::operations::Operations;
use crate::operations::backtest::{
    Backtest, BacktestEvent, BacktestOrder, BacktestRange, BacktestResult, Change,
};
use crate::session::project::Dialect;
use crate::session::time::Span;

/// Sessions that are judged again when nothing is asked for.
const LAST: u64 = 1_000;

/// Bytes of a body that says which sessions.
const MAX_BODY: usize = 4096;

/// Adds the route.
pub fn configure(routes: &mut ServiceConfig) {
    routes.route(
        "/projects/{id}/rules/{version}/backtest",
        web::post().to(backtest),
    );
}

/// Which sessions to judge again: the last ones, or those of a time; the last 1000 without either.
#[derive(ToSchema)]
#[schema(as = native::BacktestOrderBody)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct BacktestOrderBody {
    /// 1–1000000.
    last: Option<u64>,
    /// RFC 3339: examinations that ended from then on.
    from: Option<String>,
    /// RFC 3339: examinations that ended before.
    to: Option<String>,
}

/// One line of the answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::BacktestLine)]
#[serde(rename_all = "snake_case")]
pub enum BacktestLine {
    Change(ChangeBody),
    Progress(ProgressBody),
    /// The last line.
    Result(BacktestResultBody),
    /// The last line of a backtest that broke off.
    Error(ErrorDetail),
}

/// A session whose verdict would be another.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::BacktestChangeBody)]
pub struct ChangeBody {
    pub session_id: String,
    pub examination_id: String,
    /// `pass`, `refer` or `fail`.
    pub before: &'static str,
    pub after: &'static str,
    /// Conditions below their refer bound by the rules that were tried, in words.
    pub failed_conditions: Vec<String>,
    /// Conditions between their bounds.
    pub failed_refer_conditions: Vec<String>,
    pub reasons: Vec<ReasonBody>,
}

impl From<Change> for ChangeBody {
    fn from(change: Change) -> Self {
        Self {
            session_id: change.session.to_string(),
            examination_id: change.examination.to_string(),
            before: change.before.name(),
            after: change.after.outcome.name(),
            failed_conditions: change.after.failed_conditions,
            failed_refer_conditions: change.after.failed_refer_conditions,
            reasons: bodies(change.after.reasons),
        }
    }
}

/// How far it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::BacktestProgressBody)]
pub struct ProgressBody {
    /// Sessions that were judged again.
    pub done: u64,
    /// They will be no more than that many.
    pub at_most: u64,
}

/// How it ended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::BacktestResultBody)]
pub struct BacktestResultBody {
    /// The outer name is the verdict that was given, the inner one what it would be.
    pub table: VerdictTableBody,
    pub sessions: u64,
    pub changed: u64,
    /// Sessions whose signals are gone, as after an erasure; they stand in no other count.
    pub skipped: u64,
    pub took_ms: u64,
}

impl From<BacktestResult> for BacktestResultBody {
    fn from(result: BacktestResult) -> Self {
        Self {
            table: (&result.table).into(),
            sessions: result.table.sessions(),
            changed: result.table.changed(),
            skipped: result.skipped,
            took_ms: result.took_ms,
        }
    }
}

impl From<BacktestEvent> for BacktestLine {
    fn from(event: BacktestEvent) -> Self {
        match event {
            BacktestEvent::Change(change) => Self::Change((*change).into()),
            BacktestEvent::Progress { done, at_most } => {
                Self::Progress(ProgressBody { done, at_most })
            }
            BacktestEvent::Finished(result) => Self::Result(result.into()),
        }
    }
}

/// Judges past sessions again by a version, from stored signals: no media is touched and nothing is kept.
///
/// A session counts by its newest verdict in the range, and once. Every line of the answer is an
/// object with one name: `change`, `progress`, and at the end `result` or `error`.
#[utoipa::path(post, path = "/v1/projects/{id}/rules/{version}/backtest", tag = "Native", security(("bearer" = [])), request_body = BacktestOrderBody,
    params(("id" = String, Path, description = "The caller's project: `proj_…` or its name."),
        ("version" = String, Path, description = "The version's number, or `default` for the service's own rules.")),
    responses((status = 200, content_type = "application/x-ndjson", body = String, description = "Lines of JSON, each a `BacktestLine`."),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody)))]
pub async fn backtest(
    request: HttpRequest,
    operations: Data<Operations>,
    path: Path<(String, String)>,
    payload: Payload,
) -> Result<HttpResponse, NativeError> {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let owner = caller.owner_of_rules(&path.0).map_err(Refusal::from)?;
    let body = JsonBody::read_up_to(payload, MAX_BODY).await?;
    let order = BacktestOrder {
        version: version(&path.1)?,
        range: range(&body)?,
    };
    let backtest = operations.backtest(&owner, order).await;
    let backtest = backtest.map_err(Refusal::from)?;
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .streaming(lines(backtest)))
}

fn range(body: &JsonBody) -> Result<BacktestRange, Refusal> {
    let time = |key: &'static str| -> Result<_, Refusal> {
        let text = body.text(key)?;
        text.map(|text| moment(key, text)).transpose()
    };
    let (last, from, to) = (body.count("last")?, time("from")?, time("to")?);
    match (last, from.or(to)) {
        (Some(_), Some(_)) => Err(Refusal::bad_request(
            "`last` and a time cannot be asked for at once",
        )),
        (last, None) => Ok(BacktestRange::Last(last.unwrap_or(LAST))),
        (None, Some(_)) => Ok(BacktestRange::Between(Span::between(from, to))),
    }
}

/// Goes on with the backtest as fast as the caller reads; a caller that goes away ends it.
pub(in crate::http) fn lines(backtest: Backtest) -> impl Stream<Item = Result<Bytes, Infallible>> {
    unfold(Some(backtest), async |backtest| {
        let mut backtest = backtest?;
        match backtest.next().await {
            Ok(None) => None,
            Ok(Some(events)) => {
                let lines = events.into_iter().map(BacktestLine::from);
                Some((Ok(written(lines)), Some(backtest)))
            }
            Err(error) => {
                let refusal = Refusal::from(error);
                let line = BacktestLine::Error(ErrorDetail {
                    code: refusal.code.to_owned(),
                    message: refusal.message,
                });
                Some((Ok(written([line])), None))
            }
        }
    })
}

fn written(lines: impl IntoIterator<Item = BacktestLine>) -> Bytes {
    let mut text = Vec::new();
    for line in lines {
        // Numbers and texts can always be written, and to memory.
        let _ = serde_json::to_writer(&mut text, &line);
        text.push(b'\n');
    }
    text.into()
}
