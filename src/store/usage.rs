//! What each project has used, counted in the transaction that uses it.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::session::call::Usage;
use crate::session::ids::ProjectId;
use crate::store::Store;
use crate::store::entity::usage::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    Calls,
    Faces,
    Galleries,
}

impl Counted {
    pub fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Faces => "faces",
            Self::Galleries => "galleries",
        }
    }

    fn column(self) -> Column {
        match self {
            Self::Calls => Column::Calls,
            Self::Faces => Column::Faces,
            Self::Galleries => Column::Galleries,
        }
    }
}

impl Store {
    /// What the project has used so far.
    pub async fn usage(&self, project: ProjectId) -> Result<Usage, StoreError> {
        let row = Entity::find_by_id(project.0.to_string())
            .one(&self.database)
            .await?;
        Ok(row.map_or_else(Usage::default, |model| read(&model)))
    }
}

/// Counts `change` more (or fewer), unless that would go past the limit.
pub(super) async fn count<C: ConnectionTrait>(
    connection: &C,
    project: ProjectId,
    counted: Counted,
    change: i64,
    limit: Option<u64>,
) -> Result<(), StoreError> {
    let id = project.0.to_string();
    Entity::insert(ActiveModel {
        project_id: Set(id.clone()),
        calls: Set(0),
        faces: Set(0),
        galleries: Set(0),
    })
    .on_conflict_do_nothing_on([Column::ProjectId])
    .exec_without_returning(connection)
    .await?;
    let column = counted.column();
    let sum = Expr::col(column).add(change);
    let mut update = Entity::update_many()
        .col_expr(column, sum.clone())
        .filter(Column::ProjectId.eq(id));
    if let (Some(limit), true) = (limit, change > 0) {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        update = update.filter(sum.lte(limit));
    }
    match update.exec(connection).await?.rows_affected {
        0 => Err(StoreError::QuotaReached {
            what: counted.name(),
        }),
        _ => Ok(()),
    }
}

fn read(model: &Model) -> Usage {
    let count = |value: i64| u64::try_from(value).unwrap_or(0);
    Usage {
        calls: count(model.calls),
        faces: count(model.faces),
        galleries: count(model.galleries),
    }
}
