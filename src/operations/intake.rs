//! Looks at a received file before anything of it is stored: is it what it is said to be, and within the limits?

use std::path::Path;

use tempfile::TempPath;

use crate::media::error::MediaError;
use crate::media::limits::MediaLimits;
use crate::metrics::Stage;
use crate::metrics::stopwatch::Stopwatch;
use crate::operations::Operations;
use crate::operations::accept_evidence::number;
use crate::operations::authenticate::Caller;
use crate::operations::background::in_background;
use crate::operations::error::Error;
use crate::sandbox::decoding::Decoding;
use crate::session::evidence::EvidenceKind;
use crate::session::ids::{EvidenceId, SessionId};
use crate::store::blobs::new_evidence_key;
use crate::store::evidence::NewEvidence;
use crate::vision::error::VisionError;
use crate::vision::picture::PictureLimits;

/// A file as it came through a door, still in the scratch folder; dropping it deletes it.
pub struct Upload {
    pub file: TempPath,
    pub bytes: u64,
    pub sha256: String,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Upload({} bytes)", self.bytes)
    }
}

/// A file that was looked at and may be stored.
#[derive(Debug)]
pub(crate) struct Checked {
    upload: Upload,
    kind: EvidenceKind,
    media_type: String,
}

impl Checked {
    /// The record to store it under; the file stays alive as long as `self`.
    pub(crate) fn record(&self, caller: &Caller, session: SessionId) -> NewEvidence<'_> {
        NewEvidence {
            id: EvidenceId(caller.new_id(number(self.kind))),
            session,
            create: None,
            kind: self.kind,
            blob: new_evidence_key(session),
            file: &self.upload.file,
            sha256: self.upload.sha256.clone(),
            bytes: self.upload.bytes,
            media_type: self.media_type.clone(),
        }
    }
}

impl Operations {
    /// Decodes a document photo, or opens a video and decodes its first frame.
    pub(crate) async fn check(&self, upload: Upload, kind: EvidenceKind) -> Result<Checked, Error> {
        let watch = Stopwatch::start();
        let _permit = self.intake.acquire().await.map_err(Error::internal)?;
        let (settings, decoding) = (self.settings.clone(), self.decoding.clone());
        // The upload travels along and back, so that a caller who hangs up does not pull the file
        // from under the decoder.
        let checked = in_background(move || {
            let media_type = match kind {
                EvidenceKind::Document => {
                    check_document(&decoding, &upload.file, settings.picture_limits)?
                }
                EvidenceKind::Video => {
                    check_video(&decoding, &upload.file, &settings.media_limits)?
                }
            };
            Ok::<_, Error>(Checked {
                upload,
                kind,
                media_type,
            })
        });
        let checked = checked.await.map_err(Error::internal)?;
        self.metrics.took(Stage::Intake, watch.seconds());
        checked
    }
}

fn check_document(
    decoding: &Decoding,
    file: &Path,
    limits: PictureLimits,
) -> Result<String, Error> {
    let media_type = decoding.check_picture(file, &limits);
    Ok(media_type.map_err(document_error)?.to_owned())
}

fn check_video(decoding: &Decoding, file: &Path, limits: &MediaLimits) -> Result<String, Error> {
    let facts = decoding.check_video(file, limits).map_err(video_error)?;
    Ok(format!("video/{}", facts.container))
}

fn document_error(error: VisionError) -> Error {
    if error.is_about_the_picture() {
        Error::invalid(format!("the document image: {error}"))
    } else {
        Error::internal(error)
    }
}

fn video_error(error: MediaError) -> Error {
    if error.is_about_the_file() {
        Error::invalid(format!("the video: {error}"))
    } else {
        Error::internal(error)
    }
}
