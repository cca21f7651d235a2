//! Keeps the row of each case true, in the transaction of whatever changes it.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    IntoActiveModel, QueryFilter, QuerySelect,
};

use crate::scoring::reasons::ReasonCode;
use crate::scoring::signals::Signals;
use crate::scoring::verdict::{Outcome, Verdict};
use crate::session::actor::Actor;
use crate::session::decision::{Decision, DecisionKind};
use crate::session::examination::Failure;
use crate::session::histogram::{bin_of, day_of};
use crate::session::ids::{ProjectId, SessionId};
use crate::session::project::ProjectSettings;
use crate::session::review::{ReviewRefusal, ReviewState, VoidedBy};
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::entity::reviews::{ActiveModel, Column, Entity, Model};
use crate::store::entity::{examinations, review_reasons, review_revisions};
use crate::store::error::StoreError;
use crate::store::reading::Row;
use crate::store::{pending, projects};

impl Store {
    /// A number that changes whenever what waits in a project does.
    pub async fn review_revision(&self, project: ProjectId) -> Result<i64, StoreError> {
        let row = review_revisions::Entity::find_by_id(project.0.to_string())
            .one(&self.database)
            .await?;
        Ok(row.map_or(0, |row| row.revision))
    }
}

/// Puts a session's newest result into its case: whatever was there before it is over.
pub(super) async fn examined(
    transaction: &DatabaseTransaction,
    ended: &examinations::Model,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = Row {
        table: "examinations",
        id: &ended.id,
    };
    let project = ProjectId(row.uuid("project_id", &ended.project_id)?);
    let settings = projects::settings(transaction, project).await?;
    let signals: Option<Signals> =
        row.json_if_any("signals_json", ended.signals_json.as_deref())?;
    let verdict: Option<Verdict> =
        row.json_if_any("verdict_json", ended.verdict_json.as_deref())?;
    let failure: Option<Failure> = row.json_if_any("failure", ended.failure.as_deref())?;
    let outcome = verdict.as_ref().map(|verdict| verdict.outcome);
    let state = state_of(outcome, &settings);
    remove(transaction, &ended.session_id).await?;
    Entity::insert(ActiveModel {
        session_id: Set(ended.session_id.clone()),
        project_id: Set(ended.project_id.clone()),
        examination_id: Set(ended.id.clone()),
        state: Set(state.name().to_owned()),
        outcome: Set(outcome.map(|outcome| outcome.name().to_owned())),
        score: Set(signals.as_ref().map(Signals::score)),
        liveness: Set(signals.as_ref().and_then(|signals| signals.liveness)),
        entered_at: Set(now.0),
        day: Set(Some(day_of(now))),
        score_bin: Set(signals.as_ref().map(|signals| bin_of(signals.score()))),
        liveness_bin: Set(signals.as_ref().and_then(|it| it.liveness).map(bin_of)),
        ..Default::default()
    })
    .exec_without_returning(transaction)
    .await?;
    let codes = verdict.iter().flat_map(|verdict| &verdict.reasons);
    let codes: BTreeSet<ReasonCode> = codes
        .map(|reason| reason.code)
        .chain(failure.and_then(|failure| failure.code))
        .collect();
    let reasons = codes.into_iter().map(|code| review_reasons::ActiveModel {
        session_id: Set(ended.session_id.clone()),
        code: Set(code.name().to_owned()),
        project_id: Set(ended.project_id.clone()),
        state: Set(state.name().to_owned()),
        entered_at: Set(now.0),
    });
    review_reasons::Entity::insert_many(reasons)
        .exec_without_returning(transaction)
        .await?;
    bump(transaction, &ended.project_id).await
}

/// Who fails by the rules is looked at where the project wants it, who passes never.
fn state_of(outcome: Option<Outcome>, settings: &ProjectSettings) -> ReviewState {
    match outcome {
        None | Some(Outcome::Refer) => ReviewState::Waiting,
        Some(Outcome::Fail) if settings.review_fails => ReviewState::Waiting,
        Some(Outcome::Fail | Outcome::Pass) => ReviewState::Unneeded,
    }
}

/// Takes a case out of the queue until its next result: what was claimed, proposed or about to be
/// decided is void.
pub(super) async fn leave_queue(
    transaction: &DatabaseTransaction,
    session: SessionId,
    by: VoidedBy,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(mut row) = locked(transaction, session).await? else {
        return Ok(());
    };
    if row.state == ReviewState::Unneeded.name() {
        return Ok(());
    }
    free(&mut row);
    forget_settlement(&mut row);
    // On the heap: most of what comes in has no case yet, and is not to carry this along.
    Box::pin(async {
        keep(transaction, row, ReviewState::Unneeded).await?;
        pending::void(transaction, session, by, now).await
    })
    .await
}

/// Tells who watches that something about the session changed that its case does not hold.
pub(super) async fn touched(
    transaction: &DatabaseTransaction,
    session: SessionId,
) -> Result<(), StoreError> {
    match locked(transaction, session).await? {
        Some(row) => bump(transaction, &row.project_id).await,
        None => Ok(()),
    }
}

/// Puts a decision that is being kept into the case.
pub(super) async fn decided(
    transaction: &DatabaseTransaction,
    row: Option<Model>,
    decision: &Decision,
) -> Result<(), StoreError> {
    let Some(mut row) = row else {
        return Ok(());
    };
    let state = match decision.kind {
        DecisionKind::Note => return Ok(()),
        DecisionKind::Approve | DecisionKind::Reject => {
            free(&mut row);
            row.settled_kind = Some(decision.kind.name().to_owned());
            row.settled_by = Some(decision.actor.to_string());
            row.settled_at = Some(decision.at.0);
            ReviewState::Settled
        }
        DecisionKind::ProposeApprove | DecisionKind::ProposeReject => {
            free(&mut row);
            row.proposed_kind = Some(decision.kind.name().to_owned());
            row.proposed_by = officer(decision.actor);
            ReviewState::Proposed
        }
        DecisionKind::AskAgain => {
            free(&mut row);
            forget_settlement(&mut row);
            ReviewState::Unneeded
        }
    };
    keep(transaction, row, state).await
}

/// Forgets the case of a session whose data are erased.
pub(super) async fn erase(
    transaction: &DatabaseTransaction,
    session: SessionId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(row) = locked(transaction, session).await? else {
        return Ok(());
    };
    remove(transaction, &row.session_id).await?;
    bump(transaction, &row.project_id).await?;
    pending::void(transaction, session, VoidedBy::Erasure, now).await
}

/// The session's case, which nobody else changes until the transaction ends. A writing transaction
/// of SQLite is alone already.
pub(super) async fn locked(
    transaction: &DatabaseTransaction,
    session: SessionId,
) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find_by_id(session.0.to_string())
        .lock_exclusive()
        .one(transaction)
        .await?)
}

/// Writes a case back in a state, and tells whoever watches the queue.
pub(super) async fn keep(
    transaction: &DatabaseTransaction,
    row: Model,
    state: ReviewState,
) -> Result<(), StoreError> {
    let (session, project) = (row.session_id.clone(), row.project_id.clone());
    if row.state != state.name() {
        review_reasons::Entity::update_many()
            .col_expr(review_reasons::Column::State, Expr::value(state.name()))
            .filter(review_reasons::Column::SessionId.eq(session.as_str()))
            .exec(transaction)
            .await?;
    }
    let mut changed = row.into_active_model().reset_all();
    changed.state = Set(state.name().to_owned());
    Entity::update_many()
        .set(changed)
        .filter(Column::SessionId.eq(session))
        .exec(transaction)
        .await?;
    bump(transaction, &project).await
}

/// The open state of a case that nothing is pending for.
pub(super) fn open_state(row: &Model) -> ReviewState {
    if row.proposed_by.is_some() {
        ReviewState::Proposed
    } else {
        ReviewState::Waiting
    }
}

/// Refuses who may not decide now: while another one holds the case, and while a decision can
/// still be undone.
pub(super) fn refuse_if_taken(row: &Model, actor: Actor, now: Timestamp) -> Result<(), StoreError> {
    if row.state == ReviewState::Pending.name() {
        return Err(ReviewRefusal::DecisionPending.into());
    }
    if is_held(row, now) && row.claimed_by != officer(actor) {
        return Err(ReviewRefusal::TakenByAnother.into());
    }
    Ok(())
}

/// Whether somebody holds the case at this moment.
pub(super) fn is_held(row: &Model, now: Timestamp) -> bool {
    row.claimed_by.is_some() && row.claimed_until.is_some_and(|until| until > now.0)
}

/// The bare identifier of an officer.
pub(super) fn officer(actor: Actor) -> Option<String> {
    match actor {
        Actor::Officer(officer) => Some(officer.0.to_string()),
        Actor::Token(_) | Actor::Operator | Actor::Service => None,
    }
}

/// Takes claim and proposal off.
fn free(row: &mut Model) {
    row.claimed_by = None;
    row.claimed_at = None;
    row.claimed_until = None;
    row.proposed_kind = None;
    row.proposed_by = None;
}

fn forget_settlement(row: &mut Model) {
    row.settled_kind = None;
    row.settled_by = None;
    row.settled_at = None;
}

async fn remove(transaction: &DatabaseTransaction, session: &str) -> Result<(), StoreError> {
    review_reasons::Entity::delete_many()
        .filter(review_reasons::Column::SessionId.eq(session))
        .exec(transaction)
        .await?;
    Entity::delete_by_id(session).exec(transaction).await?;
    Ok(())
}

/// Raises the project's number. To be called before a row is added to the audit log, so that two
/// transactions never wait for each other.
pub(super) async fn bump<C: ConnectionTrait>(
    connection: &C,
    project: &str,
) -> Result<(), StoreError> {
    use review_revisions::{ActiveModel, Column, Entity};
    let raised = Expr::col((Entity, Column::Revision)).add(1);
    Entity::insert(ActiveModel {
        project_id: Set(project.to_owned()),
        revision: Set(1),
    })
    .on_conflict(
        OnConflict::column(Column::ProjectId)
            .value(Column::Revision, raised)
            .to_owned(),
    )
    .exec_without_returning(connection)
    .await?;
    Ok(())
}
