//! `POST /v1/embeddings`: a picture in, its face's vector and the pack that made it out.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::base64_picture;
use crate::http::caller::caller;
use crate::http::dialects::native::errors::NativeError;
use crate::http::dialects::native::wire::ErrorBody;
use crate::http::error::Refusal;
use crate::http::json_body::JsonBody;
use crate::http::settings::HttpSettings;
use crate::operations::Operations;
use crate::session::project::Dialect;

/// The face's vector. It identifies a person as the picture does: keep it as carefully.
#[derive(Serialize, ToSchema)]
#[schema(as = native::EmbeddingBody)]
pub struct EmbeddingBody {
    /// The pack that made it; vectors of different packs cannot be compared.
    pub pack: String,
    /// A vector of length 1.
    pub embedding: Vec<f32>,
}

/// The body of the request.
#[derive(ToSchema)]
#[schema(as = native::EmbeddingForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct EmbeddingForm {
    /// Base64: JPEG, PNG, WebP or BMP with one face.
    image: String,
}

/// Turns the one face of a picture into a vector. Nothing is kept.
#[utoipa::path(post, path = "/v1/embeddings", tag = "Native", security(("bearer" = [])), request_body = EmbeddingForm,
    responses((status = 200, body = EmbeddingBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 429, body = ErrorBody), (status = 500, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub async fn embed(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Result<HttpResponse, NativeError> {
    let caller = caller(&request, &operations, Dialect::Native).await?;
    let body = JsonBody::read(&request, payload).await?;
    let image = body.text("image")?;
    let image = image.ok_or_else(|| Refusal::bad_request("`image` is missing"))?;
    let picture = base64_picture::decode(image, settings.max_picture_bytes)?;
    let template = operations
        .embed_picture(&caller, picture)
        .await
        .map_err(Refusal::from)?;
    Ok(HttpResponse::Ok().json(EmbeddingBody {
        pack: template.pack().to_owned(),
        embedding: template.vector().to_vec(),
    }))
}
