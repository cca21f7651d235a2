//! A face as the findings tell it: its box, its measurements, a small picture, and who stands beside it.

use crate::pipeline::capture;
use crate::pipeline::defects::{Bounds, Sight, defects};
use crate::session::defect::Defect;
use crate::session::examination::{FaceBox, FaceFinding, HeadPose};
use crate::vision::detector::Face;
use crate::vision::error::VisionError;
use crate::vision::mask;
use crate::vision::picture::Picture;
use crate::vision::quality;
use crate::vision::subject;

/// The longer side of a timeline's pictures, in pixels, and their JPEG quality: enough for an
/// officer's list, little to keep.
const THUMBNAIL_SIDE: u32 = 160;
const THUMBNAIL_QUALITY: u8 = 80;
const THUMBNAIL_MARGIN: f32 = 0.3;

/// A face with a little around it, small.
pub(super) fn thumbnail(picture: &Picture, face: &Face) -> Result<Vec<u8>, VisionError> {
    picture
        .crop(&face.bounds, THUMBNAIL_MARGIN)
        .scaled_to_fit(THUMBNAIL_SIDE)
        .to_jpeg(THUMBNAIL_QUALITY)
}

/// The faces beside which the subject stands, itself among them: a doubtful one is nobody.
pub(super) fn comparable(face: &Face, all: &[Face]) -> usize {
    let people = all
        .iter()
        .filter(|face| face.confidence >= subject::SURE.min(face.confidence));
    capture::comparable_faces(
        face.bounds.height(),
        people.map(|face| face.bounds.height()),
    )
}

pub(super) fn face_box(face: &Face) -> FaceBox {
    FaceBox {
        left: face.bounds.left,
        top: face.bounds.top,
        width: face.bounds.width(),
        height: face.bounds.height(),
    }
}

/// Between the pupils, in pixels.
pub(super) fn pupil_distance(face: &Face) -> f32 {
    let [left, right, ..] = face.landmarks;
    (right.x - left.x).hypot(right.y - left.y)
}

/// What is wrong with a capture's subject, who stands among so many.
pub(super) fn defects_of(
    finding: &FaceFinding,
    (face, comparable): (&Face, usize),
    size: (u32, u32),
    bounds: &Bounds,
) -> Vec<Defect> {
    let sight = Sight {
        size,
        face: finding,
        pupil_distance: pupil_distance(face),
        comparable,
        covered: finding.mask.map(|worn| worn >= mask::WORN),
        eyes_open: finding.eyes_open,
    };
    defects(Some(sight), bounds)
}

/// What is measured of a face; `mask` is how sure it is that one is worn, where that was asked.
pub(super) fn face_finding(picture: &Picture, face: &Face, mask: Option<f64>) -> FaceFinding {
    let pose = quality::pose(face);
    FaceFinding {
        face_box: face_box(face),
        confidence: face.confidence,
        sharpness: quality::sharpness(picture, face),
        brightness: quality::brightness(picture, face),
        unevenness: Some(quality::unevenness(picture, face)),
        pose: HeadPose {
            yaw: pose.yaw,
            pitch: pose.pitch,
            roll: pose.roll,
        },
        mask,
        eyes_open: None,
        landmarks: Some(face.landmarks.map(|point| [point.x, point.y])),
    }
}
