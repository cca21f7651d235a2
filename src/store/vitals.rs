//! How the store fares: what waits, how its connections are used, and whether blobs can be written.

use sea_orm::{ColumnTrait, DatabaseBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::session::examination::ExaminationStatus;
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::entity::examinations::{Column, Entity};
use crate::store::error::StoreError;

/// What the keys begin with under which it is tried whether blobs can be written.
pub(super) const PROBE: &str = "probe";

/// Connections to the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    pub open: u64,
    /// Those that nobody uses now.
    pub idle: u64,
}

impl Store {
    /// Since when the longest waiting examination waits, where any does.
    pub async fn oldest_queued(&self) -> Result<Option<Timestamp>, StoreError> {
        let oldest: Option<i64> = Entity::find()
            .filter(Column::Status.eq(ExaminationStatus::Queued.name()))
            .order_by_asc(Column::QueuedAt)
            .select_only()
            .column(Column::QueuedAt)
            .into_tuple()
            .one(&self.database)
            .await?;
        Ok(oldest.map(Timestamp))
    }

    /// The connections that this process holds.
    pub fn connections(&self) -> Connections {
        // No third kind is ever opened.
        let (open, idle) = if self.database.get_database_backend() == DatabaseBackend::Sqlite {
            let pool = self.database.get_sqlite_connection_pool();
            (pool.size(), pool.num_idle())
        } else {
            let pool = self.database.get_postgres_connection_pool();
            (pool.size(), pool.num_idle())
        };
        Connections {
            open: u64::from(open),
            idle: idle as u64,
        }
    }

    /// How many reads and writes of blobs have failed since the store was opened.
    pub fn blob_failures(&self) -> u64 {
        self.blob_failures.so_far()
    }

    /// Writes a blob and takes it away again. Where that breaks off in between, the sweep of [`orphans`] takes it away.
    ///
    /// [`orphans`]: crate::store::orphans
    pub async fn probe_blobs(&self) -> Result<(), StoreError> {
        let key = format!("{PROBE}/{}", uuid::Uuid::now_v7());
        self.put_blob(&key, Vec::new()).await?;
        self.delete_blob(&key).await
    }
}
