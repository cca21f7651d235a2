//! Gives every request an id, answers it as `X-Request-Id`, and logs one line a request under it.

use std::time::Instant;

use actix_web::Error;
use actix_web::HttpMessage;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use tracing::Instrument;
use uuid::Uuid;

use crate::http::limits::dress;

/// The id of a request, for handlers that answer it in a body.
#[derive(Clone, Copy, Debug)]
pub struct RequestId(pub Uuid);

/// The middleware. The log line carries the route's pattern, never the path with its ids, and no header.
pub async fn with_request_id(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = Uuid::now_v7();
    request.extensions_mut().insert(RequestId(id));
    let method = request.method().clone();
    let started = Instant::now();
    let span = tracing::info_span!("request", id = %id);
    let put = |headers: &mut HeaderMap| {
        if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
            headers.insert(HeaderName::from_static("x-request-id"), value);
        }
    };
    let mut response = match next.call(request).instrument(span.clone()).await {
        Ok(response) => response,
        Err(error) => {
            let status = error.as_response_error().status_code().as_u16();
            span.in_scope(|| tracing::warn!(%method, status, "answered without a handler"));
            return Err(dress(&error, put));
        }
    };
    let route = response
        .request()
        .match_pattern()
        .unwrap_or_else(|| "(no such route)".to_owned());
    span.in_scope(|| {
        tracing::info!(
            %method,
            route,
            status = response.status().as_u16(),
            took_ms = started.elapsed().as_millis() as u64,
            "answered"
        );
    });
    put(response.headers_mut());
    Ok(response)
}
