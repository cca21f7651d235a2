//! From the document and the frames to the signals that rules speak about (pure).

use crate::scoring::signals::{Signals, median};
use crate::session::examination::{DocumentFinding, FaceFinding, FrameFinding};

/// Draws the signals. `comparable` holds, for every frame, the faces as large as its subject.
pub fn signals(
    document: &DocumentFinding,
    frames: &[FrameFinding],
    comparable: &[usize],
    frames_asked: usize,
) -> Signals {
    let over_faces = |measure: fn(&FaceFinding) -> f32| -> Option<f64> {
        let values: Vec<f64> = frames
            .iter()
            .filter_map(|frame| frame.face.as_ref())
            .map(|face| f64::from(measure(face)))
            .collect();
        median(&values)
    };
    let on_document = |measure: fn(&FaceFinding) -> f32| -> Option<f64> {
        document.face.as_ref().map(|face| f64::from(measure(face)))
    };
    Signals {
        percentages: frames.iter().filter_map(|frame| frame.percentage).collect(),
        frames_asked: frames_asked as u32,
        frames_with_face: frames.iter().filter(|frame| frame.face.is_some()).count() as u32,
        faces_in_video: comparable.iter().copied().max().unwrap_or(0) as u32,
        sharpness: over_faces(|face| face.sharpness),
        brightness: over_faces(|face| face.brightness),
        head_turn: over_faces(|face| face.pose.yaw.abs().max(face.pose.pitch.abs())),
        document_faces: document.faces,
        document_face_px: on_document(|face| face.face_box.width.min(face.face_box.height)),
        document_sharpness: on_document(|face| face.sharpness),
        document_brightness: on_document(|face| face.brightness),
        // Nothing examines liveness yet; the rules say what that means.
        liveness: None,
    }
}
