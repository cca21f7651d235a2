//! The identifiers in a path of the native API. What is none names nothing: it is answered as what does not exist.

use crate::http::error::Refusal;
use crate::operations::error::Error;
use crate::session::ids::{ExaminationId, SessionId};

pub(super) fn session_id(text: &str) -> Result<SessionId, Refusal> {
    text.parse()
        .map_err(|_| Error::NotFound { what: "session" }.into())
}

pub(super) fn examination_id(text: &str) -> Result<ExaminationId, Refusal> {
    let what = "examination";
    text.parse().map_err(|_| Error::NotFound { what }.into())
}

/// The number of a version of the rules; none for `default`.
pub(super) fn version(text: &str) -> Result<Option<u32>, Refusal> {
    if text == "default" {
        return Ok(None);
    }
    let what = "version of the rules";
    let number = text.parse().map_err(|_| Error::NotFound { what })?;
    Ok(Some(number))
}
