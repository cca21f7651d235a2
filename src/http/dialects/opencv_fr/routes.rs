//! The routes of `OpenCV FR`: where both APIs share a method and a path, the body's keys tell them apart.

use actix_web::web::{self, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::caller::{admit, header_token};
use crate::http::dialects::opencv_fr::cloud_fields::CloudBody;
use crate::http::dialects::opencv_fr::cloud_wire::CollectionBody;
use crate::http::dialects::opencv_fr::errors::OpencvError;
use crate::http::dialects::opencv_fr::failures::{Failures, FieldFailures};
use crate::http::dialects::opencv_fr::onprem_wire::{
    CompareBody, CompareForm, NamedCollectionBody, NewCollectionForm,
};
use crate::http::dialects::opencv_fr::{
    cloud_collections, cloud_faces, cloud_people, onprem, onprem_people,
};
use crate::http::json_body::JsonBody;
use crate::http::settings::HttpSettings;
use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::session::project::Dialect;

pub type Answer = Result<HttpResponse, OpencvError>;

/// Adds the dialect's routes, all of them at the root. An identifier may hold a slash: the published
/// client puts it into the path as it is.
pub fn configure(routes: &mut web::ServiceConfig) {
    configure_people(routes);
    for (path, route) in [
        ("/compare", web::post().to(compare)),
        ("/face-search", web::post().to(onprem::face_search)),
        (
            "/multi-face-search",
            web::post().to(onprem::multi_face_search),
        ),
        (
            "/compare-live-face",
            web::post().to(cloud_faces::compare_live_face),
        ),
        ("/liveness", web::post().to(cloud_faces::liveness)),
        ("/search", web::post().to(cloud_faces::search)),
        ("/search/crops", web::post().to(cloud_faces::search_crops)),
        (
            "/search-live-face",
            web::post().to(cloud_faces::search_live_face),
        ),
        ("/verify", web::post().to(cloud_faces::verify)),
        ("/detect", web::post().to(cloud_faces::detect)),
    ] {
        routes.service(at(path).route(route));
    }
}

fn configure_people(routes: &mut web::ServiceConfig) {
    routes
        .service(
            at("/collection")
                .route(web::post().to(create_collection))
                .route(web::patch().to(cloud_collections::change_collection))
                .route(web::delete().to(onprem::delete_collection)),
        )
        .service(at("/collections").route(web::get().to(cloud_collections::list_collections)))
        // Before the path whose last part is an identifier.
        .service(
            at("/collection/persons").route(web::patch().to(cloud_collections::change_members)),
        )
        .service(
            at("/collection/{id:.*}")
                .route(web::get().to(cloud_collections::read_collection))
                .route(web::delete().to(cloud_collections::delete_collection)),
        )
        .service(
            at("/person")
                .route(web::put().to(onprem_people::put_person))
                .route(web::delete().to(onprem_people::delete_person))
                .route(web::post().to(cloud_people::create_person))
                .route(web::patch().to(cloud_people::change_person)),
        )
        .service(
            at("/person/{id:.*}")
                .route(web::get().to(cloud_people::read_person))
                .route(web::delete().to(cloud_people::delete_person)),
        )
        .service(
            at("/persons")
                .route(web::put().to(onprem_people::put_persons))
                .route(web::get().to(cloud_people::list_people))
                .route(web::patch().to(cloud_people::change_people)),
        );
}

/// Compares two faces. A body with `gallery` and `probe` is the cloud's.
#[utoipa::path(post, path = "/compare", tag = "OpenCV FR (on-prem)", operation_id = "opencv_compare", security(("api_key" = [])), request_body = CompareForm,
    responses((status = 200, body = CompareBody), Failures, FieldFailures))]
pub async fn compare(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let body = JsonBody::read(&request, payload).await?;
    if body.has("gallery") || body.has("probe") {
        cloud_faces::compare(&operations, &settings, &caller, &CloudBody::of(body)).await
    } else {
        onprem::compare(&operations, &settings, &caller, &body).await
    }
}

/// Makes a collection. A body with `description`, be it null, is the cloud's.
#[utoipa::path(post, path = "/collection", tag = "OpenCV FR (on-prem)", operation_id = "opencv_create_collection", security(("api_key" = [])), request_body = NewCollectionForm,
    responses((status = 200, body = NamedCollectionBody), (status = 201, body = CollectionBody), Failures, FieldFailures))]
pub async fn create_collection(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let body = JsonBody::read(&request, payload).await?;
    if body.has("description") {
        cloud_collections::create_collection(&operations, &caller, &CloudBody::of(body)).await
    } else {
        onprem::create_collection(&operations, &caller, &body).await
    }
}

/// The caller behind the `x-api-key`.
pub async fn admit_key(
    request: &HttpRequest,
    operations: &Operations,
) -> Result<Caller, OpencvError> {
    let key = header_token(request, "x-api-key").ok_or_else(OpencvError::no_key)?;
    Ok(admit(request, operations, Dialect::OpencvFr, Some(key)).await?)
}

/// A path whose other methods are refused in the dialect's own words.
fn at(path: &str) -> actix_web::Resource {
    web::resource(path).default_service(web::to(wrong_method))
}

async fn wrong_method() -> Answer {
    Err(OpencvError::wrong_method())
}
