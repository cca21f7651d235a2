//! Projects and their settings.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::session::audit::AuditEntry;
use crate::session::ids::ProjectId;
use crate::session::project::{Project, ProjectSettings};
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::database::settle;
use crate::store::entity::projects::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::{Row, to_readable_json};
use crate::store::{audit, consent_texts};

impl Store {
    /// Keeps a new project; its name must be free.
    pub async fn create_project(
        &self,
        project: &Project,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            Entity::insert(ActiveModel {
                id: Set(project.id.0.to_string()),
                name: Set(project.name.clone()),
                settings: Set(to_readable_json("a project's settings", &project.settings)?),
                created_at: Set(project.created_at.0),
            })
            .exec_without_returning(&transaction)
            .await
            .map_err(|error| StoreError::from(error).naming("a project of that name"))?;
            audit::append(&transaction, entry).await
        }
        .await;
        settle(transaction, done).await
    }

    pub async fn project(&self, id: ProjectId) -> Result<Option<Project>, StoreError> {
        Entity::find_by_id(id.0.to_string())
            .one(&self.database)
            .await?
            .map(read)
            .transpose()
    }

    pub async fn project_by_name(&self, name: &str) -> Result<Option<Project>, StoreError> {
        Entity::find()
            .filter(Column::Name.eq(name))
            .one(&self.database)
            .await?
            .map(read)
            .transpose()
    }

    /// Every project, oldest first.
    pub async fn projects(&self) -> Result<Vec<Project>, StoreError> {
        Entity::find()
            .order_by_asc(Column::Id)
            .all(&self.database)
            .await?
            .into_iter()
            .map(read)
            .collect()
    }

    /// Puts new settings in the place of the old ones.
    pub async fn save_settings(
        &self,
        id: ProjectId,
        settings: &ProjectSettings,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        let text = to_readable_json("a project's settings", settings)?;
        let transaction = self.begin().await?;
        let done = async {
            // The text of before, where it was set before texts were kept, and the one of now.
            let before = self::settings(&transaction, id).await?;
            consent_texts::keep(&transaction, id, &before, entry.at).await?;
            consent_texts::keep(&transaction, id, settings, entry.at).await?;
            let saved = Entity::update_many()
                .col_expr(Column::Settings, Expr::value(text))
                .filter(Column::Id.eq(id.0.to_string()))
                .exec(&transaction)
                .await?;
            if saved.rows_affected == 0 {
                return Err(StoreError::NotFound { what: "project" });
            }
            audit::append(&transaction, entry).await
        }
        .await;
        settle(transaction, done).await
    }
}

/// The project's settings as they stand.
pub(super) async fn settings<C: ConnectionTrait>(
    connection: &C,
    id: ProjectId,
) -> Result<ProjectSettings, StoreError> {
    let model = Entity::find_by_id(id.0.to_string()).one(connection).await?;
    let project = model.map(read).transpose()?;
    Ok(project
        .ok_or(StoreError::NotFound { what: "project" })?
        .settings)
}

fn read(model: Model) -> Result<Project, StoreError> {
    let row = Row {
        table: "projects",
        id: &model.id,
    };
    Ok(Project {
        id: ProjectId(row.uuid("id", &model.id)?),
        settings: row.json("settings", &model.settings)?,
        created_at: Timestamp(model.created_at),
        name: model.name,
    })
}
