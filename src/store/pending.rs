//! Decisions that can still be undone: kept as they were made, so that nothing is lost by a crash, and carried out when due.

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;

use crate::session::actor::Actor;
use crate::session::audit::{AuditAction, AuditEntry};
use crate::session::decision::{Decision, DecisionKind, Note};
use crate::session::ids::{DecisionId, ExaminationId, OfficerId, ProjectId, SessionId};
use crate::session::review::{PendingDecision, ReviewRefusal, ReviewState, VoidedBy};
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::database::settle;
use crate::store::decisions::{self, Hashes, Origin};
use crate::store::entity::pending_decisions::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::{Row, json_if_any, to_json};
use crate::store::sealing::NoteKey;
use crate::store::vault::Vault;
use crate::store::{audit, reviews, sessions};

impl Store {
    /// Keeps a decision of whoever holds the case until it is due. It is held against everything
    /// that a decision is held against, and again when it is carried out.
    pub async fn hold_decision(
        &self,
        mut decision: Decision,
        due_at: Timestamp,
    ) -> Result<PendingDecision, StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            let (session, at) = (decision.session, decision.at);
            sessions::touch(&transaction, session, decision.kind.allowed_in(), at).await?;
            let row = reviews::locked(&transaction, session).await?;
            let mut row = row.ok_or(ReviewRefusal::NotWaiting)?;
            reviews::refuse_if_taken(&row, decision.actor, at)?;
            if !reviews::is_held(&row, at) {
                return Err(ReviewRefusal::NotTaken.into());
            }
            // What it will be is found out again when it is carried out.
            let wanted = decision.kind;
            decisions::weigh(&transaction, &mut decision, Some(&row)).await?;
            decision.kind = wanted;
            row.claimed_until = row.claimed_until.max(Some(due_at.0));
            insert(&transaction, &self.vault, &decision, due_at).await?;
            reviews::keep(&transaction, row, ReviewState::Pending).await
        }
        .await;
        settle(transaction, done).await?;
        Ok(PendingDecision {
            id: decision.id,
            session: decision.session,
            kind: decision.kind,
            by: decision.actor,
            due_at,
        })
    }

    /// Takes an officer's decision back before it is due: nothing has happened, and they hold the
    /// case until another moment.
    pub async fn undo_decision(
        &self,
        session: SessionId,
        officer: OfficerId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            let row = reviews::locked(&transaction, session).await?;
            let mut row = row.ok_or(ReviewRefusal::NothingToUndo)?;
            let undone = Entity::delete_by_id(session.0.to_string())
                .filter(Column::Actor.eq(Actor::Officer(officer).to_string()))
                .filter(Column::DueAt.gt(now.0))
                .exec(&transaction)
                .await?;
            if undone.rows_affected == 0 {
                return Err(ReviewRefusal::NothingToUndo.into());
            }
            row.claimed_until = Some(until.0);
            let state = reviews::open_state(&row);
            reviews::keep(&transaction, row, state).await
        }
        .await;
        settle(transaction, done).await
    }

    /// The decision about a session that can still be undone, or waits to be carried out.
    pub async fn pending_decision(
        &self,
        session: SessionId,
    ) -> Result<Option<PendingDecision>, StoreError> {
        Entity::find_by_id(session.0.to_string())
            .one(&self.database)
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// Decisions whose time has come, the longest due first, so many at most.
    pub async fn due_decisions(
        &self,
        now: Timestamp,
        limit: u64,
    ) -> Result<Vec<PendingDecision>, StoreError> {
        Entity::find()
            .filter(Column::DueAt.lte(now.0))
            .order_by_asc(Column::DueAt)
            .limit(limit)
            .all(&self.database)
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// Carries a due decision out as if it were made now, in the name and at the moment in which it
    /// was made; none where it is gone, carried out by somebody else or void.
    pub async fn carry_out(
        &self,
        due: &PendingDecision,
        entry: impl FnOnce(&Decision, &Hashes) -> AuditEntry + Send,
    ) -> Result<Option<Decision>, StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            let model = Entity::find_by_id(due.session.0.to_string())
                .filter(Column::DecisionId.eq(due.id.0.to_string()))
                .one(&transaction)
                .await?;
            let Some(model) = model else {
                return Ok(None);
            };
            let decision = decision(&transaction, &self.vault, &model).await?;
            decisions::keep(&transaction, &self.vault, decision, Origin::Held, entry)
                .await
                .map(Some)
        }
        .await;
        match settle(transaction, done).await {
            // Somebody else took it out of the table while this waited for the session's row.
            Err(StoreError::Review(ReviewRefusal::NothingToUndo)) => Ok(None),
            carried_out => carried_out,
        }
    }

    /// Gives up a decision that was refused when its time came: the case waits again.
    pub async fn void_decision(
        &self,
        due: &PendingDecision,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            let row = reviews::locked(&transaction, due.session).await?;
            if let Some(mut row) = row.filter(|row| row.state == ReviewState::Pending.name()) {
                (row.claimed_by, row.claimed_at, row.claimed_until) = (None, None, None);
                let state = reviews::open_state(&row);
                reviews::keep(&transaction, row, state).await?;
            }
            void(&transaction, due.session, VoidedBy::Refusal, now).await
        }
        .await;
        settle(transaction, done).await
    }
}

/// Takes the decision out of those that can be undone; refused where it is there no more.
pub(super) async fn take(
    transaction: &DatabaseTransaction,
    decision: &Decision,
) -> Result<(), StoreError> {
    let taken = Entity::delete_by_id(decision.session.0.to_string())
        .filter(Column::DecisionId.eq(decision.id.0.to_string()))
        .exec(transaction)
        .await?;
    if taken.rows_affected == 0 {
        return Err(ReviewRefusal::NothingToUndo.into());
    }
    Ok(())
}

/// Drops the session's decision that could still be undone, where there is one, and tells the audit
/// log what became of it.
pub(super) async fn void(
    transaction: &DatabaseTransaction,
    session: SessionId,
    by: VoidedBy,
    now: Timestamp,
) -> Result<(), StoreError> {
    let id = session.0.to_string();
    let Some(model) = Entity::find_by_id(id.clone()).one(transaction).await? else {
        return Ok(());
    };
    Entity::delete_by_id(id).exec(transaction).await?;
    let row = Row {
        table: "pending_decisions",
        id: &model.session_id,
    };
    let entry = AuditEntry {
        at: now,
        project: Some(ProjectId(row.uuid("project_id", &model.project_id)?)),
        actor: Actor::Service,
        action: AuditAction::DecisionVoided,
        target: session.to_string(),
        details: json!({
            "decision": format!("dec_{}", model.decision_id),
            "kind": model.kind,
            "examination": format!("exam_{}", model.examination_id),
            "made_by": model.actor,
            "because": by.name(),
        }),
    };
    audit::append(transaction, &entry).await
}

async fn insert(
    transaction: &DatabaseTransaction,
    vault: &Vault,
    decision: &Decision,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    let examination = decision.examination.ok_or(StoreError::Unexamined)?;
    Entity::insert(ActiveModel {
        session_id: Set(decision.session.0.to_string()),
        project_id: Set(decision.project.0.to_string()),
        decision_id: Set(decision.id.0.to_string()),
        examination_id: Set(examination.0.to_string()),
        kind: Set(decision.kind.name().to_owned()),
        reasons: Set(to_json("a decision's reasons", &decision.reasons)?),
        actor: Set(decision.actor.to_string()),
        note: Set(decisions::seal(transaction, vault, decision).await?),
        checklist: Set(json_if_any("a checklist", decision.checklist.as_ref())?),
        at: Set(decision.at.0),
        due_at: Set(due_at.0),
    })
    .exec_without_returning(transaction)
    .await?;
    Ok(())
}

fn read(model: &Model) -> Result<PendingDecision, StoreError> {
    let row = Row {
        table: "pending_decisions",
        id: &model.session_id,
    };
    Ok(PendingDecision {
        id: DecisionId(row.uuid("decision_id", &model.decision_id)?),
        session: SessionId(row.uuid("session_id", &model.session_id)?),
        kind: row.known("kind", DecisionKind::from_name(&model.kind))?,
        by: row.known("actor", model.actor.parse::<Actor>().ok())?,
        due_at: Timestamp(model.due_at),
    })
}

/// The decision as it was made.
async fn decision(
    transaction: &DatabaseTransaction,
    vault: &Vault,
    model: &Model,
) -> Result<Decision, StoreError> {
    let row = Row {
        table: "pending_decisions",
        id: &model.session_id,
    };
    let made = read(model)?;
    let note = match &model.note {
        Some(sealed) => {
            let key = NoteKey::of(vault, transaction, made.session).await?;
            let note = key.and_then(|key| key.open(made.id, sealed));
            Note::Text(row.known("note", note)?)
        }
        None => Note::None,
    };
    Ok(Decision {
        id: made.id,
        session: made.session,
        project: ProjectId(row.uuid("project_id", &model.project_id)?),
        examination: Some(ExaminationId(
            row.uuid("examination_id", &model.examination_id)?,
        )),
        kind: made.kind,
        reasons: row.json("reasons", &model.reasons)?,
        actor: made.by,
        note,
        checklist: row.json_if_any("checklist", model.checklist.as_deref())?,
        took_ms: None,
        at: Timestamp(model.at),
    })
}
