//! A face as the findings tell it: its box, its measurements, a small picture, and who stands beside it.

use crate::pipeline::capture;
use crate::session::examination::{FaceBox, FaceFinding, HeadPose};
use crate::vision::detector::Face;
use crate::vision::error::VisionError;
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

pub(super) fn face_finding(picture: &Picture, face: &Face) -> FaceFinding {
    let pose = quality::pose(face);
    FaceFinding {
        face_box: face_box(face),
        confidence: face.confidence,
        sharpness: quality::sharpness(picture, face),
        brightness: quality::brightness(picture, face),
        pose: HeadPose {
            yaw: pose.yaw,
            pitch: pose.pitch,
            roll: pose.roll,
        },
    }
}
