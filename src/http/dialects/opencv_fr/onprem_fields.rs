//! Reads the fields of the on-prem API's bodies.

use crate::http::base64_picture;
use crate::http::dialects::opencv_fr::errors::OpencvError;
use crate::http::json_body::JsonBody;
use crate::http::settings::HttpSettings;
use crate::operations::authenticate::Caller;
use crate::session::gallery::PictureKeeping;

/// The similarity from which two faces are one person's, where a call names none.
pub const DEFAULT_SIMILARITY: f64 = 0.7;

pub fn required<'a>(body: &'a JsonBody, key: &str) -> Result<&'a str, OpencvError> {
    body.text(key)?.ok_or_else(|| missing(key))
}

/// An identifier of the caller's own.
pub fn identifier(body: &JsonBody, key: &str) -> Result<String, OpencvError> {
    body.label(key)?.ok_or_else(|| missing(key))
}

pub fn picture(
    body: &JsonBody,
    key: &str,
    settings: &HttpSettings,
) -> Result<Vec<u8>, OpencvError> {
    let text = required(body, key)?;
    Ok(base64_picture::decode(text, settings.max_picture_bytes)?)
}

pub fn flag(body: &JsonBody, key: &str) -> Result<bool, OpencvError> {
    Ok(body.flag(key)?.unwrap_or(false))
}

/// A similarity of 0–1 as a percentage: never below the project's floor.
pub fn percentage(body: &JsonBody, key: &str, caller: &Caller) -> Result<f64, OpencvError> {
    Ok(raised(similarity(body, key)?, caller))
}

/// A similarity of 0–1.
pub fn similarity(body: &JsonBody, key: &str) -> Result<f64, OpencvError> {
    let similarity = body.number(key)?.unwrap_or(DEFAULT_SIMILARITY);
    if (0.0..=1.0).contains(&similarity) {
        Ok(similarity)
    } else {
        Err(OpencvError::invalid(format!(
            "`{key}` lies between 0 and 1"
        )))
    }
}

/// A similarity as a percentage, raised to the project's floor.
pub fn raised(similarity: f64, caller: &Caller) -> f64 {
    let floor = caller.project.settings.thresholds.opencv_fr;
    floor.max(similarity * 100.0)
}

pub fn keeping(body: &JsonBody) -> Result<PictureKeeping, OpencvError> {
    match required(body, "face_storage_type")? {
        "NoStorage" => Ok(PictureKeeping::Nothing),
        "StoreThumbnails" => Ok(PictureKeeping::Thumbnail),
        "StoreFullImage" => Ok(PictureKeeping::Picture),
        _ => Err(OpencvError::invalid(
            "`face_storage_type` is NoStorage, StoreThumbnails or StoreFullImage",
        )),
    }
}

/// A name for a new collection.
pub fn collection_name(body: &JsonBody) -> Result<&str, OpencvError> {
    let name = required(body, "name")?;
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || ['_', '-', '.'].contains(&c);
    if name.chars().all(is_allowed) {
        Ok(name)
    } else {
        Err(OpencvError::bad_collection_name())
    }
}

pub fn missing(key: &str) -> OpencvError {
    OpencvError::invalid(format!("`{key}` is missing"))
}
