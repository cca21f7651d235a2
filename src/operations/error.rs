//! Why a verb was not carried out; `http` gives each kind its status, once.

use crate::operations::picture_fault::PictureFault;
use crate::scoring::reasons::ReasonCode;
use crate::session::examination::Failure;
use crate::session::status::SessionStatus;
use crate::session::template::OtherPack;
use crate::store::error::StoreError;
use crate::store::trouble::Trouble;

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
    #[error("there is no room left to keep anything; the operator has to make some")]
    NoRoom(#[source] Cause),
    #[error("what is kept cannot be reached or changed just now; try again in a moment")]
    Unavailable(#[source] Cause),
    #[error("an internal error")]
    Internal(#[source] Cause),
}

/// What lies behind a failure that is not the caller's: for the log alone.
type Cause = Box<dyn std::error::Error + Send + Sync>;

impl Error {
    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid {
            reason: reason.into(),
        }
    }

    /// A fault of ours, or of the disk that a file was on its way to.
    pub(crate) fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        let trouble = Trouble::behind(&error);
        Self::troubled(trouble, Box::new(error))
    }

    fn troubled(trouble: Option<Trouble>, cause: Cause) -> Self {
        match trouble {
            Some(Trouble::Full) => Self::NoRoom(cause),
            Some(Trouble::Away) => Self::Unavailable(cause),
            None => Self::Internal(cause),
        }
    }

    /// Whether it passes without anything being done differently: once there is room, or what is kept can be reached.
    pub(crate) fn passes(&self) -> bool {
        matches!(self, Self::NoRoom(_) | Self::Unavailable(_))
    }
}

impl From<Option<Failure>> for Error {
    /// What a caller that waited for a verdict learns of an examination without one.
    fn from(failure: Option<Failure>) -> Self {
        match failure {
            Some(Failure {
                code: Some(ReasonCode::ConsentWithdrawn),
                reason,
                ..
            }) => Self::Refused { reason },
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
            | StoreError::EndpointGone
            | StoreError::Held) => Self::Conflict {
                reason: error.to_string(),
            },
            error @ StoreError::ConsentWithdrawn => Self::Refused {
                reason: error.to_string(),
            },
            StoreError::Erased => Self::Conflict {
                reason: "the data were erased".to_owned(),
            },
            error @ (StoreError::NotFound { .. }
            | StoreError::Keys(_)
            | StoreError::Broken { .. }
            | StoreError::AlreadyExists { .. }
            | StoreError::Unstorable { .. }
            | StoreError::Inconsistent { .. }
            | StoreError::Corrupt { .. }
            | StoreError::UnknownDatabase { .. }
            | StoreError::BlobAddress { .. }
            | StoreError::Database(_)
            | StoreError::Blob(_)
            | StoreError::File { .. }
            | StoreError::Interrupted) => Self::troubled(error.trouble(), Box::new(error)),
        }
    }
}
