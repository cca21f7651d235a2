//! The cloud API: comparisons, searches, detection and liveness.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::dialects::opencv_fr::cloud_fields::CloudBody;
use crate::http::dialects::opencv_fr::cloud_forms::{
    DetectForm, LiveCompareForm, LiveSearchForm, LivenessForm, SearchForm, VerifyForm,
};
use crate::http::dialects::opencv_fr::cloud_people::{scored, scored_all};
use crate::http::dialects::opencv_fr::cloud_wire::{
    DetectedBody, LivePersonsBody, LiveScoreBody, LivenessBody, ScoreBody, ScoredPersonBody,
    VerifiedBody,
};
use crate::http::dialects::opencv_fr::errors::OpencvError;
use crate::http::dialects::opencv_fr::failures::{Failures, FieldFailures};
use crate::http::dialects::opencv_fr::routes::{Answer, admit_key};
use crate::http::settings::HttpSettings;
use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::check_liveness::{LIVE, LivenessOrder};
use crate::operations::compare::{Comparison, Probe};
use crate::operations::detect::FaceSearch;
use crate::operations::error::Error;
use crate::operations::identify::{Candidate, Identification};
use crate::operations::look::Wanted;
use crate::operations::manage_galleries::GalleryRef;
use crate::operations::picture_fault::FacePolicy;
use crate::session::project::Scope;

/// People found where a call names no number.
const FOUND: u64 = 10;

/// People found at most.
const MOST_FOUND: u64 = 100;

/// How alike two sets of images are.
pub async fn compare(
    operations: &Operations,
    settings: &HttpSettings,
    caller: &Caller,
    body: &CloudBody,
) -> Answer {
    body.mode("search_mode")?;
    let probe = Probe::Pictures(body.pictures("probe", settings)?);
    let gallery = Probe::Pictures(body.pictures("gallery", settings)?);
    let compared = alike(operations, caller, probe, gallery).await?;
    Ok(HttpResponse::Ok().json(ScoreBody {
        score: compared.percentage / 100.0,
    }))
}

/// Compares a face that must be live with a set of images.
#[utoipa::path(post, path = "/compare-live-face", tag = "OpenCV FR (cloud)", operation_id = "opencv_compare_live_face", security(("api_key" = [])), request_body = LiveCompareForm,
    responses((status = 200, body = LiveScoreBody), Failures, FieldFailures))]
pub async fn compare_live_face(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let body = CloudBody::read(&request, payload).await?;
    body.mode("search_mode")?;
    body.device()?;
    let least = body.score("liveness_min_score", LIVE)?.max(LIVE);
    let probe = body.picture("probe", &settings)?;
    let gallery = Probe::Pictures(body.pictures("gallery", &settings)?);
    let liveness_score = live(&operations, &caller, &probe, least).await?;
    let probe = Probe::Pictures(vec![probe]);
    let compared = alike(&operations, &caller, probe, gallery).await?;
    Ok(HttpResponse::Ok().json(LiveScoreBody {
        score: compared.percentage / 100.0,
        liveness_score,
    }))
}

/// How live the face of an image is.
#[utoipa::path(post, path = "/liveness", tag = "OpenCV FR (cloud)", operation_id = "opencv_liveness", security(("api_key" = [])), request_body = LivenessForm,
    responses((status = 200, body = LivenessBody), Failures, FieldFailures))]
pub async fn liveness(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let body = CloudBody::read(&request, payload).await?;
    body.device()?;
    let image = body.picture("image", &settings)?;
    let liveness_score = live(&operations, &caller, &image, 0.0).await?;
    Ok(HttpResponse::Ok().json(LivenessBody { liveness_score }))
}

/// Searches for the person of some images.
#[utoipa::path(post, path = "/search", tag = "OpenCV FR (cloud)", operation_id = "opencv_search", security(("api_key" = [])), request_body = SearchForm,
    responses((status = 200, body = [ScoredPersonBody]), Failures, FieldFailures))]
pub async fn search(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    searched(&request, &operations, &settings, payload).await
}

/// The same for images that were cut to the face: the face is found in them again.
#[utoipa::path(post, path = "/search/crops", tag = "OpenCV FR (cloud)", operation_id = "opencv_search_crops", security(("api_key" = [])), request_body = SearchForm,
    responses((status = 200, body = [ScoredPersonBody]), Failures, FieldFailures))]
pub async fn search_crops(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    searched(&request, &operations, &settings, payload).await
}

/// Searches for a person whose face must be live; 404 where nobody is found.
#[utoipa::path(post, path = "/search-live-face", tag = "OpenCV FR (cloud)", operation_id = "opencv_search_live_face", security(("api_key" = [])), request_body = LiveSearchForm,
    responses((status = 200, body = LivePersonsBody), Failures, FieldFailures))]
pub async fn search_live_face(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let body = CloudBody::read(&request, payload).await?;
    body.device()?;
    let image = body.picture("image", &settings)?;
    let count = body.count("max_results", FOUND, MOST_FOUND)?;
    let order = order(&caller, &body, vec![image.clone()], count)?;
    operations.find_gallery(&caller, &order.gallery).await?;
    let liveness_score = live(&operations, &caller, &image, LIVE).await?;
    let persons = found(&operations, &caller, order).await?;
    if persons.is_empty() {
        return Err(OpencvError::not_found());
    }
    Ok(HttpResponse::Ok().json(LivePersonsBody {
        persons,
        liveness_score,
    }))
}

/// Whether images show a person who is enrolled.
#[utoipa::path(post, path = "/verify", tag = "OpenCV FR (cloud)", operation_id = "opencv_verify", security(("api_key" = [])), request_body = VerifyForm,
    responses((status = 200, body = VerifiedBody), Failures, FieldFailures))]
pub async fn verify(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let body = CloudBody::read(&request, payload).await?;
    body.mode("verification_mode")?;
    let least = body.min_percentage(&caller)?;
    let label = body.required("id")?.to_owned();
    let images = Probe::Pictures(body.pictures("images", &settings)?);
    let gallery = GalleryRef::Register;
    let subject = operations.find_person(&caller, &gallery, &label).await?;
    let enrolled = Probe::Enrolled { gallery, label };
    let compared = alike(&operations, &caller, images, enrolled).await?;
    let r#match = if compared.percentage >= least {
        Some(scored(&operations, &caller, subject, compared.percentage).await?)
    } else {
        None
    };
    Ok(HttpResponse::Ok().json(VerifiedBody { r#match }))
}

/// Finds the faces of an image, and the people they may be.
#[utoipa::path(post, path = "/detect", tag = "OpenCV FR (cloud)", operation_id = "opencv_detect", security(("api_key" = [])), request_body = DetectForm,
    responses((status = 200, body = [DetectedBody]), Failures, FieldFailures))]
pub async fn detect(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let body = CloudBody::read(&request, payload).await?;
    let image = body.picture("image", &settings)?;
    let search = match body.object("search")? {
        Some(search) => Some(face_search(&caller, &search)?),
        None => None,
    };
    let mut answer = Vec::new();
    for mut one in operations.detect(&caller, image, search).await? {
        let candidates = std::mem::take(&mut one.candidates);
        let persons = scored_all(&operations, &caller, candidates).await?;
        answer.push(DetectedBody::new(&one, persons));
    }
    Ok(HttpResponse::Ok().json(answer))
}

async fn searched(
    request: &HttpRequest,
    operations: &Operations,
    settings: &HttpSettings,
    payload: Payload,
) -> Answer {
    let caller = admit_key(request, operations).await?;
    let body = CloudBody::read(request, payload).await?;
    let images = body.pictures("images", settings)?;
    let order = order(&caller, &body, images, FOUND as usize)?;
    let persons = found(operations, &caller, order).await?;
    Ok(HttpResponse::Ok().json(persons))
}

fn order(
    caller: &Caller,
    body: &CloudBody,
    images: Vec<Vec<u8>>,
    candidates: usize,
) -> Result<Identification, OpencvError> {
    body.mode("search_mode")?;
    Ok(Identification {
        gallery: body.searched()?,
        probe: Probe::Pictures(images),
        candidates,
        min_percentage: body.min_percentage(caller)?,
        wanted: Wanted::TEMPLATE,
        policy: FacePolicy::ONE_FACE,
    })
}

fn face_search(caller: &Caller, search: &CloudBody) -> Result<FaceSearch, OpencvError> {
    // Who is found is shown, so a token that may not read is refused whoever it is.
    caller.require(Scope::Read)?;
    search.mode("search_mode")?;
    Ok(FaceSearch {
        gallery: search.searched()?,
        candidates: FOUND as usize,
        min_percentage: search.min_percentage(caller)?,
    })
}

async fn found(
    operations: &Operations,
    caller: &Caller,
    order: Identification,
) -> Result<Vec<ScoredPersonBody>, OpencvError> {
    caller.require(Scope::Read)?;
    let candidates: Vec<Candidate> = operations.identify(caller, order).await?.candidates;
    scored_all(operations, caller, candidates).await
}

async fn alike(
    operations: &Operations,
    caller: &Caller,
    probe: Probe,
    gallery: Probe,
) -> Result<Comparison, Error> {
    let policy = FacePolicy::ONE_FACE;
    operations
        .compare(caller, probe, gallery, Wanted::TEMPLATE, policy)
        .await
}

async fn live(
    operations: &Operations,
    caller: &Caller,
    image: &[u8],
    least: f64,
) -> Result<f64, OpencvError> {
    let order = LivenessOrder {
        picture: image.to_vec(),
        number: 0,
        least,
        consented: false,
    };
    operations
        .check_liveness(caller, order)
        .await
        .map_err(OpencvError::cloud_liveness)
}
