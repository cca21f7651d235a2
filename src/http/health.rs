//! Is the process alive, and could it examine a session now? Neither touches a model.

use actix_web::{HttpResponse, web};
use serde_json::{Map, Value, json};

use crate::operations::Operations;
use crate::operations::watch_over::{Check, Health};

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "Health", responses((status = 200, description = "The process is alive.")))]
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

/// Whether sessions can be examined, and which parts of the service are degraded or down. Names the packs that a
/// service can do without, null where none is installed.
#[utoipa::path(get, path = "/readyz", tag = "Health", responses(
    (status = 200, description = "Sessions can be examined. `status` is `ready`, or `degraded` where somebody should look; `checks` names every part with its `status`, `ok`, `degraded` or `down`, and the `reason`. `landmarks` and `liveness` name the packs that are installed, or are null."),
    (status = 503, description = "Not yet, or not any more: a part is `down`.")))]
pub async fn readyz(operations: web::Data<Operations>) -> HttpResponse {
    let checks = operations.health().await;
    let worst = checks.iter().map(|check| check.health).max();
    let (mut answer, status) = match worst.unwrap_or(Health::Ok) {
        Health::Ok => (HttpResponse::Ok(), "ready"),
        Health::Degraded => (HttpResponse::Ok(), "degraded"),
        Health::Down => (HttpResponse::ServiceUnavailable(), "not ready"),
    };
    let models = operations.models();
    answer.json(json!({
        "status": status,
        "landmarks": models.landmarks,
        "liveness": models.liveness,
        "checks": checks.iter().map(told).collect::<Map<_, _>>(),
    }))
}

/// A check as strangers may know it: its reason is one of a closed list, and holds no number and no address.
fn told(check: &Check) -> (String, Value) {
    let mut told = json!({ "status": check.health.name() });
    if check.health != Health::Ok {
        told["reason"] = json!(check.reason);
    }
    (check.name.to_owned(), told)
}

/// Adds the routes.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("/healthz", web::get().to(healthz))
        .route("/readyz", web::get().to(readyz));
}
