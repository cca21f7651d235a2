//! What is to be posted, a call's result or a project's event: rows that are tried until they are taken, and kept for a while.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::session::audit::AuditEntry;
use crate::session::delivery::DeliveryState;
use crate::session::ids::{CallbackId, EndpointId, ProjectId};
use crate::session::time::Timestamp;
use crate::session::webhook::{Event, EventKind};
use crate::store::database::settle;
use crate::store::entity::callbacks::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::Row;
use crate::store::webhooks::Asking;
use crate::store::{Store, audit, outbox, webhooks};

/// A result or an event on its way. Its `Debug` shows neither address nor body.
#[derive(Clone, PartialEq, Eq)]
pub struct Callback {
    pub id: CallbackId,
    pub project: ProjectId,
    pub address: String,
    pub body: String,
    /// The endpoint that an event goes to, whose secrets sign it; none for a call's result.
    pub endpoint: Option<EndpointId>,
    /// What happened; none for a call's result.
    pub event: Option<EventKind>,
    /// Those of one lane take turns: it is the endpoint, or host and port of the address.
    pub lane: String,
    /// How often it was tried.
    pub attempts: u32,
    /// The next try, or while one runs, the moment from which it counts as broken off.
    pub next_at: Timestamp,
    pub state: DeliveryState,
    pub queued_at: Timestamp,
    /// When it was taken or given up.
    pub ended_at: Option<Timestamp>,
    /// Why the last try failed; it names neither address nor body.
    pub last_error: Option<String>,
}

impl std::fmt::Debug for Callback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Callback({}, …)", self.id)
    }
}

/// What is posted to, or for, so much now that it is passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Full {
    pub lanes: Vec<String>,
    pub projects: Vec<ProjectId>,
}

impl Store {
    pub async fn queue_callback(&self, callback: &Callback) -> Result<(), StoreError> {
        insert(&self.database, callback).await
    }

    /// Has an event posted to one endpoint, whether it asks for such events or not.
    pub async fn queue_event(&self, to: EndpointId, event: &Event) -> Result<(), StoreError> {
        let endpoint = self.endpoint(to).await?;
        let endpoint = endpoint.ok_or(StoreError::NotFound { what: "webhook" })?;
        insert(&self.database, &outbox::to(&Asking::from(&endpoint), event)).await
    }

    /// Takes the callback that has been due the longest, of no lane and no project that is full; nobody else takes it
    /// until `lease_until`.
    pub async fn claim_callback(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        full: &Full,
    ) -> Result<Option<Callback>, StoreError> {
        let projects = full.projects.iter().map(|project| project.0.to_string());
        let projects: Vec<String> = projects.collect();
        loop {
            let due = Entity::find()
                .filter(Column::State.eq(DeliveryState::Waiting.name()))
                .filter(Column::NextAt.lte(now.0))
                .filter(Column::Lane.is_not_in(&full.lanes))
                .filter(Column::ProjectId.is_not_in(&projects))
                .order_by_asc(Column::NextAt)
                .order_by_asc(Column::Id)
                .one(&self.database)
                .await?;
            let Some(due) = due else { return Ok(None) };
            let claimed = Entity::update_many()
                .col_expr(Column::NextAt, Expr::value(lease_until.0))
                .col_expr(Column::Attempts, Expr::value(due.attempts + 1))
                .filter(Column::Id.eq(due.id.clone()))
                .filter(Column::State.eq(DeliveryState::Waiting.name()))
                .filter(Column::NextAt.eq(due.next_at))
                .filter(Column::Attempts.eq(due.attempts))
                .exec(&self.database)
                .await?;
            if claimed.rows_affected == 1 {
                let mut callback = read(due)?;
                callback.attempts += 1;
                callback.next_at = lease_until;
                return Ok(Some(callback));
            }
        }
    }

    /// Notes a failed try, and tries again later.
    ///
    /// Nothing is noted where the row was claimed anew meanwhile: it is no longer this try's.
    pub async fn delay_callback(
        &self,
        claimed: &Callback,
        until: Timestamp,
        error: &str,
    ) -> Result<(), StoreError> {
        Entity::update_many()
            .col_expr(Column::NextAt, Expr::value(until.0))
            .col_expr(Column::LastError, Expr::value(error))
            .filter(Column::Id.eq(claimed.id.0.to_string()))
            .filter(Column::Attempts.eq(i64::from(claimed.attempts)))
            .filter(Column::NextAt.eq(claimed.next_at.0))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// Ends a callback: it was taken, or is given up for this reason.
    pub async fn end_callback(
        &self,
        claimed: &Callback,
        ended_at: Timestamp,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        let state = match error {
            None => DeliveryState::Taken,
            Some(_) => DeliveryState::GivenUp,
        };
        Entity::update_many()
            .col_expr(Column::State, Expr::value(state.name()))
            .col_expr(Column::EndedAt, Expr::value(ended_at.0))
            .col_expr(Column::LastError, Expr::value(error.map(str::to_owned)))
            .filter(Column::Id.eq(claimed.id.0.to_string()))
            .filter(Column::Attempts.eq(i64::from(claimed.attempts)))
            .filter(Column::NextAt.eq(claimed.next_at.0))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// A page of a project's callbacks, newest first: those older than `before`.
    pub async fn callbacks(
        &self,
        project: ProjectId,
        before: Option<CallbackId>,
        limit: u64,
    ) -> Result<Vec<Callback>, StoreError> {
        let mut wanted = Entity::find().filter(Column::ProjectId.eq(project.0.to_string()));
        if let Some(before) = before {
            wanted = wanted.filter(Column::Id.lt(before.0.to_string()));
        }
        wanted
            .order_by_desc(Column::Id)
            .limit(limit)
            .all(&self.database)
            .await?
            .into_iter()
            .map(read)
            .collect()
    }

    /// Has a project's callback posted again from the start; false where there is none.
    pub async fn replay_callback(
        &self,
        project: ProjectId,
        id: CallbackId,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            refuse_without_endpoint(&transaction, project, id).await?;
            let replayed = Entity::update_many()
                .col_expr(Column::State, Expr::value(DeliveryState::Waiting.name()))
                .col_expr(Column::Attempts, Expr::value(0))
                .col_expr(Column::NextAt, Expr::value(entry.at.0))
                .col_expr(Column::EndedAt, Expr::value(None::<i64>))
                .filter(Column::Id.eq(id.0.to_string()))
                .filter(Column::ProjectId.eq(project.0.to_string()))
                .exec(&transaction)
                .await?;
            if replayed.rows_affected == 0 {
                return Ok(false);
            }
            audit::append(&transaction, entry).await?;
            Ok(true)
        }
        .await;
        settle(transaction, done).await
    }

    /// Forgets callbacks that ended before a moment.
    pub async fn forget_callbacks(&self, ended_before: Timestamp) -> Result<u64, StoreError> {
        let forgotten = Entity::delete_many()
            .filter(Column::EndedAt.lt(ended_before.0))
            .exec(&self.database)
            .await?;
        Ok(forgotten.rows_affected)
    }

    /// Since when the longest overdue callback has been due, where any is.
    pub async fn oldest_due_callback(
        &self,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let oldest: Option<i64> = Entity::find()
            .filter(Column::State.eq(DeliveryState::Waiting.name()))
            .filter(Column::NextAt.lte(now.0))
            .order_by_asc(Column::NextAt)
            .select_only()
            .column(Column::NextAt)
            .into_tuple()
            .one(&self.database)
            .await?;
        Ok(oldest.map(Timestamp))
    }

    /// How many callbacks are on their way, and how many of them are due.
    pub async fn count_callbacks(&self, now: Timestamp) -> Result<(u64, u64), StoreError> {
        let waiting = Entity::find().filter(Column::State.eq(DeliveryState::Waiting.name()));
        let due = waiting.clone().filter(Column::NextAt.lte(now.0));
        Ok((
            waiting.count(&self.database).await?,
            due.count(&self.database).await?,
        ))
    }
}

/// Keeps a callback.
pub(super) async fn insert<C: ConnectionTrait>(
    connection: &C,
    callback: &Callback,
) -> Result<(), StoreError> {
    Entity::insert(ActiveModel {
        id: Set(callback.id.0.to_string()),
        project_id: Set(callback.project.0.to_string()),
        address: Set(callback.address.clone()),
        body: Set(callback.body.clone()),
        endpoint_id: Set(callback.endpoint.map(|id| id.0.to_string())),
        event: Set(callback.event.map(|kind| kind.name().to_owned())),
        lane: Set(callback.lane.clone()),
        attempts: Set(0),
        next_at: Set(callback.next_at.0),
        state: Set(callback.state.name().to_owned()),
        queued_at: Set(callback.queued_at.0),
        ended_at: Set(None),
        last_error: Set(None),
    })
    .exec_without_returning(connection)
    .await?;
    Ok(())
}

/// Gives up everything that is on its way to an endpoint.
pub(super) async fn give_up_all(
    transaction: &DatabaseTransaction,
    endpoint: EndpointId,
    now: Timestamp,
    why: &str,
) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(DeliveryState::GivenUp.name()))
        .col_expr(Column::EndedAt, Expr::value(now.0))
        .col_expr(Column::LastError, Expr::value(why))
        .filter(Column::EndpointId.eq(endpoint.0.to_string()))
        .filter(Column::State.eq(DeliveryState::Waiting.name()))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Refuses to post an event again whose endpoint was removed or disabled since: nothing would sign it.
async fn refuse_without_endpoint(
    transaction: &DatabaseTransaction,
    project: ProjectId,
    id: CallbackId,
) -> Result<(), StoreError> {
    let endpoint: Option<Option<String>> = Entity::find_by_id(id.0.to_string())
        .filter(Column::ProjectId.eq(project.0.to_string()))
        .select_only()
        .column(Column::EndpointId)
        .into_tuple()
        .one(transaction)
        .await?;
    match endpoint.flatten() {
        Some(endpoint) if !webhooks::is_live(transaction, &endpoint).await? => {
            Err(StoreError::EndpointGone)
        }
        _ => Ok(()),
    }
}

fn read(model: Model) -> Result<Callback, StoreError> {
    let row = Row {
        table: "callbacks",
        id: &model.id,
    };
    Ok(Callback {
        id: CallbackId(row.uuid("id", &model.id)?),
        project: ProjectId(row.uuid("project_id", &model.project_id)?),
        attempts: row.known("attempts", u32::try_from(model.attempts).ok())?,
        next_at: Timestamp(model.next_at),
        state: row.known("state", DeliveryState::from_name(&model.state))?,
        queued_at: Timestamp(model.queued_at),
        ended_at: model.ended_at.map(Timestamp),
        last_error: model.last_error,
        endpoint: model
            .endpoint_id
            .as_deref()
            .map(|id| row.uuid("endpoint_id", id).map(EndpointId))
            .transpose()?,
        event: model
            .event
            .as_deref()
            .map(|name| row.known("event", EventKind::from_name(name)))
            .transpose()?,
        lane: model.lane,
        address: model.address,
        body: model.body,
    })
}
