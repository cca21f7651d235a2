//! Receives a body whole before the handler sees it: in memory while it is small, in the scratch folder from then on.

use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use actix_web::HttpMessage as _;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use futures_util::{StreamExt as _, stream};

use crate::http::error::Refusal;
use crate::http::idempotency::fingerprint::Fingerprint;
use crate::http::limits;
use crate::http::upload::UploadError;

/// A body up to this size stays in memory.
const SMALL: usize = 64 * 1024;

/// Headers that say what a request is about, as much as its body does.
const TELLING_HEADERS: &[&str] = &[
    "x-session-id",
    "x-request-user-provided-id",
    "x-user-fullname",
    "x-use-prefilled-video",
    "x-device-info",
];

/// A body that came in whole.
pub struct Spooled {
    held: Held,
    digest: [u8; 32],
}

enum Held {
    Memory(Vec<u8>),
    Disk(std::fs::File),
}

/// Receives it, so many bytes at most; the stream bounds it by itself, too: no route takes more than [`limits`] let through.
pub async fn spool(
    request: &mut ServiceRequest,
    scratch: &Path,
    most: usize,
) -> Result<Spooled, Refusal> {
    let content_type = request.headers().get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let mut print = Fingerprint::new(
        request.method().as_str(),
        request.path(),
        request.query_string(),
        content_type,
    );
    for name in TELLING_HEADERS {
        for value in request.headers().get_all(*name) {
            print.part(name.as_bytes());
            print.part(value.as_bytes());
        }
    }
    let mut payload = request.take_payload();
    let mut received = 0;
    let mut small = Vec::new();
    let mut disk: Option<std::fs::File> = None;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| limits::refusal(&error))?;
        received += chunk.len();
        if received > most {
            return Err(limits::refusal(&PayloadError::Overflow));
        }
        print.update(&chunk);
        if disk.is_none() && small.len() + chunk.len() > SMALL {
            let mut file = tempfile::tempfile_in(scratch).map_err(UploadError::Disk)?;
            file.write_all(&small).map_err(UploadError::Disk)?;
            small = Vec::new();
            disk = Some(file);
        }
        match &mut disk {
            // As for uploads: chunks are small and land in the page cache.
            Some(file) => file.write_all(&chunk).map_err(UploadError::Disk)?,
            None => small.extend_from_slice(&chunk),
        }
    }
    let held = match disk {
        None => Held::Memory(small),
        Some(mut file) => {
            file.rewind().map_err(UploadError::Disk)?;
            Held::Disk(file)
        }
    };
    Ok(Spooled {
        held,
        digest: print.finish(),
    })
}

impl Spooled {
    /// The request's fingerprint.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The body, where it is small.
    pub fn in_memory(&self) -> Option<&[u8]> {
        match &self.held {
            Held::Memory(bytes) => Some(bytes),
            Held::Disk(_) => None,
        }
    }

    /// The body for the handler to read.
    pub fn into_payload(self) -> Payload {
        match self.held {
            Held::Memory(bytes) => Payload::from(Bytes::from(bytes)),
            Held::Disk(file) => {
                let chunks = stream::try_unfold(file, |mut file| async move {
                    let mut chunk = vec![0; SMALL];
                    let count = file.read(&mut chunk).map_err(PayloadError::Io)?;
                    chunk.truncate(count);
                    Ok((count > 0).then(|| (Bytes::from(chunk), file)))
                });
                Payload::Stream {
                    // Readers of forms ask once more after the end.
                    payload: Box::pin(chunks.fuse()),
                }
            }
        }
    }
}
