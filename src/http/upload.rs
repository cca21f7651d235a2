//! Takes a multipart form apart: files go to disk as they come, bounded, and are never whole in memory.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::HttpRequest;
use actix_web::web::{Bytes, Data, Payload};
use futures_util::StreamExt as _;
use sha2::{Digest, Sha256};

use crate::metrics::Stage;
use crate::metrics::stopwatch::Stopwatch;
use crate::operations::Operations;
use crate::operations::intake::Upload;

/// Longest text field that is taken, in bytes.
const MAX_TEXT: u64 = 16_384;

/// Longest JSON body that is taken, in bytes.
const MAX_BODY: usize = 65_536;

/// Parts a form may have, unknown ones among them.
const MAX_PARTS: usize = 32;

/// What a form may hold beside its files: its texts, and what parts them.
pub const MOST_FIELDS_BYTES: u64 = MAX_TEXT * MAX_PARTS as u64;

/// A part that a route knows.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    File { name: &'static str, max_bytes: u64 },
    Text { name: &'static str },
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::File { name, .. } | Self::Text { name } => name,
        }
    }
}

/// Why a form was not taken.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error("the body must be multipart/form-data")]
    NotMultipart,
    #[error("the multipart body is broken or ends too early")]
    Broken,
    #[error("'{name}' form {kind} is required")]
    Missing {
        name: &'static str,
        kind: &'static str,
    },
    #[error("'{name}' came more than once")]
    Twice { name: &'static str },
    #[error("'{name}' is empty")]
    Empty { name: &'static str },
    #[error("'{name}' is not text")]
    NotText { name: &'static str },
    #[error("'{name}' is larger than the limit of {limit} bytes")]
    TooLarge { name: &'static str, limit: u64 },
    #[error("the form has more than {MAX_PARTS} parts")]
    TooManyParts,
    #[error("an upload could not be written to disk")]
    Disk(#[source] std::io::Error),
}

/// A form that came in whole.
#[derive(Default)]
pub struct Form {
    files: BTreeMap<&'static str, Upload>,
    texts: BTreeMap<&'static str, String>,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Form")
            .field("files", &self.files.keys())
            .field("texts", &self.texts.keys())
            .finish()
    }
}

impl Form {
    /// Takes a file out, or refuses the form that lacks it.
    pub fn file(&mut self, name: &'static str) -> Result<Upload, UploadError> {
        self.files
            .remove(name)
            .ok_or(UploadError::Missing { name, kind: "file" })
    }

    /// Takes a file out when it came.
    pub fn optional_file(&mut self, name: &'static str) -> Option<Upload> {
        self.files.remove(name)
    }

    /// Takes a text out, or refuses the form that lacks it.
    pub fn text(&mut self, name: &'static str) -> Result<String, UploadError> {
        self.texts
            .remove(name)
            .filter(|text| !text.trim().is_empty())
            .ok_or(UploadError::Missing {
                name,
                kind: "value",
            })
    }
}

/// Reads the form. Parts come in any order, with or without a content type; unknown ones are
/// skipped. What was written goes away with the form, whatever happens.
pub async fn receive(
    request: &HttpRequest,
    payload: Payload,
    parts: &[Part],
    scratch: &Path,
) -> Result<Form, UploadError> {
    let watch = Stopwatch::start();
    let form = receive_parts(request, payload, parts, scratch).await?;
    if let Some(operations) = request.app_data::<Data<Operations>>() {
        operations.metrics().took(Stage::Receive, watch.seconds());
    }
    Ok(form)
}

async fn receive_parts(
    request: &HttpRequest,
    payload: Payload,
    parts: &[Part],
    scratch: &Path,
) -> Result<Form, UploadError> {
    refuse_declared_length(request, parts)?;
    let mut form = Form::default();
    let mut multipart = Multipart::new(request.headers(), payload);
    let mut count = 0;
    while let Some(field) = multipart.next().await {
        let mut field = field.map_err(|error| broken(&error))?;
        count += 1;
        if count > MAX_PARTS {
            return Err(UploadError::TooManyParts);
        }
        let known = parts
            .iter()
            .copied()
            .find(|part| field.name() == Some(part.name()));
        match known {
            None => skip(&mut field).await?,
            Some(part) if form.has(part.name()) => {
                return Err(UploadError::Twice { name: part.name() });
            }
            Some(Part::File { name, max_bytes }) => {
                let upload = file(&mut field, name, max_bytes, scratch).await?;
                form.files.insert(name, upload);
            }
            Some(Part::Text { name }) => {
                let value = text(&mut field, name).await?;
                form.texts.insert(name, value);
            }
        }
    }
    Ok(form)
}

/// A body of a few kilobytes, whole.
pub async fn small_body(payload: Payload) -> Result<Bytes, UploadError> {
    body_up_to(payload, MAX_BODY).await
}

/// A body of so many bytes at most, whole.
pub async fn body_up_to(payload: Payload, limit: usize) -> Result<Bytes, UploadError> {
    payload
        .to_bytes_limited(limit)
        .await
        .map_err(|_| UploadError::TooLarge {
            name: "the body",
            limit: limit as u64,
        })?
        .map_err(|_| UploadError::Broken)
}

impl Form {
    fn has(&self, name: &str) -> bool {
        self.files.contains_key(name) || self.texts.contains_key(name)
    }
}

/// A body that says it is larger than all parts together is refused before it is read.
fn refuse_declared_length(request: &HttpRequest, parts: &[Part]) -> Result<(), UploadError> {
    let declared: Option<u64> = request
        .headers()
        .get(actix_web::http::header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok());
    let mut allowed = MOST_FIELDS_BYTES;
    let mut largest = None;
    for part in parts {
        if let Part::File { name, max_bytes } = *part {
            allowed = allowed.saturating_add(max_bytes);
            if largest.is_none_or(|(_, most)| max_bytes > most) {
                largest = Some((name, max_bytes));
            }
        }
    }
    match (declared, largest) {
        (Some(declared), Some((name, limit))) if declared > allowed => {
            Err(UploadError::TooLarge { name, limit })
        }
        _ => Ok(()),
    }
}

async fn file(
    field: &mut Field,
    name: &'static str,
    max_bytes: u64,
    scratch: &Path,
) -> Result<Upload, UploadError> {
    let (mut output, path) = tempfile::NamedTempFile::new_in(scratch)
        .map_err(UploadError::Disk)?
        .into_parts();
    let mut hash = Sha256::new();
    let mut bytes: u64 = 0;
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(|error| broken(&error))?;
        bytes += chunk.len() as u64;
        if bytes > max_bytes {
            return Err(UploadError::TooLarge {
                name,
                limit: max_bytes,
            });
        }
        hash.update(&chunk);
        // Chunks are a few kilobytes and land in the page cache: handing each to another thread
        // would cost more than it saves.
        output.write_all(&chunk).map_err(UploadError::Disk)?;
    }
    if bytes == 0 {
        return Err(UploadError::Empty { name });
    }
    Ok(Upload {
        file: path,
        bytes,
        sha256: hexadecimal(&hash.finalize()),
    })
}

async fn text(field: &mut Field, name: &'static str) -> Result<String, UploadError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.next().await {
        bytes.extend_from_slice(&chunk.map_err(|error| broken(&error))?);
        if bytes.len() as u64 > MAX_TEXT {
            return Err(UploadError::TooLarge {
                name,
                limit: MAX_TEXT,
            });
        }
    }
    String::from_utf8(bytes).map_err(|_| UploadError::NotText { name })
}

async fn skip(field: &mut Field) -> Result<(), UploadError> {
    let mut bytes: u64 = 0;
    while let Some(chunk) = field.next().await {
        bytes += chunk.map_err(|error| broken(&error))?.len() as u64;
        if bytes > MAX_TEXT {
            return Err(UploadError::TooLarge {
                name: "an unknown part",
                limit: MAX_TEXT,
            });
        }
    }
    Ok(())
}

fn broken(error: &MultipartError) -> UploadError {
    let not_multipart = matches!(
        error,
        MultipartError::ContentTypeMissing
            | MultipartError::ContentTypeParse
            | MultipartError::ContentTypeIncompatible
            | MultipartError::BoundaryMissing
    );
    if not_multipart {
        UploadError::NotMultipart
    } else {
        UploadError::Broken
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
