//! Why a verb was not carried out; `http` gives each kind its status, once.

use crate::operations::picture_fault::PictureFault;
use crate::session::examination::Failure;
use crate::session::status::SessionStatus;
use crate::session::template::OtherPack;
use crate::store::error::StoreError;

/// Why a verb was not carried out. Everything but `Internal` is for the caller to read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the access token is missing, unknown, expired or revoked")]
    Unauthenticated,
    #[error("{reason}")]
    Refused { reason: String },
    #[error("there is no such {what}")]
    NotFound { what: &'static str },
    #[error("the session is {}, which does not allow this", status.name())]
    WrongState { status: SessionStatus },
    #[error("{reason}")]
    Conflict { reason: String },
    #[error("{reason}")]
    Invalid { reason: String },
    #[error("{reason}")]
    TooLarge { reason: String },
    #[error("the range lies outside the {total} bytes that are there, or ends before it starts")]
    OutOfRange { total: u64 },
    #[error("{0}")]
    Picture(PictureFault),
    #[error("{0}")]
    OtherPack(#[from] OtherPack),
    #[error("the project has used up the {what} it may have")]
    QuotaReached { what: &'static str },
    #[error("no model pack is installed that examines {what}")]
    NotInstalled { what: &'static str },
    #[error("the project is suspended")]
    Suspended,
    #[error("this API is disabled for the project")]
    Disabled,
    #[error("the models are still being loaded; try again in a moment")]
    NotReady,
    #[error("too much is waiting to be examined; try again in a moment")]
    Busy,
    #[error("too many requests; try again in {seconds} seconds")]
    TooOften { seconds: u32 },
    #[error("the examination takes longer than this call may wait; read its result later")]
    StillRunning,
    #[error("an internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid {
            reason: reason.into(),
        }
    }

    pub(crate) fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl From<Option<Failure>> for Error {
    /// What a caller that waited for a verdict learns of an examination without one.
    fn from(failure: Option<Failure>) -> Self {
        match failure {
            Some(Failure {
                by_evidence: true,
                reason,
                ..
            }) => Self::Invalid { reason },
            // Its cause was logged where it broke off.
            Some(Failure { .. }) | None => Self::Internal("the examination failed".into()),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::WrongState { status } => Self::WrongState { status },
            StoreError::QueueFull { .. } => Self::Busy,
            StoreError::QuotaReached { what } => Self::QuotaReached { what },
            error @ (StoreError::TooManyFaces { .. }
            | StoreError::ExaminationsUsedUp { .. }
            | StoreError::ChallengesUsedUp { .. }
            | StoreError::AnotherChallenge
            | StoreError::ExaminedAgain
            | StoreError::Unexamined
            | StoreError::Altered { .. }
            | StoreError::Review(_)
            | StoreError::Held) => Self::Conflict {
                reason: error.to_string(),
            },
            error @ (StoreError::NotFound { .. }
            | StoreError::AlreadyExists { .. }
            | StoreError::Unstorable { .. }
            | StoreError::Inconsistent { .. }
            | StoreError::Corrupt { .. }
            | StoreError::UnknownDatabase { .. }
            | StoreError::Database(_)
            | StoreError::Blob(_)
            | StoreError::File { .. }
            | StoreError::Interrupted) => Self::internal(error),
        }
    }
}
