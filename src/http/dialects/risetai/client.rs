//! The client endpoints: a facegallery to begin with, its end, and what is left of the quotas.

use actix_web::HttpRequest;
use actix_web::web::{Data, Payload};

use crate::http::dialects::risetai::fields::Call;
use crate::http::dialects::risetai::forms::ReferenceForm;
use crate::http::dialects::risetai::routes::Answer;
use crate::http::dialects::risetai::status::Status;
use crate::http::dialects::risetai::wire::{CountersBody, GalleryBody, GalleryListBody, render};
use crate::operations::Operations;

/// Makes the client's first facegallery; one that is there stays as it is.
#[utoipa::path(post, path = "/face-api/client/register", tag = "RisetAI", operation_id = "risetai_register", security(("accesstoken" = [])),
    responses((status = 200, body = GalleryBody)))]
pub async fn register(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let call = Call::open_without_body(&request, &operations, payload).await?;
    let name = format!("{}@default", call.caller.project.name);
    let gallery = operations.ensure_gallery(&call.caller, &name).await?;
    Ok(render(Status::Success, &GalleryBody::new(gallery.name)))
}

/// Deletes the facegalleries that the token made, and answers what is left.
#[utoipa::path(delete, path = "/face-api/client/delete", tag = "RisetAI", operation_id = "risetai_delete_client", security(("accesstoken" = [])),
    responses((status = 200, body = GalleryListBody)))]
pub async fn delete(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let call = Call::open_without_body(&request, &operations, payload).await?;
    let left = operations.delete_own_galleries(&call.caller).await?;
    let names = left.into_iter().map(|gallery| gallery.name).collect();
    let body = GalleryListBody::new(Status::Success.message(), names);
    Ok(render(Status::Success, &body))
}

/// What is left of the project's quotas.
#[utoipa::path(get, path = "/face-api/client/get-counters", tag = "RisetAI", operation_id = "risetai_counters", security(("accesstoken" = [])), request_body = ReferenceForm,
    responses((status = 200, body = CountersBody)))]
pub async fn counters(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let call = Call::open(&request, &operations, payload).await?;
    let used = operations.usage(&call.caller).await?;
    let remaining = call.caller.project.settings.quotas.remaining(used);
    Ok(render(Status::Success, &CountersBody::from(remaining)))
}
