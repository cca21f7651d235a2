//! Judges signals by rules: an outcome, and each condition that did not hold with its reason and in words.

use serde::{Deserialize, Serialize};

use crate::scoring::condition::{Condition, Effect, OnMissing, Severity, Test};
use crate::scoring::reading::Reading;
use crate::scoring::reasons::ReasonCode;
use crate::scoring::rules::{AtBest, Check, Rules};
use crate::scoring::sentences;
use crate::scoring::signals::Signals;

/// What stands in a verdict where the rules let nothing pass by itself.
const EVERYTHING_IS_REVIEWED: &str = "Every session is reviewed by a person";

/// What stands in a verdict that no condition could have worsened.
const NOTHING_JUDGES: &str = "No rule judges this; a person decides";

/// What the rules say of an examination; a later one is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Pass,
    Refer,
    Fail,
}

impl Outcome {
    /// Every outcome, the best first.
    pub const ALL: [Self; 3] = [Self::Pass, Self::Refer, Self::Fail];

    /// The word it is answered as.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Refer => "refer",
            Self::Fail => "fail",
        }
    }

    /// The outcome of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// An outcome and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub outcome: Outcome,
    /// Conditions that failed, each in words with value and bound.
    pub failed_conditions: Vec<String>,
    /// Conditions that a person has to look at.
    pub failed_refer_conditions: Vec<String>,
    /// Every condition that did not hold, in the order of judging; absent in older verdicts.
    #[serde(default)]
    pub reasons: Vec<Reason>,
}

/// Why a condition did not hold and what that did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    pub code: ReasonCode,
    /// The check that it was judged in; none where the rules as a whole say it.
    pub check: Option<Check>,
    /// The condition's name; `at_best` or `no_rule` where the rules as a whole say it.
    pub condition: String,
    pub outcome: Effect,
    /// For officers, with the numbers.
    pub text: String,
}

/// Judges the signals by the conditions of these checks.
pub fn judge(rules: &Rules, signals: &Signals, checks: &[Check]) -> Verdict {
    let mut reasons = Vec::new();
    for check in checks {
        let conditions = rules.conditions(*check).iter();
        reasons.extend(conditions.filter_map(|condition| reason(*check, condition, signals)));
    }
    if !anything_judges(rules, checks) {
        reasons.push(review("no_rule", NOTHING_JUDGES));
    }
    match rules.at_best {
        AtBest::Pass => {}
        AtBest::Refer => reasons.push(review("at_best", EVERYTHING_IS_REVIEWED)),
    }
    concluded(reasons)
}

/// Whether a condition stands in these checks that can keep something from passing; a note cannot.
fn anything_judges(rules: &Rules, checks: &[Check]) -> bool {
    checks
        .iter()
        .flat_map(|check| rules.conditions(*check))
        .any(|condition| match condition.severity {
            Severity::Fail | Severity::Refer => true,
            Severity::Note => false,
        })
}

/// Why a person decides, where the rules as a whole say so.
fn review(condition: &str, text: &str) -> Reason {
    Reason {
        code: ReasonCode::ReviewRequired,
        check: None,
        condition: condition.to_owned(),
        outcome: Effect::Refer,
        text: text.to_owned(),
    }
}

/// The verdict that these reasons come to.
fn concluded(reasons: Vec<Reason>) -> Verdict {
    let texts = |effect: Effect| -> Vec<String> {
        reasons
            .iter()
            .filter(|reason| reason.outcome == effect)
            .map(|reason| reason.text.clone())
            .collect()
    };
    let failed_conditions = texts(Effect::Fail);
    let failed_refer_conditions = texts(Effect::Refer);
    let outcome = if !failed_conditions.is_empty() {
        Outcome::Fail
    } else if !failed_refer_conditions.is_empty() {
        Outcome::Refer
    } else {
        Outcome::Pass
    };
    Verdict {
        outcome,
        failed_conditions,
        failed_refer_conditions,
        reasons,
    }
}

/// Why the condition does not hold, or `None` where it does.
fn reason(check: Check, condition: &Condition, signals: &Signals) -> Option<Reason> {
    let (effect, code, text) = judged(condition, signals)?;
    Some(Reason {
        code,
        check: Some(check),
        condition: condition.name.clone(),
        outcome: condition.severity.bounds(effect),
        text,
    })
}

fn judged(condition: &Condition, signals: &Signals) -> Option<(Effect, ReasonCode, String)> {
    let missing: Vec<Reading> = condition
        .readings
        .iter()
        .copied()
        .filter(|reading| reading.value(signals).is_none())
        .collect();
    if !missing.is_empty() {
        return not_examined(condition, &missing);
    }
    match &condition.test {
        Test::Within(number, bounds) => {
            let Some(value) = number.value(signals) else {
                return not_examined(condition, &missing);
            };
            if bounds.operator.holds(value, bounds.pass) {
                return None;
            }
            let refers = bounds
                .refer
                .is_some_and(|bound| bounds.operator.holds(value, bound));
            let effect = if refers { Effect::Refer } else { Effect::Fail };
            let text = sentences::out_of_bounds(condition, bounds, value);
            Some((effect, condition.reason, text))
        }
        Test::Holds(truth) => match truth.holds(signals) {
            Some(true) => None,
            Some(false) => {
                let text = sentences::does_not_hold(condition, truth, signals);
                Some((Effect::Fail, condition.reason, text))
            }
            None => not_examined(condition, &missing),
        },
    }
}

fn not_examined(
    condition: &Condition,
    missing: &[Reading],
) -> Option<(Effect, ReasonCode, String)> {
    let effect = match condition.on_missing {
        OnMissing::Fail => Effect::Fail,
        OnMissing::Refer => Effect::Refer,
        OnMissing::Ignore => return None,
    };
    let code = if missing.iter().any(|reading| reading.is_liveness()) {
        ReasonCode::LivenessNotExamined
    } else {
        ReasonCode::NotExamined
    };
    Some((effect, code, sentences::not_examined(condition, missing)))
}
