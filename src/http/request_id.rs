//! Gives every request an id, answers it as `X-Request-Id`, and logs one line a request under it.

use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest};
use tracing::Instrument;
use tracing::field::Empty;
use uuid::Uuid;

use crate::http::limits::dress;
use crate::metrics::Answered;
use crate::metrics::stopwatch::Stopwatch;
use crate::operations::Operations;
use crate::session::cause::Cause;
use crate::session::project::Dialect;
use crate::traces::context;

/// The longest id that is taken over from a caller.
const MAX_ID: usize = 128;

/// What a request is logged as that met no route.
const NO_ROUTE: &str = "(no such route)";

/// What a request is counted as that was turned away before any handler had it.
const NO_HANDLER: &str = "(turned away)";

/// The id of a request, for handlers that answer it in a body.
#[derive(Clone, Debug)]
pub struct RequestId(pub Arc<str>);

impl RequestId {
    /// The caller's own id where it is one, and a new one otherwise.
    fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get("x-request-id");
        let sent = sent.and_then(|value| value.to_str().ok());
        let taken = sent.filter(|id| is_sane(id)).map(Arc::from);
        Self(taken.unwrap_or_else(|| Uuid::now_v7().to_string().into()))
    }

    /// What work is told of the request that caused it.
    pub fn cause(request: &HttpRequest) -> Option<Cause> {
        let id = request.extensions().get::<Self>()?.0.to_string();
        Some(Cause {
            request: id,
            traceparent: context::current(),
        })
    }
}

/// Visible characters alone, and not too many of them: it stands in every line.
fn is_sane(id: &str) -> bool {
    (1..=MAX_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The middleware. The log line carries the route's pattern, never the path with its ids, and no header.
pub async fn with_request_id(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    let put = |headers: &mut HeaderMap| {
        if let Ok(value) = HeaderValue::from_str(&id.0) {
            headers.insert(HeaderName::from_static("x-request-id"), value);
        }
    };
    let operations = request.app_data::<Data<Operations>>().cloned();
    let started = Stopwatch::start();
    let span = tracing::info_span!(
        "request",
        request_id = %id.0,
        route = Empty,
        status = Empty
    );
    if let Some(parent) = traceparent(request.headers()) {
        context::follow(&span, parent);
    }
    let mut response = match next.call(request).instrument(span.clone()).await {
        Ok(response) => response,
        Err(error) => {
            let status = error.as_response_error().status_code().as_u16();
            span.record("status", status);
            span.in_scope(|| tracing::warn!(%method, status, "answered without a handler"));
            if let Some(operations) = &operations {
                operations.metrics().answered(&Answered {
                    route: NO_HANDLER,
                    dialect: "none",
                    status,
                    seconds: started.seconds(),
                });
            }
            return Err(dress(&error, put));
        }
    };
    let route = response
        .request()
        .match_pattern()
        .unwrap_or_else(|| NO_ROUTE.to_owned());
    let (status, seconds) = (response.status().as_u16(), started.seconds());
    context::rename(&span, || format!("{method} {route}"));
    span.record("route", route.as_str());
    span.record("status", status);
    span.in_scope(|| {
        tracing::info!(
            %method,
            route,
            status,
            took_ms = (seconds * 1000.0) as u64,
            "answered"
        );
    });
    if let Some(operations) = operations {
        operations.metrics().answered(&Answered {
            route: &route,
            dialect: dialect(response.request(), &route),
            status,
            seconds,
        });
    }
    put(response.headers_mut());
    Ok(response)
}

fn traceparent(headers: &HeaderMap) -> Option<&str> {
    headers.get("traceparent")?.to_str().ok()
}

/// Whose API was called, where the call got as far as being let in.
fn dialect(request: &HttpRequest, route: &str) -> &'static str {
    let known = request.extensions().get::<Dialect>().copied();
    match known {
        Some(dialect) => dialect.name(),
        None if route.starts_with("/console") => "console",
        None => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sane_id_is_taken_over() {
        for sane in ["a", "7f3c", "order-17/part:2", &"x".repeat(MAX_ID)] {
            assert!(is_sane(sane), "{sane}");
        }
        for odd in ["", "a b", "a\nb", "ä", "\u{7f}", &"x".repeat(MAX_ID + 1)] {
            assert!(!is_sane(odd), "{odd:?}");
        }
    }
}
