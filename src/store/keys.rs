//! What an operator does with keys: sees how things stand, wraps everything anew, seals what is from before.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::store::Store;
use crate::store::database::settle;
use crate::store::entity::{subject_keys, vault_keys};
use crate::store::error::StoreError;

/// Keys that are wrapped anew in one transaction.
const AT_ONCE: u64 = 500;

/// How the keys stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysStatus {
    /// The names of the master keys that were given, newest first.
    pub given: Vec<String>,
    /// How many keys each master key wraps, those that are not given included.
    pub wraps: Vec<(String, u64)>,
    /// Whether a file that is not sealed is refused.
    pub sealed_only: bool,
}

impl Store {
    /// Which master keys there are, and what they wrap.
    pub async fn keys_status(&self) -> Result<KeysStatus, StoreError> {
        let subjects: Vec<(String, i64)> = subject_keys::Entity::find()
            .select_only()
            .column(subject_keys::Column::Master)
            .column_as(subject_keys::Column::Id.count(), "count")
            .group_by(subject_keys::Column::Master)
            .order_by_asc(subject_keys::Column::Master)
            .into_tuple()
            .all(&self.database)
            .await?;
        let mut wraps: Vec<(String, u64)> = subjects
            .into_iter()
            .map(|(master, count)| (master, count.unsigned_abs()))
            .collect();
        for row in vault_keys::Entity::find().all(&self.database).await? {
            match wraps.iter_mut().find(|(master, _)| *master == row.master) {
                Some((_, count)) => *count += 1,
                None => wraps.push((row.master, 1)),
            }
        }
        Ok(KeysStatus {
            given: self.vault.masters().ids(),
            wraps,
            sealed_only: self.vault.is_sealed_only(),
        })
    }

    /// Wraps every key under the newest master key, and tells how many were not yet. No file is touched, and the service
    /// may run meanwhile.
    pub async fn rotate_keys(&self) -> Result<u64, StoreError> {
        let mut wrapped = self.rotate_own().await?;
        loop {
            let some = self.rotate_some().await?;
            wrapped += some;
            if some == 0 {
                break;
            }
        }
        // The journal would hold what was wrapped by the key before.
        self.empty_journal().await;
        Ok(wrapped)
    }

    async fn rotate_own(&self) -> Result<u64, StoreError> {
        let masters = self.vault.masters();
        let transaction = self.begin().await?;
        let done = async {
            let older = vault_keys::Entity::find()
                .filter(vault_keys::Column::Master.ne(masters.newest_id()))
                .all(&transaction)
                .await?;
            for row in &older {
                let key = masters.unwrap(&row.name, &row.master, &row.wrapped)?;
                let anew = masters.wrap(&row.name, &key)?;
                vault_keys::Entity::update_many()
                    .col_expr(vault_keys::Column::Master, Expr::value(anew.master))
                    .col_expr(vault_keys::Column::Wrapped, Expr::value(anew.bytes))
                    .filter(vault_keys::Column::Name.eq(row.name.clone()))
                    .exec(&transaction)
                    .await?;
            }
            Ok(older.len() as u64)
        }
        .await;
        settle(transaction, done).await
    }

    async fn rotate_some(&self) -> Result<u64, StoreError> {
        let masters = self.vault.masters();
        let transaction = self.begin().await?;
        let done = async {
            let older = subject_keys::Entity::find()
                .filter(subject_keys::Column::Master.ne(masters.newest_id()))
                .order_by_asc(subject_keys::Column::Id)
                .limit(AT_ONCE)
                .all(&transaction)
                .await?;
            for row in &older {
                let anew = masters.wrap(&row.id, &self.vault.unwrap(row)?)?;
                // A key that is destroyed meanwhile stays destroyed.
                subject_keys::Entity::update_many()
                    .col_expr(subject_keys::Column::Master, Expr::value(anew.master))
                    .col_expr(subject_keys::Column::Wrapped, Expr::value(anew.bytes))
                    .filter(subject_keys::Column::Id.eq(row.id.clone()))
                    .exec(&transaction)
                    .await?;
            }
            Ok(older.len() as u64)
        }
        .await;
        settle(transaction, done).await
    }

    /// How many subjects have a key.
    pub async fn count_subject_keys(&self) -> Result<u64, StoreError> {
        Ok(subject_keys::Entity::find().count(&self.database).await?)
    }
}
