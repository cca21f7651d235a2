//! Blobs that are to go: named in the transaction that dooms them, deleted once it is committed.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::entity::doomed_blobs::{ActiveModel, Column, Entity};
use crate::store::error::StoreError;

/// Blobs deleted in one go.
const AT_ONCE: u64 = 500;

impl Store {
    /// Deletes the blobs whose time has come. What cannot be deleted now stays named for later.
    pub async fn sweep_blobs(&self, now: Timestamp) {
        if let Err(error) = self.sweep(now).await {
            tracing::warn!(%error, "doomed blobs could not be deleted; they will be tried again");
        }
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        // Those that cannot be deleted stay where they are, and keep no other from it.
        let mut stuck = Vec::new();
        loop {
            let doomed = Entity::find()
                .filter(Column::NotBefore.lte(now.0))
                .order_by_asc(Column::NotBefore)
                .order_by_asc(Column::Key)
                .offset(stuck.len() as u64)
                .limit(AT_ONCE)
                .all(&self.database)
                .await?;
            if doomed.is_empty() {
                return stuck.pop().map_or(Ok(()), Err);
            }
            for row in doomed {
                match self.delete_blob(&row.key).await {
                    Ok(()) => {
                        Entity::delete_by_id(row.key).exec(&self.database).await?;
                    }
                    Err(error) => stuck.push(error),
                }
            }
        }
    }
}

/// Names blobs that are to be deleted from a moment on.
pub(super) async fn doom<C: ConnectionTrait>(
    connection: &C,
    keys: &[String],
    not_before: Timestamp,
) -> Result<(), StoreError> {
    for key in keys {
        Entity::insert(ActiveModel {
            key: Set(key.clone()),
            not_before: Set(not_before.0),
        })
        .on_conflict(
            OnConflict::column(Column::Key)
                .update_column(Column::NotBefore)
                .to_owned(),
        )
        .exec_without_returning(connection)
        .await?;
    }
    Ok(())
}

/// Lets blobs live.
pub(super) async fn spare<C: ConnectionTrait>(
    connection: &C,
    keys: &[String],
) -> Result<(), StoreError> {
    if !keys.is_empty() {
        Entity::delete_many()
            .filter(Column::Key.is_in(keys.to_vec()))
            .exec(connection)
            .await?;
    }
    Ok(())
}
