//! Cases that somebody has said the right answer of.

use std::collections::HashMap;

use crate::session::actor::Actor;
use crate::session::audit::AuditEntry;
use crate::session::ids::{ExaminationId, ProjectId, SessionId};
use crate::session::known_answer::{KnownAnswer, KnownCase, KnownCaseUse};
use crate::session::status::SessionStatus;
use crate::session::time::Timestamp;
use crate::store::database::settle;
use crate::store::entity::seed_cases;
use crate::store::entity::seeds::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::Row;
use crate::store::{Store, audit, seed_cases as copies, sessions};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

impl Store {
    /// Keeps the right answer to a case, in the place of one that was said before.
    pub async fn mark_known(&self, case: &KnownCase, entry: &AuditEntry) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            refuse_erased(&transaction, case.session).await?;
            Entity::insert(ActiveModel {
                session_id: Set(case.session.0.to_string()),
                project_id: Set(case.project.0.to_string()),
                examination_id: Set(case.examination.0.to_string()),
                answer: Set(case.answer.name().to_owned()),
                marked_by: Set(case.marked_by.to_string()),
                at: Set(case.at.0),
            })
            .on_conflict(
                OnConflict::column(Column::SessionId)
                    .update_columns([
                        Column::ExaminationId,
                        Column::Answer,
                        Column::MarkedBy,
                        Column::At,
                    ])
                    .to_owned(),
            )
            .exec_without_returning(&transaction)
            .await?;
            audit::append(&transaction, entry).await
        }
        .await;
        settle(transaction, done).await
    }

    /// Forgets the right answer to a case; false where none was known. Copies that were made stay.
    pub async fn unmark_known(
        &self,
        project: ProjectId,
        session: SessionId,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            let removed = Entity::delete_by_id(session.0.to_string())
                .filter(Column::ProjectId.eq(project.0.to_string()))
                .exec(&transaction)
                .await?;
            if removed.rows_affected == 0 {
                return Ok(false);
            }
            audit::append(&transaction, entry).await?;
            Ok(true)
        }
        .await;
        settle(transaction, done).await
    }

    /// A project's known cases, the newest mark first, so many at most, with what became of their copies.
    pub async fn known_cases(
        &self,
        project: ProjectId,
        limit: u64,
    ) -> Result<Vec<KnownCaseUse>, StoreError> {
        let marks = Entity::find()
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .order_by_desc(Column::At)
            .order_by_desc(Column::SessionId)
            .limit(limit)
            .all(&self.database)
            .await?;
        let counted: Vec<(String, i64, i64)> = seed_cases::Entity::find()
            .select_only()
            .column(seed_cases::Column::SourceId)
            .column_as(Expr::cust("COUNT(*)"), "copies")
            .column_as(Expr::cust("COUNT(answered_at)"), "answered")
            .filter(seed_cases::Column::ProjectId.eq(project.0.to_string()))
            .group_by(seed_cases::Column::SourceId)
            .into_tuple()
            .all(&self.database)
            .await?;
        let counts: HashMap<String, (i64, i64)> = counted
            .into_iter()
            .map(|(source, copies, answered)| (source, (copies, answered)))
            .collect();
        marks
            .iter()
            .map(|model| {
                let (copies, answered) = counts.get(&model.session_id).copied().unwrap_or_default();
                Ok(KnownCaseUse {
                    case: read(model)?,
                    copies: copies.unsigned_abs(),
                    answered: answered.unsigned_abs(),
                })
            })
            .collect()
    }

    /// A project's known cases that no copy waits of, in a lasting order: what the next copy is chosen from.
    pub async fn idle_known_cases(&self, project: ProjectId) -> Result<Vec<SessionId>, StoreError> {
        let ids: Vec<String> = Entity::find()
            .select_only()
            .column(Column::SessionId)
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .filter(Column::SessionId.not_in_subquery(copies::waiting_sources(project)))
            .order_by_asc(Column::SessionId)
            .into_tuple()
            .all(&self.database)
            .await?;
        ids.iter()
            .map(|id| {
                let row = Row { table: "seeds", id };
                Ok(SessionId(row.uuid("session_id", id)?))
            })
            .collect()
    }

    /// The right answer to one case, where it is known.
    pub async fn known_case(
        &self,
        project: ProjectId,
        session: SessionId,
    ) -> Result<Option<KnownCase>, StoreError> {
        Entity::find_by_id(session.0.to_string())
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .one(&self.database)
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }
}

/// Whether the answer to a case is still known, and the same, and no copy of it waits.
pub(super) async fn is_idle(
    transaction: &DatabaseTransaction,
    case: &KnownCase,
) -> Result<bool, StoreError> {
    let found = Entity::find_by_id(case.session.0.to_string())
        .filter(Column::SessionId.not_in_subquery(copies::waiting_sources(case.project)))
        .one(transaction)
        .await?;
    Ok(match found.as_ref().map(read).transpose()? {
        Some(found) => found == *case,
        None => false,
    })
}

/// Forgets the right answer to a case whose data are erased.
pub(super) async fn erase(
    transaction: &DatabaseTransaction,
    session: SessionId,
) -> Result<(), StoreError> {
    Entity::delete_by_id(session.0.to_string())
        .exec(transaction)
        .await?;
    Ok(())
}

/// Locks the session's row, so that it is not erased meanwhile.
pub(super) async fn refuse_erased(
    transaction: &DatabaseTransaction,
    session: SessionId,
) -> Result<(), StoreError> {
    let found = sessions::locked(transaction, session).await?;
    let found = found.ok_or(StoreError::NotFound { what: "session" })?;
    match found.status {
        SessionStatus::Erased => Err(StoreError::WrongState {
            status: SessionStatus::Erased,
        }),
        SessionStatus::Open
        | SessionStatus::Examining
        | SessionStatus::Judged
        | SessionStatus::Failed
        | SessionStatus::Ended => Ok(()),
    }
}

fn read(model: &Model) -> Result<KnownCase, StoreError> {
    let row = Row {
        table: "seeds",
        id: &model.session_id,
    };
    Ok(KnownCase {
        session: SessionId(row.uuid("session_id", &model.session_id)?),
        project: ProjectId(row.uuid("project_id", &model.project_id)?),
        examination: ExaminationId(row.uuid("examination_id", &model.examination_id)?),
        answer: row.known("answer", KnownAnswer::from_name(&model.answer))?,
        marked_by: row.known("marked_by", model.marked_by.parse::<Actor>().ok())?,
        at: Timestamp(model.at),
    })
}
