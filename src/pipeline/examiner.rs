//! The seam to whatever examines a session or looks at a picture: real networks in the service, a fake in tests of the doors.

use std::fmt;
use std::path::Path;

use rayon::ThreadPoolBuildError;

use crate::media::error::MediaError;
use crate::scoring::signals::Signals;
use crate::session::challenge::ChallengeOrder;
use crate::session::defect::Defect;
use crate::session::examination::{CaptureCode, Examination, FaceBox, FaceFinding, PackHash};
use crate::session::picture::PictureKind;
use crate::session::template::Template;
use crate::vision::error::VisionError;

/// Which packs decide; known before they are warm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelFacts {
    pub detector: String,
    pub embedder: String,
    /// A better embedder exists and could not be had.
    pub weaker: bool,
    /// What tells whether a face wears a mask, where anything does.
    pub mask: Option<String>,
    /// The pack that tells whether a face is live, where one is installed.
    pub liveness: Option<String>,
    /// The pack that places the points of a face, where one is installed.
    pub landmarks: Option<String>,
    /// Every pack that takes part, with its weights' hash.
    pub hashes: Vec<PackHash>,
}

/// The evidence to examine and how closely to look.
#[derive(Clone, Copy, Debug)]
pub struct ExaminationInput<'a> {
    pub document: &'a Path,
    pub video: &'a Path,
    /// Frames to look at, 1–64.
    pub frames: usize,
    /// Watch what moves in the video and ask whether its faces look live, which costs as much as all the rest.
    pub liveness: bool,
    /// What the video has to show.
    pub challenge: Option<&'a ChallengeOrder>,
    /// Make the pictures that officers judge by, which costs time that nobody else has to spend.
    pub pictures: bool,
}

/// A picture to look at, and what for.
#[derive(Clone, Copy)]
pub struct LookOrder<'a> {
    /// The file as it came: JPEG, PNG, WebP or BMP.
    pub picture: &'a [u8],
    /// How many of its faces get a template, the subject first, then the larger before the smaller.
    pub templates: usize,
    /// Ask whether the subject wears a mask, where a pack can tell.
    pub mask: bool,
    /// Ask whether the subject is live, where a pack can tell.
    pub liveness: bool,
}

/// What a picture shows. It holds faces, so it has no `Debug`.
pub struct Looked {
    /// The size of the picture as it came, after the orientation its file asks for.
    pub width: u32,
    pub height: u32,
    /// How the subject was captured.
    pub code: CaptureCode,
    /// Faces that could be the subject's as well, the subject among them.
    pub comparable: usize,
    /// The subject first, then the larger before the smaller.
    pub faces: Vec<LookedFace>,
    /// What is wrong with the picture, by the bounds of single pictures.
    pub defects: Vec<Defect>,
}

/// One face of a picture.
pub struct LookedFace {
    /// Measured on the upright face.
    pub finding: FaceFinding,
    /// In the picture as it came.
    pub face_box: FaceBox,
    /// Left eye, right eye, nose tip, left and right corner of the mouth, in the picture as it came.
    pub landmarks: [(f32, f32); 5],
    /// Present for as many faces as were asked for.
    pub template: Option<Template>,
    /// The upright face as a JPEG, present beside a template.
    pub thumbnail: Vec<u8>,
    /// Whether a mask is worn, where that was asked; asked of the subject alone.
    pub masked: Option<bool>,
    /// 0–1, 1 being live.
    pub liveness: Option<f64>,
}

/// An examination and the pictures of it.
pub struct Examined {
    pub examination: Examination,
    pub signals: Signals,
    /// Each kind once at most; none where none were asked for.
    pub pictures: Vec<KeptPicture>,
    pub spent: Spent,
}

/// For how long its parts were under way, which they are at the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// Decoding the video, without the time it waited for who looks.
    pub decode_seconds: f64,
    /// Finding faces and comparing them, without the time that waited for the decoder.
    pub look_seconds: f64,
}

/// A picture that is kept of an examination, as a JPEG. Its `Debug` shows nothing of it.
pub struct KeptPicture {
    pub what: PictureKind,
    pub jpeg: Vec<u8>,
}

impl fmt::Debug for KeptPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeptPicture({}, {} bytes)", self.what, self.jpeg.len())
    }
}

/// Why there is no examination.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    #[error("the document: {0}")]
    Document(#[source] VisionError),
    #[error("the video: {0}")]
    Video(#[source] MediaError),
    #[error("{0}")]
    Picture(#[source] VisionError),
    #[error("the networks could not be run: {0}")]
    Vision(#[source] VisionError),
    #[error("no threads could be had to examine with: {0}")]
    Threads(#[source] ThreadPoolBuildError),
}

impl ExamineError {
    /// Whether the evidence is to blame, so that trying again would change nothing.
    pub fn is_about_evidence(&self) -> bool {
        match self {
            Self::Document(error) | Self::Picture(error) => error.is_about_the_picture(),
            Self::Video(error) => error.is_about_the_file(),
            Self::Vision(_) | Self::Threads(_) => false,
        }
    }
}

/// Examines documents and videos, and looks at single pictures. Blocking, and heavy on the CPU.
pub trait Examiner: Send + Sync {
    /// Finds the faces of a picture and makes templates of as many as are asked for.
    fn look(&self, order: LookOrder<'_>) -> Result<Looked, ExamineError>;

    /// The similarity of two templates of the deciding pack on the scale of 0 to 100.
    fn percentage(&self, similarity: f32) -> f64;

    /// `progress` is told after every frame how many of how many are done.
    fn examine(
        &self,
        input: ExaminationInput<'_>,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Examined, ExamineError>;
}
