//! Reads a rule file: its shape by the schema first, then what it says for sense.

mod sense;
mod shape;
mod wording;

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::scoring::condition::Condition;
use crate::scoring::strict_json::repeated_keys;

/// The rules that judge where a project has none of its own.
pub const DEFAULT: &str = include_str!("../../scoring-rules/default.json");

/// Most bytes of a rule file.
pub const MOST_BYTES: usize = 256 * 1024;

/// Most problems that are told at once.
const MOST_TOLD: usize = 20;

/// Most characters of a problem's reason.
const MOST_CHARACTERS: usize = 300;

/// A group of conditions in a rule file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

    /// Its field in a rule file.
    pub fn field(self) -> &'static str {
        match self {
            Self::FaceMatch => "facematch_conditions",
            Self::Liveness => "liveness_conditions",
            Self::Document => "document_conditions",
            Self::Quality => "quality_conditions",
        }
    }
}

/// The best that rules let an examination come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AtBest {
    #[default]
    Pass,
    /// Nothing passes by itself.
    Refer,
}

/// A rule file that makes sense.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    pub name: String,
    pub description: String,
    pub at_best: AtBest,
    face_match: Vec<Condition>,
    liveness: Vec<Condition>,
    document: Vec<Condition>,
    quality: Vec<Condition>,
}

/// One thing that is wrong with a rule file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The place, as a JSON pointer (RFC 6901), which is empty for the file as a whole.
    pub pointer: String,
    pub reason: String,
}

impl Problem {
    pub(super) fn new(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            reason: shortened(&reason.into(), MOST_CHARACTERS),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => f.write_str(&self.reason),
            place => write!(f, "at {place}: {}", self.reason),
        }
    }
}

/// Why a rule file was refused: everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct RulesError(Vec<Problem>);

impl RulesError {
    /// What is wrong, the shape first, in the order of the file.
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }

    fn one(reason: impl Into<String>) -> Self {
        Self(vec![Problem::new("", reason)])
    }
}

/// A line for each problem.
impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().take(MOST_TOLD).enumerate() {
            let line_break = if index == 0 { "" } else { "\n" };
            write!(f, "{line_break}{problem}")?;
        }
        match self.0.len().saturating_sub(MOST_TOLD) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

impl Rules {
    /// Reads a rule file's text, or says everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        if text.len() > MOST_BYTES {
            return Err(RulesError::one(format!(
                "a rule file has at most {MOST_BYTES} bytes; this one has {}",
                text.len()
            )));
        }
        if text.starts_with('\u{feff}') {
            let reason = "the file starts with a byte order mark; save it without";
            return Err(RulesError::one(reason));
        }
        let file: Value = serde_json::from_str(text)
            .map_err(|error| RulesError::one(format!("the rules are not JSON: {error}")))?;
        let mut problems = repeated_keys(text.as_bytes());
        problems.extend(shape::problems(&file));
        problems.extend(sense::name_of_file(&file));
        let rules = Self {
            name: words(&file, "name"),
            description: words(&file, "description"),
            at_best: file
                .get("at_best")
                .and_then(|value| AtBest::deserialize(value).ok())
                .unwrap_or_default(),
            face_match: sense::conditions(&file, Check::FaceMatch, &mut problems),
            liveness: sense::conditions(&file, Check::Liveness, &mut problems),
            document: sense::conditions(&file, Check::Document, &mut problems),
            quality: sense::conditions(&file, Check::Quality, &mut problems),
        };
        problems.extend(sense::names_taken(&file));
        if problems.is_empty() {
            Ok(rules)
        } else {
            Err(RulesError(problems))
        }
    }

    /// Whether a condition of these checks reads a signal of liveness.
    pub fn read_liveness(&self, checks: &[Check]) -> bool {
        let conditions = checks.iter().flat_map(|check| self.conditions(*check));
        let mut readings = conditions.flat_map(|condition| &condition.readings);
        readings.any(|reading| reading.is_liveness())
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

/// What tells one text of a rule file from another: its SHA-256 in lower-case hex.
pub fn content_hash(text: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text) {
        // A string takes what is written to it, always.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

fn words(file: &Value, field: &str) -> String {
    file.get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// At most so many characters, with a mark where some are left out.
fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_of_the_text_to_the_byte() {
        assert_eq!(
            content_hash("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_ne!(content_hash("{}"), content_hash("{ }"));
    }

    #[test]
    fn more_problems_than_one_reads_are_counted() {
        let conditions = vec!["7"; 30].join(",");
        let text = format!(r#"{{"name": "t", "quality_conditions": [{conditions}]}}"#);
        let error = Rules::parse(&text).unwrap_err();
        assert_eq!(error.to_string().lines().count(), 21);
        assert!(error.to_string().ends_with("\nand 10 more"));
    }
}
