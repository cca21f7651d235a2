//! Access tokens, found by the hash of their secret.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};

use crate::session::audit::AuditEntry;
use crate::session::ids::{OfficerId, ProjectId, TokenId};
use crate::session::project::TokenRecord;
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::audit;
use crate::store::database::settle;
use crate::store::entity::tokens::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::{Row, to_json};

impl Store {
    pub async fn insert_token(
        &self,
        token: &TokenRecord,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            insert(&transaction, token).await?;
            audit::append(&transaction, entry).await
        }
        .await;
        settle(transaction, done).await
    }

    /// The token whose secret has this SHA-256, live or not: the caller looks at its dates.
    pub async fn token_by_hash(&self, hash: &[u8; 32]) -> Result<Option<TokenRecord>, StoreError> {
        Entity::find()
            .filter(Column::Hash.eq(hash.to_vec()))
            .one(&self.database)
            .await?
            .map(read)
            .transpose()
    }

    pub async fn token(&self, id: TokenId) -> Result<Option<TokenRecord>, StoreError> {
        Entity::find_by_id(id.0.to_string())
            .one(&self.database)
            .await?
            .map(read)
            .transpose()
    }

    /// A project's tokens, oldest first, dead ones too.
    pub async fn tokens(&self, project: ProjectId) -> Result<Vec<TokenRecord>, StoreError> {
        Entity::find()
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .order_by_asc(Column::Id)
            .all(&self.database)
            .await?
            .into_iter()
            .map(read)
            .collect()
    }

    /// Ends a token; false where there is none or it was revoked before.
    pub async fn revoke_token(&self, id: TokenId, entry: &AuditEntry) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            let revoked = Entity::update_many()
                .col_expr(Column::RevokedAt, Expr::value(entry.at.0))
                .filter(Column::Id.eq(id.0.to_string()))
                .filter(Column::RevokedAt.is_null())
                .exec(&transaction)
                .await?;
            if revoked.rows_affected == 0 {
                return Ok(false);
            }
            audit::append(&transaction, entry).await?;
            Ok(true)
        }
        .await;
        settle(transaction, done).await
    }
}

async fn insert(transaction: &DatabaseTransaction, token: &TokenRecord) -> Result<(), StoreError> {
    Entity::insert(ActiveModel {
        id: Set(token.id.0.to_string()),
        project_id: Set(token.project.0.to_string()),
        hash: Set(token.hash.to_vec()),
        scopes: Set(to_json("a token's scopes", &token.scopes)?),
        label: Set(token.label.clone()),
        created_at: Set(token.created_at.0),
        expires_at: Set(token.expires_at.map(|moment| moment.0)),
        revoked_at: Set(token.revoked_at.map(|moment| moment.0)),
        parent_id: Set(token.parent.map(|parent| parent.0.to_string())),
        officer_id: Set(token.officer.map(|officer| officer.0.to_string())),
    })
    .exec_without_returning(transaction)
    .await
    .map_err(|error| StoreError::from(error).naming("that token"))?;
    Ok(())
}

fn read(model: Model) -> Result<TokenRecord, StoreError> {
    let row = Row {
        table: "tokens",
        id: &model.id,
    };
    let parent = model
        .parent_id
        .as_deref()
        .map(|text| row.uuid("parent_id", text))
        .transpose()?;
    let officer = model
        .officer_id
        .as_deref()
        .map(|text| row.uuid("officer_id", text))
        .transpose()?;
    Ok(TokenRecord {
        parent: parent.map(TokenId),
        officer: officer.map(OfficerId),
        id: TokenId(row.uuid("id", &model.id)?),
        project: ProjectId(row.uuid("project_id", &model.project_id)?),
        hash: row.known("hash", <[u8; 32]>::try_from(model.hash.as_slice()).ok())?,
        scopes: row.json("scopes", &model.scopes)?,
        created_at: Timestamp(model.created_at),
        expires_at: model.expires_at.map(Timestamp),
        revoked_at: model.revoked_at.map(Timestamp),
        label: model.label,
    })
}
