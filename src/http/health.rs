//! Is the process alive, and could it examine a session now? Neither touches a model.

use actix_web::{HttpResponse, web};

use crate::operations::Operations;

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "Health", responses((status = 200, description = "The process is alive.")))]
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "alive" }))
}

/// The models are warm and the database answers. Names the packs that a service can do without, null
/// where none is installed.
#[utoipa::path(get, path = "/readyz", tag = "Health", responses(
    (status = 200, description = "The models are warm and the database answers. `landmarks` and `liveness` name the packs that are installed, or are null."),
    (status = 503, description = "Not yet, or not any more.")))]
pub async fn readyz(operations: web::Data<Operations>) -> HttpResponse {
    let (mut answer, status) = if operations.is_ready().await {
        (HttpResponse::Ok(), "ready")
    } else {
        (HttpResponse::ServiceUnavailable(), "not ready")
    };
    let models = operations.models();
    answer.json(serde_json::json!({
        "status": status,
        "landmarks": models.landmarks,
        "liveness": models.liveness,
    }))
}

/// Adds the routes.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("/healthz", web::get().to(healthz))
        .route("/readyz", web::get().to(readyz));
}
