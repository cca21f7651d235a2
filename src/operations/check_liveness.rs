//! Asks whether the face of a picture is live, once the picture is fit to be asked about.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::look::Wanted;
use crate::pipeline::examiner::{Looked, LookedFace};
use crate::session::project::Scope;

/// The least width and height of the face, in pixels.
const SMALLEST_FACE: f32 = 150.0;

/// The least room between the face and the picture's edge, in pixels.
const LEAST_PADDING: f32 = 15.0;

/// The least distance between the pupils, in pixels.
const LEAST_PUPIL_DISTANCE: f32 = 50.0;

/// The most the head may be turned or nod, in degrees.
const STEEPEST: f32 = 30.0;

/// A face that takes more than this share of the picture's width or height is too close.
const CLOSEST: f32 = 0.75;

/// From which score on a face counts as live.
pub const LIVE: f64 = 0.5;

/// Why a face is not taken for a live one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LivenessFault {
    #[error("no face was found")]
    NoFace,
    #[error("several faces of like size were found")]
    SeveralFaces,
    #[error("the face leaves the picture")]
    Cropped,
    #[error("the face, or the distance between its pupils, is too small")]
    TooSmall,
    #[error("the face fills too much of the picture")]
    TooClose,
    #[error("the face is too close to the picture's edge")]
    CloseToBorder,
    #[error("the head is turned or nods too far")]
    AngleTooLarge,
    #[error("the face is covered")]
    Occluded,
    #[error("the face is not live")]
    NotLive,
    #[error("no model pack is installed that examines liveness")]
    NotInstalled,
    #[error("the model pack told nothing about the face")]
    Unknown,
}

/// Why there is no liveness score, or no use of it.
#[derive(Debug, thiserror::Error)]
pub enum LivenessError {
    #[error("{0}")]
    Fault(#[from] LivenessFault),
    #[error("{0}")]
    Other(#[source] Error),
}

impl From<Error> for LivenessError {
    fn from(error: Error) -> Self {
        if matches!(error, Error::NotInstalled { what: "liveness" }) {
            Self::Fault(LivenessFault::NotInstalled)
        } else {
            Self::Other(error)
        }
    }
}

/// A picture whose face is to be live, and which of the call's pictures it is.
#[derive(Clone)]
pub struct LivenessOrder {
    pub picture: Vec<u8>,
    pub number: usize,
    /// The least score, 0–1.
    pub least: f64,
}

impl Operations {
    /// The liveness of a picture's face, 0–1. A missing pack is said before anything is looked at.
    pub async fn check_liveness(
        &self,
        caller: &Caller,
        order: LivenessOrder,
    ) -> Result<f64, LivenessError> {
        caller.require(Scope::Submit)?;
        let wanted = Wanted {
            templates: 0,
            // A covered face is told where a pack can tell it.
            mask: self.models.mask.is_some(),
            liveness: true,
        };
        let looked = self.look(order.picture, order.number, wanted).await?;
        let score = gate(&looked)?;
        if score < order.least {
            return Err(LivenessFault::NotLive.into());
        }
        Ok(score)
    }
}

/// The score of a picture that is fit to be asked about.
fn gate(looked: &Looked) -> Result<f64, LivenessFault> {
    let face = looked.faces.first().ok_or(LivenessFault::NoFace)?;
    if looked.comparable > 1 {
        return Err(LivenessFault::SeveralFaces);
    }
    place(looked, face)?;
    let pose = face.finding.pose;
    if pose.yaw.abs() > STEEPEST || pose.pitch.abs() > STEEPEST {
        return Err(LivenessFault::AngleTooLarge);
    }
    if face.masked == Some(true) {
        return Err(LivenessFault::Occluded);
    }
    face.liveness.ok_or(LivenessFault::Unknown)
}

/// Whether the face is large enough, and inside the picture with room around it.
fn place(looked: &Looked, face: &LookedFace) -> Result<(), LivenessFault> {
    let (width, height) = (looked.width as f32, looked.height as f32);
    let at = face.face_box;
    let padding = [
        at.left,
        at.top,
        width - at.left - at.width,
        height - at.top - at.height,
    ];
    let least = padding.into_iter().fold(f32::INFINITY, f32::min);
    let [(left_x, left_y), (right_x, right_y), ..] = face.landmarks;
    let pupils = (right_x - left_x).hypot(right_y - left_y);
    if least < 0.0 {
        Err(LivenessFault::Cropped)
    } else if at.width.min(at.height) < SMALLEST_FACE || pupils < LEAST_PUPIL_DISTANCE {
        Err(LivenessFault::TooSmall)
    } else if at.width > CLOSEST * width || at.height > CLOSEST * height {
        Err(LivenessFault::TooClose)
    } else if least < LEAST_PADDING {
        Err(LivenessFault::CloseToBorder)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::examination::{CaptureCode, FaceBox, FaceFinding, HeadPose};

    fn looked(face_box: FaceBox) -> Looked {
        let eye = |share: f32| {
            let x = face_box.left + face_box.width * share;
            (x, face_box.top + face_box.height * 0.4)
        };
        let face = LookedFace {
            finding: FaceFinding {
                face_box,
                confidence: 0.99,
                sharpness: 500.0,
                brightness: 120.0,
                pose: HeadPose {
                    yaw: 0.0,
                    pitch: 0.0,
                    roll: 0.0,
                },
            },
            face_box,
            landmarks: [eye(0.3), eye(0.7), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)],
            template: None,
            thumbnail: Vec::new(),
            masked: None,
            liveness: Some(0.9),
        };
        Looked {
            width: 600,
            height: 800,
            code: CaptureCode::Ok,
            comparable: 1,
            faces: vec![face],
        }
    }

    fn boxed(left: f32, top: f32, width: f32, height: f32) -> Looked {
        looked(FaceBox {
            left,
            top,
            width,
            height,
        })
    }

    /// What the gate says of a good picture with its face changed.
    fn changed(change: impl FnOnce(&mut LookedFace)) -> Result<f64, LivenessFault> {
        let mut looked = boxed(200.0, 200.0, 200.0, 260.0);
        change(&mut looked.faces[0]);
        gate(&looked)
    }

    #[test]
    fn a_good_picture_passes_with_its_score() {
        assert_eq!(changed(|_| ()), Ok(0.9));
    }

    #[test]
    fn the_face_lies_inside_with_room_around_it() {
        for (looked, fault) in [
            (boxed(-1.0, 200.0, 200.0, 200.0), LivenessFault::Cropped),
            (boxed(401.0, 200.0, 200.0, 200.0), LivenessFault::Cropped),
            (
                boxed(14.0, 200.0, 200.0, 200.0),
                LivenessFault::CloseToBorder,
            ),
            (
                boxed(200.0, 590.0, 200.0, 200.0),
                LivenessFault::CloseToBorder,
            ),
            (boxed(200.0, 200.0, 149.0, 200.0), LivenessFault::TooSmall),
            (boxed(20.0, 20.0, 460.0, 500.0), LivenessFault::TooClose),
            (boxed(100.0, 50.0, 400.0, 610.0), LivenessFault::TooClose),
        ] {
            assert_eq!(gate(&looked), Err(fault), "{:?}", looked.faces[0].face_box);
        }
        assert_eq!(gate(&boxed(15.0, 15.0, 150.0, 150.0)), Ok(0.9));
    }

    #[test]
    fn pupils_pose_and_observations_are_asked_for() {
        let narrow = changed(|face| face.landmarks[1].0 = face.landmarks[0].0 + 49.0);
        assert_eq!(narrow, Err(LivenessFault::TooSmall));
        for degrees in [-31.0, 31.0] {
            let turned = changed(|face| face.finding.pose.yaw = degrees);
            assert_eq!(turned, Err(LivenessFault::AngleTooLarge));
            let nodding = changed(|face| face.finding.pose.pitch = degrees);
            assert_eq!(nodding, Err(LivenessFault::AngleTooLarge));
        }
        assert_eq!(changed(|face| face.finding.pose.yaw = 30.0), Ok(0.9));
        let covered = changed(|face| face.masked = Some(true));
        assert_eq!(covered, Err(LivenessFault::Occluded));
        assert_eq!(changed(|face| face.masked = Some(false)), Ok(0.9));
        let silent = changed(|face| face.liveness = None);
        assert_eq!(silent, Err(LivenessFault::Unknown));
    }

    #[test]
    fn one_face_and_not_several() {
        let mut looked = boxed(200.0, 200.0, 200.0, 260.0);
        looked.comparable = 2;
        assert_eq!(gate(&looked), Err(LivenessFault::SeveralFaces));
        looked.faces.clear();
        assert_eq!(gate(&looked), Err(LivenessFault::NoFace));
    }
}
