//! Sessions, always seen through their project, and the moves between their states.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::session::ids::{ProjectId, SessionId};
use crate::session::known_answer::SEED_ORIGIN;
use crate::session::review::VoidedBy;
use crate::session::status::{Move, SessionStatus};
use crate::session::time::Timestamp;
use crate::session::visit::Session;
use crate::store::Store;
use crate::store::database::settle;
use crate::store::entity::sessions::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::{Row, to_json};
use crate::store::reviews;

/// One page of a project's sessions.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    pub limit: u64,
    /// The last session of the page before; the page starts with the next older one.
    pub before: Option<SessionId>,
    /// Only sessions that stand here.
    pub status: Option<SessionStatus>,
}

impl Store {
    pub async fn insert_session(&self, session: &Session) -> Result<(), StoreError> {
        insert(&self.database, session).await
    }

    /// The project's session of that identifier; another project's is none.
    pub async fn session(
        &self,
        project: ProjectId,
        id: SessionId,
    ) -> Result<Option<Session>, StoreError> {
        Entity::find_by_id(id.0.to_string())
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .one(&self.database)
            .await?
            .map(read)
            .transpose()
    }

    /// The session of that identifier, whichever project it belongs to: for whoever runs the machine.
    pub async fn session_of_any_project(
        &self,
        id: SessionId,
    ) -> Result<Option<Session>, StoreError> {
        find(&self.database, id).await
    }

    /// The project's sessions, newest first. Identifiers carry their time, so they are the order.
    pub async fn sessions(
        &self,
        project: ProjectId,
        page: &Page,
    ) -> Result<Vec<Session>, StoreError> {
        let mut wanted = Entity::find()
            .filter(Column::ProjectId.eq(project.0.to_string()))
            // Copies of known cases are nobody's visit.
            .filter(Column::Origin.ne(SEED_ORIGIN));
        if let Some(status) = page.status {
            wanted = wanted.filter(Column::Status.eq(status.name()));
        }
        if let Some(before) = page.before {
            wanted = wanted.filter(Column::Id.lt(before.0.to_string()));
        }
        wanted
            .order_by_desc(Column::Id)
            .limit(page.limit)
            .all(&self.database)
            .await?
            .into_iter()
            .map(read)
            .collect()
    }

    /// Fills in a name and a device that the session does not know yet; what it knows stays.
    pub async fn complete_session(
        &self,
        id: SessionId,
        subject_name: Option<&str>,
        device_info: Option<&str>,
    ) -> Result<(), StoreError> {
        for (column, value) in [
            (Column::SubjectName, subject_name),
            (Column::DeviceInfo, device_info),
        ] {
            let Some(value) = value else { continue };
            Entity::update_many()
                .col_expr(column, Expr::value(value))
                .filter(Column::Id.eq(id.0.to_string()))
                .filter(column.is_null())
                .filter(Column::ErasedAt.is_null())
                .exec(&self.database)
                .await?;
        }
        Ok(())
    }

    /// Makes the move if the session's state allows it, and says where it stands now.
    pub async fn move_session(
        &self,
        id: SessionId,
        wanted: Move,
        now: Timestamp,
    ) -> Result<SessionStatus, StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            let status = make_move(&transaction, id, wanted, now).await?;
            match wanted {
                Move::AcceptEvidence | Move::AskAgain => {
                    reviews::leave_queue(&transaction, id, VoidedBy::NewEvidence, now).await?;
                }
                Move::RequestExamination => {
                    let by = VoidedBy::AnotherExamination;
                    reviews::leave_queue(&transaction, id, by, now).await?;
                }
                // Who waits for a person goes on waiting.
                Move::End => reviews::touched(&transaction, id).await?,
                Move::Judge | Move::Fail | Move::Erase => {}
            }
            Ok(status)
        }
        .await;
        settle(transaction, done).await
    }
}

pub(super) async fn insert<C: ConnectionTrait>(
    connection: &C,
    session: &Session,
) -> Result<(), StoreError> {
    let metadata = session
        .metadata
        .as_ref()
        .map(|value| to_json("a session's metadata", value))
        .transpose()?;
    Entity::insert(ActiveModel {
        id: Set(session.id.0.to_string()),
        project_id: Set(session.project.0.to_string()),
        status: Set(session.status.name().to_owned()),
        origin: Set(session.origin.clone()),
        reference: Set(session.reference.clone()),
        metadata: Set(metadata),
        subject_name: Set(session.subject_name.clone()),
        device_info: Set(session.device_info.clone()),
        created_at: Set(session.created_at.0),
        updated_at: Set(session.updated_at.0),
        held_at: Set(session.held_at.map(|moment| moment.0)),
        erased_at: Set(session.erased_at.map(|moment| moment.0)),
    })
    .exec_without_returning(connection)
    .await
    .map_err(|error| StoreError::from(error).naming("that session"))?;
    Ok(())
}

/// One statement that looks and moves at once, so that two callers cannot both have their way.
pub(super) async fn make_move<C: ConnectionTrait>(
    connection: &C,
    id: SessionId,
    wanted: Move,
    now: Timestamp,
) -> Result<SessionStatus, StoreError> {
    if let Some(target) = target(wanted) {
        let from = SessionStatus::allowing(wanted).map(SessionStatus::name);
        let moved = Entity::update_many()
            .col_expr(Column::Status, Expr::value(target.name()))
            .col_expr(Column::UpdatedAt, Expr::value(now.0))
            .filter(Column::Id.eq(id.0.to_string()))
            .filter(Column::Status.is_in(from))
            .exec(connection)
            .await?;
        if moved.rows_affected > 0 {
            return Ok(target);
        }
    }
    Err(refusal(connection, id).await?)
}

/// Notes that something happened to a session that stands where it may, and locks its row with it.
pub(super) async fn touch<C: ConnectionTrait>(
    connection: &C,
    id: SessionId,
    allowed: impl Iterator<Item = SessionStatus>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let touched = Entity::update_many()
        .col_expr(Column::UpdatedAt, Expr::value(now.0))
        .filter(Column::Id.eq(id.0.to_string()))
        .filter(Column::Status.is_in(allowed.map(SessionStatus::name)))
        .exec(connection)
        .await?;
    if touched.rows_affected > 0 {
        return Ok(());
    }
    Err(refusal(connection, id).await?)
}

/// The session of that identifier, whichever project it belongs to.
pub(super) async fn find<C: ConnectionTrait>(
    connection: &C,
    id: SessionId,
) -> Result<Option<Session>, StoreError> {
    Entity::find_by_id(id.0.to_string())
        .one(connection)
        .await?
        .map(read)
        .transpose()
}

/// The same, which nobody else changes until the transaction ends. A writing transaction of SQLite is alone already.
pub(super) async fn locked(
    transaction: &DatabaseTransaction,
    id: SessionId,
) -> Result<Option<Session>, StoreError> {
    Entity::find_by_id(id.0.to_string())
        .lock_exclusive()
        .one(transaction)
        .await?
        .map(read)
        .transpose()
}

/// Why a session was not moved: its state, or that there is none.
async fn refusal<C: ConnectionTrait>(
    connection: &C,
    id: SessionId,
) -> Result<StoreError, StoreError> {
    Ok(match find(connection, id).await? {
        Some(session) => StoreError::WrongState {
            status: session.status,
        },
        None => StoreError::NotFound { what: "session" },
    })
}

/// Where a move leads; it leads to the same state from everywhere that allows it.
fn target(wanted: Move) -> Option<SessionStatus> {
    SessionStatus::allowing(wanted).find_map(|status| status.after(wanted))
}

fn read(model: Model) -> Result<Session, StoreError> {
    let row = Row {
        table: "sessions",
        id: &model.id,
    };
    Ok(Session {
        id: SessionId(row.uuid("id", &model.id)?),
        project: ProjectId(row.uuid("project_id", &model.project_id)?),
        status: row.known("status", SessionStatus::from_name(&model.status))?,
        metadata: row.json_if_any("metadata", model.metadata.as_deref())?,
        created_at: Timestamp(model.created_at),
        updated_at: Timestamp(model.updated_at),
        held_at: model.held_at.map(Timestamp),
        erased_at: model.erased_at.map(Timestamp),
        origin: model.origin,
        reference: model.reference,
        subject_name: model.subject_name,
        device_info: model.device_info,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_leads_to_one_state_wherever_it_starts() {
        for wanted in [
            Move::AcceptEvidence,
            Move::RequestExamination,
            Move::Judge,
            Move::Fail,
            Move::End,
            Move::AskAgain,
            Move::Erase,
        ] {
            let target = target(wanted);
            assert!(target.is_some(), "{wanted:?} leads nowhere");
            for status in SessionStatus::allowing(wanted) {
                assert_eq!(status.after(wanted), target, "{status:?} {wanted:?}");
            }
        }
    }
}
