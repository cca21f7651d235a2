//! What is kept for a shorter time than its session: videos, documents, pictures; and people whose time is over.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use crate::session::audit::AuditEntry;
use crate::session::evidence::EvidenceKind;
use crate::session::ids::{EvidenceId, ExaminationId, ProjectId, SessionId, SubjectId};
use crate::session::status::SessionStatus;
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::blobs::examination_folder;
use crate::store::database::settle;
use crate::store::entity::{evidence, examinations, sessions, subjects};
use crate::store::error::StoreError;
use crate::store::held_people::not_held;
use crate::store::reading::{Row, if_readable};
use crate::store::{audit, doomed};

/// A file or a set of pictures whose time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    Evidence {
        session: SessionId,
        id: EvidenceId,
        kind: EvidenceKind,
    },
    /// Every picture of an examination.
    Pictures {
        session: SessionId,
        id: ExaminationId,
    },
}

impl Store {
    /// Evidence of a kind that came in before a moment, of sessions that nobody holds and that are not being examined.
    pub async fn expired_evidence(
        &self,
        project: ProjectId,
        kind: EvidenceKind,
        before: Timestamp,
        limit: u64,
    ) -> Result<Vec<Expired>, StoreError> {
        use evidence::{Column, Entity};
        let rows: Vec<(String, String)> = Entity::find()
            .select_only()
            .columns([Column::Id, Column::SessionId])
            .filter(Column::Kind.eq(kind.name()))
            .filter(Column::ErasedAt.is_null())
            .filter(Column::ReceivedAt.lt(before.0))
            .filter(Column::SessionId.in_subquery(at_rest(project)))
            .order_by_asc(Column::ReceivedAt)
            .limit(limit)
            .into_tuple()
            .all(&self.database)
            .await?;
        let read = |(id, session): &(String, String)| {
            let row = Row {
                table: "evidence",
                id,
            };
            Ok(Expired::Evidence {
                session: SessionId(row.uuid("session_id", session)?),
                id: EvidenceId(row.uuid("id", id)?),
                kind,
            })
        };
        Ok(rows.iter().map(read).filter_map(if_readable).collect())
    }

    /// Examinations that ended before a moment and whose pictures are still there, of such sessions.
    pub async fn expired_pictures(
        &self,
        project: ProjectId,
        before: Timestamp,
        limit: u64,
    ) -> Result<Vec<Expired>, StoreError> {
        use examinations::{Column, Entity};
        let rows: Vec<(String, String)> = Entity::find()
            .select_only()
            .columns([Column::Id, Column::SessionId])
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .filter(Column::PicturesErasedAt.is_null())
            .filter(Column::FinishedAt.lt(before.0))
            .filter(Column::SessionId.in_subquery(at_rest(project)))
            .order_by_asc(Column::FinishedAt)
            .limit(limit)
            .into_tuple()
            .all(&self.database)
            .await?;
        let read = |(id, session): &(String, String)| {
            let row = Row {
                table: "examinations",
                id,
            };
            Ok(Expired::Pictures {
                session: SessionId(row.uuid("session_id", session)?),
                id: ExaminationId(row.uuid("id", id)?),
            })
        };
        Ok(rows.iter().map(read).filter_map(if_readable).collect())
    }

    /// A project's people to whom nothing happened since a moment, and who come from no held session: the oldest first.
    pub async fn expired_people(
        &self,
        project: ProjectId,
        untouched_since: Timestamp,
        limit: u64,
    ) -> Result<Vec<SubjectId>, StoreError> {
        use subjects::{Column, Entity};
        let ids: Vec<String> = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .filter(Column::UpdatedAt.lt(untouched_since.0))
            .filter(not_held(project))
            .order_by_asc(Column::UpdatedAt)
            .limit(limit)
            .into_tuple()
            .all(&self.database)
            .await?;
        let read = |id: &String| {
            let row = Row {
                table: "subjects",
                id,
            };
            Ok(SubjectId(row.uuid("id", id)?))
        };
        Ok(ids.iter().map(read).filter_map(if_readable).collect())
    }

    /// Erases what expired, unless its session is held or examined meanwhile; tells whether it did.
    pub async fn erase_expired(
        &self,
        project: ProjectId,
        expired: Expired,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let now = entry.at;
        let keys = match expired {
            Expired::Evidence { .. } => Vec::new(),
            Expired::Pictures { session, id } => {
                let folder = examination_folder(session, id);
                let mut keys = self.session_blobs(session).await?;
                keys.retain(|key| key.starts_with(&folder));
                keys
            }
        };
        let transaction = self.begin().await?;
        let done = async {
            let Some(doomed) = mark(&transaction, project, expired, keys, now).await? else {
                return Ok(false);
            };
            doomed::doom(&transaction, &doomed, now).await?;
            audit::append(&transaction, entry).await?;
            Ok(true)
        }
        .await;
        let erased = settle(transaction, done).await?;
        self.sweep_blobs(now).await;
        Ok(erased)
    }
}

/// Notes that it is gone and gives the blobs that are to go; none where it may not.
async fn mark(
    transaction: &DatabaseTransaction,
    project: ProjectId,
    expired: Expired,
    keys: Vec<String>,
    now: Timestamp,
) -> Result<Option<Vec<String>>, StoreError> {
    match expired {
        Expired::Evidence { id, .. } => {
            use evidence::{Column, Entity};
            let id = id.0.to_string();
            let marked = Entity::update_many()
                .col_expr(Column::ErasedAt, Expr::value(now.0))
                .filter(Column::Id.eq(id.clone()))
                .filter(Column::ErasedAt.is_null())
                .filter(Column::SessionId.in_subquery(at_rest(project)))
                .exec(transaction)
                .await?;
            if marked.rows_affected == 0 {
                return Ok(None);
            }
            let row = Entity::find_by_id(id).one(transaction).await?;
            Ok(row.map(|row| vec![row.blob]))
        }
        Expired::Pictures { id, .. } => {
            use examinations::{Column, Entity};
            let marked = Entity::update_many()
                .col_expr(Column::PicturesErasedAt, Expr::value(now.0))
                .filter(Column::Id.eq(id.0.to_string()))
                .filter(Column::PicturesErasedAt.is_null())
                .filter(Column::SessionId.in_subquery(at_rest(project)))
                .exec(transaction)
                .await?;
            Ok((marked.rows_affected > 0).then_some(keys))
        }
    }
}

/// The bare identifiers of a project's sessions that are neither held, nor examined, nor erased.
fn at_rest(project: ProjectId) -> sea_orm::sea_query::SelectStatement {
    use sessions::{Column, Entity};
    Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ProjectId.eq(project.0.to_string()))
        .filter(Column::HeldAt.is_null())
        .filter(Column::ErasedAt.is_null())
        .filter(Column::Status.ne(SessionStatus::Examining.name()))
        .into_query()
}
