//! The bodies of Biometry's API, field for field.

use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use crate::scoring::rules::Check;
use crate::scoring::signals::Signals;
use crate::scoring::verdict::Verdict;
use crate::session::examination::{CaptureCode, Examination, ExaminationRecord};
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

/// An examination that ended in a verdict.
pub struct Judged<'a> {
    pub report: &'a Examination,
    pub signals: &'a Signals,
    pub verdict: &'a Verdict,
}

impl<'a> Judged<'a> {
    /// None where there is no verdict, or where what it rests on was erased.
    pub fn of(record: &'a ExaminationRecord) -> Option<Self> {
        Some(Self {
            report: record.report.as_ref()?,
            signals: record.signals.as_ref()?,
            verdict: record.verdict.as_ref()?,
        })
    }
}

impl MatchBody {
    /// The answer for an examination and its verdict.
    pub fn new(judged: &Judged<'_>, settings: &ProjectSettings) -> Self {
        let Judged {
            report: Examination {
                document, video, ..
            },
            signals,
            verdict,
        } = judged;
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
    two_decimals(signals.score())
}

fn two_decimals(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// The answer to `process-video`: a service that ran has its entry in `data`, and one that did not
/// is named among the reasons. Where none ran the result is `refer`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = biometry::ProcessVideoBody)]
pub struct ProcessVideoBody {
    pub data: VideoServices,
    /// `pass`, `refer` or `fail` by every condition of the project.
    pub scoring_result: &'static str,
    /// The score of the face recognition, 0–100, two decimals; 0 where it did not run.
    pub score: f64,
    /// Every service that did not run, and every condition that failed.
    pub decision_reasons: Vec<String>,
    pub message: &'static str,
}

/// The services that ran.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = biometry::VideoServices)]
pub struct VideoServices {
    #[serde(rename = "Face Recognition", skip_serializing_if = "Option::is_none")]
    pub face_recognition: Option<FaceRecognition>,
    #[serde(
        rename = "Face Liveness Detection",
        skip_serializing_if = "Option::is_none"
    )]
    pub face_liveness: Option<FaceLiveness>,
}

/// Whether a live person was filmed, as far as the project's rules ask for it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = biometry::FaceLiveness)]
pub struct FaceLiveness {
    /// 0 a live person, 1 not shown.
    pub code: u8,
    pub description: &'static str,
    pub result: bool,
    /// How live single frames look, 0–100, two decimals.
    pub score: f64,
}

impl FaceLiveness {
    /// None where no pack tells it.
    fn of(signals: &Signals, verdict: &Verdict) -> Option<Self> {
        let score = signals.liveness?;
        let mut reasons = verdict.reasons.iter();
        let doubted = reasons.any(|reason| reason.check == Some(Check::Liveness));
        let result = score >= LIVE && !doubted;
        let (code, description) = if result {
            (0, "A live person is shown")
        } else {
            (1, "A live person is not shown")
        };
        Some(Self {
            code,
            description,
            result,
            score: two_decimals(score),
        })
    }
}

/// The least score of single frames, in percent: as a picture's for OpenCV FR.
const LIVE: f64 = 50.0;

/// The video held against the enrolled person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = biometry::FaceRecognition)]
pub struct FaceRecognition {
    /// 0 recognized, 1 no usable face in the video, 2 more than one, 3 not centred, 4 another person.
    pub code: u8,
    pub description: &'static str,
    /// The mean of the frames' percentages, 0–100, two decimals.
    pub score: f64,
}

/// What is said of liveness where nothing examined it.
const NO_LIVENESS: &str =
    "Face Liveness Detection did not run: no model pack is installed that examines it";

/// What the vendor offers on a video and this service does not.
const NOT_OFFERED: [&str; 3] = [
    "Active Speaker Detection",
    "Visual Speech Recognition",
    "Voice Recognition",
];

impl ProcessVideoBody {
    /// The answer where the video was compared with nobody.
    pub fn nothing_ran(why: &str) -> Self {
        let mut decision_reasons = not_offered();
        decision_reasons.insert(1, format!("Face Liveness Detection did not run: {why}"));
        decision_reasons.insert(2, format!("Face Recognition did not run: {why}"));
        Self {
            data: VideoServices::default(),
            scoring_result: "refer",
            score: 0.0,
            decision_reasons,
            message: "video processed successfully",
        }
    }

    /// The answer where it was compared with the enrolled person.
    pub fn recognized(judged: &Judged<'_>, settings: &ProjectSettings) -> Self {
        let Judged {
            report: examination,
            signals,
            verdict,
        } = judged;
        let percentages: Vec<f64> = signals
            .percentages
            .iter()
            .copied()
            .map(two_decimals)
            .collect();
        let score = score_of(&percentages);
        let CodeBody { code, description } = examination.video.code.into();
        let (code, description) = match (code, score >= settings.match_threshold) {
            (0, true) => (0, "The person is recognized"),
            (0, false) => (4, "The person is not the enrolled one"),
            _ => (code, description),
        };
        let failed = verdict.failed_conditions.iter();
        let failed = failed.chain(&verdict.failed_refer_conditions).cloned();
        let face_liveness = FaceLiveness::of(signals, verdict);
        let silent = face_liveness.is_none().then(|| NO_LIVENESS.to_owned());
        Self {
            data: VideoServices {
                face_recognition: Some(FaceRecognition {
                    code,
                    description,
                    score,
                }),
                face_liveness,
            },
            scoring_result: verdict.outcome.name(),
            score,
            decision_reasons: not_offered()
                .into_iter()
                .chain(silent)
                .chain(failed)
                .collect(),
            message: "video processed successfully",
        }
    }
}

fn not_offered() -> Vec<String> {
    NOT_OFFERED
        .iter()
        .map(|service| format!("{service} did not run: it is not offered here"))
        .collect()
}

/// The answer to `enroll/face`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = biometry::EnrollBody)]
pub struct EnrollBody {
    pub data: EnrollData,
    pub message: &'static str,
}

/// What came of an enrolment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = biometry::EnrollData)]
pub struct EnrollData {
    pub enrollment_result: CodeBody,
    /// The person's identifier here; two people of one name have two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_id: Option<String>,
}

impl EnrollBody {
    pub fn new(code: CaptureCode, subject_id: Option<String>) -> Self {
        Self {
            data: EnrollData {
                enrollment_result: code.into(),
                subject_id,
            },
            message: "face enrollment result is here",
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
