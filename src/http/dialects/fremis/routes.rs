//! The routes of FREMIS-N's API: each parses, calls one operation, renders.

use std::collections::BTreeSet;

use actix_web::web::{self, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::base64_picture;
use crate::http::caller::admit_fremis;
use crate::http::dialects::fremis::errors::FremisError;
use crate::http::dialects::fremis::wire::{
    DeleteForm, DeletedBody, EnrollmentBody, EnrollmentForm, ErrorBody, FaceMatch,
    FlexibleMatchForm, KeyspaceBody, KeyspaceForm, LimitUsageBody, MatchBody, MatchForm,
    RecognitionBody, RecognitionForm, SimilarityBody,
};
use crate::http::json_body::JsonBody;
use crate::http::settings::HttpSettings;
use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::compare::Probe;
use crate::operations::enrol::EnrolRequest;
use crate::operations::error::Error;
use crate::operations::identify::Identification;
use crate::operations::look::Wanted;
use crate::operations::manage_galleries::GalleryRef;
use crate::operations::picture_fault::FacePolicy;

type Answer = Result<HttpResponse, FremisError>;

/// The keyspace that callers use without making it.
const DEFAULT_KEYSPACE: &str = "default";

/// People deleted by one call.
const MOST_DELETIONS: usize = 1_000;

/// Adds the dialect's routes.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes
        .service(
            web::scope("/v1/face")
                .route("/match", web::post().to(match_pictures))
                .route("/enrollment", web::post().to(enroll))
                .route("/delete-enrollment", web::post().to(delete_enrollment))
                .route("/keyspace", web::post().to(create_keyspace))
                .route("/recognition", web::post().to(recognize))
                .default_service(web::to(no_such_route)),
        )
        .service(
            web::scope("/v2/face")
                .route("/match", web::post().to(match_faces))
                .default_service(web::to(no_such_route)),
        )
        .route("/v1/healthcheck", web::get().to(healthcheck))
        .route("/v1/get-limit-usage", web::get().to(limit_usage));
}

/// Compares the faces of two pictures.
#[utoipa::path(post, path = "/v1/face/match", tag = "FREMIS-N", operation_id = "fremis_match", security(("bearer" = [])), request_body = MatchForm,
    responses((status = 200, body = MatchBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = String, content_type = "text/plain"), (status = 429, body = String, content_type = "text/plain"),
        (status = 500, body = ErrorBody), (status = 503, body = String, content_type = "text/plain")))]
pub async fn match_pictures(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    let caller = admit_fremis(&request, &operations).await?;
    let body = JsonBody::read(&request, payload).await?;
    let mut sides = Vec::with_capacity(2);
    for key in ["image_a", "image_b"] {
        let image = body.object(key)?.ok_or_else(|| missing(key))?;
        sides.push(Probe::Pictures(vec![picture(
            &image, "content", &settings,
        )?]));
    }
    let similarity = compare(&operations, &caller, sides).await?;
    Ok(HttpResponse::Ok().json(MatchBody {
        face_match: FaceMatch {
            r#match: similarity * 100.0 >= caller.project.settings.thresholds.fremis,
            similarity,
        },
    }))
}

/// Compares two faces, each given as a picture, an embedding or somebody enrolled.
#[utoipa::path(post, path = "/v2/face/match", tag = "FREMIS-N", operation_id = "fremis_match_v2", security(("bearer" = [])), request_body = FlexibleMatchForm,
    responses((status = 200, body = SimilarityBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = String, content_type = "text/plain"), (status = 429, body = String, content_type = "text/plain"),
        (status = 500, body = ErrorBody), (status = 503, body = String, content_type = "text/plain")))]
pub async fn match_faces(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    let caller = admit_fremis(&request, &operations).await?;
    let body = JsonBody::read(&request, payload).await?;
    let mut sides = Vec::with_capacity(2);
    for key in ["face_a", "face_b"] {
        let face = body.object(key)?.ok_or_else(|| missing(key))?;
        sides.push(side(key, &face, &operations, &settings)?);
    }
    let similarity = compare(&operations, &caller, sides).await?;
    Ok(HttpResponse::Ok().json(SimilarityBody { similarity }))
}

/// Enrols a face into a keyspace, as a new person or as a variation of a known one.
#[utoipa::path(post, path = "/v1/face/enrollment", tag = "FREMIS-N", operation_id = "fremis_enroll", security(("bearer" = [])), request_body = EnrollmentForm,
    responses((status = 200, body = EnrollmentBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = String, content_type = "text/plain"), (status = 429, body = String, content_type = "text/plain"),
        (status = 500, body = ErrorBody), (status = 503, body = String, content_type = "text/plain")))]
pub async fn enroll(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    let caller = admit_fremis(&request, &operations).await?;
    let body = JsonBody::read(&request, payload).await?;
    let picture = picture(&body, "image", &settings)?;
    let keyspace = keyspace(&operations, &caller, &body).await?;
    let face_id = match body.object("additional_params")? {
        Some(params) => params.label("face_id")?,
        None => None,
    };
    let face_id = face_id.unwrap_or_else(new_face_id);
    let enrolled = operations
        .enrol(
            &caller,
            EnrolRequest::into_gallery(keyspace, Some(face_id)),
            vec![picture],
            FacePolicy::ONE_FACE,
        )
        .await?;
    let faces = enrolled.looked.iter().flat_map(|looked| &looked.faces);
    Ok(HttpResponse::Ok().json(EnrollmentBody {
        face_detected: faces.map(|face| face.face_box.into()).collect(),
        face_id: enrolled.subject.label,
        variation: enrolled
            .faces
            .first()
            .map(|face| face.variation().to_string())
            .unwrap_or_default(),
    }))
}

/// Deletes people from a keyspace.
#[utoipa::path(post, path = "/v1/face/delete-enrollment", tag = "FREMIS-N", operation_id = "fremis_delete_enrollment", security(("bearer" = [])), request_body = DeleteForm,
    responses((status = 200, body = DeletedBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = String, content_type = "text/plain"), (status = 429, body = String, content_type = "text/plain"),
        (status = 500, body = ErrorBody)))]
pub async fn delete_enrollment(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let caller = admit_fremis(&request, &operations).await?;
    let body = JsonBody::read(&request, payload).await?;
    let keyspace = keyspace(&operations, &caller, &body).await?;
    operations.find_gallery(&caller, &keyspace).await?;
    let mut deleted = Vec::new();
    for face_id in face_ids(&body)? {
        match operations.leave_gallery(&caller, &keyspace, &face_id).await {
            Ok(_) => deleted.push(face_id),
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(HttpResponse::Ok().json(DeletedBody {
        deleted_face_ids: deleted,
    }))
}

/// Makes a keyspace; one that is there stays as it is.
#[utoipa::path(post, path = "/v1/face/keyspace", tag = "FREMIS-N", operation_id = "fremis_keyspace", security(("bearer" = [])), request_body = KeyspaceForm,
    responses((status = 200, body = KeyspaceBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = String, content_type = "text/plain"), (status = 429, body = String, content_type = "text/plain"),
        (status = 500, body = ErrorBody)))]
pub async fn create_keyspace(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let caller = admit_fremis(&request, &operations).await?;
    let body = JsonBody::read(&request, payload).await?;
    let name = body.text("keyspace")?.ok_or_else(|| missing("keyspace"))?;
    let gallery = operations.ensure_gallery(&caller, name).await?;
    Ok(HttpResponse::Ok().json(KeyspaceBody {
        keyspace: gallery.name,
    }))
}

/// Searches a keyspace for the person in a picture.
#[utoipa::path(post, path = "/v1/face/recognition", tag = "FREMIS-N", operation_id = "fremis_recognition", security(("bearer" = [])), request_body = RecognitionForm,
    responses((status = 200, body = RecognitionBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = String, content_type = "text/plain"), (status = 429, body = String, content_type = "text/plain"),
        (status = 500, body = ErrorBody), (status = 503, body = String, content_type = "text/plain")))]
pub async fn recognize(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    let caller = admit_fremis(&request, &operations).await?;
    let body = JsonBody::read(&request, payload).await?;
    let probe = Probe::Pictures(vec![picture(&body, "image", &settings)?]);
    let gallery = keyspace(&operations, &caller, &body).await?;
    let found = operations
        .identify(
            &caller,
            Identification {
                gallery,
                probe,
                candidates: candidate_count(&body)?,
                min_percentage: caller.project.settings.thresholds.fremis,
                wanted: Wanted::TEMPLATE,
                policy: FacePolicy::ONE_FACE,
            },
        )
        .await?;
    Ok(HttpResponse::Ok().json(RecognitionBody::from(found.candidates)))
}

/// Says that the service answers; an empty object.
#[utoipa::path(get, path = "/v1/healthcheck", tag = "FREMIS-N", operation_id = "fremis_healthcheck",
    responses((status = 200, body = serde_json::Value), (status = 503, body = String, content_type = "text/plain")))]
pub async fn healthcheck(operations: Data<Operations>) -> Answer {
    if operations.is_ready().await {
        Ok(HttpResponse::Ok().json(serde_json::json!({})))
    } else {
        Err(FremisError::NotReady)
    }
}

/// What the project has enrolled, and what it may.
#[utoipa::path(get, path = "/v1/get-limit-usage", tag = "FREMIS-N", operation_id = "fremis_limit_usage", security(("bearer" = [])),
    responses((status = 200, body = LimitUsageBody), (status = 401, body = ErrorBody),
        (status = 403, body = String, content_type = "text/plain"), (status = 429, body = String, content_type = "text/plain")))]
pub async fn limit_usage(request: HttpRequest, operations: Data<Operations>) -> Answer {
    let caller = admit_fremis(&request, &operations).await?;
    let used = operations.usage(&caller).await?;
    let quotas = caller.project.settings.quotas;
    Ok(HttpResponse::Ok().json(LimitUsageBody::new(used, quotas)))
}

async fn no_such_route() -> Answer {
    Err(FremisError::invalid("there is nothing at this address"))
}

/// The similarity of the first two sides, 0–1.
async fn compare(
    operations: &Operations,
    caller: &Caller,
    sides: Vec<Probe>,
) -> Result<f64, FremisError> {
    let [one, other] = <[Probe; 2]>::try_from(sides)
        .map_err(|_| FremisError::invalid("two faces are compared"))?;
    let policy = FacePolicy::ONE_FACE;
    let compared = operations
        .compare(caller, one, other, Wanted::TEMPLATE, policy)
        .await?;
    Ok(compared.percentage / 100.0)
}

fn side(
    key: &str,
    face: &JsonBody,
    operations: &Operations,
    settings: &HttpSettings,
) -> Result<Probe, FremisError> {
    if face.value("image").is_some() {
        return Ok(Probe::Pictures(vec![picture(face, "image", settings)?]));
    }
    if let Some(vector) = face.numbers("embedding")? {
        return Ok(Probe::Template(operations.template(None, vector)?));
    }
    match (face.label("face_id")?, face.text("keyspace")?) {
        (Some(label), Some(keyspace)) => Ok(Probe::Enrolled {
            gallery: GalleryRef::Named(keyspace.to_owned()),
            label,
        }),
        (Some(_), None) => Err(missing("keyspace")),
        (None, _) => Err(FremisError::invalid(format!(
            "{key} needs `image`, `embedding`, or `face_id` with `keyspace`"
        ))),
    }
}

fn picture(body: &JsonBody, key: &str, settings: &HttpSettings) -> Result<Vec<u8>, FremisError> {
    let text = body
        .text(key)?
        .ok_or_else(|| FremisError::invalid(format!("the {key} field not found")))?;
    Ok(base64_picture::decode(text, settings.max_picture_bytes)?)
}

/// The keyspace of a call; the default one is made when it is first named.
async fn keyspace(
    operations: &Operations,
    caller: &Caller,
    body: &JsonBody,
) -> Result<GalleryRef, FremisError> {
    let name = body.text("keyspace")?.unwrap_or(DEFAULT_KEYSPACE);
    if name == DEFAULT_KEYSPACE {
        operations.ensure_gallery(caller, name).await?;
    }
    Ok(GalleryRef::Named(name.to_owned()))
}

/// The people to delete, each once; numbers are taken as their digits, as they are when enrolling.
fn face_ids(body: &JsonBody) -> Result<BTreeSet<String>, FremisError> {
    let ids = body
        .labels("face_ids")?
        .ok_or_else(|| missing("face_ids"))?;
    if ids.len() > MOST_DELETIONS {
        return Err(FremisError::invalid(format!(
            "face_ids may name {MOST_DELETIONS} people at once"
        )));
    }
    Ok(ids.into_iter().collect())
}

fn candidate_count(body: &JsonBody) -> Result<usize, FremisError> {
    let Some(params) = body.object("additional_params")? else {
        return Ok(1);
    };
    let count = match params.count("candidateCount")? {
        None => params.count("candidate_count")?,
        given => given,
    };
    Ok(count.map_or(1, |count| usize::try_from(count).unwrap_or(usize::MAX)))
}

/// A number that fits 63 bits: callers keep it in a signed column.
fn new_face_id() -> String {
    const SMALLEST: u64 = 100_000_000_000_000_000;
    rand::random_range(SMALLEST..=i64::MAX as u64).to_string()
}

fn missing(key: &str) -> FremisError {
    FremisError::invalid(format!("the {key} field not found"))
}
