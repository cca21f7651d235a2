//! What rules in the shadow said, kept beside the verdicts that count.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::session::examination::ShadowVerdict;
use crate::session::ids::{ExaminationId, ProjectId};
use crate::store::Store;
use crate::store::entity::shadow_verdicts::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::{Row, to_readable_json};

impl Store {
    /// What rules in the shadow said of an examination, the newest version first.
    pub async fn shadow_verdicts(
        &self,
        examination: ExaminationId,
    ) -> Result<Vec<ShadowVerdict>, StoreError> {
        Entity::find()
            .filter(Column::ExaminationId.eq(examination.0.to_string()))
            .order_by_desc(Column::Number)
            .all(&self.database)
            .await?
            .iter()
            .map(read)
            .collect()
    }
}

pub(super) async fn insert<C: ConnectionTrait>(
    connection: &C,
    project: ProjectId,
    examination: ExaminationId,
    shadow: &ShadowVerdict,
) -> Result<(), StoreError> {
    Entity::insert(ActiveModel {
        examination_id: Set(examination.0.to_string()),
        number: Set(i64::from(shadow.version)),
        project_id: Set(project.0.to_string()),
        hash: Set(shadow.rules_hash.clone()),
        outcome: Set(shadow.verdict.outcome.name().to_owned()),
        verdict_json: Set(to_readable_json("a verdict", &shadow.verdict)?),
    })
    .exec_without_returning(connection)
    .await?;
    Ok(())
}

fn read(model: &Model) -> Result<ShadowVerdict, StoreError> {
    let row = Row {
        table: "shadow_verdicts",
        id: &model.examination_id,
    };
    Ok(ShadowVerdict {
        version: row.known("number", u32::try_from(model.number).ok())?,
        rules_hash: model.hash.clone(),
        verdict: row.json("verdict_json", &model.verdict_json)?,
    })
}
