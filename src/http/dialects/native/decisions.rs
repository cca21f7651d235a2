//! `/v1/sessions/{id}/decisions`: what people decide about a session.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::caller::caller;
use crate::http::dialects::native::errors::NativeError;
use crate::http::dialects::native::names::session_id;
use crate::http::dialects::native::wire::{ErrorBody, rfc3339};
use crate::http::error::Refusal;
use crate::http::json_body;
use crate::operations::Operations;
use crate::operations::decide::NewDecision;
use crate::operations::read_decisions::SignedDecision;
use crate::scoring::reasons::ReasonCode;
use crate::session::actor::Actor;
use crate::session::checklist::Checklist;
use crate::session::decision::{DecisionKind, Note};
use crate::session::ids::SessionId;
use crate::session::project::Dialect;

/// A decision to be kept.
#[derive(Deserialize, ToSchema)]
#[schema(as = native::NewDecisionBody)]
#[serde(deny_unknown_fields)]
pub struct NewDecisionBody {
    /// `approve`, `reject`, `ask_again` or `note`.
    pub decision: String,
    /// Codes of the closed list.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// For whoever reads the case later: 4 000 characters at most. It is kept encrypted, and goes
    /// with the session's data.
    pub note: Option<String>,
    /// The examination that was looked at, `exam_…`: refused where a newer one came meanwhile.
    pub examination: Option<String>,
    /// How the two faces compare: `forehead`, `eyes`, `nose`, `mouth`, `ears`, `jaw`, `face_shape` and `marks`, each
    /// `similar`, `different` or `not_visible`. The project may ask for all of them.
    #[schema(value_type = Option<Object>)]
    pub checklist: Option<Checklist>,
}

/// A decision as it was kept.
#[derive(Serialize, ToSchema)]
#[schema(as = native::DecisionBody)]
pub struct DecisionBody {
    pub id: String,
    /// `approve`, `reject`, `ask_again` or `note`; `propose_approve` or `propose_reject` where another officer has to
    /// say the same before it settles anything.
    pub decision: &'static str,
    pub reasons: Vec<ReasonName>,
    pub note: Option<String>,
    /// There was a note, and it went with the session's data.
    pub note_erased: bool,
    /// The session's newest examination when it was decided.
    pub examination: Option<String>,
    /// How the two faces compare, where the officer went through the list.
    #[schema(value_type = Option<Object>)]
    pub checklist: Option<Checklist>,
    pub officer_id: Option<String>,
    pub officer_name: Option<String>,
    /// RFC 3339, UTC.
    pub at: String,
}

/// The name of a reason code.
#[derive(Serialize, ToSchema)]
#[schema(as = native::ReasonName, value_type = String)]
#[serde(transparent)]
pub struct ReasonName(ReasonCode);

/// What was decided about a session, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = native::DecisionListBody)]
pub struct DecisionListBody {
    pub decisions: Vec<DecisionBody>,
}

impl From<SignedDecision> for DecisionBody {
    fn from(signed: SignedDecision) -> Self {
        let decision = signed.decision;
        let note_erased = decision.note == Note::Erased;
        let officer_id = match decision.actor {
            Actor::Officer(id) => Some(id.to_string()),
            Actor::Token(_) | Actor::Operator | Actor::Service => None,
        };
        Self {
            id: decision.id.to_string(),
            decision: decision.kind.name(),
            reasons: decision.reasons.into_iter().map(ReasonName).collect(),
            note: match decision.note {
                Note::Text(note) => Some(note),
                Note::None | Note::Erased => None,
            },
            note_erased,
            examination: decision.examination.map(|id| id.to_string()),
            checklist: decision.checklist,
            officer_id,
            officer_name: signed.officer_name,
            at: rfc3339(decision.at),
        }
    }
}

/// Keeps a person's decision about a session. The verdict stays as it is.
///
/// `approve` and `reject` need a why, a code or a note; `ask_again` opens the session for other
/// evidence.
#[utoipa::path(post, path = "/v1/sessions/{id}/decisions", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path, description = "The session, `sess_…`.")), request_body = NewDecisionBody,
    responses((status = 201, body = DecisionBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn decide(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, NativeError> {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let body = json_body::typed(payload).await?;
    let new = read(session_id(&id)?, body)?;
    let signed = operations
        .decide(&caller, new)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::Created().json(DecisionBody::from(signed)))
}

/// What was decided about a session, newest first.
#[utoipa::path(get, path = "/v1/sessions/{id}/decisions", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path, description = "The session, `sess_…`.")),
    responses((status = 200, body = DecisionListBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub async fn list_decisions(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
) -> Result<HttpResponse, NativeError> {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let decisions = operations
        .read_decisions(&caller, session_id(&id)?)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::Ok().json(DecisionListBody {
        decisions: decisions.into_iter().map(DecisionBody::from).collect(),
    }))
}

fn read(session: SessionId, body: NewDecisionBody) -> Result<NewDecision, Refusal> {
    let kind = DecisionKind::from_name(&body.decision)
        .ok_or_else(|| Refusal::bad_request("`decision` is approve, reject, ask_again or note"))?;
    let reasons = body
        .reasons
        .into_iter()
        .map(|code| {
            serde_json::from_value(Value::String(code.clone()))
                .map_err(|_| Refusal::bad_request(format!("there is no reason code {code:?}")))
        })
        .collect::<Result<Vec<ReasonCode>, Refusal>>()?;
    let examination = body.examination.as_deref().map(str::parse).transpose();
    Ok(NewDecision {
        session,
        kind,
        reasons,
        note: body.note,
        examination: examination
            .map_err(|_| Refusal::bad_request("`examination` is an examination's id"))?,
        checklist: body.checklist,
    })
}
