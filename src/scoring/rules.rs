//! Reads and validates a rule file: first against `scoring-rules/schema.json`, then for sense.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::scoring::signals::{Signal, UnknownSignal};

/// The JSON Schema of a rule file.
pub const SCHEMA: &str = include_str!("../../scoring-rules/schema.json");

/// The rules that judge where a project has none of its own.
pub const DEFAULT: &str = include_str!("../../scoring-rules/default.json");

/// A group of conditions in a rule file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    FaceMatch,
    Liveness,
    Document,
    Quality,
}

impl Check {
    pub const ALL: [Self; 4] = [
        Self::FaceMatch,
        Self::Liveness,
        Self::Document,
        Self::Quality,
    ];
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
}

/// What a condition says of a signal that was not measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnMissing {
    Fail,
    /// Nothing unexamined passes by default.
    #[default]
    Refer,
    Ignore,
}

/// One thing that must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub name: String,
    pub signal: Signal,
    pub operator: Operator,
    pub pass: f64,
    pub refer: Option<f64>,
    pub on_missing: OnMissing,
}

/// A rule file that makes sense.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    pub name: String,
    face_match: Vec<Condition>,
    liveness: Vec<Condition>,
    document: Vec<Condition>,
    quality: Vec<Condition>,
}

/// Why a rule file was refused.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    #[error("the rules are not JSON: {0}")]
    NotJson(#[source] serde_json::Error),
    #[error("at {pointer}: {reason}")]
    Schema { pointer: String, reason: String },
    #[error("at {pointer}: {source}")]
    Signal {
        pointer: String,
        #[source]
        source: UnknownSignal,
    },
    #[error("at {pointer}: the refer bound {refer} is stricter than the pass bound {pass}")]
    Bounds {
        pointer: String,
        pass: f64,
        refer: f64,
    },
    #[error("the schema of rule files is itself broken: {0}")]
    BrokenSchema(String),
}

/// The SHA-256 of a rule file's text, in lower-case hexadecimal.
pub fn content_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .fold(String::with_capacity(64), |hex, byte| {
            format!("{hex}{byte:02x}")
        })
}

impl Rules {
    /// Reads a rule file's text.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        let value: Value = serde_json::from_str(text).map_err(RulesError::NotJson)?;
        check_schema(&value)?;
        let file: RuleFile = serde_json::from_value(value).map_err(|error| RulesError::Schema {
            pointer: "/".to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Self {
            name: file.name,
            face_match: conditions("facematch_conditions", file.facematch_conditions)?,
            liveness: conditions("liveness_conditions", file.liveness_conditions)?,
            document: conditions("document_conditions", file.document_conditions)?,
            quality: conditions("quality_conditions", file.quality_conditions)?,
        })
    }

    /// The conditions of one check.
    pub fn conditions(&self, check: Check) -> &[Condition] {
        match check {
            Check::FaceMatch => &self.face_match,
            Check::Liveness => &self.liveness,
            Check::Document => &self.document,
            Check::Quality => &self.quality,
        }
    }
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct RuleFile {
    name: String,
    facematch_conditions: Vec<WrittenCondition>,
    liveness_conditions: Vec<WrittenCondition>,
    document_conditions: Vec<WrittenCondition>,
    quality_conditions: Vec<WrittenCondition>,
}

#[derive(Deserialize)]
struct WrittenCondition {
    name: String,
    signal: String,
    operator: Operator,
    pass: f64,
    refer: Option<f64>,
    #[serde(default)]
    on_missing: OnMissing,
}

fn check_schema(value: &Value) -> Result<(), RulesError> {
    static VALIDATOR: LazyLock<Result<jsonschema::Validator, String>> = LazyLock::new(|| {
        let schema: Value = serde_json::from_str(SCHEMA).map_err(|error| error.to_string())?;
        jsonschema::draft202012::new(&schema).map_err(|error| error.to_string())
    });
    let validator = VALIDATOR
        .as_ref()
        .map_err(|reason| RulesError::BrokenSchema(reason.clone()))?;
    validator
        .validate(value)
        .map_err(|error| RulesError::Schema {
            pointer: pointer(error.instance_path().as_str()),
            reason: error.to_string(),
        })
}

fn conditions(check: &str, written: Vec<WrittenCondition>) -> Result<Vec<Condition>, RulesError> {
    written
        .into_iter()
        .enumerate()
        .map(|(index, condition)| sensible(&format!("/{check}/{index}"), condition))
        .collect()
}

fn sensible(pointer: &str, written: WrittenCondition) -> Result<Condition, RulesError> {
    let signal = Signal::parse(&written.signal).map_err(|source| RulesError::Signal {
        pointer: format!("{pointer}/signal"),
        source,
    })?;
    if let Some(refer) = written.refer
        && !written.operator.holds(written.pass, refer)
    {
        return Err(RulesError::Bounds {
            pointer: format!("{pointer}/refer"),
            pass: written.pass,
            refer,
        });
    }
    Ok(Condition {
        name: written.name,
        signal,
        operator: written.operator,
        pass: written.pass,
        refer: written.refer,
        on_missing: written.on_missing,
    })
}

fn pointer(path: &str) -> String {
    if path.is_empty() {
        "/".to_owned()
    } else {
        path.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Rules::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_refusal_points_at_the_place() {
        let wrong_type = r#"{"name": "t", "facematch_conditions": [
            {"name": "a", "signal": "score", "operator": ">=", "pass": "80"}]}"#;
        assert!(refusal(wrong_type).starts_with("at /facematch_conditions/0/pass: "));

        let unknown = wrong_type.replace("\"80\"", "80").replace("score", "scroe");
        assert_eq!(
            refusal(&unknown),
            "at /facematch_conditions/0/signal: there is no signal `scroe`; did you mean `score`?"
        );

        let misspelt_check = r#"{"name": "t", "facematch_condition": []}"#;
        assert!(refusal(misspelt_check).contains("facematch_condition"));
        assert!(refusal("{").starts_with("the rules are not JSON"));
    }

    #[test]
    fn a_refer_bound_may_not_be_stricter_than_the_pass_bound() {
        let file = |operator: &str, pass: i32, refer: i32| {
            format!(
                r#"{{"name": "t", "quality_conditions": [{{"name": "a", "signal": "brightness",
                    "operator": "{operator}", "pass": {pass}, "refer": {refer}}}]}}"#
            )
        };
        assert!(Rules::parse(&file(">=", 80, 65)).is_ok());
        assert!(refusal(&file(">=", 65, 80)).starts_with("at /quality_conditions/0/refer: "));
        assert!(Rules::parse(&file("<=", 200, 230)).is_ok());
        assert!(Rules::parse(&file("<=", 230, 200)).is_err());
    }
}
