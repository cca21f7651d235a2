//! From the document and the frames to the signals that rules speak about (pure).

use crate::pipeline::liveness::motion::Motion;
use crate::scoring::functions::median;
use crate::scoring::signals::{FrameSeries, Signals};
use crate::session::examination::{DocumentFinding, FaceFinding, FrameFinding};

/// What an examination found, to draw signals from.
#[derive(Clone, Copy)]
pub struct Found<'a> {
    pub document: &'a DocumentFinding,
    pub frames: &'a [FrameFinding],
    /// For every frame, the faces as large as its subject.
    pub comparable: &'a [usize],
    pub frames_asked: usize,
    pub motion: Motion,
    /// The share of the challenge's steps that were met, in percent.
    pub challenge: Option<f64>,
    /// The share of frames with the session's own face, in percent.
    pub same_person: Option<f64>,
}

/// Draws the signals.
pub fn signals(found: Found<'_>) -> Signals {
    let Found {
        document,
        frames,
        comparable,
        frames_asked,
        motion,
        challenge,
        same_person,
    } = found;
    let series = series(frames, comparable);
    let turns = of_faces(frames, |face| {
        face.pose.yaw.abs().max(face.pose.pitch.abs())
    });
    let on_document = |measure: fn(&FaceFinding) -> f32| -> Option<f64> {
        document.face.as_ref().map(|face| f64::from(measure(face)))
    };
    Signals {
        percentages: frames.iter().filter_map(|frame| frame.percentage).collect(),
        frames_asked: frames_asked as u32,
        frames_with_face: frames.iter().filter(|frame| frame.face.is_some()).count() as u32,
        faces_in_video: comparable.iter().copied().max().unwrap_or(0) as u32,
        sharpness: median(&series.sharpness),
        brightness: median(&series.brightness),
        head_turn: median(&turns),
        document_faces: document.faces,
        document_face_px: on_document(shorter_side),
        document_sharpness: on_document(|face| face.sharpness),
        document_brightness: on_document(|face| face.brightness),
        liveness: median(&series.liveness),
        blink_count: motion.blinks.map(f64::from),
        head_relief: motion.relief,
        expression: motion.expression,
        sway: motion.sway,
        fresh_frames: motion.fresh,
        unbroken: motion.unbroken,
        screen_free: motion.screen_free,
        pulse: motion.pulse,
        same_person,
        challenge,
        mask: median(&series.mask),
        frames: Some(series),
    }
}

/// What was measured frame by frame.
fn series(frames: &[FrameFinding], comparable: &[usize]) -> FrameSeries {
    FrameSeries {
        sharpness: of_faces(frames, |face| face.sharpness),
        brightness: of_faces(frames, |face| face.brightness),
        yaw: of_faces(frames, |face| face.pose.yaw),
        pitch: of_faces(frames, |face| face.pose.pitch),
        roll: of_faces(frames, |face| face.pose.roll),
        face_px: of_faces(frames, shorter_side),
        confidence: of_faces(frames, |face| face.confidence),
        liveness: frames.iter().filter_map(|frame| frame.liveness).collect(),
        mask: frames
            .iter()
            .filter_map(|frame| Some(frame.face.as_ref()?.mask? * 100.0))
            .collect(),
        faces: comparable.iter().map(|faces| *faces as f64).collect(),
    }
}

/// One value a frame with a face, in the order of time.
fn of_faces(frames: &[FrameFinding], measure: fn(&FaceFinding) -> f32) -> Vec<f64> {
    let faces = frames.iter().filter_map(|frame| frame.face.as_ref());
    faces.map(|face| f64::from(measure(face))).collect()
}

fn shorter_side(face: &FaceFinding) -> f32 {
    face.face_box.width.min(face.face_box.height)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::examination::{CaptureCode, FaceBox, HeadPose};

    fn frame(index: u32, sharpness: Option<f32>) -> FrameFinding {
        FrameFinding {
            index,
            time_ms: u64::from(index) * 500,
            faces: u32::from(sharpness.is_some()),
            face: sharpness.map(|sharpness| FaceFinding {
                face_box: FaceBox {
                    left: 0.0,
                    top: 0.0,
                    width: 90.0,
                    height: 120.0,
                },
                confidence: 0.75,
                sharpness,
                brightness: 100.0,
                unevenness: None,
                pose: HeadPose {
                    yaw: -20.0,
                    pitch: 5.0,
                    roll: 1.0,
                },
                mask: None,
                eyes_open: None,
                landmarks: None,
            }),
            similarity: sharpness.map(|_| 0.5),
            percentage: sharpness.map(|_| 85.0),
            liveness: sharpness.map(f64::from),
            defects: Vec::new(),
        }
    }

    #[test]
    fn series_have_a_value_a_frame_with_a_face_and_faces_one_a_frame() {
        let frames = [frame(0, Some(30.0)), frame(1, None), frame(2, Some(10.0))];
        let document = DocumentFinding {
            code: CaptureCode::NoUsableFace,
            width: 640,
            height: 400,
            quarter_turns: 0,
            faces: 0,
            face: None,
            defects: Vec::new(),
        };
        let signals = signals(Found {
            document: &document,
            frames: &frames,
            comparable: &[1, 0, 2],
            frames_asked: 8,
            motion: Motion {
                blinks: Some(3),
                ..Motion::default()
            },
            challenge: None,
            same_person: Some(100.0),
        });
        let series = signals.frames.unwrap();
        assert_eq!(series.sharpness, [30.0, 10.0]);
        assert_eq!(series.yaw, [-20.0, -20.0]);
        assert_eq!(series.face_px, [90.0, 90.0]);
        assert_eq!(series.faces, [1.0, 0.0, 2.0]);
        assert_eq!(signals.sharpness, Some(20.0));
        assert_eq!(signals.head_turn, Some(20.0));
        assert_eq!(signals.liveness, Some(20.0));
        assert_eq!((signals.mask, signals.blink_count), (None, Some(3.0)));
        assert_eq!(signals.faces_in_video, 2);
        assert_eq!(signals.document_face_px, None);
    }
}
