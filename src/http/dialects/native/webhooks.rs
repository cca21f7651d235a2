//! `/v1/webhooks`: where the project's events are posted.

use actix_web::web::{self, Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::caller::caller;
use crate::http::dialects::native::errors::NativeError;
use crate::http::dialects::native::wire::{ErrorBody, rfc3339};
use crate::http::error::Refusal;
use crate::http::upload;
use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::manage_webhooks::{OVERLAP_HOURS, Webmaster};
use crate::session::ids::EndpointId;
use crate::session::project::Dialect;
use crate::session::webhook::{Endpoint, EventKind};

type Answer = Result<HttpResponse, NativeError>;

/// Adds the routes.
pub(super) fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("/webhooks", web::post().to(create))
        .route("/webhooks", web::get().to(list))
        .route("/webhooks/{id}", web::delete().to(remove))
        .route("/webhooks/{id}/rotate", web::post().to(rotate))
        .route("/webhooks/{id}/enable", web::post().to(enable))
        .route("/webhooks/{id}/test", web::post().to(test));
}

/// A webhook to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = native::NewWebhookBody)]
#[serde(deny_unknown_fields)]
pub struct NewWebhookBody {
    /// An http or https address that leads into no private network.
    pub url: String,
    /// `session.judged`, `session.failed`, `session.decided`, `session.erased`; all of them without it.
    #[serde(default)]
    pub events: Vec<String>,
}

/// How long the old secret signs beside the new one.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = native::RotationBody)]
#[serde(deny_unknown_fields)]
pub struct RotationBody {
    /// 24 without it, 720 at most; 0 ends the old one at once.
    pub overlap_hours: Option<u32>,
}

/// A webhook, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::WebhookBody)]
pub struct WebhookBody {
    pub id: String,
    pub url: String,
    pub events: Vec<String>,
    pub created_at: String,
    /// Until when the secret before the last rotation signs as well.
    pub old_secret_until: Option<String>,
    /// Since when nothing is posted to it, because it answered 410.
    pub disabled_at: Option<String>,
}

/// A webhook that was just made, with its secret: it is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::MadeWebhookBody)]
pub struct MadeWebhookBody {
    #[serde(flatten)]
    pub webhook: WebhookBody,
    /// `whsec_…`
    pub secret: String,
}

/// A webhook's new secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::WebhookSecretBody)]
pub struct WebhookSecretBody {
    /// `whsec_…`
    pub secret: String,
}

/// The project's webhooks, oldest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::WebhookListBody)]
pub struct WebhookListBody {
    pub webhooks: Vec<WebhookBody>,
}

impl From<Endpoint> for WebhookBody {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            id: endpoint.id.to_string(),
            events: endpoint
                .events
                .iter()
                .map(|kind| kind.name().to_owned())
                .collect(),
            created_at: rfc3339(endpoint.created_at),
            old_secret_until: endpoint.previous.map(|old| rfc3339(old.until)),
            disabled_at: endpoint.disabled_at.map(rfc3339),
            url: endpoint.url,
        }
    }
}

/// Has the project's events posted to an address. The answer holds the secret that signs them, this once.
#[utoipa::path(post, path = "/v1/webhooks", tag = "Native", operation_id = "native_create_webhook", security(("bearer" = [])), request_body = NewWebhookBody,
    responses((status = 201, body = MadeWebhookBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn create(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let by = Webmaster::of(&caller).map_err(Refusal::from)?;
    let body: NewWebhookBody = read(&upload::small_body(payload).await?)?;
    let made = operations
        .create_webhook(by, &body.url, kinds(&body.events)?)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::Created().json(MadeWebhookBody {
        secret: made.secret.reveal(),
        webhook: made.into(),
    }))
}

/// The project's webhooks, without their secrets.
#[utoipa::path(get, path = "/v1/webhooks", tag = "Native", operation_id = "native_list_webhooks", security(("bearer" = [])),
    responses((status = 200, body = WebhookListBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
pub async fn list(request: HttpRequest, operations: Data<Operations>) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let by = Webmaster::of(&caller).map_err(Refusal::from)?;
    let all = operations.list_webhooks(by).await.map_err(Refusal::from)?;
    Ok(HttpResponse::Ok().json(WebhookListBody {
        webhooks: all.into_iter().map(WebhookBody::from).collect(),
    }))
}

/// Removes a webhook. What is on its way there is given up.
#[utoipa::path(delete, path = "/v1/webhooks/{id}", tag = "Native", operation_id = "native_remove_webhook", security(("bearer" = [])),
    params(("id" = String, Path, description = "The webhook, `whe_…`.")),
    responses((status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn remove(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let by = Webmaster::of(&caller).map_err(Refusal::from)?;
    let removed = operations.remove_webhook(by, webhook_id(&id)?).await;
    removed.map_err(Refusal::from)?;
    Ok(HttpResponse::NoContent().finish())
}

/// Gives a webhook a new secret; the old one signs beside it for a while.
#[utoipa::path(post, path = "/v1/webhooks/{id}/rotate", tag = "Native", operation_id = "native_rotate_webhook", security(("bearer" = [])), request_body = RotationBody,
    params(("id" = String, Path, description = "The webhook, `whe_…`.")),
    responses((status = 200, body = WebhookSecretBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn rotate(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
    payload: Payload,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let by = Webmaster::of(&caller).map_err(Refusal::from)?;
    let body = upload::small_body(payload).await?;
    let rotation = if body.is_empty() {
        RotationBody::default()
    } else {
        read(&body)?
    };
    let hours = rotation.overlap_hours.unwrap_or(OVERLAP_HOURS);
    let secret = operations
        .rotate_webhook(by, webhook_id(&id)?, hours)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::Ok().json(WebhookSecretBody {
        secret: secret.reveal(),
    }))
}

/// Posts again to a webhook that was disabled because it had answered 410.
#[utoipa::path(post, path = "/v1/webhooks/{id}/enable", tag = "Native", operation_id = "native_enable_webhook", security(("bearer" = [])),
    params(("id" = String, Path, description = "The webhook, `whe_…`.")),
    responses((status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn enable(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let by = Webmaster::of(&caller).map_err(Refusal::from)?;
    let enabled = operations.enable_webhook(by, webhook_id(&id)?).await;
    enabled.map_err(Refusal::from)?;
    Ok(HttpResponse::NoContent().finish())
}

/// Posts a `webhook.test` event to a webhook.
#[utoipa::path(post, path = "/v1/webhooks/{id}/test", tag = "Native", operation_id = "native_test_webhook", security(("bearer" = [])),
    params(("id" = String, Path, description = "The webhook, `whe_…`.")),
    responses((status = 202), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub async fn test(request: HttpRequest, operations: Data<Operations>, id: Path<String>) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let by = Webmaster::of(&caller).map_err(Refusal::from)?;
    let queued = operations.test_webhook(by, webhook_id(&id)?).await;
    queued.map_err(Refusal::from)?;
    Ok(HttpResponse::Accepted().finish())
}

fn webhook_id(text: &str) -> Result<EndpointId, Refusal> {
    let what = "webhook";
    text.parse().map_err(|_| Error::NotFound { what }.into())
}

fn kinds(names: &[String]) -> Result<Vec<EventKind>, Refusal> {
    let kind = |name: &String| {
        let known = EventKind::ALL.into_iter().find(|kind| kind.name() == name);
        known.ok_or_else(|| {
            let all = EventKind::ALL.map(EventKind::name).join(", ");
            Refusal::bad_request(format!("`events` holds any of {all}"))
        })
    };
    names.iter().map(kind).collect()
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::bad_request(format!("the body: {error}")))
}
