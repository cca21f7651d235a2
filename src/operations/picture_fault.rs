//! What keeps a received picture from being used: every dialect has its own word for each.

use std::fmt;

use crate::pipeline::examiner::{ExamineError, Looked};
use crate::session::examination::CaptureCode;
use crate::vision::error::VisionError;

/// Which of a call's pictures, counted from 0 in the order the call names them, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureFault {
    pub picture: usize,
    pub problem: PictureProblem,
}

/// What is wrong with a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PictureProblem {
    /// No JPEG, PNG, WebP or BMP.
    UnknownFormat,
    /// One of these, and it cannot be decoded.
    Damaged {
        reason: String,
    },
    /// Too many bytes or pixels.
    TooLarge {
        reason: String,
    },
    NoFace,
    SeveralFaces {
        count: usize,
    },
    FaceTooSmall {
        pixels: u32,
        least: u32,
    },
    NotCentred,
}

impl PictureProblem {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownFormat => "unknown_format",
            Self::Damaged { .. } => "damaged_picture",
            Self::TooLarge { .. } => "picture_too_large",
            Self::NoFace => "no_face",
            Self::SeveralFaces { .. } => "several_faces",
            Self::FaceTooSmall { .. } => "face_too_small",
            Self::NotCentred => "face_not_centred",
        }
    }

    pub(crate) fn of(self, picture: usize) -> PictureFault {
        PictureFault {
            picture,
            problem: self,
        }
    }
}

impl fmt::Display for PictureProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownFormat => f.write_str("it is not a JPEG, PNG, WebP or BMP picture"),
            Self::Damaged { reason } | Self::TooLarge { reason } => f.write_str(reason),
            Self::NoFace => f.write_str("no face was found in it"),
            Self::SeveralFaces { count } => {
                write!(f, "it shows {count} faces of like size, and one is wanted")
            }
            Self::FaceTooSmall { pixels, least } => {
                write!(
                    f,
                    "its face is {pixels} pixels wide, and {least} are needed"
                )
            }
            Self::NotCentred => f.write_str("its face is cut off by the picture's edge"),
        }
    }
}

impl fmt::Display for PictureFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.picture {
            0 => write!(f, "the picture cannot be used: {}", self.problem),
            later => write!(f, "picture {} cannot be used: {}", later + 1, self.problem),
        }
    }
}

/// What a caller asks of the face in a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FacePolicy {
    /// The least width and height of the face, in pixels.
    pub smallest: f32,
    /// No other face of like size may be seen.
    pub alone: bool,
}

impl FacePolicy {
    /// One face of 50 pixels or more: below that, too little of it is left to compare.
    pub const ONE_FACE: Self = Self {
        smallest: 50.0,
        alone: true,
    };

    /// Refuses a picture whose subject is not as asked.
    pub fn check(&self, looked: &Looked) -> Result<(), PictureProblem> {
        let Some(face) = looked.faces.first() else {
            return Err(PictureProblem::NoFace);
        };
        if self.alone && looked.code == CaptureCode::SeveralFaces {
            return Err(PictureProblem::SeveralFaces {
                count: looked.comparable,
            });
        }
        let side = face
            .finding
            .face_box
            .width
            .min(face.finding.face_box.height);
        if side < self.smallest {
            return Err(PictureProblem::FaceTooSmall {
                pixels: side as u32,
                least: self.smallest as u32,
            });
        }
        Ok(())
    }
}

/// What a look that failed says of the picture; the error itself where the picture is not to blame.
pub(crate) fn problem(error: ExamineError) -> Result<PictureProblem, ExamineError> {
    match &error {
        ExamineError::Picture(about) | ExamineError::Document(about)
            if about.is_about_the_picture() =>
        {
            Ok(picture_problem(about))
        }
        ExamineError::Picture(_)
        | ExamineError::Document(_)
        | ExamineError::Video(_)
        | ExamineError::Vision(_)
        | ExamineError::Threads(_) => Err(error),
    }
}

fn picture_problem(error: &VisionError) -> PictureProblem {
    let reason = error.to_string();
    match error {
        VisionError::Empty | VisionError::UnknownFormat => PictureProblem::UnknownFormat,
        VisionError::TooManyPixels { .. } => PictureProblem::TooLarge { reason },
        VisionError::Damaged { .. }
        | VisionError::WrongSize { .. }
        | VisionError::GaveUp { .. }
        | VisionError::NoDecoder(_)
        | VisionError::Io(_)
        | VisionError::Encoding { .. }
        | VisionError::Weights { .. }
        | VisionError::NoMatrixTiles
        | VisionError::Network(_) => PictureProblem::Damaged { reason },
    }
}
