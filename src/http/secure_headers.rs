//! What every answer says to a browser: guess nothing, show it nowhere else, keep no copy, and come by TLS.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;

use crate::http::limits::dress;
use crate::http::settings::HttpSettings;

/// Answers for programs: a browser that is made to open one finds nothing to run.
const API_POLICY: &str =
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The page of the API brings its own script and draws with styles and pictures inside of it.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// A year, and for this name alone: what stands below it may be somebody else's.
const STRICT_TRANSPORT: &str = "max-age=31536000";

/// Where a route says something else, its word stays.
const HEADERS: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=()",
    ),
    ("cache-control", "no-store"),
];

/// The middleware. No header lets another origin's script read an answer: there is none of CORS.
pub async fn with_secure_headers(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let by_tls = request
        .app_data::<Data<HttpSettings>>()
        .is_some_and(|settings| settings.by_tls);
    let is_page_of_api = request.path().starts_with("/docs");
    let put = |headers: &mut HeaderMap| put(headers, by_tls, is_page_of_api);
    match next.call(request).await {
        Ok(mut response) => {
            put(response.headers_mut());
            Ok(response)
        }
        Err(error) => Err(dress(&error, put)),
    }
}

fn put(headers: &mut HeaderMap, by_tls: bool, is_page_of_api: bool) {
    let policy = if is_page_of_api {
        DOCS_POLICY
    } else {
        API_POLICY
    };
    let transport = by_tls.then_some(("strict-transport-security", STRICT_TRANSPORT));
    let all = HEADERS
        .into_iter()
        .chain([("content-security-policy", policy)])
        .chain(transport);
    for (name, value) in all {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    headers.remove(header::SERVER);
}
