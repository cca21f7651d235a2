//! `/v1/sessions/{id}/challenge`: steps that the session's video has to show.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::caller::caller;
use crate::http::dialects::native::errors::NativeError;
use crate::http::dialects::native::names::session_id;
use crate::http::dialects::native::wire::{ErrorBody, rfc3339};
use crate::http::error::Refusal;
use crate::operations::Operations;
use crate::operations::draw_challenge::Drawn;
use crate::session::challenge::Action;
use crate::session::project::Dialect;

/// What the person before the camera is to do, in this order.
#[derive(Serialize, ToSchema)]
#[schema(as = native::ChallengeBody)]
pub struct ChallengeBody {
    pub id: String,
    pub steps: Vec<StepBody>,
    pub drawn_at: String,
    /// The video has to be received by then.
    pub expires_at: String,
    /// How many more challenges this session may have drawn.
    pub draws_left: u64,
}

/// One step of a challenge.
#[derive(Serialize, ToSchema)]
#[schema(as = native::StepBody)]
pub struct StepBody {
    /// `turn_left`, `turn_right`, `look_up`, `look_down`, `blink_twice` or `come_closer`; left and right are the
    /// person's own.
    pub action: &'static str,
    /// The step in words, to be shown to the person.
    pub instruction: &'static str,
}

impl From<&Action> for StepBody {
    fn from(action: &Action) -> Self {
        Self {
            action: action.name(),
            instruction: action.instruction(),
        }
    }
}

impl From<Drawn> for ChallengeBody {
    fn from(drawn: Drawn) -> Self {
        let challenge = drawn.challenge;
        Self {
            id: challenge.id.to_string(),
            steps: challenge.steps.iter().map(StepBody::from).collect(),
            drawn_at: rfc3339(challenge.drawn_at),
            expires_at: rfc3339(challenge.expires_at),
            draws_left: drawn.draws_left,
        }
    }
}

/// Draws a challenge: four steps at random. The video that is sent next has to show them in this order and no other
/// motion in between; the next examination says how many it shows. A challenge answers for one examination, until it
/// expires, and until another one is drawn. A session that had one drawn is examined by it from then on: without a new
/// one, no later video meets it.
#[utoipa::path(post, path = "/v1/sessions/{id}/challenge", tag = "Native", operation_id = "draw_challenge", security(("bearer" = [])),
    params(("id" = String, Path, description = "The session, `sess_…`.")),
    responses((status = 201, body = ChallengeBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 501, body = ErrorBody)))]
pub async fn draw(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
) -> Result<HttpResponse, NativeError> {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let drawn = operations
        .draw_challenge(&caller, session_id(&id)?)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::Created().json(ChallengeBody::from(drawn)))
}
