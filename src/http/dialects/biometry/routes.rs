//! The routes of Biometry's API: each parses, calls one operation, renders.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{self, Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::http::caller::caller;
use crate::http::dialects::biometry::enrolment;
use crate::http::dialects::biometry::errors::BiometryError;
use crate::http::dialects::biometry::wire::{
    ConsentBody, ConsentRecorded, Done, ErrorBody, Judged, MatchBody, ProcessVideoBody,
    SessionStarted,
};
use crate::http::error::Refusal;
use crate::http::headers;
use crate::http::json_body;
use crate::http::settings::HttpSettings;
use crate::http::upload::{self, Part};
use crate::operations::Operations;
use crate::operations::accept_evidence::Target;
use crate::operations::error::Error;
use crate::operations::match_faces::{MatchRequest, VideoSource};
use crate::operations::open_session::NewSession;
use crate::operations::recognize_applicant::Recognition;
use crate::operations::record_consent::ConsentStatement;
use crate::session::evidence::{ConsentKind, EvidenceKind};
use crate::session::ids::SessionId;
use crate::session::project::Dialect;

pub(super) type Answer = Result<HttpResponse, BiometryError>;

/// Adds the dialect's routes.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes
        .service(
            web::scope("/api-gateway")
                .app_data(json_errors())
                .route("/sessions/start", web::post().to(start_session))
                .route("/sessions/end/{id}", web::post().to(end_session))
                .route("/process-video", web::post().to(process_video))
                .route("/match-faces", web::post().to(match_faces))
                .route("/enroll/face", web::post().to(enrolment::enroll_face))
                .route("/enroll/voice", web::post().to(enrolment::enroll_voice))
                .route("/docauth/check", web::post().to(enrolment::check_document))
                .default_service(web::to(no_such_route)),
        )
        .service(
            web::scope("/api-consent")
                .app_data(json_errors())
                .route("/consent", web::post().to(give_consent))
                .route("/strg-consent", web::post().to(give_storage_consent))
                .default_service(web::to(no_such_route)),
        );
}

#[derive(Deserialize)]
pub struct StartQuery {
    /// Text, because callers write it bare, as `true` or as `1`; it asks for nothing here.
    warmup: Option<String>,
}

/// Starts a session that later calls join by `X-Session-ID`.
#[utoipa::path(post, path = "/api-gateway/sessions/start", tag = "Biometry", security(("bearer" = [])),
    params(("warmup" = Option<bool>, Query, description = "Accepted and kept; this service is always warm.")),
    responses((status = 200, body = SessionStarted), (status = 401, body = ErrorBody)))]
pub async fn start_session(
    request: HttpRequest,
    operations: Data<Operations>,
    query: Query<StartQuery>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Biometry).await?;
    let metadata = query.warmup.as_deref().map(|warmup| {
        let wanted = !matches!(warmup, "false" | "0");
        serde_json::json!({ "warmup": wanted })
    });
    let new = NewSession {
        metadata,
        ..own_session(&request)?
    };
    let session = operations
        .open_session(&caller, new)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::Ok().json(SessionStarted {
        data: session.id.to_string(),
        message: "session started successfully",
    }))
}

/// Ends a session: nothing more is taken for it.
#[utoipa::path(post, path = "/api-gateway/sessions/end/{id}", tag = "Biometry", security(("bearer" = [])),
    params(("id" = String, Path, description = "The session, `sess_…`.")),
    responses((status = 200, body = Done), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn end_session(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Biometry).await?;
    operations
        .end_session(&caller, session_id(&id)?)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::Ok().json(Done {
        message: "session ended successfully",
    }))
}

/// Records the applicant's consent to be examined, or the refusal of it.
#[utoipa::path(post, path = "/api-consent/consent", tag = "Biometry", security(("bearer" = [])), request_body = ConsentBody,
    params(("X-Session-ID" = Option<String>, Header, description = "Binds the statement to this session.")),
    responses((status = 200, body = ConsentRecorded), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub async fn give_consent(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    record_consent(request, operations, payload, ConsentKind::Authorization).await
}

/// Records the applicant's consent to have biometric data kept, or the refusal of it.
#[utoipa::path(post, path = "/api-consent/strg-consent", tag = "Biometry", security(("bearer" = [])), request_body = ConsentBody,
    params(("X-Session-ID" = Option<String>, Header, description = "Binds the statement to this session.")),
    responses((status = 200, body = ConsentRecorded), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub async fn give_storage_consent(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    record_consent(request, operations, payload, ConsentKind::Storage).await
}

/// Keeps a video for the session, and compares it with the person who is enrolled for it. What the
/// vendor offers beyond that did not run and is named; where nothing ran the answer is `refer`.
#[utoipa::path(post, path = "/api-gateway/process-video", tag = "Biometry", security(("bearer" = [])),
    request_body(content_type = "multipart/form-data", content = ProcessVideoForm),
    params(("X-Session-ID" = Option<String>, Header, description = "The session to keep the video for; a new one without it."),
           ("X-User-Fullname" = Option<String>, Header, description = "The applicant's name, UTF-8 or Latin-1.")),
    responses((status = 200, body = ProcessVideoBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody)))]
pub async fn process_video(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Biometry).await?;
    let target = target(&request)?;
    let parts = [
        Part::Text { name: "phrase" },
        Part::File {
            name: "video",
            max_bytes: settings.max_video_bytes,
        },
        Part::Text { name: "vocabulary" },
        Part::Text { name: "trigger" },
    ];
    let mut form = upload::receive(&request, payload, &parts, operations.scratch()).await?;
    form.text("phrase")?;
    let video = form.file("video")?;
    let (session, _) = operations
        .accept_evidence(&caller, target, EvidenceKind::Video, video)
        .await
        .map_err(Refusal::from)?;
    let recognition = operations
        .recognize_applicant(&caller, session, settings.max_wait)
        .await
        .map_err(Refusal::from)?;
    let body = match recognition {
        Recognition::DidNotRun(why) => ProcessVideoBody::nothing_ran(why),
        Recognition::Ran { record, .. } => match Judged::of(&record) {
            Some(judged) => ProcessVideoBody::recognized(&judged, &caller.project.settings),
            None => return Err(Refusal::from(Error::from(record.failure)).into()),
        },
    };
    Ok(answer(session).json(body))
}

/// Compares the face of a document with the face in a video, frame by frame, and judges the
/// project's `facematch_conditions`.
#[utoipa::path(post, path = "/api-gateway/match-faces", tag = "Biometry", security(("bearer" = [])),
    request_body(content_type = "multipart/form-data", content = MatchForm),
    params(("X-Session-ID" = Option<String>, Header, description = "The session to join; a new one without it. Answered as a header too."),
           ("X-User-Fullname" = Option<String>, Header, description = "The applicant's name, UTF-8 or Latin-1."),
           ("X-Use-Prefilled-Video" = Option<bool>, Header, description = "`true` takes the session's video from process-video."),
           ("X-Device-Info" = Option<String>, Header, description = "Kept with the session.")),
    responses((status = 200, body = MatchBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 413, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub async fn match_faces(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Biometry).await?;
    let target = target(&request)?;
    let prefilled = headers::flag(&request, "X-Use-Prefilled-Video")?;
    if prefilled && matches!(target, Target::New(_)) {
        return Err(Refusal::bad_request("X-Use-Prefilled-Video needs X-Session-ID").into());
    }
    let busy = operations.refuse_match_when_busy().await;
    busy.map_err(Refusal::from)?;
    let parts = [
        Part::File {
            name: "image",
            max_bytes: settings.max_document_bytes,
        },
        Part::File {
            name: "video",
            max_bytes: settings.max_video_bytes,
        },
    ];
    let mut form = upload::receive(&request, payload, &parts, operations.scratch()).await?;
    let document = form.file("image")?;
    let video = if prefilled {
        VideoSource::Kept
    } else {
        VideoSource::Uploaded(form.file("video")?)
    };
    let wait = settings.max_wait;
    let matching = operations.match_faces(
        &caller,
        MatchRequest {
            target,
            document,
            video,
            wait,
        },
    );
    // Boxed, as it is larger than what a future may hold in place.
    let record = Box::pin(matching).await.map_err(Refusal::from)?;
    match Judged::of(&record) {
        Some(judged) => Ok(answer(record.session)
            .insert_header(("X-Model-Pack", judged.report.pack.as_str()))
            .json(MatchBody::new(&judged, &caller.project.settings))),
        None => Err(Refusal::from(Error::from(record.failure)).into()),
    }
}

/// The form of `process-video`.
#[derive(utoipa::ToSchema)]
#[schema(as = biometry::ProcessVideoForm)]
#[expect(dead_code, reason = "describes a multipart form to the API page")]
pub struct ProcessVideoForm {
    phrase: String,
    #[schema(value_type = String, format = Binary)]
    video: Vec<u8>,
    vocabulary: Option<String>,
    trigger: Option<String>,
}

/// The form of `match-faces`.
#[derive(utoipa::ToSchema)]
#[schema(as = biometry::MatchForm)]
#[expect(dead_code, reason = "describes a multipart form to the API page")]
pub struct MatchForm {
    /// JPEG, PNG, WebP or BMP: a face or a document that carries one.
    #[schema(value_type = String, format = Binary)]
    image: Vec<u8>,
    /// Not needed with `X-Use-Prefilled-Video: true`.
    #[schema(value_type = Option<String>, format = Binary)]
    video: Option<Vec<u8>>,
}

async fn record_consent(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
    kind: ConsentKind,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Biometry).await?;
    let ConsentBody {
        is_consent_given,
        user_fullname,
    } = json_body::typed(payload).await?;
    let statement = ConsentStatement {
        session: named_session(&request)?,
        subject_name: user_fullname.clone(),
        kind,
        given: is_consent_given,
        text_version: None,
    };
    operations
        .record_consent(&caller, statement)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::Ok().json(ConsentRecorded {
        is_consent_given,
        user_fullname: user_fullname.clone(),
        data: ConsentBody {
            is_consent_given,
            user_fullname,
        },
        message: "consent recorded",
    }))
}

async fn no_such_route(request: HttpRequest) -> Answer {
    let message = format!("there is no {} at this address", request.method());
    Err(Refusal::new(StatusCode::NOT_FOUND, "not_found", message).into())
}

/// The session that the headers name, or one of the call's own.
fn target(request: &HttpRequest) -> Result<Target, Refusal> {
    match named_session(request)? {
        Some(id) => Ok(Target::Existing {
            id,
            subject_name: headers::text(request, "X-User-Fullname")?,
            device_info: headers::text(request, "X-Device-Info")?,
        }),
        None => Ok(Target::New(own_session(request)?)),
    }
}

fn own_session(request: &HttpRequest) -> Result<NewSession, Refusal> {
    Ok(NewSession {
        origin: "biometry",
        subject_name: headers::text(request, "X-User-Fullname")?,
        device_info: headers::text(request, "X-Device-Info")?,
        ..NewSession::default()
    })
}

pub(super) fn named_session(request: &HttpRequest) -> Result<Option<SessionId>, Refusal> {
    headers::text(request, "X-Session-ID")?
        .map(|text| session_id(&text))
        .transpose()
}

/// What is no id names no session.
pub(super) fn session_id(text: &str) -> Result<SessionId, Refusal> {
    text.parse()
        .map_err(|_| Error::NotFound { what: "session" }.into())
}

/// A 200 that says which session it was.
fn answer(session: SessionId) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    if let Ok(value) = HeaderValue::from_str(&session.to_string()) {
        response.insert_header((HeaderName::from_static("x-session-id"), value));
    }
    response
}

fn json_errors() -> web::JsonConfig {
    web::JsonConfig::default()
        .limit(64 * 1024)
        .content_type_required(false)
        .error_handler(|_, _| {
            BiometryError::from(Refusal::bad_request(
                "the body must be JSON with `is_consent_given` (true or false) and `user_fullname`",
            ))
            .into()
        })
}
