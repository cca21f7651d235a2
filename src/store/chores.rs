//! Chores: what one node does for all of them now and then.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::entity::chores::{ActiveModel, Column, Entity};
use crate::store::error::StoreError;

impl Store {
    /// Takes a chore that is due; false where it is not, or another node took it. It is due again at `next`, also where
    /// whoever took it does not come to the end of it. One that nobody knows yet is due at `next` for the first time: a
    /// database that was made a moment ago may be the wrong one.
    pub async fn take_chore(
        &self,
        name: &str,
        now: Timestamp,
        next: Timestamp,
    ) -> Result<bool, StoreError> {
        let taken = Entity::update_many()
            .col_expr(Column::DueAt, Expr::value(next.0))
            .filter(Column::Name.eq(name))
            .filter(Column::DueAt.lte(now.0))
            .exec(&self.database)
            .await?;
        if taken.rows_affected > 0 {
            return Ok(true);
        }
        if Entity::find_by_id(name)
            .one(&self.database)
            .await?
            .is_some()
        {
            return Ok(false);
        }
        let first = Entity::insert(ActiveModel {
            name: Set(name.to_owned()),
            due_at: Set(next.0),
        });
        let first = first.exec_without_returning(&self.database).await;
        match first.map_err(StoreError::from) {
            Ok(_) | Err(StoreError::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
