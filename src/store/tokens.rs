//! Access tokens, found by the hash of their secret.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::session::ids::{ProjectId, TokenId};
use crate::session::project::TokenRecord;
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::entity::tokens::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::{Row, to_json};

impl Store {
    pub async fn insert_token(&self, token: &TokenRecord) -> Result<(), StoreError> {
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
        })
        .exec_without_returning(&self.database)
        .await
        .map_err(|error| StoreError::from(error).naming("that token"))?;
        Ok(())
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
    pub async fn revoke_token(&self, id: TokenId, now: Timestamp) -> Result<bool, StoreError> {
        let revoked = Entity::update_many()
            .col_expr(Column::RevokedAt, Expr::value(now.0))
            .filter(Column::Id.eq(id.0.to_string()))
            .filter(Column::RevokedAt.is_null())
            .exec(&self.database)
            .await?;
        Ok(revoked.rows_affected > 0)
    }
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
    Ok(TokenRecord {
        parent: parent.map(TokenId),
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
