//! Errors with a code, the bodies of all errors, and which statuses carry them.

use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// An error with a code.
#[derive(Debug)]
pub struct Failure {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    /// The code that says more.
    pub metadata: Option<&'static str>,
    pub retry_after: Option<u32>,
}

impl Failure {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            metadata: None,
            retry_after: None,
        }
    }

    pub fn face_not_detected() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "ERR_FACE_NOT_DETECTED",
            "A face could not be detected in the image(s).",
        )
    }

    pub fn not_decoded() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "ERR_BASE64_IMAGE_CANNOT_BE_DECODED",
            "The posted Base64 image(s) could not be decoded as JPEG/PNG bytes.",
        )
    }

    pub fn license(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, "LICENSE_ERROR", message)
    }

    #[must_use]
    pub fn with(self, metadata: &'static str) -> Self {
        Self {
            metadata: Some(metadata),
            ..self
        }
    }

    #[must_use]
    pub fn later(self) -> Self {
        Self {
            retry_after: Some(5),
            ..self
        }
    }

    /// The body, with the person it is about where several were sent.
    pub fn body(&self, person_id: Option<String>) -> ErrorBody {
        let metadata = (self.metadata.is_some() || person_id.is_some()).then(|| Metadata {
            code: self.metadata.map(str::to_owned),
            person_id,
        });
        ErrorBody {
            code: self.code.to_owned(),
            message: self.message.clone(),
            metadata,
        }
    }
}

/// Every error but a 422.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::ErrorBody)]
pub struct ErrorBody {
    /// `ERR_FACE_NOT_DETECTED`, `ERR_NOT_FOUND` and so on; `SUCCESS` in the list of a bulk enrolment.
    pub code: String,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
}

/// What an error is about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::Metadata)]
pub struct Metadata {
    /// `FACE_NOT_LIVE`, `LICENSE_ERROR` and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person_id: Option<String>,
}

/// A 422 of the cloud API.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::DetailBody)]
pub struct DetailBody {
    pub detail: Vec<Detail>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::Detail)]
pub struct Detail {
    /// `body` or `query`, then the field.
    pub loc: Vec<String>,
    pub msg: String,
    /// `value_error.missing`, `type_error` or `value_error`.
    pub r#type: String,
}

/// What any call may be refused with.
#[derive(IntoResponses)]
pub enum Failures {
    /// No face, several faces or too small a one; or a field that cannot be used.
    #[response(status = 400)]
    BadRequest(ErrorBody),
    /// No `x-api-key`.
    #[response(status = 401)]
    NoKey(ErrorBody),
    /// An unknown or expired key, or one that may not do this.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// No such collection or person.
    #[response(status = 404)]
    NotFound(ErrorBody),
    /// It is there already, the face is not live, or another model pack enrolled it.
    #[response(status = 409)]
    Conflict(ErrorBody),
    /// The body is too large.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// No base64, or no picture.
    #[response(status = 415)]
    NotDecoded(ErrorBody),
    /// Too much waits to be looked at.
    #[response(status = 429)]
    TooMany(ErrorBody),
    /// A fault of the service.
    #[response(status = 500)]
    Internal(ErrorBody),
    /// No model pack that could tell.
    #[response(status = 501)]
    NotInstalled(ErrorBody),
    /// The models are being loaded, or the database does not answer.
    #[response(status = 503)]
    NotReady(ErrorBody),
}

/// What the cloud API says of a field.
#[derive(IntoResponses)]
pub enum FieldFailures {
    /// A field is missing or of another type.
    #[response(status = 422)]
    Unprocessable(DetailBody),
}
