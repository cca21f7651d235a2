//! Whose face is meant: on a document the largest, in a frame the most central large one.

use crate::vision::coarse::Coarse;
use crate::vision::detector::{Detector, Face};
use crate::vision::error::VisionError;
use crate::vision::picture::Picture;
use crate::vision::quality;

/// Smaller faces carry too few pixels to compare.
pub const SMALLEST_FACE: f32 = 20.0;

/// Faces are looked for down to this share of the shorter side. A portrait fills more of a
/// document, and a face more of a selfie; bounding it keeps the search fast on large pictures.
const SMALLEST_SHARE: f32 = 1.0 / 12.0;

/// When a document shows no face, a smaller one is looked for, down to this share: on a scanned A4
/// page the face on a card takes a fifteenth of the width.
const SMALLEST_SHARE_ON_A_PAGE: f32 = 1.0 / 40.0;

/// On a document this sure a face stands upright, and so does the document. In 1320 pictures of LFW,
/// turned one of the three wrong ways, the surest face that was found had 0.99896, upside down.
const SURELY_UPRIGHT: f32 = 0.9995;
const UPRIGHT_ROLL: f32 = 30.0;

/// Below this a face on a document is taken only when there is no surer one: card backgrounds and
/// faces seen sideways reach up to here.
pub const SURE: f32 = 0.98;

/// In a frame, what the detector doubts more than this is no measure of what is large.
const LIKELY: f32 = 0.9;

/// A face is large when it has at least this share of the tallest one's height.
const LARGE: f32 = 0.5;

/// The face of a document and the document turned upright.
#[derive(Clone, Debug)]
pub struct DocumentSubject {
    pub upright: Picture,
    /// Quarter turns clockwise that put it upright.
    pub quarter_turns: u8,
    pub face: Face,
    /// Every face of the upright document, the subject's among them.
    pub all: Vec<Face>,
}

/// The faces of a document at one orientation, and the one that speaks for it.
struct Found {
    quarter_turns: u8,
    face: Face,
    all: Vec<Face>,
}

/// The smallest face worth looking for in a picture, in pixels.
pub fn min_face_for(picture: &Picture) -> f32 {
    share(picture, SMALLEST_SHARE)
}

/// The largest face of a document at any of the four orientations; cards carry smaller ghosts of it.
pub fn document_subject(
    detector: &Detector,
    picture: &Picture,
) -> Result<Option<DocumentSubject>, VisionError> {
    let found = search_all_around(detector, picture, min_face_for(picture))?;
    if found.is_some() {
        return Ok(found);
    }
    search_all_around(detector, picture, share(picture, SMALLEST_SHARE_ON_A_PAGE))
}

/// The same in a picture where further faces are wanted too, down to that of a card in a hand.
pub fn subject_among_small_faces(
    detector: &Detector,
    picture: &Picture,
) -> Result<Option<DocumentSubject>, VisionError> {
    search_all_around(detector, picture, share(picture, SMALLEST_SHARE_ON_A_PAGE))
}

/// The most central of the large faces, as an index.
pub fn frame_subject(faces: &[Face], width: u32, height: u32) -> Option<usize> {
    let least = LIKELY.min(surest(faces));
    let likely = || {
        faces
            .iter()
            .enumerate()
            .filter(move |(_, face)| face.confidence >= least)
    };
    let tallest = likely()
        .map(|(_, face)| face.bounds.height())
        .fold(0.0, f32::max);
    let from_centre = |face: &Face| {
        let centre = face.bounds.centre();
        (centre.x - width as f32 / 2.0).hypot(centre.y - height as f32 / 2.0)
    };
    likely()
        .filter(|(_, face)| face.bounds.height() >= LARGE * tallest)
        .min_by(|(_, a), (_, b)| from_centre(a).total_cmp(&from_centre(b)))
        .map(|(index, _)| index)
}

fn share(picture: &Picture, share: f32) -> f32 {
    let shorter = picture.width().min(picture.height()) as f32;
    (shorter * share).max(SMALLEST_FACE)
}

/// Turns the picture until a face settles how it lies, else takes the turn that most speaks for.
fn search_all_around(
    detector: &Detector,
    picture: &Picture,
    min_face: f32,
) -> Result<Option<DocumentSubject>, VisionError> {
    let coarse = Coarse::of(picture, min_face)?;
    let mut best: Option<(f32, Found)> = None;
    for quarter_turns in 0..4 {
        let all = detector.detect_in(&coarse.turned(quarter_turns), min_face)?;
        let Some(face) = largest(&all).cloned() else {
            continue;
        };
        let settled = is_surely_upright(&face);
        let worth = evidence(&face);
        if settled || best.as_ref().is_none_or(|(most, _)| worth > *most) {
            best = Some((
                worth,
                Found {
                    quarter_turns,
                    face,
                    all,
                },
            ));
        }
        if settled {
            break;
        }
    }
    Ok(best.map(|(_, found)| DocumentSubject {
        upright: picture.turned(found.quarter_turns),
        quarter_turns: found.quarter_turns,
        face: found.face,
        all: found.all,
    }))
}

fn largest(faces: &[Face]) -> Option<&Face> {
    let least = SURE.min(surest(faces));
    faces
        .iter()
        .filter(|face| face.confidence >= least)
        .max_by(|a, b| a.bounds.area().total_cmp(&b.bounds.area()))
}

fn surest(faces: &[Face]) -> f32 {
    faces.iter().map(|face| face.confidence).fold(0.0, f32::max)
}

fn is_surely_upright(face: &Face) -> bool {
    face.confidence >= SURELY_UPRIGHT && quality::pose(face).roll.abs() <= UPRIGHT_ROLL
}

/// How much speaks for an orientation: the face's height by how sure it is, on a logarithmic scale
/// so that 0.9999 outweighs a box that is larger by half at 0.98.
fn evidence(face: &Face) -> f32 {
    let doubt = (1.0 - face.confidence).max(1e-5);
    face.bounds.height() * -doubt.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vision::geometry::{BoundingBox, Point};

    fn face(left: f32, top: f32, side: f32, confidence: f32) -> Face {
        Face {
            bounds: BoundingBox {
                left,
                top,
                right: left + side,
                bottom: top + side,
            },
            confidence,
            landmarks: [Point { x: left, y: top }; 5],
        }
    }

    #[test]
    fn in_a_frame_the_central_large_face_is_the_subject() {
        let passer_by = face(0.0, 0.0, 110.0, 1.0);
        let subject = face(150.0, 150.0, 100.0, 0.9);
        let speck = face(195.0, 195.0, 10.0, 1.0);
        assert_eq!(
            frame_subject(&[passer_by, subject, speck], 400, 400),
            Some(1)
        );
        assert_eq!(frame_subject(&[], 400, 400), None);
    }

    #[test]
    fn in_a_frame_a_doubtful_face_hides_no_other() {
        let pattern = face(0.0, 0.0, 380.0, 0.75);
        let subject = face(150.0, 150.0, 100.0, 0.999);
        assert_eq!(
            frame_subject(&[subject, pattern.clone()], 400, 400),
            Some(0)
        );
        assert_eq!(frame_subject(&[pattern], 400, 400), Some(0));
    }

    #[test]
    fn on_a_document_the_largest_sure_face_is_the_subject() {
        let portrait = face(10.0, 10.0, 160.0, 0.9999);
        let ghost = face(300.0, 10.0, 80.0, 0.9999);
        let pattern = face(100.0, 100.0, 300.0, 0.9);
        let faces = [ghost, pattern, portrait.clone()];
        assert_eq!(largest(&faces), Some(&portrait));
    }

    #[test]
    fn a_larger_box_does_not_outweigh_a_surer_one() {
        assert!(evidence(&face(0.0, 0.0, 169.0, 1.0)) > evidence(&face(0.0, 0.0, 217.0, 0.98)));
    }
}
