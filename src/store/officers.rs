//! The people who own a project's rules and decide about its sessions.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::session::actor::Officer;
use crate::session::audit::AuditEntry;
use crate::session::ids::{OfficerId, ProjectId};
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::audit;
use crate::store::database::settle;
use crate::store::entity::officers::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::Row;

impl Store {
    /// Keeps a new officer; the name must be free in the project.
    pub async fn insert_officer(
        &self,
        officer: &Officer,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            Entity::insert(ActiveModel {
                id: Set(officer.id.0.to_string()),
                project_id: Set(officer.project.0.to_string()),
                name: Set(officer.name.clone()),
                created_at: Set(officer.created_at.0),
            })
            .exec_without_returning(&transaction)
            .await
            .map_err(|error| StoreError::from(error).naming("an officer of that name"))?;
            audit::append(&transaction, entry).await
        }
        .await;
        settle(transaction, done).await
    }

    /// A project's officers, oldest first.
    pub async fn officers(&self, project: ProjectId) -> Result<Vec<Officer>, StoreError> {
        Entity::find()
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .order_by_asc(Column::Id)
            .all(&self.database)
            .await?
            .into_iter()
            .map(read)
            .collect()
    }
}

fn read(model: Model) -> Result<Officer, StoreError> {
    let row = Row {
        table: "officers",
        id: &model.id,
    };
    Ok(Officer {
        id: OfficerId(row.uuid("id", &model.id)?),
        project: ProjectId(row.uuid("project_id", &model.project_id)?),
        created_at: Timestamp(model.created_at),
        name: model.name,
    })
}
