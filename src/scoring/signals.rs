//! The one vocabulary that rules may speak about: every signal's name, unit, range and meaning.

use std::fmt;

use serde::{Deserialize, Serialize};

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
    pub liveness: Option<f64>,
}

/// One signal that a condition may name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Signal {
    Score,
    MinPercentage,
    MedianPercentage,
    MaxPercentage,
    /// The share of the frames with a face whose percentage is at least this.
    ShareAbove(f64),
    FramesWithFace,
    FaceShare,
    FacesInVideo,
    Sharpness,
    Brightness,
    HeadTurn,
    DocumentFaces,
    DocumentFacePx,
    DocumentSharpness,
    DocumentBrightness,
    Liveness,
}

/// What the documentation says of a signal.
#[derive(Clone, Copy, Debug)]
pub struct SignalFacts {
    pub name: &'static str,
    pub unit: &'static str,
    pub range: &'static str,
    pub meaning: &'static str,
}

/// Every signal with its facts, in the order of the documentation.
pub const VOCABULARY: [(Signal, SignalFacts); 16] = [
    (
        Signal::Score,
        facts(
            "score",
            "percent",
            "0–100",
            "mean of the frames' percentages; 0 when no frame has a face",
        ),
    ),
    (
        Signal::MinPercentage,
        facts(
            "min_percentage",
            "percent",
            "0–100",
            "lowest percentage of a frame with a face",
        ),
    ),
    (
        Signal::MedianPercentage,
        facts(
            "median_percentage",
            "percent",
            "0–100",
            "median percentage of the frames with a face",
        ),
    ),
    (
        Signal::MaxPercentage,
        facts(
            "max_percentage",
            "percent",
            "0–100",
            "highest percentage of a frame with a face",
        ),
    ),
    (
        Signal::ShareAbove(70.0),
        facts(
            "share_above(x)",
            "share",
            "0–1",
            "share of the frames with a face whose percentage is x or more",
        ),
    ),
    (
        Signal::FramesWithFace,
        facts(
            "frames_with_face",
            "frames",
            "0–64",
            "sampled frames in which a face was found",
        ),
    ),
    (
        Signal::FaceShare,
        facts(
            "face_share",
            "share",
            "0–1",
            "frames with a face, of the frames asked for",
        ),
    ),
    (
        Signal::FacesInVideo,
        facts(
            "faces_in_video",
            "faces",
            "0 and up",
            "most faces of a comparable size seen in one frame",
        ),
    ),
    (
        Signal::Sharpness,
        facts(
            "sharpness",
            "grey levels²",
            "0 and up",
            "median over the frames of the face's Laplacian variance",
        ),
    ),
    (
        Signal::Brightness,
        facts(
            "brightness",
            "grey level",
            "0–255",
            "median over the frames of the face's mean grey level",
        ),
    ),
    (
        Signal::HeadTurn,
        facts(
            "head_turn",
            "degrees",
            "0–90",
            "median over the frames of the larger of yaw and pitch, without sign",
        ),
    ),
    (
        Signal::DocumentFaces,
        facts(
            "document_faces",
            "faces",
            "0 and up",
            "faces found on the document, ghost portraits included",
        ),
    ),
    (
        Signal::DocumentFacePx,
        facts(
            "document_face_px",
            "pixels",
            "0 and up",
            "shorter side of the face on the document",
        ),
    ),
    (
        Signal::DocumentSharpness,
        facts(
            "document_sharpness",
            "grey levels²",
            "0 and up",
            "Laplacian variance of the face on the document",
        ),
    ),
    (
        Signal::DocumentBrightness,
        facts(
            "document_brightness",
            "grey level",
            "0–255",
            "mean grey level of the face on the document",
        ),
    ),
    (
        Signal::Liveness,
        facts(
            "liveness",
            "percent",
            "0–100",
            "how sure it is that a live person was filmed; absent while nothing examines it",
        ),
    ),
];

const fn facts(
    name: &'static str,
    unit: &'static str,
    range: &'static str,
    meaning: &'static str,
) -> SignalFacts {
    SignalFacts {
        name,
        unit,
        range,
        meaning,
    }
}

/// A condition names a signal that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no signal `{name}`{}", suggestion.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
pub struct UnknownSignal {
    name: String,
    suggestion: Option<&'static str>,
}

impl Signal {
    /// Reads `score`, `share_above(70)` and the like.
    pub fn parse(text: &str) -> Result<Self, UnknownSignal> {
        if let Some(share) = parse_share_above(text) {
            return Ok(share);
        }
        VOCABULARY
            .iter()
            .find(|(_, facts)| facts.name == text)
            .map(|(signal, _)| *signal)
            .ok_or_else(|| UnknownSignal {
                name: text.to_owned(),
                suggestion: nearest_name(text),
            })
    }

    /// The value in these signals, or `None` where it was not measured.
    pub fn value(self, signals: &Signals) -> Option<f64> {
        match self {
            Self::Score => Some(mean(&signals.percentages)),
            Self::MinPercentage => Some(lowest(&signals.percentages)),
            Self::MedianPercentage => Some(median(&signals.percentages).unwrap_or(0.0)),
            Self::MaxPercentage => Some(signals.percentages.iter().copied().fold(0.0, f64::max)),
            Self::ShareAbove(bound) => Some(share_above(&signals.percentages, bound)),
            Self::FramesWithFace => Some(f64::from(signals.frames_with_face)),
            Self::FaceShare => {
                Some(f64::from(signals.frames_with_face) / f64::from(signals.frames_asked.max(1)))
            }
            Self::FacesInVideo => Some(f64::from(signals.faces_in_video)),
            Self::Sharpness => signals.sharpness,
            Self::Brightness => signals.brightness,
            Self::HeadTurn => signals.head_turn,
            Self::DocumentFaces => Some(f64::from(signals.document_faces)),
            Self::DocumentFacePx => signals.document_face_px,
            Self::DocumentSharpness => signals.document_sharpness,
            Self::DocumentBrightness => signals.document_brightness,
            Self::Liveness => signals.liveness,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::ShareAbove(bound) = self {
            return write!(f, "share_above({bound})");
        }
        let name = VOCABULARY
            .iter()
            .find(|(signal, _)| signal == self)
            .map_or("", |(_, facts)| facts.name);
        f.write_str(name)
    }
}

/// The middle of the values, the mean of the middle two when their number is even.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get(sorted.len() / 2 - 1)?;
    Some(f64::midpoint(lower, upper))
}

fn parse_share_above(text: &str) -> Option<Signal> {
    let bound: f64 = text
        .strip_prefix("share_above(")?
        .strip_suffix(')')?
        .trim()
        .parse()
        .ok()?;
    (0.0..=100.0)
        .contains(&bound)
        .then_some(Signal::ShareAbove(bound))
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    values.iter().sum::<f64>() / values.len() as f64
}

fn lowest(values: &[f64]) -> f64 {
    values.iter().copied().min_by(f64::total_cmp).unwrap_or(0.0)
}

fn share_above(values: &[f64], bound: f64) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let above = values.iter().filter(|value| **value >= bound).count();
    above as f64 / values.len() as f64
}

/// The known name that a mistyped one was probably meant for.
fn nearest_name(text: &str) -> Option<&'static str> {
    VOCABULARY
        .iter()
        .map(|(_, facts)| (strsim::jaro_winkler(text, facts.name), facts.name))
        .filter(|(closeness, _)| *closeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_vocabulary_is_read_back_as_its_signal() {
        for (signal, facts) in VOCABULARY {
            let written = facts.name.replace("(x)", "(70)");
            assert_eq!(Signal::parse(&written), Ok(signal));
            assert_eq!(signal.to_string(), written);
        }
    }

    #[test]
    fn a_mistyped_name_is_refused_with_a_suggestion() {
        let error = Signal::parse("min_percent").unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no signal `min_percent`; did you mean `min_percentage`?"
        );
        assert!(Signal::parse("share_above(170)").is_err());
        assert!(Signal::parse("share_above(nan)").is_err());
    }

    #[test]
    fn the_numbers_over_frames_are_what_their_names_say() {
        let signals = Signals {
            percentages: vec![90.0, 70.0, 60.0, 80.0],
            frames_asked: 8,
            frames_with_face: 4,
            ..Signals::default()
        };
        let value = |text: &str| Signal::parse(text).unwrap().value(&signals);
        assert_eq!(value("score"), Some(75.0));
        assert_eq!(value("min_percentage"), Some(60.0));
        assert_eq!(value("median_percentage"), Some(75.0));
        assert_eq!(value("max_percentage"), Some(90.0));
        assert_eq!(value("share_above(70)"), Some(0.75));
        assert_eq!(value("face_share"), Some(0.5));
        assert_eq!(value("liveness"), None);
    }

    #[test]
    fn without_a_face_every_percentage_is_zero() {
        let signals = Signals::default();
        for name in [
            "score",
            "min_percentage",
            "median_percentage",
            "max_percentage",
            "share_above(1)",
        ] {
            assert_eq!(
                Signal::parse(name).unwrap().value(&signals),
                Some(0.0),
                "{name}"
            );
        }
    }
}
