//! The bodies of Biometry's API, field for field.

use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use crate::scoring::signals::{Signal, Signals};
use crate::scoring::verdict::Verdict;
use crate::session::examination::{CaptureCode, Examination};
use crate::session::project::ProjectSettings;

/// Every error.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = biometry::ErrorBody)]
pub struct ErrorBody {
    /// What is wrong, in words.
    pub error: String,
}

/// The answer to `sessions/start`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = biometry::SessionStarted)]
pub struct SessionStarted {
    /// The session's id, `sess_` and a UUID.
    pub data: String,
    pub message: &'static str,
}

/// An answer that says no more than that it was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = biometry::Done)]
pub struct Done {
    pub message: &'static str,
}

/// A statement of consent.
#[derive(Deserialize, Serialize, ToSchema)]
#[schema(as = biometry::ConsentBody)]
pub struct ConsentBody {
    pub is_consent_given: bool,
    pub user_fullname: String,
}

/// The answer to a statement of consent: flat, and once more under `data`, because callers of
/// both readings exist.
#[derive(Serialize, ToSchema)]
#[schema(as = biometry::ConsentRecorded)]
pub struct ConsentRecorded {
    pub is_consent_given: bool,
    pub user_fullname: String,
    pub data: ConsentBody,
    pub message: &'static str,
}

/// A code and its words: 0 ok, 1 no usable face, 2 more than one face, 3 not centred or cropped.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = biometry::CodeBody)]
pub struct CodeBody {
    pub code: u8,
    pub description: &'static str,
}

impl From<CaptureCode> for CodeBody {
    fn from(code: CaptureCode) -> Self {
        let (code, description) = match code {
            CaptureCode::Ok => (0, "Successful check"),
            CaptureCode::NoUsableFace => (1, "No usable face was found"),
            CaptureCode::SeveralFaces => (2, "More than one face was found"),
            CaptureCode::NotCentred => (3, "The face is not centred or is cropped"),
        };
        Self { code, description }
    }
}

/// Whether the faces match: a boolean, or 1 and 0 where the project asks for numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchResult {
    Boolean(bool),
    Numeric(bool),
}

impl Serialize for MatchResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Boolean(matched) => serializer.serialize_bool(matched),
            Self::Numeric(matched) => serializer.serialize_u8(u8::from(matched)),
        }
    }
}

/// The answer to `match-faces`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = biometry::MatchBody)]
pub struct MatchBody {
    pub data: MatchData,
    pub scoring_result: ScoringResult,
    /// `data.score` once more.
    pub score: f64,
    pub message: &'static str,
}

/// The comparison.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = biometry::MatchData)]
pub struct MatchData {
    /// The document image.
    pub anchor: CodeBody,
    /// Overall: the document's code, or else the video's.
    pub code: u8,
    pub description: &'static str,
    /// One percentage a sampled frame with a face, 0–100, two decimals.
    pub percentages: Vec<f64>,
    /// `score` against the project's match threshold; 1 or 0 where the project asks for numbers.
    #[schema(value_type = bool)]
    pub result: MatchResult,
    /// The mean of the percentages, 0–100, two decimals.
    pub score: f64,
    /// The video.
    pub target: CodeBody,
}

/// The project's `facematch_conditions` held against the data.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = biometry::ScoringResult)]
pub struct ScoringResult {
    pub failed_conditions: Vec<String>,
    pub failed_refer_conditions: Vec<String>,
    /// `pass`, `refer` or `fail`.
    pub status: &'static str,
}

impl MatchBody {
    /// The answer for an examination and its verdict.
    pub fn new(examination: &Examination, verdict: &Verdict, settings: &ProjectSettings) -> Self {
        let Examination {
            document,
            video,
            signals,
            ..
        } = examination;
        let overall = match document.code {
            CaptureCode::Ok => video.code,
            CaptureCode::NoUsableFace | CaptureCode::SeveralFaces | CaptureCode::NotCentred => {
                document.code
            }
        };
        let overall = CodeBody::from(overall);
        let percentages: Vec<f64> = signals
            .percentages
            .iter()
            .copied()
            .map(two_decimals)
            .collect();
        let score = score_of(&percentages);
        let matched = score >= settings.match_threshold;
        Self {
            data: MatchData {
                anchor: document.code.into(),
                code: overall.code,
                description: overall.description,
                percentages,
                result: if settings.numeric_result {
                    MatchResult::Numeric(matched)
                } else {
                    MatchResult::Boolean(matched)
                },
                score,
                target: video.code.into(),
            },
            scoring_result: ScoringResult {
                failed_conditions: verdict.failed_conditions.clone(),
                failed_refer_conditions: verdict.failed_refer_conditions.clone(),
                status: verdict.outcome.name(),
            },
            score,
            message: "faces match result is here",
        }
    }
}

/// The mean of what is answered, so that a caller who adds up finds the same number.
fn score_of(percentages: &[f64]) -> f64 {
    let signals = Signals {
        percentages: percentages.to_vec(),
        ..Signals::default()
    };
    two_decimals(Signal::Score.value(&signals).unwrap_or(0.0))
}

fn two_decimals(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// The answer to `process-video`. No service of that call is offered yet, so `data` stays empty
/// and the result is never `pass`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = biometry::ProcessVideoBody)]
pub struct ProcessVideoBody {
    #[schema(value_type = Object)]
    pub data: serde_json::Map<String, serde_json::Value>,
    pub scoring_result: &'static str,
    pub score: f64,
    /// Every service that did not run.
    pub decision_reasons: Vec<String>,
    pub message: &'static str,
}

impl ProcessVideoBody {
    /// The answer while none of the vendor's services runs here.
    pub fn nothing_ran() -> Self {
        let services = [
            "Active Speaker Detection",
            "Face Liveness Detection",
            "Face Recognition",
            "Visual Speech Recognition",
            "Voice Recognition",
        ];
        Self {
            data: serde_json::Map::new(),
            scoring_result: "refer",
            score: 0.0,
            decision_reasons: services
                .iter()
                .map(|service| format!("{service} did not run: it is not offered here"))
                .collect(),
            message: "video processed successfully",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_is_the_mean_of_the_answered_percentages() {
        let sample = [87.49, 84.12, 83.35, 81.35, 81.43, 84.94, 83.79, 82.17];
        assert!((score_of(&sample) - 83.58).abs() < 1e-9);
        assert!(score_of(&[]).abs() < 1e-9);
    }
}
