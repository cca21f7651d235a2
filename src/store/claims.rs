//! Claims: who has taken a case, for as long as they renew it. Two officers never hold one.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, UpdateMany,
};

use crate::session::ids::{OfficerId, ProjectId, SessionId};
use crate::session::review::{Claim, ReviewRefusal, ReviewState};
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::database::settle;
use crate::store::entity::reviews::{Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::Row;
use crate::store::reviews::{bump, is_held};

impl Store {
    /// Takes a case that waits for an officer, or renews what the officer holds of it.
    pub async fn claim_review(
        &self,
        project: ProjectId,
        session: SessionId,
        claim: Claim,
    ) -> Result<Claim, StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            if !renew(&transaction, session, claim).await? {
                take(&transaction, project, session, claim).await?;
            }
            held(&transaction, session).await
        }
        .await;
        settle(transaction, done).await
    }

    /// Renews what an officer holds of a case; refused where they hold it no more.
    pub async fn renew_review_claim(
        &self,
        session: SessionId,
        claim: Claim,
    ) -> Result<(), StoreError> {
        if renew(&self.database, session, claim).await? {
            return Ok(());
        }
        Err(ReviewRefusal::NotTaken.into())
    }

    /// Gives a case back. Where the officer holds nothing of it nothing changes.
    pub async fn release_review(
        &self,
        project: ProjectId,
        session: SessionId,
        officer: OfficerId,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            let released = Entity::update_many()
                .col_expr(Column::ClaimedBy, Expr::value(None::<String>))
                .col_expr(Column::ClaimedAt, Expr::value(None::<i64>))
                .col_expr(Column::ClaimedUntil, Expr::value(None::<i64>))
                .filter(Column::SessionId.eq(session.0.to_string()))
                .filter(Column::ProjectId.eq(project.0.to_string()))
                .filter(Column::ClaimedBy.eq(officer.0.to_string()))
                .filter(open())
                .exec(&transaction)
                .await?;
            if released.rows_affected > 0 {
                bump(&transaction, &project.0.to_string()).await?;
            }
            Ok(())
        }
        .await;
        settle(transaction, done).await
    }

    /// Takes the case that has waited longest of those that nobody holds and that the officer may
    /// work; none where there is none.
    ///
    /// A look, then a conditional update: where somebody else was faster, the next one is tried.
    pub async fn claim_next_review(
        &self,
        project: ProjectId,
        claim: Claim,
    ) -> Result<Option<SessionId>, StoreError> {
        loop {
            let Some(row) = self.longest_waiting(project, claim).await? else {
                return Ok(None);
            };
            let id = Row {
                table: "reviews",
                id: &row.session_id,
            };
            let session = SessionId(id.uuid("session_id", &row.session_id)?);
            let transaction = self.begin().await?;
            let done = try_to_take(&transaction, project, session, claim).await;
            if settle(transaction, done).await? {
                return Ok(Some(session));
            }
        }
    }

    async fn longest_waiting(
        &self,
        project: ProjectId,
        claim: Claim,
    ) -> Result<Option<Model>, StoreError> {
        let mut longest: Option<Model> = None;
        // State by state, so that each is read in the order of its index.
        for state in ReviewState::OPEN {
            let found = Entity::find()
                .filter(Column::ProjectId.eq(project.0.to_string()))
                .filter(Column::State.eq(state.name()))
                .filter(free_for(claim))
                .order_by_asc(Column::EnteredAt)
                .order_by_asc(Column::SessionId)
                .one(&self.database)
                .await?;
            let place = |row: &Model| (row.entered_at, row.session_id.clone());
            longest = longest.into_iter().chain(found).min_by_key(place);
        }
        Ok(longest)
    }
}

/// What an officer holds is held for longer; false where they hold nothing.
async fn renew<C: ConnectionTrait>(
    connection: &C,
    session: SessionId,
    claim: Claim,
) -> Result<bool, StoreError> {
    let renewed = Entity::update_many()
        .col_expr(Column::ClaimedUntil, Expr::value(claim.until.0))
        .filter(Column::SessionId.eq(session.0.to_string()))
        .filter(Column::ClaimedBy.eq(claim.officer.0.to_string()))
        .filter(Column::ClaimedUntil.gt(claim.since.0))
        .filter(open())
        .exec(connection)
        .await?;
    Ok(renewed.rows_affected > 0)
}

async fn take(
    transaction: &DatabaseTransaction,
    project: ProjectId,
    session: SessionId,
    claim: Claim,
) -> Result<(), StoreError> {
    if try_to_take(transaction, project, session, claim).await? {
        return Ok(());
    }
    let row = Entity::find_by_id(session.0.to_string())
        .filter(Column::ProjectId.eq(project.0.to_string()))
        .one(transaction)
        .await?;
    let officer = claim.officer.0.to_string();
    Err(match row {
        Some(row) if row.state == ReviewState::Pending.name() => ReviewRefusal::DecisionPending,
        Some(row) if row.proposed_by.as_ref() == Some(&officer) => ReviewRefusal::OwnProposal,
        Some(row) if is_held(&row, claim.since) => ReviewRefusal::TakenByAnother,
        Some(_) | None => ReviewRefusal::NotWaiting,
    }
    .into())
}

async fn try_to_take(
    transaction: &DatabaseTransaction,
    project: ProjectId,
    session: SessionId,
    claim: Claim,
) -> Result<bool, StoreError> {
    let taken = taking(claim)
        .filter(Column::SessionId.eq(session.0.to_string()))
        .filter(Column::ProjectId.eq(project.0.to_string()))
        .filter(open())
        .filter(free_for(claim))
        .exec(transaction)
        .await?;
    if taken.rows_affected == 0 {
        return Ok(false);
    }
    bump(transaction, &project.0.to_string()).await?;
    Ok(true)
}

fn taking(claim: Claim) -> UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::ClaimedBy, Expr::value(claim.officer.0.to_string()))
        .col_expr(Column::ClaimedAt, Expr::value(claim.since.0))
        .col_expr(Column::ClaimedUntil, Expr::value(claim.until.0))
}

/// What is held of a case, as it stands.
async fn held(transaction: &DatabaseTransaction, session: SessionId) -> Result<Claim, StoreError> {
    Entity::find_by_id(session.0.to_string())
        .one(transaction)
        .await?
        .map(|row| of(&row))
        .transpose()?
        .flatten()
        .ok_or(ReviewRefusal::NotTaken.into())
}

/// The claim on a case, whether or not its time ran out.
pub(super) fn of(model: &Model) -> Result<Option<Claim>, StoreError> {
    let row = Row {
        table: "reviews",
        id: &model.session_id,
    };
    let (Some(officer), Some(since), Some(until)) =
        (&model.claimed_by, model.claimed_at, model.claimed_until)
    else {
        return Ok(None);
    };
    Ok(Some(Claim {
        officer: OfficerId(row.uuid("claimed_by", officer)?),
        since: Timestamp(since),
        until: Timestamp(until),
    }))
}

fn open() -> Condition {
    let states = ReviewState::OPEN.map(ReviewState::name);
    Condition::all().add(Column::State.is_in(states))
}

/// Nobody holds it at this moment, and the officer is not the one whose proposal it waits on.
fn free_for(claim: Claim) -> Condition {
    Condition::all()
        .add(
            Condition::any()
                .add(Column::ClaimedBy.is_null())
                .add(Column::ClaimedUntil.lte(claim.since.0)),
        )
        .add(
            Condition::any()
                .add(Column::ProposedBy.is_null())
                .add(Column::ProposedBy.ne(claim.officer.0.to_string())),
        )
}
