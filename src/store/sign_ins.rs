//! Who is signed in to the console.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};

use crate::session::account::SignIn;
use crate::session::audit::AuditEntry;
use crate::session::ids::{AccountId, ProjectId};
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::audit;
use crate::store::database::settle;
use crate::store::entity::accounts;
use crate::store::entity::sign_ins::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::Row;

impl Store {
    /// Lets an account in with the code of one thirty seconds; false where a code of then or later was
    /// used already, or where the account is locked by now. What is over for the account goes at the same time.
    pub async fn sign_in(
        &self,
        sign_in: &SignIn,
        totp_step: i64,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let account = sign_in.account.0.to_string();
        let unlocked: Option<i64> = None;
        let transaction = self.begin().await?;
        let done = async {
            let used = accounts::Entity::update_many()
                .col_expr(accounts::Column::TotpStep, Expr::value(totp_step))
                .col_expr(accounts::Column::Failures, Expr::value(0))
                .col_expr(accounts::Column::LockedUntil, Expr::value(unlocked))
                .filter(accounts::Column::Id.eq(account.clone()))
                .filter(accounts::Column::TotpStep.lt(totp_step))
                .filter(
                    Condition::any()
                        .add(accounts::Column::LockedUntil.is_null())
                        .add(accounts::Column::LockedUntil.lte(sign_in.seen_at.0)),
                )
                .exec(&transaction)
                .await?;
            if used.rows_affected == 0 {
                return Ok(false);
            }
            Entity::delete_many()
                .filter(Column::AccountId.eq(account.clone()))
                .filter(Column::EndsAt.lte(sign_in.seen_at.0))
                .exec(&transaction)
                .await?;
            Entity::insert(ActiveModel {
                hash: Set(sign_in.hash.to_vec()),
                account_id: Set(account),
                project_id: Set(sign_in.project.0.to_string()),
                seen_at: Set(sign_in.seen_at.0),
                ends_at: Set(sign_in.ends_at.0),
            })
            .exec_without_returning(&transaction)
            .await?;
            audit::append(&transaction, entry).await?;
            Ok(true)
        }
        .await;
        settle(transaction, done).await
    }

    /// Who has the cookie whose secret has this SHA-256, over or not.
    pub async fn signed_in(&self, hash: &[u8; 32]) -> Result<Option<SignIn>, StoreError> {
        Entity::find_by_id(hash.to_vec())
            .one(&self.database)
            .await?
            .map(|model| read(&model, hash))
            .transpose()
    }

    /// Notes that somebody is still there.
    pub async fn touch_sign_in(&self, hash: &[u8; 32], now: Timestamp) -> Result<(), StoreError> {
        self.change_sign_in(hash, Column::SeenAt, Expr::value(now.0))
            .await
    }

    /// Notes which project somebody works in from now on.
    pub async fn work_in(&self, hash: &[u8; 32], project: ProjectId) -> Result<(), StoreError> {
        let project = Expr::value(project.0.to_string());
        self.change_sign_in(hash, Column::ProjectId, project).await
    }

    /// Ends it.
    pub async fn sign_out(&self, hash: &[u8; 32]) -> Result<(), StoreError> {
        Entity::delete_by_id(hash.to_vec())
            .exec(&self.database)
            .await?;
        Ok(())
    }

    async fn change_sign_in(
        &self,
        hash: &[u8; 32],
        column: Column,
        value: Expr,
    ) -> Result<(), StoreError> {
        Entity::update_many()
            .col_expr(column, value)
            .filter(Column::Hash.eq(hash.to_vec()))
            .exec(&self.database)
            .await?;
        Ok(())
    }
}

fn read(model: &Model, hash: &[u8; 32]) -> Result<SignIn, StoreError> {
    let row = Row {
        table: "sign_ins",
        id: &model.account_id,
    };
    Ok(SignIn {
        hash: *hash,
        account: AccountId(row.uuid("account_id", &model.account_id)?),
        project: ProjectId(row.uuid("project_id", &model.project_id)?),
        seen_at: Timestamp(model.seen_at),
        ends_at: Timestamp(model.ends_at),
    })
}
