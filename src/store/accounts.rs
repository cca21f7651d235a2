//! Who may sign in to the console, where and as what.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::session::account::{Account, Credentials, Invitation, Membership, Role};
use crate::session::audit::AuditEntry;
use crate::session::evidence::name_key;
use crate::session::ids::{AccountId, OfficerId, ProjectId};
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::audit;
use crate::store::database::settle;
use crate::store::entity::accounts::{ActiveModel, Column, Entity, Model};
use crate::store::entity::{invitations, roles, sign_ins};
use crate::store::error::StoreError;
use crate::store::reading::Row;

impl Store {
    /// Keeps a new account and the link with which its owner sets a password.
    pub async fn invite_account(
        &self,
        account: &Account,
        invitation: &Invitation,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            Entity::insert(ActiveModel {
                id: Set(account.id.0.to_string()),
                name: Set(account.name.clone()),
                name_key: Set(name_key(&account.name)),
                password_hash: Set(None),
                totp_secret: Set(None),
                totp_step: Set(0),
                failures: Set(0),
                locked_until: Set(None),
                created_at: Set(account.created_at.0),
            })
            .exec_without_returning(&transaction)
            .await
            .map_err(|error| StoreError::from(error).naming("an account of that name"))?;
            insert_invitation(&transaction, invitation).await?;
            audit::append(&transaction, entry).await
        }
        .await;
        settle(transaction, done).await
    }

    /// Takes an account's credentials away, ends where it is signed in, and keeps a new link in their place.
    pub async fn invite_again(
        &self,
        invitation: &Invitation,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        let id = invitation.account.0.to_string();
        let transaction = self.begin().await?;
        let done = async {
            set_credentials(&transaction, invitation.account, None).await?;
            delete_invitations(&transaction, &id).await?;
            delete_sign_ins(&transaction, &id).await?;
            insert_invitation(&transaction, invitation).await?;
            audit::append(&transaction, entry).await
        }
        .await;
        settle(transaction, done).await
    }

    /// The invitation whose secret has this SHA-256, live or not.
    pub async fn invitation(&self, hash: &[u8; 32]) -> Result<Option<Invitation>, StoreError> {
        let found = invitations::Entity::find_by_id(hash.to_vec())
            .one(&self.database)
            .await?;
        found
            .map(|model| {
                let row = Row {
                    table: "invitations",
                    id: &model.account_id,
                };
                Ok(Invitation {
                    hash: *hash,
                    account: AccountId(row.uuid("account_id", &model.account_id)?),
                    totp_secret: model.totp_secret,
                    expires_at: Timestamp(model.expires_at),
                })
            })
            .transpose()
    }

    /// Uses an invitation up; false where somebody was faster.
    pub async fn enrol_account(
        &self,
        invitation: &Invitation,
        credentials: &Credentials,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            let used = invitations::Entity::delete_by_id(invitation.hash.to_vec())
                .exec(&transaction)
                .await?;
            if used.rows_affected == 0 {
                return Ok(false);
            }
            set_credentials(&transaction, invitation.account, Some(credentials)).await?;
            audit::append(&transaction, entry).await?;
            Ok(true)
        }
        .await;
        settle(transaction, done).await
    }

    pub async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        Entity::find_by_id(id.0.to_string())
            .one(&self.database)
            .await?
            .map(read)
            .transpose()
    }

    /// The account of that name, however it is spelt.
    pub async fn account_by_name(&self, name: &str) -> Result<Option<Account>, StoreError> {
        Entity::find()
            .filter(Column::NameKey.eq(name_key(name)))
            .one(&self.database)
            .await?
            .map(read)
            .transpose()
    }

    /// What an account is in which projects, by project.
    pub async fn memberships(&self, account: AccountId) -> Result<Vec<Membership>, StoreError> {
        roles::Entity::find()
            .filter(roles::Column::AccountId.eq(account.0.to_string()))
            .order_by_asc(roles::Column::ProjectId)
            .all(&self.database)
            .await?
            .iter()
            .map(read_role)
            .collect()
    }

    /// A project's people, by account.
    pub async fn members(
        &self,
        project: ProjectId,
    ) -> Result<Vec<(Account, Membership)>, StoreError> {
        let members = roles::Entity::find()
            .filter(roles::Column::ProjectId.eq(project.0.to_string()))
            .order_by_asc(roles::Column::AccountId)
            .all(&self.database)
            .await?;
        let ids = members.iter().map(|member| member.account_id.clone());
        let accounts: std::collections::HashMap<String, Model> = Entity::find()
            .filter(Column::Id.is_in(ids))
            .all(&self.database)
            .await?
            .into_iter()
            .map(|model| (model.id.clone(), model))
            .collect();
        members
            .iter()
            .filter_map(|role| Some((accounts.get(&role.account_id)?.clone(), role)))
            .map(|(account, role)| Ok((read(account)?, read_role(role)?)))
            .collect()
    }

    /// Gives an account a role in a project, or another one.
    pub async fn put_membership(
        &self,
        membership: &Membership,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            delete_role(&transaction, membership.account, membership.project).await?;
            roles::Entity::insert(roles::ActiveModel {
                account_id: Set(membership.account.0.to_string()),
                project_id: Set(membership.project.0.to_string()),
                officer_id: Set(membership.officer.0.to_string()),
                role: Set(membership.role.name().to_owned()),
            })
            .exec_without_returning(&transaction)
            .await?;
            audit::append(&transaction, entry).await
        }
        .await;
        settle(transaction, done).await
    }

    /// Takes an account's role in a project away; false where it had none.
    pub async fn remove_membership(
        &self,
        account: AccountId,
        project: ProjectId,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            if !delete_role(&transaction, account, project).await? {
                return Ok(false);
            }
            audit::append(&transaction, entry).await?;
            Ok(true)
        }
        .await;
        settle(transaction, done).await
    }

    /// Counts a wrong try and locks the account once there were too many; true where this one locked it.
    pub async fn note_wrong_try(
        &self,
        account: AccountId,
        most: u32,
        until: Timestamp,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            let is_it = Column::Id.eq(account.0.to_string());
            Entity::update_many()
                .col_expr(Column::Failures, Expr::col(Column::Failures).add(1))
                .filter(is_it.clone())
                .exec(&transaction)
                .await?;
            let locked = Entity::update_many()
                .col_expr(Column::LockedUntil, Expr::value(until.0))
                .col_expr(Column::Failures, Expr::value(0))
                .filter(is_it)
                .filter(Column::Failures.gte(most))
                .exec(&transaction)
                .await?;
            if locked.rows_affected == 0 {
                return Ok(false);
            }
            audit::append(&transaction, entry).await?;
            Ok(true)
        }
        .await;
        settle(transaction, done).await
    }
}

async fn set_credentials<C: ConnectionTrait>(
    connection: &C,
    account: AccountId,
    credentials: Option<&Credentials>,
) -> Result<(), StoreError> {
    let hash = credentials.map(|credentials| credentials.password_hash.clone());
    let secret = credentials.map(|credentials| credentials.totp_secret.clone());
    let step = credentials.map_or(0, |credentials| credentials.totp_step);
    let unlocked: Option<i64> = None;
    let changed = Entity::update_many()
        .col_expr(Column::PasswordHash, Expr::value(hash))
        .col_expr(Column::TotpSecret, Expr::value(secret))
        .col_expr(Column::TotpStep, Expr::value(step))
        .col_expr(Column::Failures, Expr::value(0))
        .col_expr(Column::LockedUntil, Expr::value(unlocked))
        .filter(Column::Id.eq(account.0.to_string()))
        .exec(connection)
        .await?;
    if changed.rows_affected == 0 {
        return Err(StoreError::NotFound { what: "account" });
    }
    Ok(())
}

async fn insert_invitation<C: ConnectionTrait>(
    connection: &C,
    invitation: &Invitation,
) -> Result<(), StoreError> {
    invitations::Entity::insert(invitations::ActiveModel {
        hash: Set(invitation.hash.to_vec()),
        account_id: Set(invitation.account.0.to_string()),
        totp_secret: Set(invitation.totp_secret.clone()),
        expires_at: Set(invitation.expires_at.0),
    })
    .exec_without_returning(connection)
    .await?;
    Ok(())
}

async fn delete_invitations<C: ConnectionTrait>(
    connection: &C,
    account: &str,
) -> Result<(), StoreError> {
    invitations::Entity::delete_many()
        .filter(invitations::Column::AccountId.eq(account))
        .exec(connection)
        .await?;
    Ok(())
}

async fn delete_sign_ins<C: ConnectionTrait>(
    connection: &C,
    account: &str,
) -> Result<(), StoreError> {
    sign_ins::Entity::delete_many()
        .filter(sign_ins::Column::AccountId.eq(account))
        .exec(connection)
        .await?;
    Ok(())
}

async fn delete_role<C: ConnectionTrait>(
    connection: &C,
    account: AccountId,
    project: ProjectId,
) -> Result<bool, StoreError> {
    let id = (account.0.to_string(), project.0.to_string());
    let deleted = roles::Entity::delete_by_id(id).exec(connection).await?;
    Ok(deleted.rows_affected > 0)
}

fn read(model: Model) -> Result<Account, StoreError> {
    let row = Row {
        table: "accounts",
        id: &model.id,
    };
    let totp_step = model.totp_step;
    let credentials =
        model
            .password_hash
            .zip(model.totp_secret)
            .map(|(password_hash, totp_secret)| Credentials {
                password_hash,
                totp_secret,
                totp_step,
            });
    Ok(Account {
        id: AccountId(row.uuid("id", &model.id)?),
        failures: row.known("failures", u32::try_from(model.failures).ok())?,
        locked_until: model.locked_until.map(Timestamp),
        created_at: Timestamp(model.created_at),
        name: model.name,
        credentials,
    })
}

fn read_role(model: &roles::Model) -> Result<Membership, StoreError> {
    let row = Row {
        table: "roles",
        id: &model.account_id,
    };
    Ok(Membership {
        account: AccountId(row.uuid("account_id", &model.account_id)?),
        project: ProjectId(row.uuid("project_id", &model.project_id)?),
        officer: OfficerId(row.uuid("officer_id", &model.officer_id)?),
        role: row.known("role", Role::from_name(&model.role))?,
    })
}
