//! Legal holds: while one stands, the session's data are not erased.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use crate::session::audit::AuditEntry;
use crate::session::ids::SessionId;
use crate::session::status::SessionStatus;
use crate::store::Store;
use crate::store::audit;
use crate::store::database::settle;
use crate::store::entity::sessions::{Column, Entity};
use crate::store::error::StoreError;

impl Store {
    /// Holds a session that has data to hold; false where it is held already.
    pub async fn hold_session(
        &self,
        id: SessionId,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let done = hold(&transaction, id, entry).await;
        settle(transaction, done).await
    }

    /// Lifts a hold; false where there is none.
    pub async fn release_session(
        &self,
        id: SessionId,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let done = release(&transaction, id, entry).await;
        settle(transaction, done).await
    }
}

async fn hold(
    transaction: &DatabaseTransaction,
    id: SessionId,
    entry: &AuditEntry,
) -> Result<bool, StoreError> {
    let held = Entity::update_many()
        .col_expr(Column::HeldAt, Expr::value(entry.at.0))
        .filter(Column::Id.eq(id.0.to_string()))
        .filter(Column::HeldAt.is_null())
        .filter(Column::ErasedAt.is_null())
        .exec(transaction)
        .await?;
    if held.rows_affected > 0 {
        audit::append(transaction, entry).await?;
        return Ok(true);
    }
    let session = Entity::find_by_id(id.0.to_string())
        .one(transaction)
        .await?
        .ok_or(StoreError::NotFound { what: "session" })?;
    if session.erased_at.is_some() {
        return Err(StoreError::WrongState {
            status: SessionStatus::Erased,
        });
    }
    Ok(false)
}

async fn release(
    transaction: &DatabaseTransaction,
    id: SessionId,
    entry: &AuditEntry,
) -> Result<bool, StoreError> {
    let released = Entity::update_many()
        .col_expr(Column::HeldAt, Expr::value(None::<i64>))
        .filter(Column::Id.eq(id.0.to_string()))
        .filter(Column::HeldAt.is_not_null())
        .exec(transaction)
        .await?;
    if released.rows_affected == 0 {
        return Ok(false);
    }
    audit::append(transaction, entry).await?;
    Ok(true)
}
