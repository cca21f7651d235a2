//! Judges signals by rules: an outcome, and each failed condition in words.

use serde::{Deserialize, Serialize};

use crate::scoring::rules::{Check, Condition, OnMissing, Operator, Rules};
use crate::scoring::signals::Signals;

/// What the rules say of an examination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Pass,
    Refer,
    Fail,
}

impl Outcome {
    /// The word it is answered as.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Refer => "refer",
            Self::Fail => "fail",
        }
    }
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

/// Judges the signals by the conditions of these checks.
pub fn judge(rules: &Rules, signals: &Signals, checks: &[Check]) -> Verdict {
    let mut failed_conditions = Vec::new();
    let mut failed_refer_conditions = Vec::new();
    for condition in checks.iter().flat_map(|check| rules.conditions(*check)) {
        let value = condition.signal.value(signals);
        match outcome_of(condition, value) {
            Outcome::Pass => {}
            Outcome::Refer => failed_refer_conditions.push(in_words(condition, value)),
            Outcome::Fail => failed_conditions.push(in_words(condition, value)),
        }
    }
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
    }
}

fn outcome_of(condition: &Condition, value: Option<f64>) -> Outcome {
    // A number that is no number measures nothing.
    let Some(value) = value.filter(|value| value.is_finite()) else {
        return match condition.on_missing {
            OnMissing::Fail => Outcome::Fail,
            OnMissing::Refer => Outcome::Refer,
            OnMissing::Ignore => Outcome::Pass,
        };
    };
    if condition.operator.holds(value, condition.pass) {
        Outcome::Pass
    } else if condition
        .refer
        .is_some_and(|bound| condition.operator.holds(value, bound))
    {
        Outcome::Refer
    } else {
        Outcome::Fail
    }
}

fn in_words(condition: &Condition, value: Option<f64>) -> String {
    let Condition { name, signal, .. } = condition;
    let Some(value) = value.filter(|value| value.is_finite()) else {
        return format!("{name}: {signal} was not examined");
    };
    let limit = match condition.operator {
        Operator::AtLeast => "at least",
        Operator::AtMost => "at most",
    };
    let refer = condition
        .refer
        .map(|bound| format!(", refer {limit} {}", number(bound)))
        .unwrap_or_default();
    format!(
        "{name}: {signal} is {}, pass needs {limit} {}{refer}",
        number(value),
        number(condition.pass)
    )
}

/// Two decimals at most, none when the number is whole.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Rules {
        Rules::parse(text).unwrap()
    }

    fn signals(percentages: &[f64]) -> Signals {
        Signals {
            percentages: percentages.to_vec(),
            ..Signals::default()
        }
    }

    const SCORE: &str = r#"{"name": "t", "facematch_conditions": [
        {"name": "Match", "signal": "score", "operator": ">=", "pass": 80, "refer": 65}]}"#;

    #[test]
    fn the_bounds_themselves_belong_to_the_better_side() {
        let judged = |score: f64| judge(&rules(SCORE), &signals(&[score]), &Check::ALL).outcome;
        assert_eq!(judged(80.0), Outcome::Pass);
        assert_eq!(judged(79.99), Outcome::Refer);
        assert_eq!(judged(65.0), Outcome::Refer);
        assert_eq!(judged(64.99), Outcome::Fail);
        assert_eq!(judged(f64::NAN), Outcome::Refer);
    }

    #[test]
    fn a_failed_condition_is_named_with_value_and_bounds() {
        let verdict = judge(&rules(SCORE), &signals(&[71.234]), &Check::ALL);
        assert_eq!(
            verdict.failed_refer_conditions,
            ["Match: score is 71.23, pass needs at least 80, refer at least 65"]
        );
        assert!(verdict.failed_conditions.is_empty());
    }

    #[test]
    fn what_was_not_examined_refers_unless_the_rule_says_otherwise() {
        let with = |extra: &str| {
            let text = format!(
                r#"{{"name": "t", "liveness_conditions": [
                    {{"name": "Live", "signal": "liveness", "operator": ">=", "pass": 70 {extra}}}]}}"#
            );
            judge(&rules(&text), &signals(&[99.0]), &Check::ALL)
        };
        assert_eq!(with("").outcome, Outcome::Refer);
        assert_eq!(
            with("").failed_refer_conditions,
            ["Live: liveness was not examined"]
        );
        assert_eq!(with(r#", "on_missing": "fail""#).outcome, Outcome::Fail);
        assert_eq!(with(r#", "on_missing": "ignore""#).outcome, Outcome::Pass);
    }

    #[test]
    fn only_the_checks_asked_for_are_judged() {
        let text = r#"{"name": "t", "facematch_conditions": [], "liveness_conditions": [
            {"name": "Live", "signal": "liveness", "operator": ">=", "pass": 70}]}"#;
        let verdict = judge(&rules(text), &signals(&[99.0]), &[Check::FaceMatch]);
        assert_eq!(verdict.outcome, Outcome::Pass);
    }
}
