//! Errors as `OpenCV FR`'s callers read them: a code and a message, or the details of a 422.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};

use crate::http::base64_picture::Base64Problem;
use crate::http::dialects::opencv_fr::failures::{Detail, DetailBody, Failure};
use crate::http::error::Refusal;
use crate::http::json_body::{BodyError, WrongType};
use crate::operations::check_liveness::{LivenessError, LivenessFault};
use crate::operations::error::Error;
use crate::operations::picture_fault::PictureProblem;
use crate::store::error::StoreError;

/// What went wrong, in this dialect's words.
#[derive(Debug)]
pub enum OpencvError {
    Failed(Failure),
    /// 422: a field of a cloud body.
    Unprocessable(Detail),
}

impl OpencvError {
    fn failed(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self::Failed(Failure::new(status, code, message))
    }

    pub fn no_key() -> Self {
        let message = "The API key is missing from the request.";
        Self::failed(StatusCode::UNAUTHORIZED, "ERR_API_KEY_NOT_PRESENT", message)
    }

    pub fn not_found() -> Self {
        let message = "The requested entity could not be found.";
        Self::failed(StatusCode::NOT_FOUND, "ERR_NOT_FOUND", message)
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::failed(StatusCode::BAD_REQUEST, "ERR_INVALID_REQUEST", message)
    }

    pub fn bad_collection_name() -> Self {
        Self::failed(
            StatusCode::BAD_REQUEST,
            "ERR_INVALID_COLLECTION_NAME",
            "Collection names can only contain alphanumeric characters, underscores, hyphens, and periods.",
        )
    }

    pub fn wrong_method() -> Self {
        let message = "This address does not take this method.";
        Self::failed(
            StatusCode::METHOD_NOT_ALLOWED,
            "ERR_METHOD_NOT_ALLOWED",
            message,
        )
    }

    pub fn not_offered() -> Self {
        let message =
            "N:N search is not offered; /detect with `search` finds everybody in an image.";
        Self::failed(StatusCode::NOT_IMPLEMENTED, "ERR_NOT_OFFERED", message)
    }

    /// What the cloud API says of a liveness check: its callers read a code and a message alone.
    pub fn cloud_liveness(error: LivenessError) -> Self {
        match error {
            LivenessError::Fault(LivenessFault::NotInstalled) => {
                Self::Failed(Failure::license(LivenessFault::NotInstalled.to_string()))
            }
            LivenessError::Fault(fault) => Self::failed(
                StatusCode::CONFLICT,
                liveness_code(fault),
                fault.to_string(),
            ),
            LivenessError::Other(error) => error.into(),
        }
    }

    /// The same with a code, also where it is a field's.
    pub fn into_failure(self) -> Failure {
        match self {
            Self::Failed(failure) => failure,
            Self::Unprocessable(detail) => Failure::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "ERR_INVALID_REQUEST",
                detail.msg,
            ),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Unauthenticated => {
                let message = "The API key is not valid.";
                Self::new(StatusCode::FORBIDDEN, "ERR_API_KEY_NOT_VALID", message)
            }
            Error::Refused { .. } => Self::new(StatusCode::FORBIDDEN, "ERR_NOT_PERMITTED", message),
            Error::Disabled => Self::new(StatusCode::FORBIDDEN, "ERR_API_DISABLED", message),
            Error::Suspended => Self::new(StatusCode::FORBIDDEN, "ERR_PROJECT_SUSPENDED", message),
            Error::QuotaReached { .. } => {
                Self::new(StatusCode::FORBIDDEN, "ERR_QUOTA_REACHED", message)
            }
            Error::NotFound { .. } => OpencvError::not_found().into_failure(),
            Error::Conflict { .. } => {
                let message = "Another entity already exists with the same ID.";
                Self::new(StatusCode::CONFLICT, "ERR_ALREADY_EXISTS", message)
            }
            Error::OtherPack(_) => Self::new(StatusCode::CONFLICT, "ERR_OTHER_MODEL", message),
            Error::Invalid { .. }
            | Error::TooLarge { .. }
            | Error::OutOfRange { .. }
            | Error::WrongState { .. } => OpencvError::invalid(message).into_failure(),
            Error::Picture(fault) => fault.problem.into(),
            Error::NotInstalled { .. } => Self::license(message),
            Error::Busy => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "ERR_TOO_MANY_REQUESTS",
                message,
            )
            .later(),
            Error::TooOften { .. } => Refusal::from(error).into(),
            Error::NotReady | Error::StillRunning => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "ERR_NOT_READY", message).later()
            }
            Error::NoRoom(_) => fault(error, false),
            Error::Unavailable(_) => fault(error, true),
            Error::Internal(ref cause) => {
                let by_database = cause.is::<StoreError>();
                fault(error, by_database)
            }
        }
    }
}

/// Whatever the service refuses before or beside this API.
impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal.status {
            StatusCode::TOO_MANY_REQUESTS => "ERR_TOO_MANY_REQUESTS",
            StatusCode::CONFLICT => "ERR_IDEMPOTENCY_KEY_IN_USE",
            StatusCode::UNPROCESSABLE_ENTITY => "ERR_IDEMPOTENCY_KEY_REUSED",
            StatusCode::REQUEST_TIMEOUT => "ERR_REQUEST_TIMEOUT",
            StatusCode::SERVICE_UNAVAILABLE => "ERR_NOT_READY",
            status if status.is_server_error() => "ERR_INTERNAL_SERVER_ERROR",
            _ => "ERR_INVALID_REQUEST",
        };
        Self {
            retry_after: refusal.retry_after,
            ..Self::new(refusal.status, code, refusal.message)
        }
    }
}

/// A fault of ours; the vendor has a word for the database's.
fn fault(error: Error, by_database: bool) -> Failure {
    // Logged once, where every fault of ours is.
    let refusal = Refusal::from(error);
    if by_database {
        Failure::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "ERR_DATABASE_ERROR",
            "An error occurred while connecting with the database, please retry your request later.",
        )
        .later()
    } else {
        let code = match refusal.status {
            StatusCode::INSUFFICIENT_STORAGE => "ERR_INSUFFICIENT_STORAGE",
            _ => "ERR_INTERNAL_ERROR",
        };
        Failure::new(refusal.status, code, refusal.message)
    }
}

impl From<PictureProblem> for Failure {
    fn from(problem: PictureProblem) -> Self {
        match problem {
            PictureProblem::UnknownFormat
            | PictureProblem::Damaged { .. }
            | PictureProblem::TooLarge { .. } => Self::not_decoded(),
            PictureProblem::NoFace => Self::face_not_detected(),
            PictureProblem::SeveralFaces { .. } => Self::face_not_detected().with("TOO_MANY_FACES"),
            PictureProblem::FaceTooSmall { .. } => Self::face_not_detected().with("FACE_TOO_SMALL"),
            PictureProblem::NotCentred => Self::face_not_detected().with("FACE_CROPPED"),
        }
    }
}

impl From<Error> for OpencvError {
    fn from(error: Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<LivenessError> for OpencvError {
    fn from(error: LivenessError) -> Self {
        match error {
            LivenessError::Fault(fault) => Self::Failed(
                Failure::new(
                    StatusCode::CONFLICT,
                    "ERR_LIVENESS_ERROR",
                    "A liveness error occurred. Please check the supplied image and the error metadata.",
                )
                .with(liveness_code(fault)),
            ),
            LivenessError::Other(error) => error.into(),
        }
    }
}

impl From<WrongType> for OpencvError {
    fn from(error: WrongType) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<BodyError> for OpencvError {
    fn from(error: BodyError) -> Self {
        let message = error.to_string();
        match error {
            BodyError::TooLarge { .. } => Self::failed(
                StatusCode::PAYLOAD_TOO_LARGE,
                "ERR_INVALID_REQUEST",
                message,
            ),
            BodyError::Broken | BodyError::NotAnObject | BodyError::Unusable(_) => {
                Self::invalid(message)
            }
        }
    }
}

impl From<Base64Problem> for OpencvError {
    fn from(problem: Base64Problem) -> Self {
        match problem {
            Base64Problem::Empty | Base64Problem::NotBase64 | Base64Problem::TooLarge { .. } => {
                Self::Failed(Failure::not_decoded())
            }
        }
    }
}

impl fmt::Display for OpencvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed(failure) => &failure.message,
            Self::Unprocessable(detail) => &detail.msg,
        })
    }
}

impl ResponseError for OpencvError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Failed(failure) => failure.status,
            Self::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::Unprocessable(detail) => response.json(DetailBody {
                detail: vec![detail.clone()],
            }),
            Self::Failed(failure) => {
                if let Some(seconds) = failure.retry_after {
                    response.insert_header((RETRY_AFTER, seconds.to_string()));
                }
                response.json(failure.body(None))
            }
        }
    }
}

/// The vendor's code, which is ours wherever the vendor has one.
fn liveness_code(fault: LivenessFault) -> &'static str {
    match fault {
        LivenessFault::Unfit(defect) => defect.code(),
        LivenessFault::NotLive => "FACE_NOT_LIVE",
        LivenessFault::NotInstalled => "LICENSE_ERROR",
        LivenessFault::Unknown => "UNKNOWN_ERROR",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_the_database_has_the_vendors_word() {
        let fault = Error::from(StoreError::NotFound { what: "table" });
        let failure = Failure::from(fault);
        assert_eq!(failure.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(failure.code, "ERR_DATABASE_ERROR");
        assert!(
            failure
                .message
                .ends_with("please retry your request later.")
        );
        assert_eq!(failure.retry_after, Some(5));
    }

    #[test]
    fn what_the_pack_does_not_tell_is_an_unknown_error() {
        let error = OpencvError::from(LivenessError::Fault(LivenessFault::Unknown));
        let failure = error.into_failure();
        assert_eq!(failure.code, "ERR_LIVENESS_ERROR");
        assert_eq!(failure.metadata, Some("UNKNOWN_ERROR"));
    }
}
