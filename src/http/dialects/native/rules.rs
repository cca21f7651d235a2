//! `/v1/projects/{id}/rules`: a project's rules by version, and a look at a rule file before it is saved.

use actix_web::web::{Data, Path, Payload, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::caller::caller;
use crate::http::dialects::native::errors::NativeError;
use crate::http::dialects::native::names::version;
use crate::http::dialects::native::rules_body::{NewRules, bytes};
use crate::http::dialects::native::rules_wire::{
    CheckedRulesBody, ProjectBody, RefusedRulesBody, RuleVersionBody, RuleVersionListBody,
    RulesBody,
};
use crate::http::dialects::native::wire::ErrorBody;
use crate::http::dialects::native::{backtests, rule_roles, shadows};
use crate::http::error::Refusal;
use crate::operations::Operations;
use crate::operations::check_rules::check_rules;
use crate::operations::manage_rules::NotSaved;
use crate::scoring::schema::{self, SCHEMA};
use crate::session::project::Dialect;

type Answer = Result<HttpResponse, NativeError>;

/// Versions on a page when nothing is asked for.
const PAGE: u64 = 50;

/// Adds every route that is about rules.
pub fn configure(routes: &mut ServiceConfig) {
    routes
        .route("/rules/check", web::post().to(check))
        .route("/rules/schema", web::get().to(read_schema))
        .route("/rules/vocabulary", web::get().to(read_vocabulary))
        .route("/projects/{id}", web::get().to(read_project))
        .route("/projects/{id}/rules", web::get().to(list_rules))
        .route("/projects/{id}/rules", web::post().to(save_rules))
        .configure(rule_roles::configure)
        .configure(shadows::configure)
        .configure(backtests::configure)
        .route("/projects/{id}/rules/{version}", web::get().to(read_rules));
}

/// The JSON Schema of rule files, for editors. It is no secret and asks for no token.
#[utoipa::path(get, path = "/v1/rules/schema", tag = "Native",
    responses((status = 200, description = "A JSON Schema of draft 2020-12.", body = serde_json::Value)))]
pub async fn read_schema() -> HttpResponse {
    HttpResponse::Ok().json(&*SCHEMA)
}

/// Every signal, function and reason that a rule file may name. It is no secret either.
#[utoipa::path(get, path = "/v1/rules/vocabulary", tag = "Native",
    responses((status = 200, description = "`signals`, `frame_signals`, `functions` and `reasons`.", body = serde_json::Value)))]
pub async fn read_vocabulary() -> HttpResponse {
    HttpResponse::Ok().json(schema::vocabulary())
}

/// The caller's project, and what is set for it.
#[utoipa::path(get, path = "/v1/projects/{id}", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path, description = "The caller's project: `proj_…` or its name.")),
    responses((status = 200, body = ProjectBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn read_project(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let reader = caller.reader_of_rules(&id).map_err(Refusal::from)?;
    let roles = operations.rule_roles(&reader).await;
    let roles = roles.map_err(Refusal::from)?;
    Ok(HttpResponse::Ok().json(ProjectBody::new(reader.project(), roles)))
}

#[derive(Deserialize)]
pub struct ListQuery {
    limit: Option<u64>,
    before: Option<u32>,
}

/// The project's versions of its rules, newest first.
#[utoipa::path(get, path = "/v1/projects/{id}/rules", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path, description = "The caller's project: `proj_…` or its name."),
        ("limit" = Option<u64>, Query, description = "1–200, 50 without it."),
        ("before" = Option<u32>, Query, description = "`next` of the page before.")),
    responses((status = 200, body = RuleVersionListBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn list_rules(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
    query: Query<ListQuery>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let reader = caller.reader_of_rules(&id).map_err(Refusal::from)?;
    let limit = query.limit.unwrap_or(PAGE);
    let versions = operations.rule_versions(&reader, query.before, limit).await;
    let versions = versions.map_err(Refusal::from)?;
    let roles = operations.rule_roles(&reader).await;
    let roles = roles.map_err(Refusal::from)?;
    let full = versions.len() as u64 == limit;
    let versions: Vec<RuleVersionBody> = versions.into_iter().map(Into::into).collect();
    let oldest = versions.last().map(|oldest| oldest.version);
    Ok(HttpResponse::Ok().json(RuleVersionListBody {
        active: roles.active,
        shadow: roles.shadow,
        versions,
        next: oldest.filter(|oldest| full && *oldest > 1),
    }))
}

/// What to save.
#[derive(ToSchema)]
#[schema(as = native::NewRulesBody)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct NewRulesBody {
    /// The rule file, of 256 KiB at most. It is kept and hashed as indented JSON, its keys in the order in which they came.
    #[schema(value_type = Object)]
    rules: serde_json::Value,
    /// Why it is saved, for those who read it later: 1–500 characters.
    note: String,
}

/// Saves rules as the project's next version. Nothing is judged by them until they are activated.
#[utoipa::path(post, path = "/v1/projects/{id}/rules", tag = "Native", security(("bearer" = [])), request_body = NewRulesBody,
    params(("id" = String, Path, description = "The caller's project: `proj_…` or its name.")),
    responses((status = 201, body = RulesBody), (status = 400, body = RefusedRulesBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 413, body = ErrorBody)))]
pub async fn save_rules(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
    payload: Payload,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let owner = caller.owner_of_rules(&id).map_err(Refusal::from)?;
    let new = NewRules::read(payload).await?;
    if !new.repeated.is_empty() {
        return Ok(HttpResponse::BadRequest().json(RefusedRulesBody::new(new.repeated)));
    }
    let saved = match operations.save_rules(&owner, new.text, &new.note).await {
        Ok(saved) => saved,
        Err(NotSaved::Problems(problems)) => {
            return Ok(HttpResponse::BadRequest().json(RefusedRulesBody::new(problems)));
        }
        Err(NotSaved::Other(error)) => return Err(Refusal::from(error).into()),
    };
    let view = operations.rule_version(&owner.reader(), saved.number).await;
    Ok(HttpResponse::Created().json(RulesBody::from(view.map_err(Refusal::from)?)))
}

/// One version of the rules, or the service's own.
#[utoipa::path(get, path = "/v1/projects/{id}/rules/{version}", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path, description = "The caller's project: `proj_…` or its name."),
        ("version" = String, Path, description = "The version's number, or `default` for the service's own rules.")),
    responses((status = 200, body = RulesBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn read_rules(
    request: HttpRequest,
    operations: Data<Operations>,
    path: Path<(String, String)>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let reader = caller.reader_of_rules(&path.0).map_err(Refusal::from)?;
    let body = if let Some(number) = version(&path.1)? {
        let view = operations.rule_version(&reader, number).await;
        RulesBody::from(view.map_err(Refusal::from)?)
    } else {
        let own = operations.own_rules(&reader).await;
        RulesBody::from(own.map_err(Refusal::from)?)
    };
    Ok(HttpResponse::Ok().json(body))
}

/// Looks at a rule file and keeps nothing: what is wrong with it and where, or what it asks for.
#[utoipa::path(post, path = "/v1/rules/check", tag = "Native", security(("bearer" = [])),
    request_body(content_type = "application/json", content = serde_json::Value, description = "The rule file."),
    responses((status = 200, body = CheckedRulesBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 413, body = ErrorBody)))]
pub async fn check(request: HttpRequest, operations: Data<Operations>, payload: Payload) -> Answer {
    caller(&request, &operations, Dialect::Native).await?;
    let file = bytes(payload).await?;
    let text = std::str::from_utf8(&file)
        .map_err(|_| Refusal::bad_request("a rule file is text in UTF-8"))?;
    Ok(HttpResponse::Ok().json(CheckedRulesBody::from(check_rules(text))))
}
