//! The verdict and its reasons.

use serde::{Deserialize, Serialize};

/// What the rules say of an examination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Pass,
    Refer,
    Fail,
}

/// An outcome and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub outcome: Outcome,
    /// Conditions below their refer bound, each in words with value and bound.
    pub failed_conditions: Vec<String>,
    /// Conditions between their bounds.
    pub failed_refer_conditions: Vec<String>,
}
