//! A reason as the native API answers it: the code, and a text for each of the two who may ask why.

use serde::Serialize;
use utoipa::ToSchema;

use crate::scoring::condition::Effect;
use crate::scoring::rules::Check;
use crate::scoring::verdict::Reason;

/// A condition that did not hold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::ReasonBody)]
pub struct ReasonBody {
    /// One of the closed list, such as `FACE_MISMATCH`.
    pub code: &'static str,
    /// `face_match`, `liveness`, `document` or `quality`; absent where the rules as a whole say it.
    #[schema(value_type = Option<String>)]
    pub check: Option<Check>,
    /// The condition's name in the rules.
    pub condition: String,
    /// What it did: `fail`, `refer` or `note`.
    #[schema(value_type = String)]
    pub outcome: Effect,
    /// For officers, with numbers and bounds. Never show it to the applicant.
    pub text: String,
    /// For the applicant: no number, no bound.
    pub applicant_text: &'static str,
}

impl From<Reason> for ReasonBody {
    fn from(reason: Reason) -> Self {
        Self {
            code: reason.code.name(),
            check: reason.check,
            condition: reason.condition,
            outcome: reason.outcome,
            text: reason.text,
            applicant_text: reason.code.applicant_text(),
        }
    }
}

/// The reasons of a verdict.
pub fn bodies(reasons: Vec<Reason>) -> Vec<ReasonBody> {
    reasons.into_iter().map(ReasonBody::from).collect()
}
