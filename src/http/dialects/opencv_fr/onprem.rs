//! The on-prem API: comparisons, collections and searches.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::dialects::opencv_fr::errors::OpencvError;
use crate::http::dialects::opencv_fr::failures::{ErrorBody, Failures};
use crate::http::dialects::opencv_fr::onprem_fields::{
    collection_name, flag, percentage, picture, required,
};
use crate::http::dialects::opencv_fr::onprem_wire::{
    CollectionNameForm, FaceSearchForm, FoundPersonBody, IsMatchBody, NamedCollectionBody,
};
use crate::http::dialects::opencv_fr::routes::{Answer, admit_key};
use crate::http::json_body::JsonBody;
use crate::http::settings::HttpSettings;
use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::check_liveness::{LIVE, LivenessOrder};
use crate::operations::compare::Probe;
use crate::operations::identify::{Identification, MOST_CANDIDATES};
use crate::operations::look::Wanted;
use crate::operations::manage_galleries::GalleryRef;
use crate::operations::picture_fault::FacePolicy;

/// Whether two faces are one person's.
pub async fn compare(
    operations: &Operations,
    settings: &HttpSettings,
    caller: &Caller,
    body: &JsonBody,
) -> Answer {
    let face = picture(body, "face_base_64", settings)?;
    let reference = picture(body, "ref_face_base_64", settings)?;
    let least = percentage(body, "min_similarity_score", caller)?;
    if flag(body, "check_liveness")? {
        ask_liveness(operations, caller, &face, false).await?;
    }
    let compared = operations
        .compare(
            caller,
            Probe::Pictures(vec![face]),
            Probe::Pictures(vec![reference]),
            Wanted::TEMPLATE,
            FacePolicy::ONE_FACE,
        )
        .await?;
    Ok(HttpResponse::Ok().json(IsMatchBody {
        is_match: compared.percentage >= least,
    }))
}

/// Makes a collection.
pub async fn create_collection(
    operations: &Operations,
    caller: &Caller,
    body: &JsonBody,
) -> Answer {
    let made = operations
        .create_gallery(caller, collection_name(body)?, "")
        .await?;
    Ok(HttpResponse::Ok().json(NamedCollectionBody::new(made, 0)))
}

/// Deletes a collection and everybody in it.
#[utoipa::path(delete, path = "/collection", tag = "OpenCV FR (on-prem)", operation_id = "opencv_delete_named_collection", security(("api_key" = [])), request_body = CollectionNameForm,
    responses((status = 200, body = NamedCollectionBody), Failures))]
pub async fn delete_collection(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let body = JsonBody::read(&request, payload).await?;
    let named = GalleryRef::Named(required(&body, "name")?.to_owned());
    let (gallery, people) = operations.delete_gallery(&caller, &named).await?;
    Ok(HttpResponse::Ok().json(NamedCollectionBody::new(gallery, people)))
}

/// Searches a collection for the person in a picture.
#[utoipa::path(post, path = "/face-search", tag = "OpenCV FR (on-prem)", operation_id = "opencv_face_search", security(("api_key" = [])), request_body = FaceSearchForm,
    responses((status = 200, body = [FoundPersonBody]), Failures))]
pub async fn face_search(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let body = JsonBody::read(&request, payload).await?;
    let name = required(&body, "collection_name")?;
    let face = picture(&body, "face_base_64", &settings)?;
    let min_percentage = percentage(&body, "min_similarity_score", &caller)?;
    let candidates = max_results(&body)?;
    let gallery = GalleryRef::Named(name.to_owned());
    operations.find_gallery(&caller, &gallery).await?;
    if flag(&body, "check_liveness")? {
        ask_liveness(&operations, &caller, &face, false).await?;
    }
    let order = Identification {
        gallery,
        probe: Probe::Pictures(vec![face]),
        candidates,
        min_percentage,
        wanted: Wanted::TEMPLATE,
        policy: FacePolicy::ONE_FACE,
    };
    let found = operations.identify(&caller, order).await?.candidates;
    let found = found.into_iter();
    let found: Vec<_> = found.map(|one| FoundPersonBody::new(one, name)).collect();
    Ok(HttpResponse::Ok().json(found))
}

/// Not offered: answers 501 to every call.
#[utoipa::path(post, path = "/multi-face-search", tag = "OpenCV FR (on-prem)", operation_id = "opencv_multi_face_search", security(("api_key" = [])),
    responses((status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 501, body = ErrorBody)))]
pub async fn multi_face_search(request: HttpRequest, operations: Data<Operations>) -> Answer {
    admit_key(&request, &operations).await?;
    Err(OpencvError::not_offered())
}

/// Refuses a face that is not live.
pub async fn ask_liveness(
    operations: &Operations,
    caller: &Caller,
    face: &[u8],
    consented: bool,
) -> Result<(), OpencvError> {
    let order = LivenessOrder {
        picture: face.to_vec(),
        number: 0,
        least: LIVE,
        consented,
    };
    operations.check_liveness(caller, order).await?;
    Ok(())
}

fn max_results(body: &JsonBody) -> Result<usize, OpencvError> {
    match body.count("max_results")?.unwrap_or(1) {
        0 => Err(OpencvError::invalid("`max_results` is 1 or more")),
        count => {
            Ok(usize::try_from(count).map_or(MOST_CANDIDATES, |count| count.min(MOST_CANDIDATES)))
        }
    }
}
