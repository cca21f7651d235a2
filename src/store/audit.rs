//! The audit log: rows are added in the transaction of what they tell of, one after the other.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::session::audit::{AuditEntry, AuditHead, AuditRow};
use crate::store::Store;
use crate::store::database::settle;
use crate::store::entity::audit::{ActiveModel, Column, Entity, Model};
use crate::store::entity::audit_head;
use crate::store::error::StoreError;

/// The one row of the table that holds the end of the log.
const HEAD: i64 = 1;

impl Store {
    /// Adds a row about something that changes nothing else.
    pub async fn record(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done = append(&transaction, entry).await;
        settle(transaction, done).await
    }

    /// The rows that follow a number, in order.
    pub async fn audit_rows(&self, after: i64, limit: u64) -> Result<Vec<AuditRow>, StoreError> {
        let rows = Entity::find()
            .filter(Column::Seq.gt(after))
            .order_by_asc(Column::Seq)
            .limit(limit)
            .all(&self.database)
            .await?;
        Ok(rows.into_iter().map(read).collect())
    }

    /// The rows about something, in order.
    pub async fn audit_rows_about(&self, target: &str) -> Result<Vec<AuditRow>, StoreError> {
        let rows = Entity::find()
            .filter(Column::Target.eq(target))
            .order_by_asc(Column::Seq)
            .all(&self.database)
            .await?;
        Ok(rows.into_iter().map(read).collect())
    }

    /// The end of the log.
    pub async fn audit_head(&self) -> Result<AuditHead, StoreError> {
        head(&self.database).await
    }
}

/// Adds a row to the end. To be called last in a transaction: whoever holds the end of the log
/// holds up everybody else who has something to add.
pub(super) async fn append(
    transaction: &DatabaseTransaction,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    // A change of the row, so that PostgreSQL locks it before it is read.
    audit_head::Entity::update_many()
        .col_expr(
            audit_head::Column::Seq,
            Expr::col(audit_head::Column::Seq).add(1),
        )
        .filter(audit_head::Column::Id.eq(HEAD))
        .exec(transaction)
        .await?;
    let taken = head(transaction).await?;
    let row = AuditHead {
        seq: taken.seq - 1,
        hash: taken.hash,
    }
    .followed_by(entry);
    audit_head::Entity::update_many()
        .col_expr(audit_head::Column::Hash, Expr::value(row.hash.clone()))
        .filter(audit_head::Column::Id.eq(HEAD))
        .exec(transaction)
        .await?;
    Entity::insert(ActiveModel {
        seq: Set(row.seq),
        at: Set(row.at),
        project_id: Set(row.project),
        actor: Set(row.actor),
        action: Set(row.action),
        target: Set(row.target),
        details: Set(row.details),
        previous: Set(row.previous),
        hash: Set(row.hash),
    })
    .exec_without_returning(transaction)
    .await?;
    Ok(())
}

async fn head<C: ConnectionTrait>(connection: &C) -> Result<AuditHead, StoreError> {
    audit_head::Entity::find_by_id(HEAD)
        .one(connection)
        .await?
        .map(|model| AuditHead {
            seq: model.seq,
            hash: model.hash,
        })
        .ok_or(StoreError::NotFound {
            what: "end of the audit log",
        })
}

fn read(model: Model) -> AuditRow {
    AuditRow {
        seq: model.seq,
        at: model.at,
        project: model.project_id,
        actor: model.actor,
        action: model.action,
        target: model.target,
        details: model.details,
        previous: model.previous,
        hash: model.hash,
    }
}
