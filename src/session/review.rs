//! A case as those see it who review: what its newest result was, whether it waits, and who has taken it.

use std::fmt;

use crate::scoring::reasons::ReasonCode;
use crate::scoring::verdict::Outcome;
use crate::session::actor::Actor;
use crate::session::decision::DecisionKind;
use crate::session::ids::{DecisionId, ExaminationId, OfficerId, SessionId};
use crate::session::time::{Span, Timestamp};

/// Where a case stands for those who review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReviewState {
    /// It needs a person.
    Waiting,
    /// One officer has proposed how to settle it, and another has to say the same.
    Proposed,
    /// It is decided, and the decision can still be undone.
    Pending,
    /// A person settled it.
    Settled,
    /// Nobody needs to look: the rules judged it, or something is still to come.
    Unneeded,
}

impl ReviewState {
    pub const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Proposed,
        Self::Pending,
        Self::Settled,
        Self::Unneeded,
    ];

    /// The states in which somebody has work to do.
    pub const OPEN: [Self; 2] = [Self::Waiting, Self::Proposed];

    /// The name it is stored and answered under.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Proposed => "proposed",
            Self::Pending => "pending",
            Self::Settled => "settled",
            Self::Unneeded => "none",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// Who has taken a case, and until when nobody else may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    pub officer: OfficerId,
    pub since: Timestamp,
    pub until: Timestamp,
}

/// How a person settled a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    pub kind: DecisionKind,
    pub by: Actor,
    pub at: Timestamp,
}

/// What one of two officers proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What it would be if another one said the same.
    pub kind: DecisionKind,
    pub by: OfficerId,
}

/// One case. Its `Debug` shows no reference.
#[derive(Clone, PartialEq)]
pub struct Review {
    pub session: SessionId,
    pub examination: ExaminationId,
    /// The project's own reference.
    pub reference: Option<String>,
    pub state: ReviewState,
    /// None where the newest examination failed.
    pub outcome: Option<Outcome>,
    /// In the order of their names.
    pub reasons: Vec<ReasonCode>,
    pub score: Option<f64>,
    pub liveness: Option<f64>,
    /// When its newest result came.
    pub entered_at: Timestamp,
    /// None where nobody has taken it, or not renewed it in time.
    pub claim: Option<Claim>,
    pub proposal: Option<Proposal>,
    pub settled: Option<Settlement>,
}

impl fmt::Debug for Review {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Review({}, {}, …)", self.session, self.state.name())
    }
}

/// In which order cases are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReviewOrder {
    /// As they are to be worked: who has waited longest comes first.
    #[default]
    OldestFirst,
    NewestFirst,
}

/// Which cases are asked for. Its `Debug` does not show what is searched for.
#[derive(Clone, PartialEq)]
pub struct ReviewFilter {
    /// In one of these states.
    pub states: Vec<ReviewState>,
    pub outcome: Option<Outcome>,
    pub reason: Option<ReasonCode>,
    /// Whose newest result came in this time.
    pub entered: Span,
    /// From a score up to another, both included.
    pub score: Option<(f64, f64)>,
    /// Which this officer has taken.
    pub claimed_by: Option<OfficerId>,
    /// Of this session, by its identifier, or of this reference, as a whole.
    pub search: Option<String>,
    pub order: ReviewOrder,
}

impl ReviewFilter {
    /// What is to be worked, who has waited longest first.
    pub fn queue() -> Self {
        Self {
            states: ReviewState::OPEN.to_vec(),
            order: ReviewOrder::OldestFirst,
            ..Self::everything()
        }
    }

    /// Everything that was ever examined, the newest result first.
    pub fn everything() -> Self {
        Self {
            states: ReviewState::ALL.to_vec(),
            outcome: None,
            reason: None,
            entered: Span::between(None, None),
            score: None,
            claimed_by: None,
            search: None,
            order: ReviewOrder::NewestFirst,
        }
    }
}

impl fmt::Debug for ReviewFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReviewFilter({:?}, {:?}, …)", self.states, self.order)
    }
}

/// Where a page ended: the next one starts with what follows in the same order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReviewPlace {
    pub entered_at: Timestamp,
    pub session: SessionId,
}

impl From<&Review> for ReviewPlace {
    fn from(review: &Review) -> Self {
        Self {
            entered_at: review.entered_at,
            session: review.session,
        }
    }
}

/// How many cases there are to work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReviewCounts {
    /// That wait for a person, whoever has taken them.
    pub waiting: u64,
    /// Of those, which the caller has taken.
    pub mine: u64,
    /// Of those, which have waited for longer than the project wants.
    pub overdue: u64,
}

/// A decision that can still be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingDecision {
    pub id: DecisionId,
    pub session: SessionId,
    pub kind: DecisionKind,
    pub by: Actor,
    /// From then on it is carried out.
    pub due_at: Timestamp,
}

/// What made a decision void before it was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoidedBy {
    NewEvidence,
    AnotherExamination,
    /// When its time came, it was allowed no more.
    Refusal,
    Erasure,
}

impl VoidedBy {
    /// The word the audit log has for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::NewEvidence => "new_evidence",
            Self::AnotherExamination => "another_examination",
            Self::Refusal => "refusal",
            Self::Erasure => "erasure",
        }
    }
}

/// Why a case is not taken or not decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReviewRefusal {
    #[error("another officer has taken the case")]
    TakenByAnother,
    #[error("take the case first: nobody holds it, or its time ran out")]
    NotTaken,
    #[error("the session does not wait for a person")]
    NotWaiting,
    #[error("a decision about the session waits to be carried out, and can still be undone")]
    DecisionPending,
    #[error("there is no decision of yours that could still be undone")]
    NothingToUndo,
    #[error("the case needs another officer: who proposed its decision does not confirm it")]
    OwnProposal,
    #[error("the project's decisions take two officers, and no officer asks for this one")]
    NoOfficer,
}
