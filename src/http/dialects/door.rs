//! Tells by an address whose door it is: how its callers say who they are, and how a refusal looks there.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use serde::Deserialize;

use crate::http::caller::{bearer_token, header_token};
use crate::http::console;
use crate::http::dialects::argos::errors::ArgosError;
use crate::http::dialects::biometry::errors::BiometryError;
use crate::http::dialects::fremis::errors::FremisError;
use crate::http::dialects::native::errors::NativeError;
use crate::http::dialects::opencv_fr::errors::OpencvError;
use crate::http::dialects::risetai;
use crate::http::dialects::risetai::fields::TOKEN_HEADER;
use crate::http::dialects::risetai::mount::{FLAT, WRAPPED, enveloped_bytes};
use crate::http::error::Refusal;
use crate::session::project::Dialect;

/// Whose an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    Api(Dialect),
    /// RisetAI's other address, whose answers are wrapped.
    Wrapped,
    /// RisetAI's token endpoints, which are told who asks in a form.
    Tokens,
    Console,
    /// Health and the description: nobody says who they are.
    Open,
}

/// What a caller showed.
#[derive(Debug, PartialEq, Eq)]
pub enum Shown {
    Secret(String),
    /// Nothing, where an operator may have bound such calls to a project.
    Nothing,
}

impl Door {
    /// The door of a path, whether or not there is a route behind it.
    pub fn of(path: &str) -> Self {
        let below = |prefixes: &[&str]| {
            prefixes.iter().any(|prefix| {
                path.strip_prefix(prefix)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        if below(&["/console"]) {
            Self::Console
        } else if below(&[
            "/v1/face",
            "/v2/face",
            "/v1/healthcheck",
            "/v1/get-limit-usage",
        ]) {
            Self::Api(Dialect::Fremis)
        } else if below(&["/v1"]) {
            Self::Api(Dialect::Native)
        } else if below(&["/api-gateway", "/api-consent"]) {
            Self::Api(Dialect::Biometry)
        } else if below(&["/modules"]) {
            Self::Api(Dialect::Argos)
        } else if below(&[FLAT]) {
            Self::Api(Dialect::Risetai)
        } else if below(&[WRAPPED]) {
            Self::Wrapped
        } else if below(&["/oauth"]) {
            Self::Tokens
        } else if below(&["/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"]) {
            Self::Open
        } else {
            Self::Api(Dialect::OpencvFr)
        }
    }

    /// The API whose callers come through it; none where they have no token.
    pub fn dialect(self) -> Option<Dialect> {
        match self {
            Self::Api(dialect) => Some(dialect),
            Self::Wrapped | Self::Tokens => Some(Dialect::Risetai),
            Self::Console | Self::Open => None,
        }
    }

    /// What a request shows of who sends it, where its headers tell.
    pub fn shown(self, request: &HttpRequest) -> Option<Shown> {
        let secret = match self {
            Self::Api(Dialect::Fremis)
                if !request.headers().contains_key(header::AUTHORIZATION) =>
            {
                return Some(Shown::Nothing);
            }
            Self::Api(Dialect::Native | Dialect::Biometry | Dialect::Fremis) => {
                bearer_token(request)
            }
            Self::Api(Dialect::Argos | Dialect::OpencvFr) => header_token(request, "x-api-key"),
            Self::Api(Dialect::Risetai) | Self::Wrapped => header_token(request, TOKEN_HEADER),
            Self::Tokens | Self::Console | Self::Open => None,
        };
        secret.map(|secret| Shown::Secret(secret.to_owned()))
    }

    /// The same of a request whose form tells.
    pub fn shown_in_form(self, form: &[u8]) -> Option<Shown> {
        #[derive(Deserialize)]
        struct Credentials {
            password: String,
        }
        if self != Self::Tokens {
            return None;
        }
        let credentials: Credentials = serde_html_form::from_bytes(form).ok()?;
        Some(Shown::Secret(credentials.password))
    }

    /// A refusal in the words and the shape of this door.
    pub fn refuse(self, refusal: Refusal) -> HttpResponse {
        match self {
            Self::Console => console::refuse(refusal),
            Self::Open | Self::Api(Dialect::Native) => NativeError::from(refusal).error_response(),
            Self::Api(Dialect::Biometry) => BiometryError::from(refusal).error_response(),
            Self::Api(Dialect::Fremis) => FremisError::Door(refusal).error_response(),
            Self::Api(Dialect::Argos) => ArgosError::Door(refusal).error_response(),
            Self::Api(Dialect::OpencvFr) => OpencvError::Failed(refusal.into()).error_response(),
            Self::Api(Dialect::Risetai) | Self::Tokens => risetai::errors::refuse(&refusal),
            Self::Wrapped => {
                let answer = risetai::errors::refuse(&refusal);
                answer.map_body(|_, body| enveloped_bytes(body))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_belongs_to_one_door() {
        for (path, door) in [
            ("/v1/sessions", Door::Api(Dialect::Native)),
            ("/v1/face/match", Door::Api(Dialect::Fremis)),
            ("/v1/facelift", Door::Api(Dialect::Native)),
            ("/v2/face/match", Door::Api(Dialect::Fremis)),
            ("/api-gateway/match-faces", Door::Api(Dialect::Biometry)),
            ("/modules/compare", Door::Api(Dialect::Argos)),
            ("/face-api/compare-images", Door::Api(Dialect::Risetai)),
            ("/risetai/face-api/compare-images", Door::Wrapped),
            ("/oauth/client/token", Door::Tokens),
            ("/console", Door::Console),
            ("/consoles", Door::Api(Dialect::OpencvFr)),
            ("/compare", Door::Api(Dialect::OpencvFr)),
            ("/healthz", Door::Open),
            ("/docs/index.html", Door::Open),
        ] {
            assert_eq!(Door::of(path), door, "{path}");
        }
    }
}
