//! The seam to whatever examines: real networks in the service, a fake in tests of the doors.

use std::path::Path;

use crate::media::error::MediaError;
use crate::session::examination::Examination;
use crate::vision::error::VisionError;

/// Which packs decide; known before they are warm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelFacts {
    pub detector: String,
    pub embedder: String,
    /// A better embedder exists and could not be had.
    pub weaker: bool,
}

/// The evidence to examine and how closely to look.
#[derive(Clone, Copy, Debug)]
pub struct ExaminationInput<'a> {
    pub document: &'a Path,
    pub video: &'a Path,
    /// Frames to look at, 1–64.
    pub frames: usize,
}

/// An examination and the pictures of its timeline.
pub struct Examined {
    pub examination: Examination,
    pub thumbnails: Vec<Thumbnail>,
}

/// The face of one sampled frame as a JPEG. It has no `Debug` on purpose.
pub struct Thumbnail {
    pub frame: u32,
    pub jpeg: Vec<u8>,
}

/// Why there is no examination.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    #[error("the document: {0}")]
    Document(#[source] VisionError),
    #[error("the video: {0}")]
    Video(#[source] MediaError),
    #[error("the networks could not be run: {0}")]
    Vision(#[source] VisionError),
}

impl ExamineError {
    /// Whether the evidence is to blame, so that trying again would change nothing.
    pub fn is_about_evidence(&self) -> bool {
        match self {
            Self::Document(error) => error.is_about_the_picture(),
            Self::Video(error) => error.is_about_the_file(),
            Self::Vision(_) => false,
        }
    }
}

/// Examines one document and one video. Blocking, and heavy on the CPU.
pub trait Examiner: Send + Sync {
    /// `progress` is told after every frame how many of how many are done.
    fn examine(
        &self,
        input: ExaminationInput<'_>,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Examined, ExamineError>;
}
