//! What can go wrong with rows and blobs.

use std::fmt;
use std::io;

use sea_orm::{DbErr, SqlErr};

use crate::session::review::ReviewRefusal;
use crate::session::status::SessionStatus;
use crate::store::master_keys::KeyFault;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("a session that is {} does not allow this", status.name())]
    WrongState { status: SessionStatus },
    #[error("{queued} examinations are waiting, and {limit} may")]
    QueueFull { queued: u64, limit: u64 },
    #[error("the project may have no more {what}")]
    QuotaReached { what: &'static str },
    #[error("the session has been examined {count} times, which is all that the project allows")]
    ExaminationsUsedUp { count: usize },
    #[error("the session has had {drawn} challenges drawn, which is all that a session may have")]
    ChallengesUsedUp { drawn: u64 },
    #[error("another challenge was drawn while the examination was asked for: ask again")]
    AnotherChallenge,
    #[error("the session's newest examination is another one: look at that before deciding")]
    ExaminedAgain,
    #[error("version {version} of the rules was altered since it was saved, and judges nobody")]
    Altered { version: i64 },
    #[error("the newest evidence has not been examined, so there is nothing to approve")]
    Unexamined,
    #[error(transparent)]
    Review(#[from] ReviewRefusal),
    #[error("a legal hold keeps the session's data from being erased")]
    Held,
    #[error("the webhook that the event was posted to is gone or disabled")]
    EndpointGone,
    #[error("a person may have {limit} faces")]
    TooManyFaces { limit: usize },
    #[error("there is no such {what}")]
    NotFound { what: &'static str },
    #[error("{what} exists already")]
    AlreadyExists { what: &'static str },
    #[error("{what} holds a value that could not be read back")]
    Unstorable { what: &'static str },
    #[error("{what}")]
    Inconsistent { what: &'static str },
    #[error("row {row} of table {table} holds nothing readable in {column}")]
    Corrupt {
        table: &'static str,
        column: &'static str,
        row: String,
    },
    #[error(
        "database addresses start with sqlite: or postgres:, and this one starts with {scheme}:"
    )]
    UnknownDatabase { scheme: String },
    #[error("blobs_url names no place where blobs could lie: {reason}")]
    BlobAddress { reason: &'static str },
    #[error("the database")]
    Database(#[source] DatabaseFailure),
    #[error("the blob store")]
    Blob(#[source] BlobFailure),
    #[error("could not {doing}")]
    File {
        doing: &'static str,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Keys(#[from] KeyFault),
    #[error(
        "{what} does not open: it was altered, cut short, put in another's place, or never sealed"
    )]
    Broken { what: &'static str },
    #[error("the data were erased")]
    Erased,
    #[error("the person took their consent back while the call was under way")]
    ConsentWithdrawn,
    #[error("the runtime is shutting down")]
    Interrupted,
}

impl StoreError {
    /// Whether what was asked for may have been done after all: a database can carry a transaction out whose answer is
    /// lost.
    pub(super) fn leaves_doubt(&self) -> bool {
        matches!(self, Self::Database(_) | Self::Interrupted)
    }
}

/// A failure of the database.
///
/// Its `Debug` is its message alone: the database's own details quote the row that it refused,
/// and rows hold names.
pub struct DatabaseFailure(pub(super) DbErr);

impl fmt::Debug for DatabaseFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseFailure({})", self.0)
    }
}

impl fmt::Display for DatabaseFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// No `source`: what lies below would print those details again.
impl std::error::Error for DatabaseFailure {}

/// A failure of the blob store.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct BlobFailure(pub(super) object_store::Error);

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            // Rows name projects and sessions, never the other way round.
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => Self::NotFound {
                what: "project or session",
            },
            Some(SqlErr::UniqueConstraintViolation(_)) => Self::AlreadyExists {
                what: "a row of that identifier",
            },
            _ => Self::Database(DatabaseFailure(error)),
        }
    }
}

impl From<object_store::Error> for StoreError {
    fn from(error: object_store::Error) -> Self {
        Self::Blob(BlobFailure(error))
    }
}

impl StoreError {
    /// A part was asked for that starts where nothing is any more.
    pub(super) fn behind_the_end(end: u64) -> Self {
        object_store::Error::Generic {
            store: "sealed",
            source: format!("the part starts behind the end, which is at {end}").into(),
        }
        .into()
    }

    /// Names what exists already, where the caller of the database knows it better.
    pub(super) fn naming(self, what: &'static str) -> Self {
        if matches!(self, Self::AlreadyExists { .. }) {
            return Self::AlreadyExists { what };
        }
        self
    }
}
