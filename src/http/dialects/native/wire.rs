//! The bodies of the native API.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::dialects::native::provenance_wire::{ProvenanceBody, UsedRulesBody};
use crate::http::dialects::native::reasons_wire::{ReasonBody, bodies};
use crate::pipeline::examiner::ModelFacts;
use crate::scoring::reasons::ReasonCode;
use crate::scoring::signals::Signals;
use crate::session::decision::DecisionKind;
use crate::session::defect::Defect;
use crate::session::evidence::Evidence;
use crate::session::examination::{
    CaptureCode, Examination, ExaminationRecord, FaceFinding, FrameFinding,
};
use crate::session::time::Timestamp;
use crate::session::visit::Session;

/// Every error.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::ErrorBody)]
pub struct ErrorBody {
    pub error: ErrorDetail,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::ErrorDetail)]
pub struct ErrorDetail {
    /// A stable word for programs: `invalid_request`, `unauthenticated`, `refused`, `not_found`,
    /// `wrong_state`, `conflict`, `too_large`, `busy`, `still_running` or `internal`.
    pub code: String,
    /// A sentence for people.
    pub message: String,
}

/// What to open a session with; everything is optional.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = native::NewSessionBody)]
#[serde(deny_unknown_fields, default)]
pub struct NewSessionBody {
    /// The project's own reference.
    pub reference: Option<String>,
    /// The applicant's full name.
    pub subject_name: Option<String>,
    /// The project's own data: a JSON object of at most 16 000 bytes.
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<serde_json::Value>,
}

/// The applicant's consent to be examined.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = native::ConsentBody)]
#[serde(deny_unknown_fields)]
pub struct ConsentBody {
    pub given: bool,
}

/// A session.
#[derive(Serialize, ToSchema)]
#[schema(as = native::SessionBody)]
pub struct SessionBody {
    pub id: String,
    /// `open`, `examining`, `judged`, `failed`, `ended` or `erased`.
    pub status: &'static str,
    /// How a person settled it last: `approve`, `reject`, or null where nobody did.
    pub decision: Option<&'static str>,
    /// The door it came through: `native` or `biometry`.
    pub origin: String,
    pub reference: Option<String>,
    pub subject_name: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<serde_json::Value>,
    pub device_info: Option<String>,
    /// RFC 3339, UTC.
    pub created_at: String,
    pub updated_at: String,
    /// Since when a legal hold keeps its data from being erased.
    pub held_at: Option<String>,
    /// When its data were erased.
    pub erased_at: Option<String>,
}

impl SessionBody {
    pub fn new(session: Session, decision: Option<DecisionKind>) -> Self {
        Self {
            id: session.id.to_string(),
            status: session.status.name(),
            decision: decision.map(DecisionKind::name),
            origin: session.origin,
            reference: session.reference,
            subject_name: session.subject_name,
            metadata: session.metadata,
            device_info: session.device_info,
            created_at: rfc3339(session.created_at),
            updated_at: rfc3339(session.updated_at),
            held_at: session.held_at.map(rfc3339),
            erased_at: session.erased_at.map(rfc3339),
        }
    }
}

/// A session with its evidence and its examinations, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = native::SessionDetailBody)]
pub struct SessionDetailBody {
    #[serde(flatten)]
    pub session: SessionBody,
    pub document: Option<EvidenceBody>,
    pub video: Option<EvidenceBody>,
    pub examinations: Vec<ExaminationBody>,
}

/// A page of sessions, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = native::SessionListBody)]
pub struct SessionListBody {
    pub sessions: Vec<SessionBody>,
    /// Give this as `before` to read on; absent on the last page.
    pub next: Option<String>,
}

/// A document photo or a video as it was received.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::EvidenceBody)]
pub struct EvidenceBody {
    pub id: String,
    pub media_type: String,
    pub bytes: u64,
    pub sha256: String,
    pub received_at: String,
}

impl From<Evidence> for EvidenceBody {
    fn from(evidence: Evidence) -> Self {
        Self {
            id: evidence.id.to_string(),
            media_type: evidence.media_type,
            bytes: evidence.bytes,
            sha256: evidence.sha256,
            received_at: rfc3339(evidence.received_at),
        }
    }
}

/// One attempt to examine a session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::ExaminationBody)]
pub struct ExaminationBody {
    pub id: String,
    pub session_id: String,
    /// `queued`, `running`, `done` or `failed`.
    pub status: &'static str,
    /// `pass`, `refer` or `fail`; absent until it is done.
    pub verdict: Option<&'static str>,
    /// Conditions below their refer bound, in words.
    pub failed_conditions: Vec<String>,
    /// Conditions between their bounds, in words.
    pub failed_refer_conditions: Vec<String>,
    /// Every condition that did not hold, each with a code of the closed list (docs/rules.md).
    pub reasons: Vec<ReasonBody>,
    /// Why there is no verdict, when it failed.
    pub failure: Option<String>,
    /// The failure's code: `DOCUMENT_UNREADABLE`, `VIDEO_UNREADABLE` or `SERVICE_FAILURE`.
    pub failure_code: Option<&'static str>,
    /// What the applicant may be told of the failure.
    pub failure_applicant_text: Option<&'static str>,
    /// Why the person may be examined: `by_contract` or `given`.
    pub consent_basis: String,
    pub queued_at: String,
    pub finished_at: Option<String>,
    /// What judges it, as it stood when the examination was asked for.
    pub rules: UsedRulesBody,
    /// What the verdict rests on besides; absent until it is done, and where an older version of the
    /// service noted nothing.
    pub provenance: Option<ProvenanceBody>,
    pub result: Option<ResultBody>,
}

/// What an examination found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::ResultBody)]
pub struct ResultBody {
    /// The pack whose embeddings were compared.
    pub pack: String,
    /// Mean of the percentages, 0–100.
    pub score: f64,
    pub document: DocumentBody,
    pub video: VideoBody,
    /// One row a sampled frame, in the order of time.
    pub timeline: Vec<FrameBody>,
    /// Whether anything looked at liveness.
    pub liveness_examined: bool,
    pub took_ms: u64,
}

/// The document photo, turned upright.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::DocumentBody)]
pub struct DocumentBody {
    /// `ok`, `no_usable_face`, `several_faces` or `not_centred`.
    pub code: &'static str,
    pub width: u32,
    pub height: u32,
    /// Quarter turns clockwise that put the face upright.
    pub quarter_turns: u8,
    pub faces: u32,
    pub face: Option<FaceBody>,
    /// What is wrong with it: codes of the closed list of `/v1/defects`.
    pub defects: Vec<&'static str>,
}

/// The video as it was read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::VideoBody)]
pub struct VideoBody {
    pub code: &'static str,
    pub container: String,
    pub codec: String,
    pub width: u32,
    pub height: u32,
    pub duration_ms: Option<u64>,
    /// The stream broke off; what decoded was used.
    pub truncated: bool,
}

/// The face that was judged.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::FaceBody)]
pub struct FaceBody {
    /// Pixels in the upright picture.
    #[serde(rename = "box")]
    pub bounds: BoxBody,
    /// The detector's, 0–1.
    pub confidence: f32,
    /// Variance of the Laplacian; higher is sharper.
    pub sharpness: f32,
    /// Mean grey level, 0–255.
    pub brightness: f32,
    /// By how much one half is brighter than the other, relative to the mean of both, 0–2; null in
    /// examinations of older versions.
    pub unevenness: Option<f32>,
    pub pose: PoseBody,
    /// How sure it is that a mask is worn, 0–1, from 0.5 on; null where it was not asked.
    pub mask: Option<f64>,
}

/// A box in pixels.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::BoxBody)]
pub struct BoxBody {
    pub left: f32,
    pub top: f32,
    pub width: f32,
    pub height: f32,
}

/// Degrees.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::PoseBody)]
pub struct PoseBody {
    pub yaw: f32,
    pub pitch: f32,
    pub roll: f32,
}

impl From<FaceFinding> for FaceBody {
    fn from(face: FaceFinding) -> Self {
        Self {
            bounds: BoxBody {
                left: face.face_box.left,
                top: face.face_box.top,
                width: face.face_box.width,
                height: face.face_box.height,
            },
            confidence: face.confidence,
            sharpness: face.sharpness,
            brightness: face.brightness,
            unevenness: face.unevenness,
            mask: face.mask,
            pose: PoseBody {
                yaw: face.pose.yaw,
                pitch: face.pose.pitch,
                roll: face.pose.roll,
            },
        }
    }
}

/// One row of the timeline.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::FrameBody)]
pub struct FrameBody {
    pub index: u32,
    /// Milliseconds from the start of the clip.
    pub time_ms: u64,
    /// Faces seen in the frame.
    pub faces: u32,
    /// Null when the frame has no usable face.
    pub face: Option<FaceBody>,
    /// Cosine of the two embeddings, −1 to 1.
    pub similarity: Option<f32>,
    /// 0–100.
    pub percentage: Option<f64>,
    /// Where the frame's face can be fetched.
    pub thumbnail: Option<String>,
    /// What is wrong with it: codes of the closed list of `/v1/defects`.
    pub defects: Vec<&'static str>,
}

impl From<ExaminationRecord> for ExaminationBody {
    fn from(record: ExaminationRecord) -> Self {
        let result = record
            .report
            .as_ref()
            .zip(record.signals.as_ref())
            .map(|(report, signals)| ResultBody::new(report, signals, &record));
        let rules = UsedRulesBody::from(&record.order);
        let verdict = record.verdict;
        let code = record.failure.as_ref().and_then(|failure| failure.code);
        Self {
            id: record.id.to_string(),
            session_id: record.session.to_string(),
            status: record.status.name(),
            verdict: verdict.as_ref().map(|verdict| verdict.outcome.name()),
            failed_conditions: verdict
                .as_ref()
                .map(|verdict| verdict.failed_conditions.clone())
                .unwrap_or_default(),
            failed_refer_conditions: verdict
                .as_ref()
                .map(|verdict| verdict.failed_refer_conditions.clone())
                .unwrap_or_default(),
            reasons: verdict
                .map(|verdict| bodies(verdict.reasons))
                .unwrap_or_default(),
            failure_code: code.map(ReasonCode::name),
            failure_applicant_text: code.map(ReasonCode::applicant_text),
            failure: record.failure.map(|failure| failure.reason),
            consent_basis: record.order.consent_basis,
            queued_at: rfc3339(record.queued_at),
            finished_at: record.finished_at.map(rfc3339),
            rules,
            provenance: record.provenance.map(ProvenanceBody::from),
            result,
        }
    }
}

impl ResultBody {
    fn new(report: &Examination, signals: &Signals, record: &ExaminationRecord) -> Self {
        let Examination {
            document, video, ..
        } = report;
        Self {
            pack: report.pack.clone(),
            score: signals.score(),
            document: DocumentBody {
                code: code_name(document.code),
                width: document.width,
                height: document.height,
                quarter_turns: document.quarter_turns,
                faces: document.faces,
                face: document.face.map(FaceBody::from),
                defects: codes(&document.defects),
            },
            video: VideoBody {
                code: code_name(video.code),
                container: video.container.clone(),
                codec: video.codec.clone(),
                width: video.width,
                height: video.height,
                duration_ms: video.duration_ms,
                truncated: video.truncated,
            },
            timeline: report
                .frames
                .iter()
                .map(|frame| FrameBody::new(frame, record))
                .collect(),
            liveness_examined: signals.liveness.is_some(),
            took_ms: report.took_ms,
        }
    }
}

impl FrameBody {
    fn new(frame: &FrameFinding, record: &ExaminationRecord) -> Self {
        Self {
            index: frame.index,
            time_ms: frame.time_ms,
            faces: frame.faces,
            face: frame.face.map(FaceBody::from),
            similarity: frame.similarity,
            percentage: frame.percentage,
            thumbnail: frame.face.map(|_| {
                format!(
                    "/v1/sessions/{}/examinations/{}/frames/{}/thumbnail",
                    record.session, record.id, frame.index
                )
            }),
            defects: codes(&frame.defects),
        }
    }
}

/// The packs that decide.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::ModelsBody)]
pub struct ModelsBody {
    pub detector: String,
    pub embedder: String,
    /// A better embedder exists and could not be had when the models were fetched.
    pub weaker: bool,
    /// The pack that places the points of a face; null where none is installed.
    pub landmarks: Option<String>,
    /// The pack that tells whether a face is live; null where none is installed.
    pub liveness: Option<String>,
    /// Whether the models are warm.
    pub ready: bool,
}

impl ModelsBody {
    pub fn new(models: &ModelFacts, ready: bool) -> Self {
        Self {
            detector: models.detector.clone(),
            embedder: models.embedder.clone(),
            weaker: models.weaker,
            landmarks: models.landmarks.clone(),
            liveness: models.liveness.clone(),
            ready,
        }
    }
}

fn codes(defects: &[Defect]) -> Vec<&'static str> {
    defects.iter().map(|defect| defect.code()).collect()
}

fn code_name(code: CaptureCode) -> &'static str {
    match code {
        CaptureCode::Ok => "ok",
        CaptureCode::NoUsableFace => "no_usable_face",
        CaptureCode::SeveralFaces => "several_faces",
        CaptureCode::NotCentred => "not_centred",
    }
}

/// A moment as the native API writes it.
pub fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map(|at| format!("{at:.3}"))
        .unwrap_or_default()
}
