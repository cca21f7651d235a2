//! One thing that must hold, as a rule file says it once it makes sense.

use serde::{Deserialize, Serialize};

use crate::scoring::expression::{Number, Truth};
use crate::scoring::interval::Interval;
use crate::scoring::reading::Reading;
use crate::scoring::reasons::ReasonCode;

/// One thing that must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub name: String,
    /// What is looked at, as sentences name it.
    pub label: String,
    pub test: Test,
    pub severity: Severity,
    pub on_missing: OnMissing,
    /// The file's own words, appended to the sentence.
    pub message: Option<String>,
    /// The reason that is given where it does not hold.
    pub reason: ReasonCode,
    /// Everything that it reads; one of them not measured, and it is not examined at all.
    pub readings: Vec<Reading>,
}

/// What is asked of the signals.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// A number within a bound.
    Within(Number, Bounds),
    /// Something that holds.
    Holds(Truth),
}

/// A bound to pass, and a weaker one down to which a person decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub operator: Operator,
    pub pass: f64,
    pub refer: Option<f64>,
}

/// Which side of a bound is the good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Operator {
    #[serde(rename = ">=")]
    AtLeast,
    #[serde(rename = "<=")]
    AtMost,
}

impl Operator {
    /// Whether the value is on the good side of the bound, or on it.
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::AtLeast => value >= bound,
            Self::AtMost => value <= bound,
        }
    }

    /// Whether every number of the interval is on the good side; of an open end none is the last.
    pub fn always_holds(self, range: Interval, bound: f64) -> bool {
        let worst = match self {
            Self::AtLeast => range.low,
            Self::AtMost => range.high,
        };
        worst.is_finite() && self.holds(worst, bound)
    }
}

/// What a condition says of something that was not measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnMissing {
    Fail,
    /// Nothing unexamined passes by default.
    #[default]
    Refer,
    Ignore,
}

/// The worst that a condition may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    #[default]
    Fail,
    /// A person decides at the worst.
    Refer,
    /// It is reported and changes nothing.
    Note,
}

/// What a condition did to the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    Fail,
    Refer,
    Note,
}

impl Effect {
    /// The word it is answered as.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Refer => "refer",
            Self::Note => "note",
        }
    }
}

impl Severity {
    /// What is left of an effect under this severity.
    pub fn bounds(self, effect: Effect) -> Effect {
        match (self, effect) {
            (Self::Fail, effect) => effect,
            (Self::Refer, Effect::Fail) => Effect::Refer,
            (Self::Refer, milder) => milder,
            (Self::Note, _) => Effect::Note,
        }
    }
}
