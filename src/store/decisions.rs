//! What people decided about sessions: events that are only ever added, their notes sealed.

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::session::actor::Actor;
use crate::session::audit::AuditEntry;
use crate::session::decision::{Decision, DecisionKind, Note};
use crate::session::ids::{DecisionId, ExaminationId, ProjectId, SessionId};
use crate::session::status::Move;
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::database::settle;
use crate::store::entity::decisions::{ActiveModel, Column, Entity, Model};
use crate::store::entity::session_keys;
use crate::store::error::StoreError;
use crate::store::reading::{Row, to_json};
use crate::store::sealing::NoteKey;
use crate::store::testimony::sha256;
use crate::store::{audit, evidence, examinations, queue, sessions};

impl Store {
    /// Keeps a decision about the session's newest examination, where the session's state allows
    /// it; an examination that the decision names must be that one.
    ///
    /// The entry is worded once the examination and the SHA-256 of the sealed note are known.
    pub async fn decide(
        &self,
        mut decision: Decision,
        entry: impl FnOnce(&Decision, Option<&str>) -> AuditEntry + Send,
    ) -> Result<Decision, StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            move_session(&transaction, &decision).await?;
            let newest = examinations::newest(&transaction, decision.session).await?;
            if decision.examination.is_some() && decision.examination != newest {
                return Err(StoreError::ExaminedAgain);
            }
            decision.examination = newest;
            if decision.kind == DecisionKind::Approve {
                refuse_unexamined(&transaction, &decision).await?;
            }
            let sealed = seal(&transaction, &decision).await?;
            let hash = sealed.as_deref().map(sha256);
            insert(&transaction, &decision, sealed).await?;
            let entry = entry(&decision, hash.as_deref());
            audit::append(&transaction, &entry).await
        }
        .await;
        settle(transaction, done).await?;
        Ok(decision)
    }

    /// What was decided about a session, newest first.
    pub async fn decisions(&self, session: SessionId) -> Result<Vec<Decision>, StoreError> {
        let key = key(&self.database, session).await?;
        Entity::find()
            .filter(Column::SessionId.eq(session.0.to_string()))
            .order_by_desc(Column::Id)
            .all(&self.database)
            .await?
            .iter()
            .map(|model| read(model, key.as_ref()))
            .collect()
    }

    /// How those of the sessions that somebody settled were settled last: as long as nothing came in
    /// for them, and nothing was examined, since then.
    pub async fn settled(
        &self,
        sessions: &[SessionId],
    ) -> Result<HashMap<SessionId, DecisionKind>, StoreError> {
        if sessions.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Vec<String> = sessions
            .iter()
            .map(|session| session.0.to_string())
            .collect();
        let last: HashMap<String, (String, Option<String>, i64)> = self
            .final_decisions(&ids)
            .await?
            .into_iter()
            .map(|(session, kind, examination, at)| (session, (kind, examination, at)))
            .collect();
        let examined = examinations::newest_of(&self.database, &ids).await?;
        let received = evidence::newest_of(&self.database, &ids).await?;
        let mut settled = HashMap::new();
        for (session, (kind, examination, at)) in last {
            let row = Row {
                table: "decisions",
                id: &session,
            };
            if examined.get(&session) == examination.as_ref()
                && received.get(&session).is_none_or(|moment| *moment <= at)
            {
                settled.insert(
                    SessionId(row.uuid("session_id", &session)?),
                    row.known("kind", DecisionKind::from_name(&kind))?,
                );
            }
        }
        Ok(settled)
    }

    /// Session, kind, examination and time of what settled a session, oldest first.
    async fn final_decisions(
        &self,
        sessions: &[String],
    ) -> Result<Vec<(String, String, Option<String>, i64)>, StoreError> {
        let kinds = DecisionKind::ALL
            .into_iter()
            .filter(|kind| kind.is_final())
            .map(DecisionKind::name);
        Ok(Entity::find()
            .select_only()
            .columns([
                Column::SessionId,
                Column::Kind,
                Column::ExaminationId,
                Column::At,
            ])
            .filter(Column::SessionId.is_in(sessions.iter()))
            .filter(Column::Kind.is_in(kinds))
            .order_by_asc(Column::Id)
            .into_tuple()
            .all(&self.database)
            .await?)
    }
}

/// Nobody approves what nothing has looked at: the newest examination ended in a verdict, and no
/// evidence came in after it was asked for.
async fn refuse_unexamined(
    transaction: &DatabaseTransaction,
    decision: &Decision,
) -> Result<(), StoreError> {
    let judged = match decision.examination {
        Some(examination) => examinations::judged_at(transaction, examination).await?,
        None => None,
    };
    let id = decision.session.0.to_string();
    let received = evidence::newest_of(transaction, std::slice::from_ref(&id)).await?;
    match (judged, received.get(&id)) {
        (Some(asked), Some(received)) if *received > asked.0 => Err(StoreError::Unexamined),
        (Some(_), _) => Ok(()),
        (None, _) => Err(StoreError::Unexamined),
    }
}

/// Sees to it that the session's state allows the decision, and still does when it is kept.
async fn move_session(
    transaction: &DatabaseTransaction,
    decision: &Decision,
) -> Result<(), StoreError> {
    let Decision { session, at, .. } = *decision;
    match decision.kind {
        DecisionKind::AskAgain => {
            sessions::make_move(transaction, session, Move::AskAgain, at).await?;
            // Who is asked for evidence that may not be examined any more is asked in vain.
            queue::refuse_when_used_up(transaction, decision.project, session).await
        }
        DecisionKind::Approve | DecisionKind::Reject | DecisionKind::Note => {
            sessions::touch(transaction, session, decision.kind.allowed_in(), at).await
        }
    }
}

/// The decision's note under the session's key, which is made for the first one.
async fn seal(
    transaction: &DatabaseTransaction,
    decision: &Decision,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Note::Text(note) = &decision.note else {
        return Ok(None);
    };
    let key = match key(transaction, decision.session).await? {
        Some(key) => key,
        None => new_key(transaction, decision.session).await?,
    };
    key.seal(decision.id, note).map(Some)
}

async fn new_key(
    transaction: &DatabaseTransaction,
    session: SessionId,
) -> Result<NoteKey, StoreError> {
    let key = NoteKey::random();
    session_keys::Entity::insert(session_keys::ActiveModel {
        session_id: Set(session.0.to_string()),
        key: Set(key.bytes().to_vec()),
    })
    .exec_without_returning(transaction)
    .await?;
    Ok(key)
}

async fn insert(
    transaction: &DatabaseTransaction,
    decision: &Decision,
    note: Option<Vec<u8>>,
) -> Result<(), StoreError> {
    let examination = decision.examination.map(|id| id.0.to_string());
    Entity::insert(ActiveModel {
        id: Set(decision.id.0.to_string()),
        session_id: Set(decision.session.0.to_string()),
        project_id: Set(decision.project.0.to_string()),
        examination_id: Set(examination),
        kind: Set(decision.kind.name().to_owned()),
        reasons: Set(to_json("a decision's reasons", &decision.reasons)?),
        actor: Set(decision.actor.to_string()),
        note: Set(note),
        at: Set(decision.at.0),
    })
    .exec_without_returning(transaction)
    .await?;
    Ok(())
}

async fn key<C: ConnectionTrait>(
    connection: &C,
    session: SessionId,
) -> Result<Option<NoteKey>, StoreError> {
    let id = session.0.to_string();
    let row = Row {
        table: "session_keys",
        id: &id,
    };
    session_keys::Entity::find_by_id(id.clone())
        .one(connection)
        .await?
        .map(|model| row.known("key", NoteKey::kept(&model.key)))
        .transpose()
}

fn read(model: &Model, key: Option<&NoteKey>) -> Result<Decision, StoreError> {
    let row = Row {
        table: "decisions",
        id: &model.id,
    };
    let id = DecisionId(row.uuid("id", &model.id)?);
    let examination = model
        .examination_id
        .as_deref()
        .map(|text| row.uuid("examination_id", text))
        .transpose()?;
    let note = match (&model.note, key) {
        (None, _) => Note::None,
        (Some(_), None) => Note::Erased,
        (Some(sealed), Some(key)) => Note::Text(row.known("note", key.open(id, sealed))?),
    };
    Ok(Decision {
        id,
        session: SessionId(row.uuid("session_id", &model.session_id)?),
        project: ProjectId(row.uuid("project_id", &model.project_id)?),
        examination: examination.map(ExaminationId),
        kind: row.known("kind", DecisionKind::from_name(&model.kind))?,
        reasons: row.json("reasons", &model.reasons)?,
        actor: row.known("actor", model.actor.parse::<Actor>().ok())?,
        note,
        at: Timestamp(model.at),
    })
}
