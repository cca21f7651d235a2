//! Is the process alive, and could it examine a session now? Neither touches a model.

use actix_web::{HttpResponse, web};

use crate::operations::Operations;

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "Health", responses((status = 200, description = "The process is alive.")))]
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "alive" }))
}

/// The models are warm and the database answers.
#[utoipa::path(get, path = "/readyz", tag = "Health", responses(
    (status = 200, description = "The models are warm and the database answers."),
    (status = 503, description = "Not yet, or not any more.")))]
pub async fn readyz(operations: web::Data<Operations>) -> HttpResponse {
    if operations.is_ready().await {
        HttpResponse::Ok().json(serde_json::json!({ "status": "ready" }))
    } else {
        HttpResponse::ServiceUnavailable().json(serde_json::json!({ "status": "not ready" }))
    }
}

/// Adds the routes.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("/healthz", web::get().to(healthz))
        .route("/readyz", web::get().to(readyz));
}
