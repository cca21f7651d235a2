//! One number that a rule reads from an examination: a signal, or a function over its frames.

use std::fmt;

use crate::scoring::functions::Function;
use crate::scoring::interval::Interval;
use crate::scoring::reasons::ReasonCode;
use crate::scoring::signals::Signals;
use crate::scoring::vocabulary::{Read, Signal};

/// One number that a rule reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    Signal(&'static Signal),
    /// A function over a signal of the frames.
    Frames(&'static Signal, Function),
}

/// The side of a bound on which a number fell short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    TooLow,
    TooHigh,
}

impl Reading {
    /// The value in these signals, or `None` where it was not measured.
    pub fn value(self, signals: &Signals) -> Option<f64> {
        let value = match self {
            Self::Signal(signal) => match signal.read {
                Read::Examination(read) => read(signals),
                Read::Frames { .. } => None,
            },
            Self::Frames(series, function) => function.over(series, signals),
        };
        // A number that is no number measures nothing.
        value.filter(|value| value.is_finite())
    }

    /// The numbers that it may come to.
    pub fn range(self) -> Interval {
        match self {
            Self::Signal(signal) => signal.range,
            Self::Frames(series, function) => function.range(series.range),
        }
    }

    /// Whether it says something of a live person.
    pub fn is_liveness(self) -> bool {
        let of_liveness = [
            ReasonCode::LivenessNotShown,
            ReasonCode::PersonChanges,
            ReasonCode::VideoRepeats,
            ReasonCode::VideoCut,
            ReasonCode::ScreenSeen,
            ReasonCode::ChallengeNotMet,
        ];
        of_liveness.contains(&self.signal().too_low)
    }

    /// What it means that it is on the wrong side of a bound.
    pub fn reason(self, side: Side) -> ReasonCode {
        let Self::Frames(series, function) = self else {
            return self.signal().reason(side);
        };
        match function {
            Function::Mean | Function::Median | Function::Max => series.reason(side),
            Function::Min | Function::Quantile(_) | Function::ShareAbove(_) => {
                in_some_frames(series.reason(side))
            }
            // A long run below a bound is a fault of low values.
            Function::LongestRunBelow(_) => in_some_frames(series.reason(match side {
                Side::TooLow => Side::TooHigh,
                Side::TooHigh => Side::TooLow,
            })),
            Function::Spread => match side {
                Side::TooLow => ReasonCode::RuleNotMet,
                Side::TooHigh => of_unsteady(series.too_low),
            },
            Function::Count => match side {
                Side::TooLow => ReasonCode::FaceNotVisible,
                Side::TooHigh => ReasonCode::RuleNotMet,
            },
        }
    }

    fn signal(self) -> &'static Signal {
        match self {
            Self::Signal(signal) | Self::Frames(signal, _) => signal,
        }
    }
}

impl Signal {
    fn reason(&self, side: Side) -> ReasonCode {
        match side {
            Side::TooLow => self.too_low,
            Side::TooHigh => self.too_high,
        }
    }
}

/// A face that matches in some frames and not in others is a face that changes.
fn in_some_frames(reason: ReasonCode) -> ReasonCode {
    if reason == ReasonCode::FaceMismatch {
        ReasonCode::FaceChanges
    } else {
        reason
    }
}

/// What it means that the frames differ too much.
fn of_unsteady(too_low: ReasonCode) -> ReasonCode {
    let reason = in_some_frames(too_low);
    if [ReasonCode::FaceChanges, ReasonCode::HeadTurned].contains(&reason) {
        reason
    } else {
        ReasonCode::RuleNotMet
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(signal) => f.write_str(signal.name),
            Self::Frames(series, function) => write!(f, "{}.{}", series.name, function.written()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::functions::FUNCTIONS;
    use crate::scoring::signals::FrameSeries;

    fn over(series: &str, function: Function) -> Reading {
        Reading::Frames(Signal::find(series).unwrap(), function)
    }

    #[test]
    fn over_no_frame_percentages_are_zero_and_the_rest_is_not_measured() {
        let signals = Signals {
            frames: Some(FrameSeries::default()),
            ..Signals::default()
        };
        for facts in &FUNCTIONS {
            let function = facts.with(0.5);
            let says_nothing = matches!(function, Function::Spread | Function::LongestRunBelow(_));
            assert_eq!(
                over("frames.percentage", function).value(&signals),
                (!says_nothing).then_some(0.0),
                "{}",
                facts.name
            );
            assert_eq!(
                over("frames.yaw", function).value(&signals),
                (function == Function::Count).then_some(0.0),
                "{}",
                facts.name
            );
            assert_eq!(
                over("frames.yaw", function).value(&Signals::default()),
                None
            );
        }
    }

    #[test]
    fn a_series_with_a_value_that_is_no_number_is_not_measured() {
        let signals = Signals {
            percentages: vec![90.0, f64::NAN],
            ..Signals::default()
        };
        for facts in &FUNCTIONS {
            assert_eq!(
                over("frames.percentage", facts.with(0.5)).value(&signals),
                None
            );
        }
    }

    #[test]
    fn the_side_tells_the_reason() {
        let brightness = Reading::Signal(Signal::find("brightness").unwrap());
        assert_eq!(brightness.reason(Side::TooLow), ReasonCode::VideoTooDark);
        assert_eq!(brightness.reason(Side::TooHigh), ReasonCode::VideoTooBright);
        let run = over("frames.brightness", Function::LongestRunBelow(50.0));
        assert_eq!(run.reason(Side::TooHigh), ReasonCode::VideoTooDark);
        let spread = over("frames.percentage", Function::Spread);
        assert_eq!(spread.reason(Side::TooHigh), ReasonCode::FaceChanges);
        let blurred = over("frames.sharpness", Function::Spread);
        assert_eq!(blurred.reason(Side::TooHigh), ReasonCode::RuleNotMet);
    }
}
