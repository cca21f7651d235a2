//! Stocktaking: whether what the rows name is there.

use object_store::ObjectStoreExt;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::session::evidence::Evidence;
use crate::session::ids::EvidenceId;
use crate::store::Store;
use crate::store::blobs::read_key;
use crate::store::entity::evidence::{Column, Entity};
use crate::store::entity::sessions;
use crate::store::error::StoreError;
use crate::store::evidence::read;

impl Store {
    /// A page of the evidence that is still to be there, by its identifiers: what follows `after`.
    pub async fn evidence_after(
        &self,
        after: Option<EvidenceId>,
        limit: u64,
    ) -> Result<Vec<Evidence>, StoreError> {
        let mut wanted = Entity::find()
            .filter(
                Column::SessionId.in_subquery(
                    sessions::Entity::find()
                        .select_only()
                        .column(sessions::Column::Id)
                        .filter(sessions::Column::ErasedAt.is_null())
                        .into_query(),
                ),
            )
            .filter(Column::ErasedAt.is_null())
            .order_by_asc(Column::Id)
            .limit(limit);
        if let Some(after) = after {
            wanted = wanted.filter(Column::Id.gt(after.0.to_string()));
        }
        let rows = wanted.all(&self.database).await?;
        rows.into_iter().map(read).collect()
    }

    /// Whether something lies under a key.
    pub async fn has_blob(&self, key: &str) -> Result<bool, StoreError> {
        match self.blobs.0.head(&read_key(key)?).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
