//! Projects and their settings.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::session::ids::ProjectId;
use crate::session::project::{Project, ProjectSettings};
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::entity::projects::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::{Row, to_readable_json};

impl Store {
    /// Keeps a new project; its name must be free.
    pub async fn create_project(&self, project: &Project) -> Result<(), StoreError> {
        Entity::insert(ActiveModel {
            id: Set(project.id.0.to_string()),
            name: Set(project.name.clone()),
            settings: Set(to_readable_json("a project's settings", &project.settings)?),
            created_at: Set(project.created_at.0),
        })
        .exec_without_returning(&self.database)
        .await
        .map_err(|error| StoreError::from(error).naming("a project of that name"))?;
        Ok(())
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
    ) -> Result<(), StoreError> {
        let settings = to_readable_json("a project's settings", settings)?;
        let saved = Entity::update_many()
            .col_expr(Column::Settings, Expr::value(settings))
            .filter(Column::Id.eq(id.0.to_string()))
            .exec(&self.database)
            .await?;
        match saved.rows_affected {
            0 => Err(StoreError::NotFound { what: "project" }),
            _ => Ok(()),
        }
    }
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
