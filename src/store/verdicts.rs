//! Verdicts with all that they rest on, their JSON as it stands in the database.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::session::examination::{ExaminationRecord, ExaminationStatus};
use crate::session::ids::SessionId;
use crate::store::entity::examinations::{Column, Entity};
use crate::store::error::StoreError;
use crate::store::{Store, examinations};

/// An examination that ended in a verdict. It has no `Debug`: the signals are somebody's.
pub struct KeptVerdict {
    pub record: ExaminationRecord,
    /// The verdict to the byte.
    pub verdict_json: String,
    /// What it says in the column of its own.
    pub outcome: Option<String>,
}

impl Store {
    /// Every verdict of the session, oldest first.
    pub async fn kept_verdicts(&self, session: SessionId) -> Result<Vec<KeptVerdict>, StoreError> {
        let rows = Entity::find()
            .filter(Column::SessionId.eq(session.0.to_string()))
            .filter(Column::Status.eq(ExaminationStatus::Done.name()))
            .order_by_asc(Column::QueuedAt)
            .order_by_asc(Column::Id)
            .all(&self.database)
            .await?;
        let id = session.0.to_string();
        let key = self.vault.key(&self.database, &id).await?;
        let mut verdicts = Vec::with_capacity(rows.len());
        for row in rows {
            let record = examinations::read(&row, key.as_ref())?;
            if let Some(verdict_json) = row.verdict_json {
                verdicts.push(KeptVerdict {
                    record,
                    verdict_json,
                    outcome: row.outcome,
                });
            }
        }
        Ok(verdicts)
    }
}
