//! Opens a SQLite file or a PostgreSQL database, and the transactions on either.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sea_orm::sqlx::{ConnectOptions, Connection};
use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr,
    SqliteTransactionMode, SqlxPostgresConnector, SqlxSqliteConnector, Statement,
    TransactionOptions, TransactionTrait,
};

use tracing::{Instrument as _, Span};

use crate::session::ids::ProjectId;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::options::{StoreOptions, scheme};

/// How long a writer waits for another one, in this process or beside it (`likeness tokens`
/// while the service runs), and how long a request waits for a free connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// The names of the two turns that PostgreSQL lets one transaction at a time take.
const MIGRATING: i64 = 0x6c69_6b65_0001;
const QUEUEING: i64 = 0x6c69_6b65_0002;

/// Opens the database that the options name.
pub(super) async fn open(options: &StoreOptions) -> Result<DatabaseConnection, StoreError> {
    let url = options.database_url.as_str();
    match scheme(url) {
        "sqlite" => open_sqlite(url, options.max_connections).await,
        "postgres" | "postgresql" => open_postgres(url, options.max_connections).await,
        other => Err(StoreError::UnknownDatabase {
            scheme: other.to_owned(),
        }),
    }
}

/// Applies the migrations that are missing, all or none, one process at a time.
pub(super) async fn migrate(database: &DatabaseConnection) -> Result<(), StoreError> {
    let transaction = begin_alone(database).await?;
    migrations::apply(&transaction).await?;
    Ok(transaction.commit().await?)
}

async fn open_sqlite(url: &str, max_connections: u32) -> Result<DatabaseConnection, StoreError> {
    let in_memory = url.contains(":memory:") || url.contains("mode=memory");
    let parsed = SqliteConnectOptions::from_str(url).map_err(connecting)?;
    if !in_memory {
        make_private_file(parsed.get_filename())?;
    }
    let connect = parsed
        .disable_statement_logging()
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL may lose the last commits when the power fails. An operator who was told that a
        // session is kept must find it again, and a commit a session is cheap beside the video.
        .synchronous(SqliteSynchronous::Full)
        // What was erased is not to lie on in the file's free pages.
        .pragma("secure_delete", "ON");
    let mut pool = SqlitePoolOptions::new()
        .acquire_timeout(PATIENCE)
        .max_connections(max_connections.max(1));
    if in_memory {
        // A second connection would be another, empty database, and the last one to close loses all.
        pool = pool
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None);
    }
    let pool = pool.connect_with(connect).await.map_err(connecting)?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

async fn open_postgres(url: &str, max_connections: u32) -> Result<DatabaseConnection, StoreError> {
    let connect = PgConnectOptions::from_str(url)
        .map_err(connecting)?
        .application_name("likeness")
        .disable_statement_logging();
    // A pool tries again and again and then says that time ran out; one connection says why.
    let probe = connect.connect().await.map_err(connecting)?;
    probe.close().await.map_err(connecting)?;
    let pool = PgPoolOptions::new()
        .acquire_timeout(PATIENCE)
        .max_connections(max_connections.max(1))
        .connect_with(connect)
        .await
        .map_err(connecting)?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

fn connecting(error: sea_orm::SqlxError) -> StoreError {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))).into()
}

/// Makes the database file, and its folder, readable by their owner alone before SQLite does it
/// by the process's usual mode. Its journal files take over the file's mode.
fn make_private_file(file: &Path) -> Result<(), StoreError> {
    if let Some(folder) = file.parent().filter(|path| !path.as_os_str().is_empty()) {
        make_private_folder(folder)?;
    }
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(file)
        .map(|_| ())
        .map_err(|source| StoreError::File {
            doing: "make the database file",
            source,
        })
}

/// Makes a folder, and the ones above it, that only its owner may enter. One that exists stays as it is.
pub(super) fn make_private_folder(folder: &Path) -> Result<(), StoreError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| StoreError::File {
            doing: "make the data folder",
            source,
        })
}

/// Whether somebody else than its owner may do anything with a folder.
pub(super) fn is_open_to_others(folder: &Path) -> bool {
    folder
        .metadata()
        .is_ok_and(|facts| facts.permissions().mode() & 0o077 != 0)
}

/// Begins a transaction that will write.
///
/// SQLite's usual transaction takes the write lock at its first write; when somebody else has
/// written since its first read it then fails at once, whatever the busy timeout says. Taking the
/// lock at the start makes it wait its turn instead.
async fn begin_writing(database: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    database
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await
}

/// Waits until no other transaction holds this turn, and holds it to the transaction's end.
///
/// A writing transaction of SQLite is alone already.
async fn take_turn(transaction: &DatabaseTransaction, turn: i64) -> Result<(), DbErr> {
    if transaction.get_database_backend() == DatabaseBackend::Postgres {
        transaction
            .execute_unprepared(&format!("SELECT pg_advisory_xact_lock({turn})"))
            .await?;
    }
    Ok(())
}

/// Lets one transaction at a time change the galleries of a project: such a change may touch several
/// of them, and two that touched them in different orders would wait for each other.
pub(super) async fn take_galleries_turn(
    transaction: &DatabaseTransaction,
    project: ProjectId,
) -> Result<(), DbErr> {
    let (_, random) = project.0.as_u64_pair();
    take_turn(transaction, random.cast_signed()).await
}

/// Lets one transaction at a time number a project's rules and say which of them judge.
pub(super) async fn take_rules_turn(
    transaction: &DatabaseTransaction,
    project: ProjectId,
) -> Result<(), DbErr> {
    // The other half of the identifier than the galleries' turn takes.
    let (time, _) = project.0.as_u64_pair();
    take_turn(transaction, time.cast_signed()).await
}

/// Begins a transaction beside which no other process makes or migrates anything.
pub(super) async fn begin_alone(
    database: &DatabaseConnection,
) -> Result<DatabaseTransaction, DbErr> {
    let transaction = begin_writing(database).await?;
    take_turn(&transaction, MIGRATING).await?;
    Ok(transaction)
}

/// Makes counting the queue and adding to it one step.
pub(super) async fn take_queueing_turn(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    take_turn(transaction, QUEUEING).await
}

/// Commits what was done, or takes it back when it failed.
pub(super) async fn settle<T>(
    transaction: DatabaseTransaction,
    outcome: Result<T, StoreError>,
) -> Result<T, StoreError> {
    match outcome {
        Ok(value) => {
            transaction.commit().await?;
            Ok(value)
        }
        Err(error) => {
            // A transaction whose connection is gone is taken back by the database itself.
            let _ = transaction.rollback().await;
            Err(error)
        }
    }
}

impl Store {
    /// Begins a transaction that will write.
    pub(super) async fn begin(&self) -> Result<DatabaseTransaction, StoreError> {
        Ok(begin_writing(&self.database).await?)
    }

    /// Writes what SQLite's journal holds into the database, and empties the journal: what was overwritten and what was
    /// deleted is then in neither. PostgreSQL has its own way (`VACUUM`), and nothing is done there.
    pub(super) async fn empty_journal(&self) {
        if self.database.get_database_backend() != DatabaseBackend::Sqlite {
            return;
        }
        let statement = Statement::from_string(
            DatabaseBackend::Sqlite,
            "PRAGMA wal_checkpoint(TRUNCATE)".to_owned(),
        );
        let busy = match self.database.query_one_raw(statement).await {
            Ok(row) => row.and_then(|row| row.try_get_by_index::<i32>(0).ok()) == Some(1),
            Err(error) => {
                tracing::warn!(%error, "the database's journal could not be emptied; the next erasure tries again");
                return;
            }
        };
        if busy {
            tracing::warn!(
                "the database's journal is in use and was not emptied; the next erasure tries again"
            );
        }
    }
}

/// Carries work through even when its caller goes away: a request that is dropped half-way would
/// otherwise leave a blob behind without its row.
pub(super) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::spawn(work.instrument(Span::current())).await {
        Ok(outcome) => outcome,
        Err(stopped) => match stopped.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(StoreError::Interrupted),
        },
    }
}
