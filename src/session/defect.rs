//! What is wrong with how a face was captured: observations by code, and what to tell whoever can do better.

use serde::{Deserialize, Serialize};

/// One thing that is wrong with a capture. The codes are stable: one that is out keeps its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Defect {
    #[serde(rename = "FACE_NOT_FOUND")]
    NoFace,
    #[serde(rename = "TOO_MANY_FACES")]
    TooManyFaces,
    #[serde(rename = "FACE_CROPPED")]
    FaceCropped,
    #[serde(rename = "FACE_TOO_SMALL")]
    FaceTooSmall,
    #[serde(rename = "FACE_TOO_CLOSE")]
    FaceTooClose,
    #[serde(rename = "FACE_CLOSE_TO_BORDER")]
    FaceCloseToBorder,
    #[serde(rename = "FACE_ANGLE_TOO_LARGE")]
    AngleTooLarge,
    #[serde(rename = "FACE_IS_OCCLUDED")]
    Occluded,
    #[serde(rename = "EYES_CLOSED")]
    EyesClosed,
    #[serde(rename = "FACE_BLURRED")]
    Blurred,
    #[serde(rename = "FACE_TOO_DARK")]
    TooDark,
    #[serde(rename = "FACE_TOO_BRIGHT")]
    TooBright,
    #[serde(rename = "LIGHT_UNEVEN")]
    UnevenLight,
}

impl Defect {
    /// Every defect, in the order in which several of one picture are told.
    pub const ALL: [Self; 13] = [
        Self::NoFace,
        Self::TooManyFaces,
        Self::FaceCropped,
        Self::FaceTooSmall,
        Self::FaceTooClose,
        Self::FaceCloseToBorder,
        Self::AngleTooLarge,
        Self::Occluded,
        Self::EyesClosed,
        Self::Blurred,
        Self::TooDark,
        Self::TooBright,
        Self::UnevenLight,
    ];

    /// The code that programs read.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoFace => "FACE_NOT_FOUND",
            Self::TooManyFaces => "TOO_MANY_FACES",
            Self::FaceCropped => "FACE_CROPPED",
            Self::FaceTooSmall => "FACE_TOO_SMALL",
            Self::FaceTooClose => "FACE_TOO_CLOSE",
            Self::FaceCloseToBorder => "FACE_CLOSE_TO_BORDER",
            Self::AngleTooLarge => "FACE_ANGLE_TOO_LARGE",
            Self::Occluded => "FACE_IS_OCCLUDED",
            Self::EyesClosed => "EYES_CLOSED",
            Self::Blurred => "FACE_BLURRED",
            Self::TooDark => "FACE_TOO_DARK",
            Self::TooBright => "FACE_TOO_BRIGHT",
            Self::UnevenLight => "LIGHT_UNEVEN",
        }
    }

    /// What was observed, for officers and callers.
    pub fn text(self) -> &'static str {
        match self {
            Self::NoFace => "no face was found",
            Self::TooManyFaces => "several faces of like size were found",
            Self::FaceCropped => "the face leaves the picture",
            Self::FaceTooSmall => "the face, or the distance between its pupils, is too small",
            Self::FaceTooClose => "the face fills too much of the picture",
            Self::FaceCloseToBorder => "the face is too close to the picture's edge",
            Self::AngleTooLarge => "the head is turned, nods or leans too far",
            Self::Occluded => "the face is covered",
            Self::EyesClosed => "the eyes are closed",
            Self::Blurred => "the face is blurred",
            Self::TooDark => "the face is too dark",
            Self::TooBright => "the face is overexposed",
            Self::UnevenLight => "one side of the face is much darker than the other",
        }
    }

    /// What the applicant may do about it.
    pub fn applicant_text(self) -> &'static str {
        match self {
            Self::NoFace => "Please make sure that your whole face can be seen.",
            Self::TooManyFaces => "Please make sure that nobody else is in the picture.",
            Self::FaceCropped => "Please keep your whole face in the picture.",
            Self::FaceTooSmall => "Please come closer to the camera.",
            Self::FaceTooClose => "Please move a little away from the camera.",
            Self::FaceCloseToBorder => "Please hold the camera so that your face is in the middle.",
            Self::AngleTooLarge => {
                "Please look straight into the camera and hold your head upright."
            }
            Self::Occluded => "Please take off whatever covers your face.",
            Self::EyesClosed => "Please keep your eyes open.",
            Self::Blurred => "Please clean the lens and hold the camera still.",
            Self::TooDark => "Please go where there is more light.",
            Self::TooBright => "Please move away from the strong light.",
            Self::UnevenLight => "Please turn so that light falls on both sides of your face.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_defect_is_written_and_read_by_its_code() {
        for defect in Defect::ALL {
            let written = serde_json::to_value(defect).unwrap();
            assert_eq!(written, defect.code());
            assert_eq!(serde_json::from_value::<Defect>(written).unwrap(), defect);
        }
    }

    #[test]
    fn the_page_about_observations_lists_every_defect_as_it_is_told() {
        let page = include_str!("../../docs/observations.md");
        for defect in Defect::ALL {
            let row = format!(
                "| `{}` | {} | {} |",
                defect.code(),
                defect.text(),
                defect.applicant_text()
            );
            assert!(page.contains(&row), "missing: {row}");
        }
    }
}
