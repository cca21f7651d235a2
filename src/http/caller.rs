//! Finds out who is asking from `Authorization: Bearer`.

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;

use crate::http::error::Refusal;
use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;

/// The caller of a request, by its bearer token.
pub async fn caller(request: &HttpRequest, operations: &Operations) -> Result<Caller, Refusal> {
    let secret = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(bearer)
        .ok_or(Error::Unauthenticated)?;
    Ok(operations.authenticate(secret).await?)
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
