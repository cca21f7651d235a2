//! The facegallery endpoints: list, make, delete.

use actix_web::HttpRequest;
use actix_web::web::{Data, Payload};

use crate::http::dialects::risetai::errors::RisetError;
use crate::http::dialects::risetai::fields::Call;
use crate::http::dialects::risetai::forms::GalleryForm;
use crate::http::dialects::risetai::routes::Answer;
use crate::http::dialects::risetai::status::Status;
use crate::http::dialects::risetai::wire::{GalleryBody, GalleryListBody, render};
use crate::operations::Operations;
use crate::operations::error::Error;

/// The project's facegalleries.
#[utoipa::path(get, path = "/face-api/facegallery/my-facegalleries", tag = "RisetAI", operation_id = "risetai_galleries", security(("accesstoken" = [])),
    responses((status = 200, body = GalleryListBody)))]
pub async fn list(request: HttpRequest, operations: Data<Operations>, payload: Payload) -> Answer {
    let call = Call::open_without_body(&request, &operations, payload).await?;
    let listed = operations.list_galleries(&call.caller).await?;
    let names = listed.into_iter().map(|(gallery, _)| gallery.name);
    let body = GalleryListBody::new("Success - FaceGalleries Listed", names.collect());
    Ok(render(Status::Success, &body))
}

/// Makes a facegallery; its name must be free.
#[utoipa::path(post, path = "/face-api/facegallery/create-facegallery", tag = "RisetAI", operation_id = "risetai_create_gallery", security(("accesstoken" = [])), request_body = GalleryForm,
    responses((status = 200, body = GalleryBody)))]
pub async fn create(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let call = Call::open(&request, &operations, payload).await?;
    let name = call.gallery_name()?;
    let gallery = match operations.create_gallery(&call.caller, &name, "").await {
        Err(Error::Conflict { .. }) => return Err(RisetError::new(Status::GalleryExists)),
        made => made?,
    };
    Ok(render(Status::Success, &GalleryBody::new(gallery.name)))
}

/// Deletes a facegallery with everybody in it.
#[utoipa::path(delete, path = "/face-api/facegallery/delete-facegallery", tag = "RisetAI", operation_id = "risetai_delete_gallery", security(("accesstoken" = [])), request_body = GalleryForm,
    responses((status = 200, body = GalleryBody)))]
pub async fn delete(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let call = Call::open(&request, &operations, payload).await?;
    let gallery = call.gallery()?;
    let (gallery, _) = operations.delete_gallery(&call.caller, &gallery).await?;
    Ok(render(Status::Success, &GalleryBody::new(gallery.name)))
}
