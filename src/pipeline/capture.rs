//! How well a face was captured: usable, one of several, or cropped and off-centre (pure).

use crate::session::examination::{CaptureCode, FaceBox, FrameFinding};

/// Another face counts beside the subject's from this share of its height on. Smaller ones are
/// ghost portraits on a card and passers-by far behind.
pub const COMPARABLE: f32 = 0.6;

/// A face whose box leaves the picture by more than this share of its own width is cropped.
const CROPPED: f32 = 0.1;

/// The centre of a face lies at most this far from the picture's, as a share of its side.
const CENTRAL: f32 = 0.35;

/// The code of a document photo. A portrait sits anywhere on a card, so only cropping counts.
pub fn document_code(face: Option<FaceBox>, comparable: usize, size: (u32, u32)) -> CaptureCode {
    match face {
        None => CaptureCode::NoUsableFace,
        Some(_) if comparable > 1 => CaptureCode::SeveralFaces,
        Some(face) if is_cropped(face, size) => CaptureCode::NotCentred,
        Some(_) => CaptureCode::Ok,
    }
}

/// The code of a video: what holds for most of its frames with a face.
pub fn video_code(frames: &[FrameFinding], comparable: &[usize], size: (u32, u32)) -> CaptureCode {
    let faces: Vec<FaceBox> = frames
        .iter()
        .filter_map(|frame| frame.face.map(|face| face.face_box))
        .collect();
    if faces.is_empty() {
        return CaptureCode::NoUsableFace;
    }
    let crowded = comparable.iter().filter(|count| **count > 1).count();
    if crowded * 2 > faces.len() {
        return CaptureCode::SeveralFaces;
    }
    let astray = faces
        .iter()
        .filter(|face| is_cropped(**face, size) || is_off_centre(**face, size))
        .count();
    if astray * 2 > faces.len() {
        CaptureCode::NotCentred
    } else {
        CaptureCode::Ok
    }
}

/// The faces at least `COMPARABLE` as tall as the subject's, itself among them.
pub fn comparable_faces(subject_height: f32, heights: impl Iterator<Item = f32>) -> usize {
    heights
        .filter(|height| *height >= COMPARABLE * subject_height)
        .count()
}

fn is_cropped(face: FaceBox, (width, height): (u32, u32)) -> bool {
    let slack = CROPPED * face.width;
    face.left < -slack
        || face.top < -slack
        || face.left + face.width > width as f32 + slack
        || face.top + face.height > height as f32 + slack
}

fn is_off_centre(face: FaceBox, (width, height): (u32, u32)) -> bool {
    let across = (face.left + face.width / 2.0) / width.max(1) as f32;
    let down = (face.top + face.height / 2.0) / height.max(1) as f32;
    (across - 0.5).abs() > CENTRAL || (down - 0.5).abs() > CENTRAL
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (u32, u32) = (480, 640);

    fn face(left: f32, top: f32) -> FaceBox {
        FaceBox {
            left,
            top,
            width: 160.0,
            height: 200.0,
        }
    }

    #[test]
    fn a_ghost_portrait_does_not_make_two_people() {
        assert_eq!(comparable_faces(200.0, [200.0, 100.0].into_iter()), 1);
        assert_eq!(comparable_faces(200.0, [200.0, 150.0].into_iter()), 2);
    }

    #[test]
    fn a_portrait_may_lie_anywhere_on_a_document_but_not_over_its_edge() {
        assert_eq!(
            document_code(Some(face(0.0, 0.0)), 1, SIZE),
            CaptureCode::Ok
        );
        assert_eq!(
            document_code(Some(face(-40.0, 0.0)), 1, SIZE),
            CaptureCode::NotCentred
        );
        assert_eq!(
            document_code(Some(face(0.0, 0.0)), 2, SIZE),
            CaptureCode::SeveralFaces
        );
        assert_eq!(document_code(None, 0, SIZE), CaptureCode::NoUsableFace);
    }
}
