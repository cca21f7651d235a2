//! The numbers of one examination that rules speak about, as they are kept with it.

use serde::{Deserialize, Serialize};

use crate::scoring::functions::mean;

/// The numbers of one examination; `None` where nothing was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Signals {
    /// One percentage a frame with a face, in the order of time.
    pub percentages: Vec<f64>,
    /// Frames that were asked for; a clip with fewer frames does not make this smaller.
    pub frames_asked: u32,
    pub frames_with_face: u32,
    pub faces_in_video: u32,
    pub sharpness: Option<f64>,
    pub brightness: Option<f64>,
    pub head_turn: Option<f64>,
    pub document_faces: u32,
    pub document_face_px: Option<f64>,
    pub document_sharpness: Option<f64>,
    pub document_brightness: Option<f64>,
    /// Of the frames that were looked at closely, by the passive pack.
    pub liveness: Option<f64>,
    /// What follows was added later, and is absent in examinations older than that.
    #[serde(default)]
    pub blink_count: Option<f64>,
    #[serde(default)]
    pub head_relief: Option<f64>,
    #[serde(default)]
    pub expression: Option<f64>,
    #[serde(default)]
    pub sway: Option<f64>,
    #[serde(default)]
    pub fresh_frames: Option<f64>,
    #[serde(default)]
    pub unbroken: Option<f64>,
    #[serde(default)]
    pub screen_free: Option<f64>,
    #[serde(default)]
    pub pulse: Option<f64>,
    #[serde(default)]
    pub same_person: Option<f64>,
    #[serde(default)]
    pub challenge: Option<f64>,
    #[serde(default)]
    pub mask: Option<f64>,
    /// Frame by frame; absent in examinations older than this.
    #[serde(default)]
    pub frames: Option<FrameSeries>,
}

/// What was measured frame by frame, in the order of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FrameSeries {
    /// One value a frame with a face, like all the others but `faces`.
    pub sharpness: Vec<f64>,
    pub brightness: Vec<f64>,
    pub yaw: Vec<f64>,
    pub pitch: Vec<f64>,
    pub roll: Vec<f64>,
    /// Shorter side of the face.
    pub face_px: Vec<f64>,
    pub confidence: Vec<f64>,
    /// Empty where no pack tells it, like the next.
    #[serde(default)]
    pub liveness: Vec<f64>,
    #[serde(default)]
    pub mask: Vec<f64>,
    /// One value a sampled frame, with a face or without: the faces as large as its subject.
    pub faces: Vec<f64>,
}

impl Signals {
    /// The mean of the frames' percentages; 0 when no frame has a face.
    pub fn score(&self) -> f64 {
        mean(&self.percentages).unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_stored_before_there_were_series_are_read() {
        let older = r#"{"percentages": [90.5], "frames_asked": 8, "frames_with_face": 1,
            "faces_in_video": 1, "sharpness": 300.0, "brightness": null, "head_turn": null,
            "document_faces": 1, "document_face_px": null, "document_sharpness": null,
            "document_brightness": null, "liveness": null}"#;
        let signals: Signals = serde_json::from_str(older).unwrap();
        assert_eq!(signals.frames, None);
        assert!((signals.score() - 90.5).abs() < 1e-9);
    }

    #[test]
    fn without_a_face_the_score_is_zero() {
        assert!(Signals::default().score().abs() < f64::EPSILON);
    }
}
