//! The routes of the native API: each parses, calls one operation, renders.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{self, Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::http::caller::caller;
use crate::http::dialects::native::errors::NativeError;
use crate::http::dialects::native::names::{examination_id, session_id};
use crate::http::dialects::native::wire::{
    ConsentBody, ErrorBody, EvidenceBody, ExaminationBody, ModelsBody, NewSessionBody, SessionBody,
    SessionDetailBody, SessionListBody,
};
use crate::http::dialects::native::{
    calls, challenges, decisions, defects, embeddings, erasures, holds, rules, webhooks,
};
use crate::http::error::Refusal;
use crate::http::json_body;
use crate::http::settings::HttpSettings;
use crate::http::upload::{self, Part};
use crate::operations::Operations;
use crate::operations::accept_evidence::Target;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::open_session::NewSession;
use crate::operations::record_consent::ConsentStatement;
use crate::session::evidence::{ConsentKind, EvidenceKind};
use crate::session::ids::SessionId;
use crate::session::picture::PictureKind;
use crate::session::project::Dialect;
use crate::session::status::SessionStatus;
use crate::store::sessions::Page;

type Answer = Result<HttpResponse, NativeError>;

/// Sessions on a page when nothing is asked for, and the most that may be.
const PAGE: u64 = 50;
const MAX_PAGE: u64 = 200;

/// Adds the dialect's routes.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes.service(
        web::scope("/v1")
            .app_data(json_errors())
            .app_data(query_errors())
            .route("/models", web::get().to(read_models))
            .route("/defects", web::get().to(defects::list_defects))
            .route("/embeddings", web::post().to(embeddings::embed))
            .route("/calls", web::get().to(calls::list_calls))
            .route("/usage", web::get().to(calls::read_usage))
            .route("/sessions", web::post().to(open_session))
            .route("/sessions", web::get().to(list_sessions))
            .route("/sessions/{id}", web::get().to(read_session))
            .route("/sessions/{id}", web::delete().to(erasures::erase_session))
            .route(
                "/sessions/{id}/erasure",
                web::get().to(erasures::read_receipt),
            )
            .route(
                "/subjects/{reference}",
                web::delete().to(erasures::erase_subject),
            )
            .route(
                "/people/{id}/erasure",
                web::get().to(erasures::read_persons_receipt),
            )
            .route("/erasure-key", web::get().to(erasures::read_key))
            .route("/sessions/{id}/hold", web::post().to(holds::hold_session))
            .route(
                "/sessions/{id}/hold",
                web::delete().to(holds::release_session),
            )
            .route(
                "/sessions/{id}/decisions",
                web::post().to(decisions::decide),
            )
            .route(
                "/sessions/{id}/decisions",
                web::get().to(decisions::list_decisions),
            )
            .route("/sessions/{id}/document", web::post().to(add_document))
            .route("/sessions/{id}/video", web::post().to(add_video))
            .route("/sessions/{id}/consent", web::post().to(give_consent))
            .route("/sessions/{id}/consent", web::delete().to(withdraw_consent))
            .route("/sessions/{id}/challenge", web::post().to(challenges::draw))
            .route("/sessions/{id}/end", web::post().to(end_session))
            .route(
                "/sessions/{id}/examinations",
                web::post().to(request_examination),
            )
            .route(
                "/sessions/{id}/examinations/{examination}",
                web::get().to(read_examination),
            )
            .route(
                "/sessions/{id}/examinations/{examination}/frames/{frame}/thumbnail",
                web::get().to(read_thumbnail),
            )
            .configure(rules::configure)
            .configure(webhooks::configure)
            .default_service(web::to(no_such_route)),
    );
}

/// Which packs decide, and whether a better one is missing.
#[utoipa::path(get, path = "/v1/models", tag = "Native", security(("bearer" = [])),
    responses((status = 200, body = ModelsBody), (status = 401, body = ErrorBody)))]
pub async fn read_models(request: HttpRequest, operations: Data<Operations>) -> Answer {
    caller(&request, &operations, Dialect::Native).await?;
    let ready = operations.is_ready().await;
    Ok(HttpResponse::Ok().json(ModelsBody::new(operations.models(), ready)))
}

/// Opens a session.
#[utoipa::path(post, path = "/v1/sessions", tag = "Native", security(("bearer" = [])), request_body = NewSessionBody,
    responses((status = 201, body = SessionBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
pub async fn open_session(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let body = upload::small_body(payload).await?;
    let body: NewSessionBody = if body.is_empty() {
        NewSessionBody::default()
    } else {
        serde_json::from_slice(&body)
            .map_err(|error| Refusal::bad_request(format!("the body: {error}")))?
    };
    let new = NewSession {
        origin: "native",
        reference: body.reference,
        metadata: body.metadata,
        subject_name: body.subject_name,
        device_info: None,
    };
    let session = operations
        .open_session(&caller, new)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::Created().json(SessionBody::new(session, None)))
}

#[derive(Deserialize)]
pub struct ListQuery {
    limit: Option<u64>,
    before: Option<String>,
    status: Option<String>,
}

/// The project's sessions, whichever door they came through, newest first.
#[utoipa::path(get, path = "/v1/sessions", tag = "Native", security(("bearer" = [])),
    params(("limit" = Option<u64>, Query, description = "1–200, 50 without it."),
           ("before" = Option<String>, Query, description = "`next` of the page before."),
           ("status" = Option<String>, Query, description = "`open`, `examining`, `judged`, `failed`, `ended` or `erased`.")),
    responses((status = 200, body = SessionListBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
pub async fn list_sessions(
    request: HttpRequest,
    operations: Data<Operations>,
    query: Query<ListQuery>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let page = page(&query)?;
    let sessions = operations
        .list_sessions(&caller, &page)
        .await
        .map_err(Refusal::from)?;
    let next = (sessions.len() as u64 == page.limit)
        .then(|| sessions.last().map(|(session, _)| session.id.to_string()))
        .flatten();
    Ok(HttpResponse::Ok().json(SessionListBody {
        sessions: sessions
            .into_iter()
            .map(|(session, decision)| SessionBody::new(session, decision))
            .collect(),
        next,
    }))
}

/// A session with its evidence and every attempt to examine it.
#[utoipa::path(get, path = "/v1/sessions/{id}", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path, description = "The session, `sess_…`.")),
    responses((status = 200, body = SessionDetailBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn read_session(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let view = operations
        .read_session(&caller, session_id(&id)?)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::Ok().json(SessionDetailBody {
        session: SessionBody::new(view.session, view.decision),
        document: view.document.map(EvidenceBody::from),
        video: view.video.map(EvidenceBody::from),
        examinations: view
            .examinations
            .into_iter()
            .map(ExaminationBody::from)
            .collect(),
    }))
}

/// Adds the document photo, replacing an earlier one.
#[utoipa::path(post, path = "/v1/sessions/{id}/document", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path)), request_body(content_type = "multipart/form-data", content = DocumentForm),
    responses((status = 201, body = EvidenceBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody)))]
pub async fn add_document(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    id: Path<String>,
    payload: Payload,
) -> Answer {
    let part = Part::File {
        name: "document",
        max_bytes: settings.max_document_bytes,
    };
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let id = session_id(&id)?;
    let mut form = upload::receive(&request, payload, &[part], operations.scratch()).await?;
    let file = form.file("document")?;
    add(&operations, &caller, id, EvidenceKind::Document, file).await
}

/// Adds the video, replacing an earlier one.
#[utoipa::path(post, path = "/v1/sessions/{id}/video", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path)), request_body(content_type = "multipart/form-data", content = VideoForm),
    responses((status = 201, body = EvidenceBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody)))]
pub async fn add_video(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    id: Path<String>,
    payload: Payload,
) -> Answer {
    let part = Part::File {
        name: "video",
        max_bytes: settings.max_video_bytes,
    };
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let id = session_id(&id)?;
    let mut form = upload::receive(&request, payload, &[part], operations.scratch()).await?;
    let file = form.file("video")?;
    add(&operations, &caller, id, EvidenceKind::Video, file).await
}

/// Records the applicant's consent to be examined in this session, or the refusal of it.
#[utoipa::path(post, path = "/v1/sessions/{id}/consent", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = ConsentBody,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub async fn give_consent(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
    payload: Payload,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let body: ConsentBody = json_body::typed(payload).await?;
    let statement = ConsentStatement {
        session: Some(session_id(&id)?),
        subject_name: String::new(),
        kind: ConsentKind::Authorization,
        given: body.given,
        text_version: body.text_version,
    };
    operations
        .record_consent(&caller, statement)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::NoContent().finish())
}

/// Takes the applicant's consent back: what waits to be examined or is under way ends, and nothing more is examined.
#[utoipa::path(delete, path = "/v1/sessions/{id}/consent", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 204), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn withdraw_consent(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let statement = ConsentStatement {
        session: Some(session_id(&id)?),
        subject_name: String::new(),
        kind: ConsentKind::Authorization,
        given: false,
        text_version: None,
    };
    operations
        .record_consent(&caller, statement)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ends a session: nothing more is taken for it.
#[utoipa::path(post, path = "/v1/sessions/{id}/end", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 204), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn end_session(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    operations
        .end_session(&caller, session_id(&id)?)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize)]
pub struct WaitQuery {
    wait: Option<u32>,
}

/// Asks for the examination by every check of the project's rules: 202 with the job, or 200 with
/// the result when it ended within `wait`.
#[utoipa::path(post, path = "/v1/sessions/{id}/examinations", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path), ("wait" = Option<u32>, Query, description = "Seconds to wait for the result; 0 without it.")),
    responses((status = 200, body = ExaminationBody), (status = 202, body = ExaminationBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub async fn request_examination(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    id: Path<String>,
    query: Query<WaitQuery>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let queued = operations
        .request_examination(&caller, session_id(&id)?)
        .await
        .map_err(Refusal::from)?;
    let wait = Duration::from_secs(u64::from(query.wait.unwrap_or(0))).min(settings.max_wait);
    let ended = operations
        .await_examination(&caller, queued.session, queued.id, wait)
        .await;
    match ended {
        Ok(record) => Ok(HttpResponse::Ok().json(ExaminationBody::from(record))),
        Err(Error::StillRunning) => {
            Ok(HttpResponse::Accepted().json(ExaminationBody::from(queued)))
        }
        Err(error) => Err(Refusal::from(error).into()),
    }
}

/// An examination: its verdict, its reasons and its timeline.
#[utoipa::path(get, path = "/v1/sessions/{id}/examinations/{examination}", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path), ("examination" = String, Path, description = "The examination, `exam_…`.")),
    responses((status = 200, body = ExaminationBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn read_examination(
    request: HttpRequest,
    operations: Data<Operations>,
    path: Path<(String, String)>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let (session, examination) = (session_id(&path.0)?, examination_id(&path.1)?);
    let record = operations
        .read_examination(&caller, session, examination)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::Ok().json(ExaminationBody::from(record)))
}

/// The face of one sampled frame.
#[utoipa::path(get, path = "/v1/sessions/{id}/examinations/{examination}/frames/{frame}/thumbnail", tag = "Native", security(("bearer" = [])),
    params(("id" = String, Path), ("examination" = String, Path), ("frame" = u32, Path)),
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn read_thumbnail(
    request: HttpRequest,
    operations: Data<Operations>,
    path: Path<(String, String, String)>,
) -> Answer {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let (session, examination) = (session_id(&path.0)?, examination_id(&path.1)?);
    let what = path
        .2
        .parse()
        .map(PictureKind::Thumbnail)
        .map_err(|_| Refusal::from(Error::NotFound { what: "thumbnail" }))?;
    let jpeg = operations
        .read_picture(&caller, session, examination, what)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::Ok()
        .content_type("image/jpeg")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(jpeg))
}

/// The form of a document.
#[derive(utoipa::ToSchema)]
#[schema(as = native::DocumentForm)]
#[expect(dead_code, reason = "describes a multipart form to the API page")]
pub struct DocumentForm {
    /// JPEG, PNG, WebP or BMP.
    #[schema(value_type = String, format = Binary)]
    document: Vec<u8>,
}

/// The form of a video.
#[derive(utoipa::ToSchema)]
#[schema(as = native::VideoForm)]
#[expect(dead_code, reason = "describes a multipart form to the API page")]
pub struct VideoForm {
    /// mp4, mov, webm, mkv or avi.
    #[schema(value_type = String, format = Binary)]
    video: Vec<u8>,
}

async fn add(
    operations: &Operations,
    caller: &Caller,
    id: SessionId,
    kind: EvidenceKind,
    file: crate::operations::intake::Upload,
) -> Answer {
    let target = Target::Existing {
        id,
        subject_name: None,
        device_info: None,
    };
    let (_, evidence) = operations
        .accept_evidence(caller, target, kind, file)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::Created().json(EvidenceBody::from(evidence)))
}

pub async fn no_such_route(request: HttpRequest) -> Answer {
    let message = format!("there is no {} at this address", request.method());
    Err(Refusal::new(StatusCode::NOT_FOUND, "not_found", message).into())
}

fn page(query: &ListQuery) -> Result<Page, Refusal> {
    let limit = query.limit.unwrap_or(PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(Refusal::bad_request(format!(
            "`limit` lies between 1 and {MAX_PAGE}"
        )));
    }
    let before = query.before.as_deref().map(str::parse).transpose();
    let status = match query.status.as_deref() {
        None => None,
        Some(name) => Some(SessionStatus::from_name(name).ok_or_else(|| {
            Refusal::bad_request("`status` is open, examining, judged, failed, ended or erased")
        })?),
    };
    Ok(Page {
        limit,
        before: before.map_err(|_| Refusal::bad_request("`before` is a session's id"))?,
        status,
    })
}

fn json_errors() -> web::JsonConfig {
    web::JsonConfig::default()
        .limit(64 * 1024)
        .content_type_required(false)
        .error_handler(|error, _| {
            NativeError::from(Refusal::bad_request(format!("the body: {error}"))).into()
        })
}

fn query_errors() -> web::QueryConfig {
    web::QueryConfig::default().error_handler(|error, _| {
        NativeError::from(Refusal::bad_request(format!("the query: {error}"))).into()
    })
}
