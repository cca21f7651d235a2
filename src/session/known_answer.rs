//! Cases whose right answer is known, and the copies of them by which reviews are checked.

use crate::session::actor::Actor;
use crate::session::decision::DecisionKind;
use crate::session::ids::{ExaminationId, ProjectId, SessionId};
use crate::session::time::Timestamp;

/// The origin of a copy: no door of its own, and nobody's visit.
pub const SEED_ORIGIN: &str = "seed";

/// What is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownAnswer {
    Approve,
    Reject,
}

impl KnownAnswer {
    pub const ALL: [Self; 2] = [Self::Approve, Self::Reject];

    /// The name it is stored and chosen under.
    pub fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }

    /// The answer of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| answer.name() == name)
    }

    /// What somebody answers who decides so, for good or as the first of two; none where they leave it open.
    pub fn given_by(kind: DecisionKind) -> Option<Self> {
        match kind {
            DecisionKind::Approve | DecisionKind::ProposeApprove => Some(Self::Approve),
            DecisionKind::Reject | DecisionKind::ProposeReject => Some(Self::Reject),
            DecisionKind::AskAgain | DecisionKind::Note => None,
        }
    }
}

/// A case that somebody has said the right answer of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownCase {
    pub session: SessionId,
    pub project: ProjectId,
    /// What copies show.
    pub examination: ExaminationId,
    pub answer: KnownAnswer,
    pub marked_by: Actor,
    pub at: Timestamp,
}

/// A known case and what became of its copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownCaseUse {
    pub case: KnownCase,
    pub copies: u64,
    /// Of those, which somebody has answered.
    pub answered: u64,
}
