//! The one vocabulary that rules may speak about: every signal's name, unit, range, meaning and reasons.

use std::fmt;

use crate::scoring::functions::{Function, MOST_FRAMES};
use crate::scoring::interval::Interval;
use crate::scoring::reasons::ReasonCode;
use crate::scoring::signals::{FrameSeries, Signals};

/// One signal that a rule may name.
#[derive(Clone, Copy)]
pub struct Signal {
    pub name: &'static str,
    pub unit: &'static str,
    pub range: Interval,
    pub meaning: &'static str,
    /// What it means to fall short of a lower bound.
    pub too_low: ReasonCode,
    /// What it means to exceed an upper bound.
    pub too_high: ReasonCode,
    pub read: Read,
}

/// How a signal is read from an examination's numbers.
#[derive(Clone, Copy)]
pub enum Read {
    /// One number an examination.
    Examination(fn(&Signals) -> Option<f64>),
    /// One number a frame, to be put under a function.
    Frames {
        values: fn(&Signals) -> Option<&[f64]>,
        /// What its functions come to where no frame has a value; `None` where that says nothing.
        of_none: Option<f64>,
    },
}

impl Signal {
    /// The signal of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        VOCABULARY.iter().find(|signal| signal.name == name)
    }

    /// Whether it has a value for every frame and wants a function.
    pub fn is_of_frames(&self) -> bool {
        match self.read {
            Read::Examination(_) => false,
            Read::Frames { .. } => true,
        }
    }
}

/// Signals are the same when their names are.
impl PartialEq for Signal {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

const PERCENT: Interval = Interval::new(0.0, 100.0);
const SHARE: Interval = Interval::new(0.0, 1.0);
const FRAMES: Interval = Interval::new(0.0, MOST_FRAMES);
const GREY: Interval = Interval::new(0.0, 255.0);
const UPWARDS: Interval = Interval::new(0.0, f64::INFINITY);
const HALF_TURN: Interval = Interval::new(-90.0, 90.0);

/// Every signal, in the order of the documentation: those of the examination, then those of its frames.
pub static VOCABULARY: [Signal; 37] = [
    Signal {
        name: "score",
        unit: "percent",
        range: PERCENT,
        meaning: "mean of the frames' percentages; 0 when no frame has a face",
        too_low: ReasonCode::FaceMismatch,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Examination(|signals| Some(signals.score())),
    },
    Signal {
        name: "min_percentage",
        unit: "percent",
        range: PERCENT,
        meaning: "lowest percentage of a frame with a face",
        too_low: ReasonCode::FaceChanges,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Examination(|signals| Some(over_percentages(Function::Min, signals))),
    },
    Signal {
        name: "median_percentage",
        unit: "percent",
        range: PERCENT,
        meaning: "median percentage of the frames with a face",
        too_low: ReasonCode::FaceMismatch,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Examination(|signals| Some(over_percentages(Function::Median, signals))),
    },
    Signal {
        name: "max_percentage",
        unit: "percent",
        range: PERCENT,
        meaning: "highest percentage of a frame with a face",
        too_low: ReasonCode::FaceMismatch,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Examination(|signals| Some(over_percentages(Function::Max, signals))),
    },
    Signal {
        name: "frames_with_face",
        unit: "frames",
        range: FRAMES,
        meaning: "sampled frames in which a face was found",
        too_low: ReasonCode::FaceNotVisible,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Examination(|signals| Some(f64::from(signals.frames_with_face))),
    },
    Signal {
        name: "face_share",
        unit: "share",
        range: SHARE,
        meaning: "frames with a face, of the frames asked for",
        too_low: ReasonCode::FaceNotVisible,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Examination(|signals| {
            Some(f64::from(signals.frames_with_face) / f64::from(signals.frames_asked.max(1)))
        }),
    },
    Signal {
        name: "faces_in_video",
        unit: "faces",
        range: UPWARDS,
        meaning: "most faces of a comparable size seen in one frame",
        too_low: ReasonCode::FaceNotVisible,
        too_high: ReasonCode::SeveralPeople,
        read: Read::Examination(|signals| Some(f64::from(signals.faces_in_video))),
    },
    Signal {
        name: "sharpness",
        unit: "grey levels²",
        range: UPWARDS,
        meaning: "median over the frames of the face's Laplacian variance",
        too_low: ReasonCode::VideoBlurred,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Examination(|signals| signals.sharpness),
    },
    Signal {
        name: "brightness",
        unit: "grey level",
        range: GREY,
        meaning: "median over the frames of the face's mean grey level",
        too_low: ReasonCode::VideoTooDark,
        too_high: ReasonCode::VideoTooBright,
        read: Read::Examination(|signals| signals.brightness),
    },
    Signal {
        name: "head_turn",
        unit: "degrees",
        range: Interval::new(0.0, 90.0),
        meaning: "median over the frames of the larger of yaw and pitch, without sign",
        too_low: ReasonCode::RuleNotMet,
        too_high: ReasonCode::HeadTurned,
        read: Read::Examination(|signals| signals.head_turn),
    },
    Signal {
        name: "document_faces",
        unit: "faces",
        range: UPWARDS,
        meaning: "faces found on the document, ghost portraits included",
        too_low: ReasonCode::DocumentFaceMissing,
        too_high: ReasonCode::DocumentSeveralFaces,
        read: Read::Examination(|signals| Some(f64::from(signals.document_faces))),
    },
    Signal {
        name: "document_face_px",
        unit: "pixels",
        range: UPWARDS,
        meaning: "shorter side of the face on the document",
        too_low: ReasonCode::DocumentFaceTooSmall,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Examination(|signals| signals.document_face_px),
    },
    Signal {
        name: "document_sharpness",
        unit: "grey levels²",
        range: UPWARDS,
        meaning: "Laplacian variance of the face on the document",
        too_low: ReasonCode::DocumentBlurred,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Examination(|signals| signals.document_sharpness),
    },
    Signal {
        name: "document_brightness",
        unit: "grey level",
        range: GREY,
        meaning: "mean grey level of the face on the document",
        too_low: ReasonCode::DocumentTooDark,
        too_high: ReasonCode::DocumentTooBright,
        read: Read::Examination(|signals| signals.document_brightness),
    },
    Signal {
        name: "liveness",
        unit: "percent",
        range: PERCENT,
        meaning: "how live single pictures of the face look: median over the frames; absent without a pack that tells it",
        too_low: ReasonCode::LivenessNotShown,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Examination(|signals| signals.liveness),
    },
    Signal {
        name: "blink_count",
        unit: "blinks",
        range: UPWARDS,
        meaning: "blinks in the part of the video that was watched",
        too_low: ReasonCode::LivenessNotShown,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Examination(|signals| signals.blink_count),
    },
    Signal {
        name: "head_relief",
        unit: "percent",
        range: PERCENT,
        meaning: "how surely the face moves as a head does and not as a plane; 0 also where it keeps still",
        too_low: ReasonCode::LivenessNotShown,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Examination(|signals| signals.head_relief),
    },
    Signal {
        name: "expression",
        unit: "percent",
        range: PERCENT,
        meaning: "how surely the mouth speaks or smiles, beyond what a picture shows that is moved; absent without the pack that follows a face",
        too_low: ReasonCode::LivenessNotShown,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Examination(|signals| signals.expression),
    },
    Signal {
        name: "sway",
        unit: "percent",
        range: UPWARDS,
        meaning: "how much the face moves about, of the distance between the eyes; absent without the pack that follows a face",
        too_low: ReasonCode::LivenessNotShown,
        too_high: ReasonCode::LivenessNotShown,
        read: Read::Examination(|signals| signals.sway),
    },
    Signal {
        name: "fresh_frames",
        unit: "percent",
        range: PERCENT,
        meaning: "pictures of the video that were not shown before in it, standing still or looped; absent where the video is longer than what is watched",
        too_low: ReasonCode::VideoRepeats,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Examination(|signals| signals.fresh_frames),
    },
    Signal {
        name: "unbroken",
        unit: "percent",
        range: PERCENT,
        meaning: "how surely the video has no cut; absent where it is longer than what is watched",
        too_low: ReasonCode::VideoCut,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Examination(|signals| signals.unbroken),
    },
    Signal {
        name: "screen_free",
        unit: "percent",
        range: PERCENT,
        meaning: "how surely no bands of a filmed screen run over the picture",
        too_low: ReasonCode::ScreenSeen,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Examination(|signals| signals.screen_free),
    },
    Signal {
        name: "pulse",
        unit: "percent",
        range: PERCENT,
        meaning: "how clearly one heart beat shows in the colour of the skin; a weak hint",
        too_low: ReasonCode::LivenessNotShown,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Examination(|signals| signals.pulse),
    },
    Signal {
        name: "same_person",
        unit: "percent",
        range: PERCENT,
        meaning: "frames whose face is that of the frame which is most like all others",
        too_low: ReasonCode::PersonChanges,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Examination(|signals| signals.same_person),
    },
    Signal {
        name: "challenge",
        unit: "percent",
        range: PERCENT,
        meaning: "steps of the challenge that the video shows, in their order and in time; absent where none was ever drawn for the session",
        too_low: ReasonCode::ChallengeNotMet,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Examination(|signals| signals.challenge),
    },
    Signal {
        name: "mask",
        unit: "percent",
        range: PERCENT,
        meaning: "how surely the face wears a mask: median over the frames; absent in examinations of older versions",
        too_low: ReasonCode::RuleNotMet,
        too_high: ReasonCode::FaceCovered,
        read: Read::Examination(|signals| signals.mask),
    },
    Signal {
        name: "frames.percentage",
        unit: "percent",
        range: PERCENT,
        meaning: "the frame's percentage; over no frame at all most functions are 0",
        too_low: ReasonCode::FaceMismatch,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Frames {
            values: |signals| Some(&signals.percentages),
            of_none: Some(0.0),
        },
    },
    Signal {
        name: "frames.sharpness",
        unit: "grey levels²",
        range: UPWARDS,
        meaning: "Laplacian variance of the face",
        too_low: ReasonCode::VideoBlurred,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Frames {
            values: |signals| series(signals, |frames| &frames.sharpness),
            of_none: None,
        },
    },
    Signal {
        name: "frames.brightness",
        unit: "grey level",
        range: GREY,
        meaning: "mean grey level of the face",
        too_low: ReasonCode::VideoTooDark,
        too_high: ReasonCode::VideoTooBright,
        read: Read::Frames {
            values: |signals| series(signals, |frames| &frames.brightness),
            of_none: None,
        },
    },
    Signal {
        name: "frames.yaw",
        unit: "degrees",
        range: HALF_TURN,
        meaning: "how far the head is turned to the side; 0 looks ahead",
        too_low: ReasonCode::HeadTurned,
        too_high: ReasonCode::HeadTurned,
        read: Read::Frames {
            values: |signals| series(signals, |frames| &frames.yaw),
            of_none: None,
        },
    },
    Signal {
        name: "frames.pitch",
        unit: "degrees",
        range: HALF_TURN,
        meaning: "how far the head is turned up; 0 looks ahead",
        too_low: ReasonCode::HeadTurned,
        too_high: ReasonCode::HeadTurned,
        read: Read::Frames {
            values: |signals| series(signals, |frames| &frames.pitch),
            of_none: None,
        },
    },
    Signal {
        name: "frames.roll",
        unit: "degrees",
        range: Interval::new(-180.0, 180.0),
        meaning: "how far the head is tilted clockwise",
        too_low: ReasonCode::HeadTurned,
        too_high: ReasonCode::HeadTurned,
        read: Read::Frames {
            values: |signals| series(signals, |frames| &frames.roll),
            of_none: None,
        },
    },
    Signal {
        name: "frames.face_px",
        unit: "pixels",
        range: UPWARDS,
        meaning: "shorter side of the face",
        too_low: ReasonCode::FaceTooSmall,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Frames {
            values: |signals| series(signals, |frames| &frames.face_px),
            of_none: None,
        },
    },
    Signal {
        name: "frames.confidence",
        unit: "share",
        range: SHARE,
        meaning: "how sure the detector is of the face",
        too_low: ReasonCode::FaceNotVisible,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Frames {
            values: |signals| series(signals, |frames| &frames.confidence),
            of_none: None,
        },
    },
    Signal {
        name: "frames.liveness",
        unit: "percent",
        range: PERCENT,
        meaning: "how live the face looks in the frame; no value without a pack that tells it",
        too_low: ReasonCode::LivenessNotShown,
        too_high: ReasonCode::RuleNotMet,
        read: Read::Frames {
            values: |signals| series(signals, |frames| &frames.liveness),
            of_none: None,
        },
    },
    Signal {
        name: "frames.mask",
        unit: "percent",
        range: PERCENT,
        meaning: "how surely the face wears a mask in the frame; no value in examinations of older versions",
        too_low: ReasonCode::RuleNotMet,
        too_high: ReasonCode::FaceCovered,
        read: Read::Frames {
            values: |signals| series(signals, |frames| &frames.mask),
            of_none: None,
        },
    },
    Signal {
        name: "frames.faces",
        unit: "faces",
        range: UPWARDS,
        meaning: "faces of a comparable size, in every sampled frame, with a face or without",
        too_low: ReasonCode::FaceNotVisible,
        too_high: ReasonCode::SeveralPeople,
        read: Read::Frames {
            values: |signals| series(signals, |frames| &frames.faces),
            of_none: None,
        },
    },
];

/// A percentage over the frames, 0 when no frame has a face.
fn over_percentages(function: Function, signals: &Signals) -> f64 {
    function.of(&signals.percentages).unwrap_or(0.0)
}

fn series(signals: &Signals, values: fn(&FrameSeries) -> &Vec<f64>) -> Option<&[f64]> {
    signals
        .frames
        .as_ref()
        .map(|frames| values(frames).as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_stands_once_and_says_at_which_level_it_is() {
        for signal in &VOCABULARY {
            let same = VOCABULARY.iter().filter(|other| other.name == signal.name);
            assert_eq!(same.count(), 1, "{}", signal.name);
            assert_eq!(signal.name.starts_with("frames."), signal.is_of_frames());
            assert_eq!(Signal::find(signal.name), Some(signal));
        }
    }

    #[test]
    fn without_a_face_every_percentage_is_zero() {
        for name in [
            "score",
            "min_percentage",
            "median_percentage",
            "max_percentage",
        ] {
            let Read::Examination(read) = Signal::find(name).unwrap().read else {
                panic!("{name} is of the examination");
            };
            assert_eq!(read(&Signals::default()), Some(0.0), "{name}");
        }
    }
}
