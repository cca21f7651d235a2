//! Which version of a project's rules judges, which one judges in its shadow, and which ones did.

use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use crate::http::caller::caller;
use crate::http::dialects::native::errors::NativeError;
use crate::http::dialects::native::names::version;
use crate::http::dialects::native::rules_wire::{
    ActivationBody, ActivationListBody, RuleRolesBody,
};
use crate::http::dialects::native::wire::ErrorBody;
use crate::http::error::Refusal;
use crate::operations::Operations;
use crate::operations::rule_owner::RuleOwner;
use crate::session::project::Dialect;

type Answer = Result<HttpResponse, NativeError>;

/// Changes answered when nothing is asked for.
const PAGE: u64 = 50;

/// Adds the routes.
pub fn configure(routes: &mut ServiceConfig) {
    routes
        .route(
            "/projects/{id}/rules/activations",
            web::get().to(list_activations),
        )
        .route("/projects/{id}/rules/shadow", web::delete().to(end_shadow))
        .route(
            "/projects/{id}/rules/{version}/activate",
            web::post().to(activate),
        )
        .route(
            "/projects/{id}/rules/{version}/shadow",
            web::post().to(shadow),
        );
}

/// Has a version judge from now on; what is queued keeps the rules it was queued with. Under four
/// eyes the version's author is refused.
#[utoipa::path(post, path = "/v1/projects/{id}/rules/{version}/activate", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path, description = "The caller's project: `proj_…` or its name."),
        ("version" = String, Path, description = "The version's number, or `default` for the service's own rules.")),
    responses((status = 200, body = RuleRolesBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn activate(
    request: HttpRequest,
    operations: Data<Operations>,
    path: Path<(String, String)>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let owner = caller.owner_of_rules(&path.0).map_err(Refusal::from)?;
    let changed = operations.activate_rules(&owner, version(&path.1)?).await;
    roles(&operations, &owner, changed.map_err(Refusal::from)?).await
}

/// Has a version judge beside the one that counts, in place of another one that does: its verdicts are kept and change nothing.
#[utoipa::path(post, path = "/v1/projects/{id}/rules/{version}/shadow", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path, description = "The caller's project: `proj_…` or its name."),
        ("version" = String, Path, description = "The version's number.")),
    responses((status = 200, body = RuleRolesBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn shadow(
    request: HttpRequest,
    operations: Data<Operations>,
    path: Path<(String, String)>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let owner = caller.owner_of_rules(&path.0).map_err(Refusal::from)?;
    let Some(number) = version(&path.1)? else {
        let message = "the service's own rules cannot run in the shadow; save them as a version";
        return Err(Refusal::bad_request(message).into());
    };
    let changed = operations.shadow_rules(&owner, Some(number)).await;
    roles(&operations, &owner, changed.map_err(Refusal::from)?).await
}

/// Has nothing judge in the shadow any more. What was kept stays.
#[utoipa::path(delete, path = "/v1/projects/{id}/rules/shadow", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path, description = "The caller's project: `proj_…` or its name.")),
    responses((status = 200, body = RuleRolesBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn end_shadow(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let owner = caller.owner_of_rules(&id).map_err(Refusal::from)?;
    let changed = operations.shadow_rules(&owner, None).await;
    roles(&operations, &owner, changed.map_err(Refusal::from)?).await
}

#[derive(Deserialize)]
pub struct ActivationsQuery {
    limit: Option<u64>,
}

/// The latest changes of what judges and of what judges in the shadow, newest first.
#[utoipa::path(get, path = "/v1/projects/{id}/rules/activations", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path, description = "The caller's project: `proj_…` or its name."),
        ("limit" = Option<u64>, Query, description = "1–200, 50 without it.")),
    responses((status = 200, body = ActivationListBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn list_activations(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
    query: Query<ActivationsQuery>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let reader = caller.reader_of_rules(&id).map_err(Refusal::from)?;
    let limit = query.limit.unwrap_or(PAGE);
    let activations = operations.rule_activations(&reader, limit).await;
    let activations = activations.map_err(Refusal::from)?;
    Ok(HttpResponse::Ok().json(ActivationListBody {
        activations: activations.into_iter().map(ActivationBody::from).collect(),
    }))
}

async fn roles(operations: &Operations, owner: &RuleOwner, changed: bool) -> Answer {
    let roles = operations.rule_roles(&owner.reader()).await;
    let roles = roles.map_err(Refusal::from)?;
    Ok(HttpResponse::Ok().json(RuleRolesBody {
        active: roles.active,
        shadow: roles.shadow,
        changed,
    }))
}
