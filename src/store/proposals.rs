//! Decisions that take two officers: the first one proposes, another one who says the same decides.

use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};

use crate::session::actor::Actor;
use crate::session::decision::{Decision, DecisionKind};
use crate::session::review::{ReviewRefusal, ReviewState};
use crate::store::entity::decisions::{Column, Entity};
use crate::store::entity::reviews::Model;
use crate::store::error::StoreError;
use crate::store::reading::Row;
use crate::store::{evidence, projects};

/// Makes a proposal of a decision that nobody else has proposed, where the project's decisions take
/// two officers. A contrary one takes the place of what was proposed.
pub(super) async fn weigh(
    transaction: &DatabaseTransaction,
    decision: &mut Decision,
    row: Option<&Model>,
) -> Result<(), StoreError> {
    let settings = projects::settings(transaction, decision.project).await?;
    if !settings.decisions_by_two {
        return Ok(());
    }
    match decision.actor {
        Actor::Officer(_) => {}
        Actor::Token(_) | Actor::Operator | Actor::Service => {
            return Err(ReviewRefusal::NoOfficer.into());
        }
    }
    let standing = match row {
        Some(row) => of_case(row)?,
        None => of_decisions(transaction, decision).await?,
    };
    match standing {
        Some((_, by)) if by == decision.actor => Err(ReviewRefusal::OwnProposal.into()),
        Some((kind, _)) if kind == decision.kind.proposed() => Ok(()),
        Some(_) | None => {
            decision.kind = decision.kind.proposed();
            Ok(())
        }
    }
}

/// What is proposed in a case. It was taken out of there as soon as anything came in.
fn of_case(model: &Model) -> Result<Option<(DecisionKind, Actor)>, StoreError> {
    let row = Row {
        table: "reviews",
        id: &model.session_id,
    };
    let (Some(kind), Some(officer)) = (&model.proposed_kind, &model.proposed_by) else {
        return Ok(None);
    };
    let waits = [ReviewState::Proposed, ReviewState::Pending].map(ReviewState::name);
    if !waits.contains(&model.state.as_str()) {
        return Ok(None);
    }
    Ok(Some((
        row.known("proposed_kind", DecisionKind::from_name(kind))?,
        row.known("proposed_by", format!("off_{officer}").parse().ok())?,
    )))
}

/// What is proposed for a session that was never examined and has no case: the last that anybody
/// decided, as long as nothing was examined or came in since.
async fn of_decisions(
    transaction: &DatabaseTransaction,
    decision: &Decision,
) -> Result<Option<(DecisionKind, Actor)>, StoreError> {
    let id = decision.session.0.to_string();
    let last = Entity::find()
        .filter(Column::SessionId.eq(id.clone()))
        .filter(Column::Kind.ne(DecisionKind::Note.name()))
        .order_by_desc(Column::Id)
        .one(transaction)
        .await?;
    let Some(last) = last else {
        return Ok(None);
    };
    let row = Row {
        table: "decisions",
        id: &last.id,
    };
    let kind = row.known("kind", DecisionKind::from_name(&last.kind))?;
    let examination = decision.examination.map(|id| id.0.to_string());
    let received = evidence::newest_of(transaction, std::slice::from_ref(&id)).await?;
    let is_newer = received.get(&id).is_some_and(|moment| *moment > last.at);
    if kind.proposes().is_none() || last.examination_id != examination || is_newer {
        return Ok(None);
    }
    let by = row.known("actor", last.actor.parse::<Actor>().ok())?;
    Ok(Some((kind, by)))
}
