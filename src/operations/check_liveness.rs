//! Asks whether the face of a picture is live, once the picture is fit to be asked about.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::look::Wanted;
use crate::pipeline::examiner::Looked;
use crate::session::defect::Defect;
use crate::session::project::Scope;

/// From which score on a face counts as live.
pub const LIVE: f64 = 0.5;

/// What keeps a picture from being asked about. Light and sharpness are told elsewhere and keep
/// nothing from being asked: the pack's own score falls with them.
const IN_THE_WAY: [Defect; 9] = [
    Defect::NoFace,
    Defect::TooManyFaces,
    Defect::FaceCropped,
    Defect::FaceTooSmall,
    Defect::FaceTooClose,
    Defect::FaceCloseToBorder,
    Defect::AngleTooLarge,
    Defect::Occluded,
    Defect::EyesClosed,
];

/// Why a face is not taken for a live one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LivenessFault {
    #[error("{}", .0.text())]
    Unfit(Defect),
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
    /// Whoever the picture shows was asked for before: their consent need not be looked for again.
    pub consented: bool,
}

impl Operations {
    /// The liveness of a picture's face, 0–1. A missing pack is said before anything is looked at.
    pub async fn check_liveness(
        &self,
        caller: &Caller,
        order: LivenessOrder,
    ) -> Result<f64, LivenessError> {
        caller.require(Scope::Submit)?;
        if !order.consented {
            Self::refuse_nameless(caller)?;
        }
        let wanted = Wanted {
            templates: 0,
            // A covered face is told where a pack can tell it.
            mask: self.models.mask.is_some(),
            liveness: true,
        };
        let looked = self
            .look(&caller.place, order.picture, order.number, wanted)
            .await?;
        let score = gate(&looked)?;
        if score < order.least {
            return Err(LivenessFault::NotLive.into());
        }
        Ok(score)
    }
}

/// The score of a picture that is fit to be asked about; else the first thing that is in the way.
fn gate(looked: &Looked) -> Result<f64, LivenessFault> {
    if let Some(defect) = looked
        .defects
        .iter()
        .find(|defect| IN_THE_WAY.contains(defect))
    {
        return Err(LivenessFault::Unfit(*defect));
    }
    let face = looked.faces.first();
    let face = face.ok_or(LivenessFault::Unfit(Defect::NoFace))?;
    face.liveness.ok_or(LivenessFault::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::examiner::LookedFace;
    use crate::session::examination::{CaptureCode, FaceBox, FaceFinding, HeadPose};

    fn gate_of(defects: &[Defect], liveness: Option<f64>) -> Result<f64, LivenessFault> {
        let face_box = FaceBox {
            left: 200.0,
            top: 200.0,
            width: 200.0,
            height: 260.0,
        };
        let face = LookedFace {
            finding: FaceFinding {
                face_box,
                confidence: 0.99,
                sharpness: 500.0,
                brightness: 120.0,
                unevenness: None,
                pose: HeadPose {
                    yaw: 0.0,
                    pitch: 0.0,
                    roll: 0.0,
                },
                mask: None,
                eyes_open: None,
                landmarks: None,
            },
            face_box,
            landmarks: [(0.0, 0.0); 5],
            template: None,
            thumbnail: Vec::new(),
            masked: None,
            liveness,
        };
        gate(&Looked {
            width: 600,
            height: 800,
            code: CaptureCode::Ok,
            comparable: 1,
            faces: vec![face],
            defects: defects.to_vec(),
        })
    }

    #[test]
    fn a_good_picture_passes_with_its_score_and_the_first_defect_is_in_the_way() {
        assert_eq!(gate_of(&[], Some(0.9)), Ok(0.9));
        let several = [Defect::TooDark, Defect::FaceTooSmall, Defect::Occluded];
        assert_eq!(
            gate_of(&several, Some(0.9)),
            Err(LivenessFault::Unfit(Defect::FaceTooSmall))
        );
        assert_eq!(gate_of(&[], None), Err(LivenessFault::Unknown));
    }

    #[test]
    fn light_and_sharpness_are_in_nobodys_way_and_everything_else_is() {
        for defect in Defect::ALL {
            let light = matches!(
                defect,
                Defect::Blurred | Defect::TooDark | Defect::TooBright | Defect::UnevenLight
            );
            let expected = if light {
                Ok(0.9)
            } else {
                Err(LivenessFault::Unfit(defect))
            };
            assert_eq!(gate_of(&[defect], Some(0.9)), expected);
        }
    }
}
