//! What people decide about a session: events beside the automatic verdict, which stays as it is.

use std::fmt;

use crate::scoring::reasons::{ReasonCode, ReasonSource};
use crate::session::actor::Actor;
use crate::session::checklist::Checklist;
use crate::session::ids::{DecisionId, ExaminationId, ProjectId, SessionId};
use crate::session::status::{Move, SessionStatus};
use crate::session::time::Timestamp;

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionKind {
    Approve,
    Reject,
    /// One of two officers would approve; it settles nothing until another one says the same.
    ProposeApprove,
    ProposeReject,
    /// The applicant is to send the evidence again.
    AskAgain,
    /// Something to remember, and no decision.
    Note,
}

impl DecisionKind {
    pub const ALL: [Self; 6] = [
        Self::Approve,
        Self::Reject,
        Self::ProposeApprove,
        Self::ProposeReject,
        Self::AskAgain,
        Self::Note,
    ];

    /// The name it is stored and answered under.
    pub fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::ProposeApprove => "propose_approve",
            Self::ProposeReject => "propose_reject",
            Self::AskAgain => "ask_again",
            Self::Note => "note",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it settles the case, for now: there must have been something to decide about.
    pub fn is_final(self) -> bool {
        match self {
            Self::Approve | Self::Reject => true,
            Self::ProposeApprove | Self::ProposeReject | Self::AskAgain | Self::Note => false,
        }
    }

    /// What it becomes where one officer alone does not settle a case.
    #[must_use]
    pub fn proposed(self) -> Self {
        match self {
            Self::Approve | Self::ProposeApprove => Self::ProposeApprove,
            Self::Reject | Self::ProposeReject => Self::ProposeReject,
            Self::AskAgain => Self::AskAgain,
            Self::Note => Self::Note,
        }
    }

    /// What it proposes; none for what proposes nothing.
    pub fn proposes(self) -> Option<Self> {
        match self {
            Self::ProposeApprove => Some(Self::Approve),
            Self::ProposeReject => Some(Self::Reject),
            Self::Approve | Self::Reject | Self::AskAgain | Self::Note => None,
        }
    }

    /// Whether a reason can speak for it: nobody approves for a suspicion of fraud.
    pub fn may_rest_on(self, reason: ReasonCode) -> bool {
        let by_rules = reason.source() == ReasonSource::Rules;
        match self {
            Self::Approve | Self::ProposeApprove => {
                matches!(reason, ReasonCode::IdentityConfirmed | ReasonCode::Other)
            }
            Self::Reject | Self::ProposeReject => {
                by_rules
                    || (reason.source() == ReasonSource::Officer
                        && reason != ReasonCode::IdentityConfirmed)
            }
            // Who is asked again is told what to do: of what only the service can mend there is nothing to tell.
            Self::AskAgain => {
                by_rules
                    && !matches!(
                        reason,
                        ReasonCode::LivenessNotExamined
                            | ReasonCode::NotExamined
                            | ReasonCode::ReviewRequired
                    )
                    || matches!(
                        reason,
                        ReasonCode::DocumentNotAccepted
                            | ReasonCode::CaptureNotAccepted
                            | ReasonCode::Other
                    )
            }
            Self::Note => reason.source() != ReasonSource::Service,
        }
    }

    /// The states of a session that it may be made in.
    pub fn allowed_in(self) -> impl Iterator<Item = SessionStatus> {
        SessionStatus::ALL
            .into_iter()
            .filter(move |status| match self {
                Self::Approve | Self::Reject | Self::ProposeApprove | Self::ProposeReject => {
                    matches!(
                        status,
                        SessionStatus::Judged | SessionStatus::Failed | SessionStatus::Ended
                    )
                }
                Self::AskAgain => status.after(Move::AskAgain).is_some(),
                Self::Note => *status != SessionStatus::Erased,
            })
    }
}

/// One event. Its `Debug` shows no note.
#[derive(Clone, PartialEq)]
pub struct Decision {
    pub id: DecisionId,
    pub session: SessionId,
    pub project: ProjectId,
    /// The examination that was decided about.
    pub examination: Option<ExaminationId>,
    pub kind: DecisionKind,
    pub reasons: Vec<ReasonCode>,
    pub actor: Actor,
    pub note: Note,
    /// How the two faces were compared, where the officer went through a list.
    pub checklist: Option<Checklist>,
    /// From taking the case to deciding, in milliseconds; none where nobody had taken it.
    pub took_ms: Option<u64>,
    pub at: Timestamp,
}

/// What the officer wrote, where it can still be read.
#[derive(Clone, PartialEq, Eq)]
pub enum Note {
    None,
    Text(String),
    /// Its key was destroyed with the session's data.
    Erased,
}

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decision({}, {}, …)", self.id, self.kind.name())
    }
}
