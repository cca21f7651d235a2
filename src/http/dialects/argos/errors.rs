//! Errors as ARGOS's callers read them: an HTTP status, and the page's number where it has one.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};

use crate::http::dialects::argos::wire::{API_TYPE, ErrorBody};
use crate::http::error::Refusal;
use crate::http::json_body::BodyError;
use crate::operations::error::Error;

/// What went wrong, in this dialect's words.
#[derive(Debug)]
pub enum ArgosError {
    /// 1000.
    TwoImages,
    /// 1001.
    Unavailable,
    /// 1010.
    CallbackRequired,
    /// 1002, because of the pictures.
    NotComparable(String),
    /// 1002, because of the service.
    Failed,
    /// 1003.
    NotProcessable(String),
    NoKey,
    DeadKey,
    /// Closed to this key for another reason.
    Closed(String),
    Later(String, u32),
    /// Whatever the service refuses before or beside this API.
    Door(Refusal),
    /// There is no room to keep anything.
    NoRoom(String),
    /// What is kept cannot be reached.
    Away(String),
}

impl From<Error> for ArgosError {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Unauthenticated => Self::DeadKey,
            Error::Suspended | Error::Disabled => Self::Unavailable,
            Error::Refused { .. } | Error::QuotaReached { .. } => Self::Closed(message),
            Error::Busy | Error::NotReady | Error::StillRunning => Self::Later(message, 5),
            Error::TooOften { seconds } => Self::Later(message, seconds),
            Error::Picture(fault) => match fault.problem.code() {
                "several_faces" => Self::NotComparable(fault.to_string()),
                _ => Self::NotProcessable(fault.to_string()),
            },
            Error::Invalid { reason } | Error::TooLarge { reason } | Error::Conflict { reason } => {
                Self::NotProcessable(reason)
            }
            // Logged once, where every fault of ours is.
            Error::NoRoom(_) => Self::NoRoom(Refusal::from(error).message),
            Error::Unavailable(_) => Self::Away(Refusal::from(error).message),
            Error::Internal(_) => {
                let _ = Refusal::from(error);
                Self::Failed
            }
            Error::NotFound { .. }
            | Error::WrongState { .. }
            | Error::OutOfRange { .. }
            | Error::OtherPack(_)
            | Error::NotInstalled { .. } => Self::NotComparable(message),
        }
    }
}

impl From<BodyError> for ArgosError {
    fn from(error: BodyError) -> Self {
        Self::NotProcessable(error.to_string())
    }
}

impl ArgosError {
    fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Later(_, seconds) => Some(*seconds),
            Self::Away(_) => Some(5),
            Self::Door(refusal) => refusal.retry_after,
            Self::TwoImages
            | Self::Unavailable
            | Self::CallbackRequired
            | Self::NotComparable(_)
            | Self::Failed
            | Self::NotProcessable(_)
            | Self::NoKey
            | Self::DeadKey
            | Self::NoRoom(_)
            | Self::Closed(_) => None,
        }
    }

    fn number(&self) -> Option<u16> {
        match self {
            Self::TwoImages => Some(1000),
            Self::Unavailable => Some(1001),
            Self::CallbackRequired => Some(1010),
            Self::NotComparable(_) | Self::Failed => Some(1002),
            Self::NotProcessable(_) => Some(1003),
            Self::NoKey
            | Self::DeadKey
            | Self::Closed(_)
            | Self::Later(..)
            | Self::NoRoom(_)
            | Self::Away(_)
            | Self::Door(_) => None,
        }
    }
}

impl fmt::Display for ArgosError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TwoImages => f.write_str("Two Images are Required"),
            Self::Unavailable => f.write_str("Workspace is unavailable"),
            Self::CallbackRequired => f.write_str("callbackUrl is required"),
            Self::NotComparable(why) => write!(f, "Failed to compare face: {why}"),
            Self::Failed => f.write_str("Failed to compare face"),
            Self::NotProcessable(why) => write!(f, "Failed to process data: {why}"),
            Self::NoKey => f.write_str("API Key is required"),
            Self::DeadKey => f.write_str("Access Denied: API Key is unavailable"),
            Self::Closed(why) | Self::Later(why, _) | Self::NoRoom(why) | Self::Away(why) => {
                f.write_str(why)
            }
            Self::Door(refusal) => f.write_str(&refusal.message),
        }
    }
}

impl ResponseError for ArgosError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::TwoImages
            | Self::CallbackRequired
            | Self::NotComparable(_)
            | Self::NotProcessable(_) => StatusCode::BAD_REQUEST,
            Self::Unavailable | Self::NoKey | Self::DeadKey | Self::Closed(_) => {
                StatusCode::FORBIDDEN
            }
            Self::Later(..) => StatusCode::TOO_MANY_REQUESTS,
            Self::Door(refusal) => refusal.status,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NoRoom(_) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Away(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(seconds) = self.retry_after() {
            response.insert_header((RETRY_AFTER, seconds));
        }
        response.json(ErrorBody {
            status_code: self.status_code().as_u16(),
            api_type: API_TYPE,
            error_code: self.number(),
            message: self.to_string(),
        })
    }
}
