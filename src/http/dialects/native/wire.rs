//! The bodies of the native API.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::dialects::native::provenance_wire::{ProvenanceBody, UsedRulesBody};
use crate::http::dialects::native::reasons_wire::{ReasonBody, bodies};
use crate::http::dialects::native::result_wire::ResultBody;
use crate::pipeline::examiner::ModelFacts;
use crate::scoring::reasons::ReasonCode;
use crate::session::decision::DecisionKind;
use crate::session::evidence::Evidence;
use crate::session::examination::ExaminationRecord;
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
    /// The version of the project's text that was shown; the one of now without it.
    #[serde(default)]
    pub text_version: Option<u32>,
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
    /// The failure's code: `DOCUMENT_UNREADABLE`, `VIDEO_UNREADABLE`, `SERVICE_FAILURE` or `CONSENT_WITHDRAWN`.
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

/// A moment as the native API writes it.
pub fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map(|at| format!("{at:.3}"))
        .unwrap_or_default()
}
