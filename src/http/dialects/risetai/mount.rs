//! The two addresses of RisetAI's API: flat answers at one, wrapped in `{"risetai": …}` at the other.

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::ErrorInternalServerError;
use actix_web::middleware::Next;
use utoipa::Modify;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{OpenApi, Ref, RefOr};

use crate::http::call_log::LoggedCall;
use crate::http::dialects::risetai::fields::TOKEN_HEADER;
use crate::http::dialects::risetai::status::Status;

/// Where answers are flat.
pub const FLAT: &str = "/face-api";

/// Where they are wrapped.
pub const WRAPPED: &str = "/risetai/face-api";

/// The one key of a wrapped answer.
const ENVELOPE: &str = "risetai";

/// Tells the log of calls the code in the body, which HTTP's status does not say.
pub async fn with_outcome(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let response = next.call(request).await?;
    let status = response.response().extensions().get::<Status>().copied();
    if let Some(status) = status {
        LoggedCall::conclude(response.request(), status.code());
    }
    Ok(response)
}

/// Wraps an answer.
pub async fn in_envelope(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let (request, response) = next.call(request).await?.into_parts();
    let (response, body) = response.into_parts();
    let body = to_bytes(body)
        .await
        .map_err(|_| ErrorInternalServerError("the answer broke off"))?;
    let wrapped = in_braces(&body);
    Ok(ServiceResponse::new(request, response.set_body(wrapped)))
}

/// Wraps a refusal that never came as far as the endpoints.
pub fn enveloped_bytes(body: BoxBody) -> BoxBody {
    match body.try_into_bytes() {
        Ok(bytes) => BoxBody::new(in_braces(&bytes)),
        Err(body) => body,
    }
}

fn in_braces(body: &[u8]) -> Vec<u8> {
    let opening = format!("{{\"{ENVELOPE}\":");
    [opening.as_bytes(), body, b"}"].concat()
}

/// Completes the description: every answer may be a refusal, and every endpoint has a second address.
pub struct TwoAddresses;

impl Modify for TwoAddresses {
    fn modify(&self, openapi: &mut OpenApi) {
        let key = ApiKey::Header(ApiKeyValue::new(TOKEN_HEADER));
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("accesstoken", SecurityScheme::ApiKey(key));
        let mut wrapped = Vec::new();
        for (path, item) in &mut openapi.paths.paths {
            let Some(rest) = path.strip_prefix(FLAT) else {
                continue;
            };
            change_answers(item, or_refusal);
            let mut second = item.clone();
            change_answers(&mut second, enveloped);
            for operation in operations(&mut second) {
                let id = operation.operation_id.take().unwrap_or_default();
                operation.operation_id = Some(format!("{id}_wrapped"));
            }
            wrapped.push((format!("{WRAPPED}{rest}"), second));
        }
        openapi.paths.paths.extend(wrapped);
    }
}

/// The vendor answers refusals under 200 as well.
fn or_refusal(schema: RefOr<Schema>) -> RefOr<Schema> {
    let refusal = RefOr::Ref(Ref::from_schema_name("risetai.StatusBody"));
    if schema == refusal {
        return schema;
    }
    let either = OneOfBuilder::new().item(schema).item(refusal);
    RefOr::T(Schema::OneOf(either.build()))
}

fn enveloped(schema: RefOr<Schema>) -> RefOr<Schema> {
    let envelope = ObjectBuilder::new()
        .property(ENVELOPE, schema)
        .required(ENVELOPE);
    RefOr::T(Schema::Object(envelope.build()))
}

fn change_answers(item: &mut PathItem, change: fn(RefOr<Schema>) -> RefOr<Schema>) {
    for operation in operations(item) {
        for response in operation.responses.responses.values_mut() {
            let RefOr::T(response) = response else {
                continue;
            };
            for content in response.content.values_mut() {
                if let RefOr::T(content) = content {
                    content.schema = content.schema.take().map(change);
                }
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.delete]
        .into_iter()
        .flatten()
}
