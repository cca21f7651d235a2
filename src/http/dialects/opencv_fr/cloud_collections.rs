//! The cloud API: collections.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::dialects::opencv_fr::cloud_fields::{
    CloudBody, ListQuery, MAX_NOTES, collection, missing, unprocessable,
};
use crate::http::dialects::opencv_fr::cloud_forms::{CollectionChangeForm, MembersForm};
use crate::http::dialects::opencv_fr::cloud_wire::{
    CollectionBody, CollectionListBody, IdBody, MembersBody,
};
use crate::http::dialects::opencv_fr::errors::OpencvError;
use crate::http::dialects::opencv_fr::failures::{Failures, FieldFailures};
use crate::http::dialects::opencv_fr::routes::{Answer, admit_key};
use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::manage_galleries::MAX_NAME;

/// Makes a collection.
pub async fn create_collection(
    operations: &Operations,
    caller: &Caller,
    body: &CloudBody,
) -> Answer {
    let name = body.required("name")?;
    let description = body.text("description", MAX_NOTES)?.unwrap_or_default();
    let made = operations.create_gallery(caller, name, description).await?;
    Ok(HttpResponse::Created().json(CollectionBody::new(made, 0)))
}

/// Gives a collection another name or description.
#[utoipa::path(patch, path = "/collection", tag = "OpenCV FR (cloud)", operation_id = "opencv_change_collection", security(("api_key" = [])), request_body = CollectionChangeForm,
    responses((status = 200, body = CollectionBody), Failures, FieldFailures))]
pub async fn change_collection(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let body = CloudBody::read(&request, payload).await?;
    let id = collection(body.required("id")?)?;
    let name = body.text("name", MAX_NAME)?;
    if name.is_some_and(str::is_empty) {
        return Err(unprocessable("name", "value_error", "at least 1 character"));
    }
    // Null clears a description.
    let description = body.text("description", MAX_NOTES)?;
    let description = description.or(body.has("description").then_some(""));
    let changed = operations
        .describe_gallery(&caller, &id, name, description)
        .await?;
    let count = operations.count_people(&changed).await?;
    Ok(HttpResponse::Ok().json(CollectionBody::new(changed, count)))
}

/// The collections, by name.
#[utoipa::path(get, path = "/collections", tag = "OpenCV FR (cloud)", operation_id = "opencv_collections", security(("api_key" = [])),
    params(("skip" = Option<u64>, Query), ("take" = Option<u64>, Query, description = "20 without it, 1000 at most"), ("order" = Option<String>, Query, description = "`ASC` or `DESC`"), ("search" = Option<String>, Query, description = "Part of a name or description")),
    responses((status = 200, body = CollectionListBody), Failures, FieldFailures))]
pub async fn list_collections(request: HttpRequest, operations: Data<Operations>) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let page = ListQuery::read(&request)?.page()?;
    let listed = operations.browse_galleries(&caller, &page).await?;
    let entries = listed.entries.into_iter();
    Ok(HttpResponse::Ok().json(CollectionListBody {
        count: listed.count,
        collections: entries
            .map(|(gallery, people)| CollectionBody::new(gallery, people))
            .collect(),
    }))
}

/// One collection.
#[utoipa::path(get, path = "/collection/{id}", tag = "OpenCV FR (cloud)", operation_id = "opencv_collection", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = 200, body = CollectionBody), Failures))]
pub async fn read_collection(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let (gallery, people) = operations.read_gallery(&caller, &collection(&id)?).await?;
    Ok(HttpResponse::Ok().json(CollectionBody::new(gallery, people)))
}

/// Deletes a collection; its people stay among everybody.
#[utoipa::path(delete, path = "/collection/{id}", tag = "OpenCV FR (cloud)", operation_id = "opencv_delete_collection", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = 200, body = IdBody), Failures))]
pub async fn delete_collection(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let (gallery, _) = operations
        .delete_gallery(&caller, &collection(&id)?)
        .await?;
    Ok(HttpResponse::Ok().json(IdBody {
        id: gallery.id.0.to_string(),
    }))
}

/// Takes people into a collection and lets others go.
#[utoipa::path(patch, path = "/collection/persons", tag = "OpenCV FR (cloud)", operation_id = "opencv_change_members", security(("api_key" = [])), request_body = MembersForm,
    responses((status = 200, body = MembersBody), Failures, FieldFailures))]
pub async fn change_members(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let body = CloudBody::read(&request, payload).await?;
    let id = body.required("collection_id")?;
    let new = body.texts("new_person_ids")?.unwrap_or_default();
    let removed = body.texts("removed_person_ids")?.unwrap_or_default();
    if new.is_empty() && removed.is_empty() {
        return Err::<HttpResponse, OpencvError>(missing("new_person_ids"));
    }
    operations
        .change_members(&caller, &collection(id)?, &new, &removed)
        .await?;
    let owned = |ids: Vec<&str>| ids.into_iter().map(str::to_owned).collect();
    Ok(HttpResponse::Ok().json(MembersBody {
        collection_id: id.to_owned(),
        new_person_ids: owned(new),
        removed_person_ids: owned(removed),
    }))
}
