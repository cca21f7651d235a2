//! The states of a session and the moves between them.

use serde::{Deserialize, Serialize};

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// Collecting evidence.
    Open,
    /// An examination is queued or running.
    Examining,
    /// The last examination ended in a verdict.
    Judged,
    /// The last examination could not be carried out; its reason is kept.
    Failed,
    /// Closed: nothing more is taken.
    Ended,
    /// Its data are gone; what is left is its verdicts.
    Erased,
}

/// What somebody wants to do with a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Add or replace a document or a video.
    AcceptEvidence,
    /// Queue an examination.
    RequestExamination,
    /// Store a verdict.
    Judge,
    /// Store why there is no verdict.
    Fail,
    /// Close it.
    End,
    /// Have the applicant send the evidence again.
    AskAgain,
    /// Destroy its data.
    Erase,
}

impl SessionStatus {
    pub const ALL: [Self; 6] = [
        Self::Open,
        Self::Examining,
        Self::Judged,
        Self::Failed,
        Self::Ended,
        Self::Erased,
    ];

    /// The state after the move, or `None` where the move is illegal.
    ///
    /// New evidence after a verdict opens the session for another attempt; every attempt is kept.
    pub fn after(self, wanted: Move) -> Option<Self> {
        match (self, wanted) {
            (Self::Open | Self::Judged | Self::Failed, Move::AcceptEvidence)
            | (Self::Judged | Self::Failed, Move::AskAgain) => Some(Self::Open),
            (Self::Open, Move::RequestExamination) => Some(Self::Examining),
            (Self::Examining, Move::Judge) => Some(Self::Judged),
            (Self::Examining, Move::Fail) => Some(Self::Failed),
            (Self::Open | Self::Judged | Self::Failed, Move::End) => Some(Self::Ended),
            (Self::Open | Self::Judged | Self::Failed | Self::Ended, Move::Erase) => {
                Some(Self::Erased)
            }
            (
                Self::Open
                | Self::Examining
                | Self::Judged
                | Self::Failed
                | Self::Ended
                | Self::Erased,
                Move::AcceptEvidence
                | Move::RequestExamination
                | Move::Judge
                | Move::Fail
                | Move::End
                | Move::AskAgain
                | Move::Erase,
            ) => None,
        }
    }

    /// The states from which the move is legal.
    pub fn allowing(wanted: Move) -> impl Iterator<Item = Self> {
        Self::ALL
            .into_iter()
            .filter(move |status| status.after(wanted).is_some())
    }

    /// The name it is stored and answered under.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Examining => "examining",
            Self::Judged => "judged",
            Self::Failed => "failed",
            Self::Ended => "ended",
            Self::Erased => "erased",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}
