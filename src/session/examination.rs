//! What an examination found: the document, one row per sampled frame; and what it was asked and judged by.

use serde::{Deserialize, Serialize};

use crate::scoring::reasons::ReasonCode;
use crate::scoring::rules::Check;
use crate::scoring::signals::Signals;
use crate::scoring::verdict::Verdict;
use crate::session::cause::Cause;
use crate::session::challenge::{ChallengeOrder, StepFinding};
use crate::session::defect::Defect;
use crate::session::ids::{ExaminationId, ProjectId, SessionId};
use crate::session::time::Timestamp;

/// How well a face could be taken from a picture or a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureCode {
    Ok,
    NoUsableFace,
    SeveralFaces,
    NotCentred,
}

/// Where a face lies in its upright picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaceBox {
    pub left: f32,
    pub top: f32,
    pub width: f32,
    pub height: f32,
}

/// Where a head points, in degrees: yaw to its left, pitch up and roll clockwise are positive.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeadPose {
    pub yaw: f32,
    pub pitch: f32,
    pub roll: f32,
}

/// The face that was judged in a picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaceFinding {
    pub face_box: FaceBox,
    pub confidence: f32,
    /// Variance of the Laplacian over the aligned grey face; higher is sharper.
    pub sharpness: f32,
    /// Mean grey level of the aligned face, 0–255.
    pub brightness: f32,
    /// By how much one half of the face is brighter than the other, relative to the mean of both, 0–2.
    /// Absent in older ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unevenness: Option<f32>,
    pub pose: HeadPose,
    /// How sure it is that a mask is worn, 0–1; absent where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<f64>,
    /// How far the eyes are open, the gap between the lids against its width; absent where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eyes_open: Option<f32>,
    /// Left eye, right eye, nose tip, left and right corner of the mouth, each as it is seen, in pixels of
    /// the upright picture. Absent in older ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landmarks: Option<[[f32; 2]; 5]>,
}

/// The document photo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DocumentFinding {
    pub code: CaptureCode,
    pub width: u32,
    pub height: u32,
    /// Quarter turns clockwise that put the face upright.
    pub quarter_turns: u8,
    pub faces: u32,
    pub face: Option<FaceFinding>,
    /// What is wrong with it, by the bounds of documents.
    #[serde(default)]
    pub defects: Vec<Defect>,
}

/// One row of the timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameFinding {
    pub index: u32,
    pub time_ms: u64,
    pub faces: u32,
    pub face: Option<FaceFinding>,
    /// Cosine of the two embeddings, −1 to 1.
    pub similarity: Option<f32>,
    /// The similarity by the pack's calibration, 0–100.
    pub percentage: Option<f64>,
    /// How live the face looks, 0–100, where a pack tells it.
    #[serde(default)]
    pub liveness: Option<f64>,
    /// What is wrong with it, by the bounds of frames.
    #[serde(default)]
    pub defects: Vec<Defect>,
}

/// The video as it was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VideoFinding {
    pub code: CaptureCode,
    pub container: String,
    pub codec: String,
    pub width: u32,
    pub height: u32,
    pub duration_ms: Option<u64>,
    /// The stream broke off; what decoded was used.
    pub truncated: bool,
    pub decoded_frames: u64,
    /// Width and height of its upright frames, in whose pixels boxes are told; absent in older ones.
    #[serde(default)]
    pub upright: Option<(u32, u32)>,
    /// Absent where nothing could watch, and in older examinations.
    #[serde(default)]
    pub watched: Option<Watched>,
}

/// How much of a video was watched for what moves in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    pub frames: u64,
    pub until_ms: u64,
    /// The video goes on after that.
    pub cut_short: bool,
}

/// Everything an examination saw. Pure observation: no rule has looked at it yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Examination {
    /// The pack whose embeddings were compared.
    pub pack: String,
    pub document: DocumentFinding,
    pub video: VideoFinding,
    pub frames: Vec<FrameFinding>,
    /// What became of each step of the challenge; empty where none was drawn.
    #[serde(default)]
    pub steps: Vec<StepFinding>,
    pub took_ms: u64,
}

/// Where an examination stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExaminationStatus {
    Queued,
    Running,
    Done,
    Failed,
}

impl ExaminationStatus {
    /// The name it is stored and answered under.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The status of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Queued, Self::Running, Self::Done, Self::Failed]
            .into_iter()
            .find(|status| status.name() == name)
    }
}

/// Which of a rule file's checks an examination is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExaminationScope {
    /// `facematch_conditions` alone.
    FaceMatch,
    /// Every check of the rule file.
    Everything,
}

impl ExaminationScope {
    /// The name it is stored under.
    pub fn name(self) -> &'static str {
        match self {
            Self::FaceMatch => "face_match",
            Self::Everything => "everything",
        }
    }

    /// The scope of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::FaceMatch, Self::Everything]
            .into_iter()
            .find(|scope| scope.name() == name)
    }

    /// The checks that are judged.
    pub fn checks(self) -> &'static [Check] {
        match self {
            Self::FaceMatch => &[Check::FaceMatch],
            Self::Everything => &Check::ALL,
        }
    }
}

/// What an examination is asked to do; kept with its row so that it can run again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExaminationOrder {
    pub scope: ExaminationScope,
    pub frames: u8,
    /// The rule file's text as it stood when the examination was asked for.
    pub rules: String,
    /// Which version of the project's rules that is; none for the service's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules_version: Option<u32>,
    /// The rules that judge in the shadow of those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<ShadowRules>,
    /// The steps that the video has to show, where any were drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<ChallengeOrder>,
    /// Why processing was allowed: `by_contract` or `given`.
    pub consent_basis: String,
    pub document_blob: String,
    pub video_blob: String,
}

/// A version whose verdict is kept and does not count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShadowRules {
    pub version: u32,
    pub rules: String,
}

/// What a verdict rests on, besides the signals: enough to say later that nothing was altered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The version of this program.
    pub software: String,
    /// SHA-256 of the rule file's text.
    pub rules_hash: String,
    /// None for the service's own rules.
    pub rules_version: Option<u32>,
    pub packs: Vec<PackHash>,
    /// SHA-256 of the files as they were received.
    pub document_sha256: String,
    pub video_sha256: String,
}

/// A model pack that took part, and its weights' SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackHash {
    pub name: String,
    pub sha256: String,
}

/// What rules in the shadow said.
#[derive(Clone, Debug, PartialEq)]
pub struct ShadowVerdict {
    pub version: u32,
    /// SHA-256 of the rule file's text.
    pub rules_hash: String,
    pub verdict: Verdict,
}

/// Why an examination has no verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The evidence is to blame, not the service: the same files will fail again.
    pub by_evidence: bool,
    /// For the caller to read.
    pub reason: String,
    /// Absent in older ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<ReasonCode>,
}

/// One attempt to examine a session, as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct ExaminationRecord {
    pub id: ExaminationId,
    pub session: SessionId,
    pub project: ProjectId,
    pub status: ExaminationStatus,
    pub order: ExaminationOrder,
    pub queued_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub attempts: u32,
    /// The request that asked for it, until it ends.
    pub cause: Option<Cause>,
    /// Present once it is done, until the session is erased.
    pub report: Option<Examination>,
    /// Present once it is done.
    pub signals: Option<Signals>,
    pub verdict: Option<Verdict>,
    /// Present once it is done; older examinations have none.
    pub provenance: Option<Provenance>,
    /// Present when it failed.
    pub failure: Option<Failure>,
}
