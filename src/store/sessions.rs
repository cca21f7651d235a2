//! Sessions, always seen through their project, and the moves between their states.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::session::evidence::name_key;
use crate::session::ids::{ProjectId, SessionId};
use crate::session::known_answer::SEED_ORIGIN;
use crate::session::review::VoidedBy;
use crate::session::status::{Move, SessionStatus};
use crate::session::time::Timestamp;
use crate::session::visit::Session;
use crate::store::Store;
use crate::store::data_keys::{DataKey, Place, open_column};
use crate::store::database::settle;
use crate::store::entity::sessions::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::{Row, to_json};
use crate::store::reviews;
use crate::store::vault::{Indexed, Vault};

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
        let transaction = self.begin().await?;
        let done = insert(&transaction, &self.vault, session, &DataKey::random()).await;
        settle(transaction, done).await
    }

    /// The project's session of that identifier; another project's is none.
    pub async fn session(
        &self,
        project: ProjectId,
        id: SessionId,
    ) -> Result<Option<Session>, StoreError> {
        let model = Entity::find_by_id(id.0.to_string())
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .one(&self.database)
            .await?;
        opened(&self.database, &self.vault, model).await
    }

    /// The session of that identifier, whichever project it belongs to: for whoever runs the machine.
    pub async fn session_of_any_project(
        &self,
        id: SessionId,
    ) -> Result<Option<Session>, StoreError> {
        find(&self.database, &self.vault, id).await
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
        let models = wanted
            .order_by_desc(Column::Id)
            .limit(page.limit)
            .all(&self.database)
            .await?;
        let ids = models.iter().map(|model| model.id.clone());
        let keys = self.vault.keys(&self.database, ids).await?;
        models
            .into_iter()
            .map(|model| {
                let key = keys.get(&model.id);
                read(model, key)
            })
            .collect()
    }

    /// What a session is found by instead of its reference: for whoever writes rows beside the store.
    pub fn reference_index(
        &self,
        project: ProjectId,
        reference: &str,
    ) -> Result<String, StoreError> {
        self.vault.index(Indexed::Reference, project, reference)
    }

    /// A project's sessions of a reference whose data are still there, oldest first.
    pub async fn sessions_of_reference(
        &self,
        project: ProjectId,
        reference: &str,
    ) -> Result<Vec<SessionId>, StoreError> {
        let ids: Vec<String> = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(of_reference(&self.vault, project, reference)?)
            .filter(Column::ErasedAt.is_null())
            .order_by_asc(Column::Id)
            .into_tuple()
            .all(&self.database)
            .await?;
        ids.iter()
            .map(|id| {
                let row = Row {
                    table: "sessions",
                    id,
                };
                Ok(SessionId(row.uuid("id", id)?))
            })
            .collect()
    }

    /// Fills in a name and a device that the session does not know yet; what it knows stays.
    pub async fn complete_session(
        &self,
        project: ProjectId,
        id: SessionId,
        subject_name: Option<&str>,
        device_info: Option<&str>,
    ) -> Result<(), StoreError> {
        if subject_name.is_none() && device_info.is_none() {
            return Ok(());
        }
        // Who was erased meanwhile is named no more.
        let Some(key) = self.vault.session_key(&self.database, id).await? else {
            return Ok(());
        };
        let row = id.0.to_string();
        for (column, place, value) in [
            (Column::SubjectName, "subject_name", subject_name),
            (Column::DeviceInfo, "device_info", device_info),
        ] {
            let Some(value) = value else { continue };
            let sealed = key.seal_text(place_of(place, &row), value)?;
            let mut change = Entity::update_many().col_expr(column, Expr::value(sealed));
            if place == "subject_name" {
                let index = self.vault.index(Indexed::Name, project, &name_key(value))?;
                change = change.col_expr(Column::NameIndex, Expr::value(index));
            }
            change
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

/// Keeps a new session with its key, under which what names somebody is sealed.
pub(super) async fn insert<C: ConnectionTrait>(
    connection: &C,
    vault: &Vault,
    session: &Session,
    key: &DataKey,
) -> Result<(), StoreError> {
    let id = session.id.0.to_string();
    let metadata = session
        .metadata
        .as_ref()
        .map(|value| to_json("a session's metadata", value))
        .transpose()?;
    let seal = |column, text: Option<&str>| key.seal_some(place_of(column, &id), text);
    let index = |what, text: Option<String>| {
        text.map(|text| vault.index(what, session.project, &text))
            .transpose()
    };
    Entity::insert(ActiveModel {
        id: Set(id.clone()),
        project_id: Set(session.project.0.to_string()),
        status: Set(session.status.name().to_owned()),
        origin: Set(session.origin.clone()),
        reference: Set(seal("reference", session.reference.as_deref())?),
        metadata: Set(seal("metadata", metadata.as_deref())?),
        subject_name: Set(seal("subject_name", session.subject_name.as_deref())?),
        device_info: Set(seal("device_info", session.device_info.as_deref())?),
        reference_index: Set(index(Indexed::Reference, session.reference.clone())?),
        name_index: Set(index(
            Indexed::Name,
            session.subject_name.as_deref().map(name_key),
        )?),
        created_at: Set(session.created_at.0),
        updated_at: Set(session.updated_at.0),
        held_at: Set(session.held_at.map(|moment| moment.0)),
        erased_at: Set(session.erased_at.map(|moment| moment.0)),
    })
    .exec_without_returning(connection)
    .await
    .map_err(|error| StoreError::from(error).naming("that session"))?;
    vault.keep(connection, &id, key).await
}

/// The sessions of a reference; those from before hold it in the clear.
pub(super) fn of_reference(
    vault: &Vault,
    project: ProjectId,
    reference: &str,
) -> Result<Condition, StoreError> {
    let index = vault.index(Indexed::Reference, project, reference)?;
    let mut named = Condition::any().add(Column::ReferenceIndex.eq(index));
    if !vault.is_sealed_only() {
        named = named.add(Column::Reference.eq(reference));
    }
    Ok(Condition::all()
        .add(Column::ProjectId.eq(project.0.to_string()))
        .add(named))
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
    vault: &Vault,
    id: SessionId,
) -> Result<Option<Session>, StoreError> {
    let model = Entity::find_by_id(id.0.to_string()).one(connection).await?;
    opened(connection, vault, model).await
}

/// Where the session stands, with its row locked until the transaction ends. A writing transaction of SQLite is alone
/// already.
pub(super) async fn locked(
    transaction: &DatabaseTransaction,
    id: SessionId,
) -> Result<Option<Standing>, StoreError> {
    Entity::find_by_id(id.0.to_string())
        .lock_exclusive()
        .one(transaction)
        .await?
        .map(|model| standing(&model))
        .transpose()
}

/// What may be known of a session without its key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub(super) status: SessionStatus,
    pub(super) held_at: Option<Timestamp>,
}

fn standing(model: &Model) -> Result<Standing, StoreError> {
    let row = Row {
        table: "sessions",
        id: &model.id,
    };
    Ok(Standing {
        status: row.known("status", SessionStatus::from_name(&model.status))?,
        held_at: model.held_at.map(Timestamp),
    })
}

/// Where a session stands.
pub(super) async fn standing_of<C: ConnectionTrait>(
    connection: &C,
    id: SessionId,
) -> Result<Option<Standing>, StoreError> {
    let model = Entity::find_by_id(id.0.to_string()).one(connection).await?;
    model.map(|model| standing(&model)).transpose()
}

/// Why a session was not moved: its state, or that there is none.
async fn refusal<C: ConnectionTrait>(
    connection: &C,
    id: SessionId,
) -> Result<StoreError, StoreError> {
    Ok(match standing_of(connection, id).await? {
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

async fn opened<C: ConnectionTrait>(
    connection: &C,
    vault: &Vault,
    model: Option<Model>,
) -> Result<Option<Session>, StoreError> {
    let Some(model) = model else { return Ok(None) };
    let key = vault.key(connection, &model.id).await?;
    read(model, key.as_ref()).map(Some)
}

pub(super) fn place_of<'a>(column: &'static str, row: &'a str) -> Place<'a> {
    Place {
        table: "sessions",
        column,
        row,
    }
}

fn read(model: Model, key: Option<&DataKey>) -> Result<Session, StoreError> {
    let row = Row {
        table: "sessions",
        id: &model.id,
    };
    let open = |column, text| open_column(key, place_of(column, &model.id), text);
    let metadata = open("metadata", model.metadata)?;
    Ok(Session {
        id: SessionId(row.uuid("id", &model.id)?),
        project: ProjectId(row.uuid("project_id", &model.project_id)?),
        status: row.known("status", SessionStatus::from_name(&model.status))?,
        metadata: row.json_if_any("metadata", metadata.as_deref())?,
        created_at: Timestamp(model.created_at),
        updated_at: Timestamp(model.updated_at),
        held_at: model.held_at.map(Timestamp),
        erased_at: model.erased_at.map(Timestamp),
        origin: model.origin,
        reference: open("reference", model.reference)?,
        subject_name: open("subject_name", model.subject_name)?,
        device_info: open("device_info", model.device_info)?,
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
