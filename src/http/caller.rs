//! Lets a request in: finds out who is asking and has the call counted and logged.

use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpMessage as _, HttpRequest};

use crate::http::call_log::LoggedCall;
use crate::http::error::Refusal;
use crate::http::request_id::RequestId;
use crate::operations::Operations;
use crate::operations::admit::NewCall;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::run_once::Allotment;
use crate::session::project::Dialect;

/// The caller of a request, by its bearer token.
pub async fn caller(
    request: &HttpRequest,
    operations: &Operations,
    dialect: Dialect,
) -> Result<Caller, Refusal> {
    Ok(admit(request, operations, dialect, bearer_token(request)).await?)
}

/// The caller of a request, by a token that came in whatever header the dialect uses.
pub async fn admit(
    request: &HttpRequest,
    operations: &Operations,
    dialect: Dialect,
    secret: Option<&str>,
) -> Result<Caller, Error> {
    request.extensions_mut().insert(dialect);
    let call = NewCall {
        dialect,
        endpoint: endpoint(request),
    };
    let secret = secret.ok_or(Error::Unauthenticated)?;
    let (mut caller, id) = operations.admit(secret, call).await?;
    LoggedCall::begin(request, id);
    caller.cause = RequestId::cause(request);
    Ok(with_allotment(request, caller))
}

/// The caller of a FREMIS request: by its token, or by what an operator bound tokenless calls to.
pub async fn admit_fremis(request: &HttpRequest, operations: &Operations) -> Result<Caller, Error> {
    if request.headers().contains_key(AUTHORIZATION) {
        return admit(request, operations, Dialect::Fremis, bearer_token(request)).await;
    }
    request.extensions_mut().insert(Dialect::Fremis);
    let (mut caller, id) = operations.admit_anonymous_fremis(endpoint(request)).await?;
    LoggedCall::begin(request, id);
    caller.cause = RequestId::cause(request);
    Ok(with_allotment(request, caller))
}

/// Hands down what a request with an `Idempotency-Key` is to make its work under.
fn with_allotment(request: &HttpRequest, caller: Caller) -> Caller {
    Caller {
        allotted: request.extensions().get::<Allotment>().copied(),
        ..caller
    }
}

/// The token of `Authorization: Bearer`.
pub fn bearer_token(request: &HttpRequest) -> Option<&str> {
    request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(bearer)
}

/// The token of a header that holds nothing else.
pub fn header_token<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let value = request.headers().get(name)?.to_str().ok()?.trim();
    (!value.is_empty()).then_some(value)
}

/// The route's pattern; never the path, which may hold what a caller put into it.
fn endpoint(request: &HttpRequest) -> String {
    let pattern = request.match_pattern().unwrap_or_default();
    format!("{} {pattern}", request.method())
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, secret) = value.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_token_is_read() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
        assert_eq!(bearer("Bearer "), None);
        assert_eq!(bearer("abc"), None);
    }
}
