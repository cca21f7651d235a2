//! Failures that pass: there is no room left, or what is kept cannot be reached or written for a while.

use std::error::Error;
use std::io::{self, ErrorKind};

use sea_orm::{DbErr, RuntimeErr, SqlxError};

use crate::store::error::StoreError;

/// What an operator has to do something about, and a caller can only try again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No room: a full disk, a quota that is used up.
    Full,
    /// Not reached or not writable: a server that does not answer, a disk that may only be read.
    Away,
}

/// SQLite's primary result codes (<https://www.sqlite.org/rescode.html>), which are the lowest byte of each: the disk is
/// full; busy, read only, failing to read or write, not to be opened.
const SQLITE_FULL: i32 = 13;
const SQLITE_AWAY: [i32; 4] = [5, 8, 10, 14];

/// PostgreSQL's (<https://www.postgresql.org/docs/15/errcodes-appendix.html>): the disk is full.
const POSTGRES_FULL: &str = "53100";
/// The connection broke, is one too many or was ended by an operator, or the server may only be read.
const POSTGRES_AWAY: [&str; 5] = ["08", "53", "57P", "58", "25006"];

/// What S3 servers answer when they have no room.
const S3_FULL: &str = "507 Insufficient Storage";

impl Trouble {
    /// The trouble that an error comes from, where it is one of the file system's.
    pub fn behind(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(kind) = error.downcast_ref::<io::Error>().map(io::Error::kind) {
                return Self::of_files(kind);
            }
            next = error.source();
        }
        None
    }

    fn of_files(kind: ErrorKind) -> Option<Self> {
        if [ErrorKind::StorageFull, ErrorKind::QuotaExceeded].contains(&kind) {
            return Some(Self::Full);
        }
        let away = [
            ErrorKind::ReadOnlyFilesystem,
            // No decoder can be started.
            ErrorKind::ResourceBusy,
            ErrorKind::PermissionDenied,
            ErrorKind::StaleNetworkFileHandle,
        ];
        away.contains(&kind).then_some(Self::Away)
    }

    pub(super) fn of_blobs(error: &object_store::Error) -> Option<Self> {
        if let Some(trouble) = Self::behind(error) {
            return Some(trouble);
        }
        // Whatever it was, it was asked for again before this was said.
        if let object_store::Error::Generic {
            store: "S3",
            source,
        } = error
        {
            // Its status has no type that could be asked.
            let full = source.to_string().contains(S3_FULL);
            return Some(if full { Self::Full } else { Self::Away });
        }
        let refused = matches!(
            error,
            object_store::Error::PermissionDenied { .. }
                | object_store::Error::Unauthenticated { .. }
        );
        refused.then_some(Self::Away)
    }

    pub(super) fn of_rows(error: &DbErr) -> Option<Self> {
        if matches!(error, DbErr::ConnectionAcquire(_)) {
            return Some(Self::Away);
        }
        if let DbErr::Conn(RuntimeErr::SqlxError(error)) = error {
            return Self::of_sql(error).or(Some(Self::Away));
        }
        if let DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) = error
        {
            return Self::of_sql(error);
        }
        None
    }

    fn of_sql(error: &SqlxError) -> Option<Self> {
        if let SqlxError::Io(error) = error {
            return Self::of_files(error.kind()).or(Some(Self::Away));
        }
        if let SqlxError::Database(refused) = error {
            let code = refused.code()?;
            // SQLite's are numbers of up to four digits, PostgreSQL's five characters.
            return match code.parse::<i32>() {
                Ok(number) if code.len() < 5 => Self::of_sqlite(number & 0xff),
                Ok(_) | Err(_) => Self::of_postgres(&code),
            };
        }
        let away = matches!(
            error,
            SqlxError::Tls(_)
                | SqlxError::PoolTimedOut
                | SqlxError::PoolClosed
                | SqlxError::WorkerCrashed
        );
        away.then_some(Self::Away)
    }

    fn of_sqlite(code: i32) -> Option<Self> {
        match code {
            SQLITE_FULL => Some(Self::Full),
            code if SQLITE_AWAY.contains(&code) => Some(Self::Away),
            _ => None,
        }
    }

    fn of_postgres(code: &str) -> Option<Self> {
        if code == POSTGRES_FULL {
            return Some(Self::Full);
        }
        let away = POSTGRES_AWAY.iter().any(|class| code.starts_with(class));
        away.then_some(Self::Away)
    }
}

impl StoreError {
    /// Whether this passes once an operator has made room or what is kept can be reached again.
    pub fn trouble(&self) -> Option<Trouble> {
        if let Self::Database(failure) = self {
            return Trouble::of_rows(&failure.0);
        }
        if let Self::Blob(failure) = self {
            return Trouble::of_blobs(&failure.0);
        }
        if let Self::File { source, .. } = self {
            return Trouble::of_files(source.kind());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_one_that_cannot_be_written() {
        for (number, trouble) in [
            (linux::ENOSPC, Some(Trouble::Full)),
            (linux::EDQUOT, Some(Trouble::Full)),
            (linux::EROFS, Some(Trouble::Away)),
            (linux::EACCES, Some(Trouble::Away)),
            (linux::EINVAL, None),
        ] {
            let file = StoreError::File {
                doing: "write",
                source: io::Error::from_raw_os_error(number),
            };
            assert_eq!(file.trouble(), trouble, "{number}");
            let blob = object_store::Error::Generic {
                store: "LocalFileSystem",
                source: Box::new(io::Error::from_raw_os_error(number)),
            };
            assert_eq!(StoreError::from(blob).trouble(), trouble, "{number}");
            let rows = DbErr::Exec(RuntimeErr::SqlxError(std::sync::Arc::new(SqlxError::Io(
                io::Error::from_raw_os_error(number),
            ))));
            // A connection that breaks is away, whatever broke it.
            let rows = StoreError::from(rows).trouble();
            assert_eq!(rows, trouble.or(Some(Trouble::Away)), "{number}");
        }
    }

    #[test]
    fn codes_of_both_databases_are_told_apart() {
        for (code, trouble) in [
            (13, Some(Trouble::Full)),
            // Read only while it recovers, and failing to write.
            (0x108, Some(Trouble::Away)),
            (0x30a, Some(Trouble::Away)),
            (19, None),
        ] {
            assert_eq!(Trouble::of_sqlite(code & 0xff), trouble, "{code}");
        }
        for (code, trouble) in [
            ("53100", Some(Trouble::Full)),
            ("53300", Some(Trouble::Away)),
            ("57P01", Some(Trouble::Away)),
            ("25006", Some(Trouble::Away)),
            ("57014", None),
            ("23505", None),
        ] {
            assert_eq!(Trouble::of_postgres(code), trouble, "{code}");
        }
    }

    /// Linux's numbers of these failures.
    mod linux {
        pub(super) const EACCES: i32 = 13;
        pub(super) const EINVAL: i32 = 22;
        pub(super) const ENOSPC: i32 = 28;
        pub(super) const EROFS: i32 = 30;
        pub(super) const EDQUOT: i32 = 122;
    }
}
