//! What people decided about sessions: events that are only ever added, their notes sealed.

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::session::actor::Actor;
use crate::session::audit::AuditEntry;
use crate::session::decision::{Decision, DecisionKind, Note};
use crate::session::ids::{DecisionId, ExaminationId, ProjectId, SessionId};
use crate::session::status::Move;
use crate::session::time::Timestamp;
use crate::session::webhook::Event;
use crate::store::Store;
use crate::store::database::settle;
use crate::store::entity::decisions::{ActiveModel, Column, Entity, Model};
use crate::store::entity::reviews as reviews_entity;
use crate::store::error::StoreError;
use crate::store::reading::{Row, json_if_any, to_json};
use crate::store::sealing::NoteKey;
use crate::store::testimony::sha256;
use crate::store::vault::Vault;
use crate::store::{
    audit, evidence, examinations, outbox, pending, proposals, queue, reviews, seed_cases, sessions,
};

/// The SHA-256 of what the audit log may not hold itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hashes {
    pub sealed_note: Option<String>,
    pub checklist: Option<String>,
}

/// Where a decision that is to be kept comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Somebody decides now.
    Now,
    /// Somebody decided a moment ago, and it can be undone no more.
    Held,
}

impl Store {
    /// Keeps a decision about the session's newest examination, where the session's state allows
    /// it; an examination that the decision names must be that one. Where the project's decisions
    /// take two officers, the first of them is kept as a proposal.
    ///
    /// The entry is worded once it is known what is kept.
    pub async fn decide(
        &self,
        decision: Decision,
        entry: impl FnOnce(&Decision, &Hashes) -> AuditEntry + Send,
    ) -> Result<Decision, StoreError> {
        let transaction = self.begin().await?;
        let done = keep(&transaction, &self.vault, decision, Origin::Now, entry).await;
        settle(transaction, done).await
    }

    /// What was decided about a session, newest first.
    pub async fn decisions(&self, session: SessionId) -> Result<Vec<Decision>, StoreError> {
        let key = NoteKey::of(&self.vault, &self.database, session).await?;
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

/// Keeps a decision: the session's move, its case, the event and the row of the audit log.
pub(super) async fn keep(
    transaction: &DatabaseTransaction,
    vault: &Vault,
    mut decision: Decision,
    origin: Origin,
    entry: impl FnOnce(&Decision, &Hashes) -> AuditEntry + Send,
) -> Result<Decision, StoreError> {
    move_session(transaction, &decision).await?;
    let row = reviews::locked(transaction, decision.session).await?;
    match (origin, &row) {
        (Origin::Held, _) => pending::take(transaction, &decision).await?,
        (Origin::Now, Some(row)) if decision.kind != DecisionKind::Note => {
            reviews::refuse_if_taken(row, decision.actor, decision.at)?;
        }
        (Origin::Now, _) => {}
    }
    weigh(transaction, &mut decision, row.as_ref()).await?;
    decision.took_ms = row.as_ref().and_then(|row| took_ms(row, &decision));
    let sealed = seal(transaction, vault, &decision).await?;
    let checklist = json_if_any("a checklist", decision.checklist.as_ref())?;
    let hashes = Hashes {
        sealed_note: sealed.as_deref().map(sha256),
        checklist: checklist.as_deref().map(|text| sha256(text.as_bytes())),
    };
    insert(transaction, &decision, sealed, checklist).await?;
    reviews::decided(transaction, row, &decision).await?;
    seed_cases::answered(transaction, &decision).await?;
    let entry = entry(&decision, &hashes);
    audit::append(transaction, &entry).await?;
    announce(transaction, &decision).await?;
    Ok(decision)
}

/// Has those told who want to know what stands now: a note and half of a decision by two change nothing, and a copy of
/// a known case is nobody's visit.
async fn announce(
    transaction: &DatabaseTransaction,
    decision: &Decision,
) -> Result<(), StoreError> {
    let stands = decision.kind.is_final() || decision.kind == DecisionKind::AskAgain;
    if !stands || seed_cases::is_copy(transaction, decision.session).await? {
        return Ok(());
    }
    let session = sessions::standing_of(transaction, decision.session).await?;
    let session = session.ok_or(StoreError::NotFound { what: "session" })?;
    let event = Event::decided(decision, session.status);
    outbox::announce(transaction, decision.project, &event).await
}

/// Puts the newest examination into the decision, and refuses it where it is about another one,
/// where there is nothing to approve, and where it takes another officer.
pub(super) async fn weigh(
    transaction: &DatabaseTransaction,
    decision: &mut Decision,
    row: Option<&reviews_entity::Model>,
) -> Result<(), StoreError> {
    let newest = examinations::newest(transaction, decision.session).await?;
    if decision.examination.is_some() && decision.examination != newest {
        return Err(StoreError::ExaminedAgain);
    }
    decision.examination = newest;
    if decision.kind == DecisionKind::Approve {
        refuse_unexamined(transaction, decision).await?;
    }
    if decision.kind.is_final() {
        proposals::weigh(transaction, decision, row).await?;
    }
    Ok(())
}

/// From taking the case to deciding, where who decides had taken it.
fn took_ms(row: &reviews_entity::Model, decision: &Decision) -> Option<u64> {
    let own = row.claimed_by.is_some() && row.claimed_by == reviews::officer(decision.actor);
    let since = row.claimed_at.filter(|_| own)?;
    u64::try_from(decision.at.0 - since).ok()
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
        DecisionKind::Approve
        | DecisionKind::Reject
        | DecisionKind::ProposeApprove
        | DecisionKind::ProposeReject
        | DecisionKind::Note => {
            sessions::touch(transaction, session, decision.kind.allowed_in(), at).await
        }
    }
}

/// The decision's note under the key of the session's notes.
pub(super) async fn seal(
    transaction: &DatabaseTransaction,
    vault: &Vault,
    decision: &Decision,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Note::Text(note) = &decision.note else {
        return Ok(None);
    };
    // Made here where the session is from before keys were.
    vault.session_key(transaction, decision.session).await?;
    let key = NoteKey::of(vault, transaction, decision.session).await?;
    key.ok_or(StoreError::Erased)?
        .seal(decision.id, note)
        .map(Some)
}

async fn insert(
    transaction: &DatabaseTransaction,
    decision: &Decision,
    note: Option<Vec<u8>>,
    checklist: Option<String>,
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
        checklist: Set(checklist),
        took_ms: Set(decision
            .took_ms
            .map(|took| i64::try_from(took).unwrap_or(i64::MAX))),
    })
    .exec_without_returning(transaction)
    .await?;
    Ok(())
}

pub(super) fn read(model: &Model, key: Option<&NoteKey>) -> Result<Decision, StoreError> {
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
        checklist: row.json_if_any("checklist", model.checklist.as_deref())?,
        took_ms: model.took_ms.map(i64::unsigned_abs),
        at: Timestamp(model.at),
    })
}
