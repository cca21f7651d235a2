//! Errors as RisetAI's callers read them: HTTP 200, and the code and its words in the body.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};

use crate::http::base64_picture::Base64Problem;
use crate::http::dialects::risetai::status::{ImageField, Status};
use crate::http::dialects::risetai::wire::{StatusBody, render};
use crate::http::error::Refusal;
use crate::http::json_body::{BodyError, WrongType};
use crate::operations::error::Error;
use crate::operations::picture_fault::{PictureFault, PictureProblem};

/// What went wrong, in this dialect's words.
#[derive(Debug)]
pub struct RisetError {
    status: Status,
    message: String,
    /// Seconds after which a new try makes sense.
    passing: Option<u32>,
}

impl RisetError {
    /// An error of which the vendor's list says all there is to say.
    pub fn new(status: Status) -> Self {
        Self {
            status,
            message: status.message().to_owned(),
            passing: None,
        }
    }

    /// An error with its reason.
    pub fn because(status: Status, reason: impl fmt::Display) -> Self {
        Self {
            message: format!("{}: {reason}", status.message()),
            ..Self::new(status)
        }
    }

    /// The error of a call whose pictures came in these fields, in the order they are looked at.
    pub fn about(error: Error, pictures: &[ImageField]) -> Self {
        let reason = error.to_string();
        match error {
            Error::Unauthenticated => Self::new(Status::Unauthorized),
            Error::Refused { .. }
            | Error::Disabled
            | Error::Suspended
            | Error::QuotaReached { .. } => Self::because(Status::Denied, reason),
            Error::NotFound { what: "gallery" } => Self::new(Status::UnknownGallery),
            Error::NotFound { what: "person" } => Self::new(Status::UnknownUser),
            Error::Picture(fault) => Self::about_picture(&fault, pictures),
            Error::NotFound { .. }
            | Error::WrongState { .. }
            | Error::Conflict { .. }
            | Error::Invalid { .. }
            | Error::TooLarge { .. }
            | Error::OutOfRange { .. } => Self::because(Status::Malformed, reason),
            Error::NotInstalled { what: "masks" } => {
                Self::because(Status::ServerError, "Mask model not installed")
            }
            Error::NotInstalled { .. } | Error::OtherPack(_) => {
                Self::because(Status::ServerError, reason)
            }
            Error::TooOften { seconds } => Self {
                passing: Some(seconds),
                ..Self::because(Status::TooMany, reason)
            },
            Error::NotReady | Error::Busy | Error::StillRunning => Self {
                passing: Some(5),
                ..Self::because(Status::ServerError, reason)
            },
            // Logged once, where every fault of ours is.
            Error::NoRoom(_) => Self::because(Status::ServerError, Refusal::from(error).message),
            Error::Unavailable(_) => Self {
                passing: Some(5),
                ..Self::because(Status::ServerError, Refusal::from(error).message)
            },
            Error::Internal(_) => {
                let _ = Refusal::from(error);
                Self::new(Status::ServerError)
            }
        }
    }

    /// A field that holds no base64, or too much of it.
    pub fn about_base64(problem: Base64Problem, field: ImageField) -> Self {
        let status = match problem {
            Base64Problem::Empty | Base64Problem::NotBase64 => field.undecodable(),
            Base64Problem::TooLarge { .. } => field.unrecognized(),
        };
        Self::because(status, problem)
    }

    fn about_picture(fault: &PictureFault, pictures: &[ImageField]) -> Self {
        let field = pictures.get(fault.picture).copied();
        let status = match fault.problem {
            PictureProblem::UnknownFormat
            | PictureProblem::Damaged { .. }
            | PictureProblem::TooLarge { .. } => field.unwrap_or(ImageField::Image).unrecognized(),
            PictureProblem::NoFace
            | PictureProblem::SeveralFaces { .. }
            | PictureProblem::NotCentred => Status::NoFace,
            PictureProblem::FaceTooSmall { .. } => Status::FaceTooSmall,
        };
        let key = field.unwrap_or(ImageField::Image).key();
        Self::because(status, format!("{key}: {}", fault.problem))
    }

    fn body(&self) -> StatusBody {
        StatusBody {
            status: self.status.code(),
            status_message: self.message.clone(),
        }
    }

    fn hint(&self, mut response: HttpResponse) -> HttpResponse {
        if let Some(seconds) = self.passing {
            let headers = response.headers_mut();
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Error> for RisetError {
    fn from(error: Error) -> Self {
        Self::about(error, &[ImageField::Image])
    }
}

impl From<BodyError> for RisetError {
    fn from(error: BodyError) -> Self {
        Self::because(Status::Malformed, error)
    }
}

impl From<WrongType> for RisetError {
    fn from(error: WrongType) -> Self {
        Self::because(Status::Malformed, error)
    }
}

impl fmt::Display for RisetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl ResponseError for RisetError {
    fn status_code(&self) -> StatusCode {
        if self.status == Status::NoEndpoint {
            StatusCode::NOT_FOUND
        } else if self.status == Status::TooMany {
            StatusCode::TOO_MANY_REQUESTS
        } else {
            StatusCode::OK
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = render(self.status, &self.body());
        *response.status_mut() = self.status_code();
        self.hint(response)
    }
}

/// Whatever the service refuses before or beside this API: the vendor's body under HTTP's own status.
pub fn refuse(refusal: &Refusal) -> HttpResponse {
    let mut response = HttpResponse::build(refusal.status);
    if let Some(seconds) = refusal.retry_after {
        response.insert_header((RETRY_AFTER, seconds));
    }
    response.json(serde_json::json!({
        "status": refusal.status.as_str(),
        "status_message": refusal.message,
    }))
}

/// An error of the token endpoints, which answer it as HTTP's status as well.
#[derive(Debug)]
pub struct TokenError(RisetError);

impl<E: Into<RisetError>> From<E> for TokenError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for TokenError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_bytes(self.0.status.code().as_bytes())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let response = HttpResponse::build(self.status_code()).json(self.0.body());
        self.0.hint(response)
    }
}
