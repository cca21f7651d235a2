//! Errors as FREMIS-N's callers read them: JSON with string codes, and three that are plain text.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};

use crate::http::base64_picture::Base64Problem;
use crate::http::dialects::fremis::wire::ErrorBody;
use crate::http::error::Refusal;
use crate::http::json_body::{BodyError, WrongType};
use crate::operations::error::Error;

/// What went wrong, in this dialect's words.
#[derive(Debug)]
pub enum FremisError {
    /// 400: what the call asks for makes no sense.
    Invalid(String),
    /// 401: no live token.
    Inactive,
    /// 403: this API is closed to the project or the token.
    NotAvailable,
    /// 429: the queue or the quota is full.
    TooMany(u32),
    /// 500.
    Internal,
    /// 503: the models are not ready.
    NotReady,
    /// Whatever the service refuses before or beside this API.
    Door(Refusal),
    /// 503: what is kept cannot be reached.
    Away(String),
    /// 507: there is no room to keep anything.
    NoRoom(String),
}

impl FremisError {
    pub fn invalid(description: impl Into<String>) -> Self {
        Self::Invalid(description.into())
    }
}

impl FremisError {
    fn title(&self) -> String {
        if let Self::Door(refusal) = self {
            let reason = refusal.status.canonical_reason();
            return reason.unwrap_or_default().to_lowercase();
        }
        self.to_string()
    }
}

impl From<Error> for FremisError {
    fn from(error: Error) -> Self {
        let description = error.to_string();
        match error {
            Error::Unauthenticated => Self::Inactive,
            Error::Refused { .. } | Error::Disabled | Error::Suspended => Self::NotAvailable,
            Error::Busy | Error::QuotaReached { what: "calls" } => Self::TooMany(5),
            Error::TooOften { seconds } => Self::TooMany(seconds),
            Error::NotReady | Error::StillRunning => Self::NotReady,
            // Logged once, where every fault of ours is.
            Error::NoRoom(_) => Self::NoRoom(Refusal::from(error).message),
            Error::Unavailable(_) => Self::Away(Refusal::from(error).message),
            Error::Internal(_) => {
                let _ = Refusal::from(error);
                Self::Internal
            }
            Error::NotFound { what } => Self::Invalid(
                match what {
                    "gallery" => "keyspace not found",
                    "person" => "face_id not found",
                    other => other,
                }
                .to_owned(),
            ),
            Error::Picture(fault) => Self::Invalid(format!("Image is invalid: {}", fault.problem)),
            Error::WrongState { .. }
            | Error::Conflict { .. }
            | Error::Invalid { .. }
            | Error::TooLarge { .. }
            | Error::OutOfRange { .. }
            | Error::OtherPack(_)
            | Error::QuotaReached { .. }
            | Error::NotInstalled { .. } => Self::Invalid(description),
        }
    }
}

impl From<BodyError> for FremisError {
    fn from(error: BodyError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<WrongType> for FremisError {
    fn from(error: WrongType) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<Base64Problem> for FremisError {
    fn from(problem: Base64Problem) -> Self {
        Self::Invalid(format!("Image is invalid: {problem}"))
    }
}

impl fmt::Display for FremisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid(_) => "invalid arguments",
            Self::Inactive => "Inactive analytic",
            Self::NotAvailable => "Analytic NFFS-FR is not available in deployment key",
            Self::TooMany(_) => "Too many requests",
            Self::Internal | Self::Away(_) | Self::NoRoom(_) => "internal server error",
            Self::NotReady => "License has not been initialized",
            Self::Door(refusal) => &refusal.message,
        })
    }
}

impl ResponseError for FremisError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Inactive => StatusCode::UNAUTHORIZED,
            Self::NotAvailable => StatusCode::FORBIDDEN,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Door(refusal) => refusal.status,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotReady | Self::Away(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoRoom(_) => StatusCode::INSUFFICIENT_STORAGE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        let description = match self {
            Self::NotAvailable => {
                return response.content_type("text/plain").body(self.to_string());
            }
            Self::TooMany(_) | Self::NotReady => {
                let seconds = if let Self::TooMany(seconds) = self {
                    *seconds
                } else {
                    5
                };
                return response
                    .insert_header((RETRY_AFTER, seconds))
                    .content_type("text/plain")
                    .body(self.to_string());
            }
            Self::Door(refusal) => {
                if let Some(seconds) = refusal.retry_after {
                    response.insert_header((RETRY_AFTER, seconds));
                }
                refusal.message.clone()
            }
            Self::Away(description) => {
                response.insert_header((RETRY_AFTER, "5"));
                description.clone()
            }
            Self::Invalid(description) | Self::NoRoom(description) => description.clone(),
            Self::Inactive => "the access token is missing, unknown, expired or revoked".to_owned(),
            Self::Internal => "the operator finds it under the request id".to_owned(),
        };
        response.json(ErrorBody {
            code: self.status_code().as_str().to_owned(),
            message: self.title(),
            description,
        })
    }
}
