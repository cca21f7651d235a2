//! Results that are to be posted to a caller's address: rows that are tried until they are taken.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use crate::session::ids::{CallbackId, ProjectId};
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::entity::callbacks::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::Row;

/// A result on its way. Its `Debug` shows neither address nor body.
#[derive(Clone, PartialEq, Eq)]
pub struct Callback {
    pub id: CallbackId,
    pub project: ProjectId,
    pub address: String,
    pub body: String,
    /// How often it was tried.
    pub attempts: u32,
    /// The next try, or while one runs, the moment from which it counts as broken off.
    pub next_at: Timestamp,
}

impl std::fmt::Debug for Callback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Callback({}, …)", self.id)
    }
}

impl Store {
    pub async fn queue_callback(&self, callback: &Callback) -> Result<(), StoreError> {
        Entity::insert(ActiveModel {
            id: Set(callback.id.0.to_string()),
            project_id: Set(callback.project.0.to_string()),
            address: Set(callback.address.clone()),
            body: Set(callback.body.clone()),
            attempts: Set(0),
            next_at: Set(callback.next_at.0),
        })
        .exec_without_returning(&self.database)
        .await?;
        Ok(())
    }

    /// Takes the callback that has been due the longest; nobody else takes it until `lease_until`.
    pub async fn claim_callback(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<Callback>, StoreError> {
        loop {
            let due = Entity::find()
                .filter(Column::NextAt.lte(now.0))
                .order_by_asc(Column::NextAt)
                .one(&self.database)
                .await?;
            let Some(due) = due else { return Ok(None) };
            let claimed = Entity::update_many()
                .col_expr(Column::NextAt, Expr::value(lease_until.0))
                .col_expr(Column::Attempts, Expr::value(due.attempts + 1))
                .filter(Column::Id.eq(due.id.clone()))
                .filter(Column::NextAt.eq(due.next_at))
                .filter(Column::Attempts.eq(due.attempts))
                .exec(&self.database)
                .await?;
            if claimed.rows_affected == 1 {
                let mut callback = read(due)?;
                callback.attempts += 1;
                callback.next_at = lease_until;
                return Ok(Some(callback));
            }
        }
    }

    /// Tries again later.
    pub async fn delay_callback(&self, id: CallbackId, until: Timestamp) -> Result<(), StoreError> {
        Entity::update_many()
            .col_expr(Column::NextAt, Expr::value(until.0))
            .filter(Column::Id.eq(id.0.to_string()))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// Ends a callback, taken or given up. Nothing of it is kept.
    pub async fn end_callback(&self, id: CallbackId) -> Result<(), StoreError> {
        Entity::delete_by_id(id.0.to_string())
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// How many callbacks are on their way, and how many of them are due.
    pub async fn count_callbacks(&self, now: Timestamp) -> Result<(u64, u64), StoreError> {
        let all = Entity::find().count(&self.database).await?;
        let due = Entity::find().filter(Column::NextAt.lte(now.0));
        Ok((all, due.count(&self.database).await?))
    }
}

fn read(model: Model) -> Result<Callback, StoreError> {
    let row = Row {
        table: "callbacks",
        id: &model.id,
    };
    Ok(Callback {
        id: CallbackId(row.uuid("id", &model.id)?),
        project: ProjectId(row.uuid("project_id", &model.project_id)?),
        attempts: row.known("attempts", u32::try_from(model.attempts).ok())?,
        next_at: Timestamp(model.next_at),
        address: model.address,
        body: model.body,
    })
}
