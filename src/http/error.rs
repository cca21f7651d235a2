//! Gives every refusal its status, once and exhaustively; a dialect renders it in its own body.

use actix_web::http::StatusCode;

use crate::http::base64_picture::Base64Problem;
use crate::http::json_body::{BodyError, WrongType};
use crate::http::upload::UploadError;
use crate::operations::error::Error;
use crate::operations::run_examination::causes;

/// A refusal on its way out: what every dialect's body is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: StatusCode,
    /// A stable word for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
    /// Seconds after which a new try makes sense.
    pub retry_after: Option<u32>,
}

impl Refusal {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            retry_after: None,
        }
    }

    /// A 400 for what the caller sent.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", message)
    }

    #[must_use]
    pub fn later(self, seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Unauthenticated => {
                Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", message)
            }
            Error::Refused { .. } => Self::new(StatusCode::FORBIDDEN, "refused", message),
            Error::NotFound { .. } => Self::new(StatusCode::NOT_FOUND, "not_found", message),
            Error::WrongState { .. } => Self::new(StatusCode::CONFLICT, "wrong_state", message),
            Error::Conflict { .. } => Self::new(StatusCode::CONFLICT, "conflict", message),
            Error::Invalid { .. } => Self::bad_request(message),
            Error::TooLarge { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
            }
            Error::OutOfRange { .. } => Self::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "range_not_satisfiable",
                message,
            ),
            Error::Picture(fault) => {
                Self::new(StatusCode::BAD_REQUEST, fault.problem.code(), message)
            }
            Error::OtherPack(_) => Self::new(StatusCode::CONFLICT, "other_pack", message),
            Error::QuotaReached { .. } => {
                Self::new(StatusCode::FORBIDDEN, "quota_reached", message)
            }
            Error::NotInstalled { .. } => {
                Self::new(StatusCode::NOT_IMPLEMENTED, "not_installed", message)
            }
            Error::Suspended => Self::new(StatusCode::FORBIDDEN, "suspended", message),
            Error::Disabled => Self::new(StatusCode::FORBIDDEN, "disabled", message),
            Error::NotReady => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", message).later(5)
            }
            Error::Busy => Self::new(StatusCode::TOO_MANY_REQUESTS, "busy", message).later(5),
            Error::TooOften { seconds } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too_often", message).later(seconds)
            }
            Error::StillRunning => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "still_running", message).later(5)
            }
            Error::NoRoom(cause) => {
                tracing::error!(error = %causes(cause.as_ref()), "there is no room left for what a request brought");
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "no_room", message)
            }
            Error::Unavailable(cause) => {
                tracing::error!(error = %causes(cause.as_ref()), "what is kept could not be reached or changed");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message).later(5)
            }
            Error::Internal(source) => {
                // Faults of ours are logged here alone; the caller reads nothing of them.
                tracing::error!(error = %causes(source.as_ref()), "a request failed");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    "an internal error; the operator finds it under the request id",
                )
            }
        }
    }
}

impl From<UploadError> for Refusal {
    fn from(error: UploadError) -> Self {
        let message = error.to_string();
        match error {
            UploadError::TooLarge { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
            }
            UploadError::NotMultipart
            | UploadError::Broken
            | UploadError::Missing { .. }
            | UploadError::Twice { .. }
            | UploadError::Empty { .. }
            | UploadError::NotText { .. }
            | UploadError::TooManyParts => Self::bad_request(message),
            UploadError::Disk(source) => Error::internal(source).into(),
        }
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        let message = error.to_string();
        match error {
            BodyError::TooLarge { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
            }
            BodyError::Broken | BodyError::NotAnObject | BodyError::Unusable(_) => {
                Self::bad_request(message)
            }
        }
    }
}

impl From<WrongType> for Refusal {
    fn from(error: WrongType) -> Self {
        Self::bad_request(error.to_string())
    }
}

impl From<Base64Problem> for Refusal {
    fn from(problem: Base64Problem) -> Self {
        Self::bad_request(format!("the picture: {problem}"))
    }
}
