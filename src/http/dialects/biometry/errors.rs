//! Errors as Biometry's callers read them: `{"error": "…"}`.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};

use crate::http::dialects::biometry::wire::ErrorBody;
use crate::http::error::Refusal;

/// A refusal in this dialect's body.
#[derive(Debug)]
pub struct BiometryError(Refusal);

impl<E: Into<Refusal>> From<E> for BiometryError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for BiometryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl ResponseError for BiometryError {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.0.status);
        if let Some(seconds) = self.0.retry_after {
            response.insert_header((RETRY_AFTER, seconds));
        }
        response.json(ErrorBody {
            error: self.0.message.clone(),
        })
    }
}
