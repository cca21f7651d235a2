//! The queue: examinations that wait, are leased to a worker, and end with their session's move.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, UpdateMany,
};
use uuid::Uuid;

use crate::scoring::signals::Signals;
use crate::scoring::verdict::{Outcome, Verdict};
use crate::session::examination::{
    Examination, ExaminationRecord, ExaminationScope, ExaminationStatus, Failure, Provenance,
    ShadowVerdict,
};
use crate::session::ids::{ExaminationId, ProjectId, SessionId};
use crate::session::review::VoidedBy;
use crate::session::status::Move;
use crate::session::time::Timestamp;
use crate::session::webhook::Event;
use crate::store::Store;
use crate::store::data_keys::DataKey;
use crate::store::database::{settle, take_queueing_turn};
use crate::store::entity::examinations::{Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::{Row, to_json, to_readable_json};
use crate::store::{
    audit, challenges, examinations, outbox, projects, reviews, sessions, shadow_verdicts,
    statistics, testimony, withdrawals,
};

/// How an examination ended: what was seen, what was made of it, and what that rests on.
#[derive(Clone, Debug)]
pub struct Judgement {
    pub report: Examination,
    pub signals: Signals,
    pub verdict: Verdict,
    pub provenance: Provenance,
    pub shadow: Option<ShadowVerdict>,
}

impl Judgement {
    fn written(
        &self,
        change: UpdateMany<Entity>,
        id: ExaminationId,
        key: &DataKey,
    ) -> Result<UpdateMany<Entity>, StoreError> {
        let report = to_readable_json("a report", &self.report)?;
        let row = id.0.to_string();
        let mut change = change
            .col_expr(Column::Status, status(ExaminationStatus::Done))
            .col_expr(Column::Outcome, Expr::value(self.verdict.outcome.name()));
        for (column, json) in [
            (
                Column::ReportJson,
                key.seal_text(examinations::report_place(&row), &report)?,
            ),
            (
                Column::SignalsJson,
                to_readable_json("the signals", &self.signals)?,
            ),
            (
                Column::VerdictJson,
                to_readable_json("a verdict", &self.verdict)?,
            ),
            (
                Column::ProvenanceJson,
                to_readable_json("a provenance", &self.provenance)?,
            ),
        ] {
            change = change.col_expr(column, Expr::value(json));
        }
        Ok(change)
    }
}

/// What is written of an examination that ends, and what becomes of its session.
struct Ending<'a> {
    change: UpdateMany<Entity>,
    session_move: Move,
    shadow: Option<&'a ShadowVerdict>,
}

/// Marks a row that no worker holds.
const NOBODY: Option<String> = None;
const NEVER: Option<i64> = None;

impl Store {
    /// Queues an examination of the evidence that a session has: its move and the row, or neither.
    pub async fn queue_examination(
        &self,
        record: &ExaminationRecord,
        max_queued: u64,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done = enqueue(&transaction, record, max_queued).await;
        settle(transaction, done).await
    }

    /// Leases the longest waiting examination to a worker, or one whose worker let its lease run
    /// out. Each lease counts as an attempt; how many are enough is for the worker to say.
    ///
    /// A look, then a conditional update: where somebody else was faster, the next one is tried.
    /// Locking the row while looking would not do, as SQLite knows no such lock.
    pub async fn claim_examination(
        &self,
        worker: Uuid,
        now: Timestamp,
        lease_ms: i64,
    ) -> Result<Option<ExaminationRecord>, StoreError> {
        self.claim(claimable(now), worker, now, lease_ms).await
    }

    /// The same among some of them.
    pub async fn claim_one_of(
        &self,
        some: &[ExaminationId],
        worker: Uuid,
        now: Timestamp,
        lease_ms: i64,
    ) -> Result<Option<ExaminationRecord>, StoreError> {
        let some = Column::Id.is_in(some.iter().map(|id| id.0.to_string()));
        let among = Condition::all().add(claimable(now)).add(some);
        self.claim(among, worker, now, lease_ms).await
    }

    async fn claim(
        &self,
        among: Condition,
        worker: Uuid,
        now: Timestamp,
        lease_ms: i64,
    ) -> Result<Option<ExaminationRecord>, StoreError> {
        loop {
            let waiting = Entity::find()
                .filter(among.clone())
                .order_by_asc(Column::QueuedAt)
                .order_by_asc(Column::Id)
                .one(&self.database)
                .await?;
            let Some(mut model) = waiting else {
                return Ok(None);
            };
            let claimed = Entity::update_many()
                .col_expr(Column::Status, status(ExaminationStatus::Running))
                .col_expr(Column::Worker, Expr::value(worker.to_string()))
                .col_expr(Column::LeaseUntil, Expr::value(now.plus(lease_ms).0))
                .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
                .filter(Column::Id.eq(model.id.clone()))
                .filter(Column::Attempts.eq(model.attempts))
                .filter(claimable(now))
                .exec(&self.database)
                .await?;
            if claimed.rows_affected > 0 {
                ExaminationStatus::Running
                    .name()
                    .clone_into(&mut model.status);
                model.attempts = model.attempts.saturating_add(1);
                // What waits has no report yet.
                return examinations::read(&model, None).map(Some);
            }
        }
    }

    /// Keeps a lease alive; false where the worker holds it no more.
    pub async fn renew_lease(
        &self,
        id: ExaminationId,
        worker: Uuid,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let renewed = held(id, worker)
            .col_expr(Column::LeaseUntil, Expr::value(until.0))
            .exec(&self.database)
            .await?;
        Ok(renewed.rows_affected > 0)
    }

    /// Keeps what was found and judges the session; false where the worker holds the lease no more.
    ///
    /// A lease that has run out still counts until somebody else takes it: the work is done.
    pub async fn finish_examination(
        &self,
        id: ExaminationId,
        worker: Uuid,
        judgement: &Judgement,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(session) = self.session_of(id).await? else {
            return Ok(false);
        };
        // Who was erased meanwhile is written of no more, and nobody holds their examination.
        let Some(key) = self.vault.session_key(&self.database, session).await? else {
            return Ok(false);
        };
        let ending = judgement.written(held(id, worker), id, &key)?;
        let ending = Ending {
            change: ending,
            session_move: Move::Judge,
            shadow: judgement.shadow.as_ref(),
        };
        self.end(id, session, ending, now).await
    }

    /// Keeps why there is no verdict; false where the worker holds the lease no more.
    pub async fn fail_examination(
        &self,
        id: ExaminationId,
        worker: Uuid,
        failure: &Failure,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(session) = self.session_of(id).await? else {
            return Ok(false);
        };
        let change = held(id, worker)
            .col_expr(Column::Status, status(ExaminationStatus::Failed))
            .col_expr(Column::Failure, Expr::value(to_json("a failure", failure)?));
        let ending = Ending {
            change,
            session_move: Move::Fail,
            shadow: None,
        };
        self.end(id, session, ending, now).await
    }

    /// Gives an examination back for another attempt; the one that broke off stays counted.
    pub async fn release_examination(
        &self,
        id: ExaminationId,
        worker: Uuid,
    ) -> Result<bool, StoreError> {
        let released = released(id, worker, NEVER).exec(&self.database).await?;
        Ok(released.rows_affected > 0)
    }

    /// Gives an examination back as if it had not been tried: what it needs cannot be reached just now. Nobody takes it
    /// before that moment, so that it keeps no other from its turn.
    pub async fn postpone_examination(
        &self,
        id: ExaminationId,
        worker: Uuid,
        not_before: Timestamp,
    ) -> Result<bool, StoreError> {
        let released = released(id, worker, Some(not_before.0))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).sub(1))
            .exec(&self.database)
            .await?;
        Ok(released.rows_affected > 0)
    }

    /// Refuses a session that was examined as often as its project allows, before anything is
    /// stored for it; asked again when its examination is queued.
    pub async fn refuse_when_used_up(
        &self,
        project: ProjectId,
        session: SessionId,
    ) -> Result<(), StoreError> {
        refuse_when_used_up(&self.database, project, session).await
    }

    /// How many examinations wait for a worker.
    pub async fn queued(&self) -> Result<u64, StoreError> {
        count_queued(&self.database).await
    }

    async fn session_of(&self, id: ExaminationId) -> Result<Option<SessionId>, StoreError> {
        let model = Entity::find_by_id(id.0.to_string())
            .one(&self.database)
            .await?;
        let found = model.map(|model| belonging(&model)).transpose()?;
        Ok(found.map(|(_, session)| session))
    }

    /// Ends an examination and moves its session, or neither.
    async fn end(
        &self,
        id: ExaminationId,
        session: SessionId,
        ending: Ending<'_>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Ending {
            change,
            session_move,
            shadow,
        } = ending;
        let change = change
            .col_expr(Column::FinishedAt, Expr::value(now.0))
            // A caller chose the identifier of the request: it goes when it has served.
            .col_expr(Column::Cause, Expr::value(NOBODY))
            .col_expr(Column::Worker, Expr::value(NOBODY))
            .col_expr(Column::LeaseUntil, Expr::value(NEVER));
        let transaction = self.begin().await?;
        let done = async {
            // The session before its examination, as whoever takes a consent back or erases does it.
            sessions::locked(&transaction, session).await?;
            if change.exec(&transaction).await?.rows_affected == 0 {
                return Ok(false);
            }
            let ended = ended(&transaction, id).await?;
            let (project, _) = belonging(&ended)?;
            sessions::make_move(&transaction, session, session_move, now).await?;
            if let Some(shadow) = shadow {
                shadow_verdicts::insert(&transaction, project, id, shadow).await?;
            }
            reviews::examined(&transaction, &ended, now).await?;
            statistics::count_wait(&transaction, &ended, now).await?;
            if session_move == Move::Judge {
                let entry = testimony::of_judgement(&ended, now)?;
                audit::append(&transaction, &entry).await?;
            }
            let event = event(&ended, session, session_move, now)?;
            outbox::announce(&transaction, project, &event).await?;
            Ok(true)
        }
        .await;
        settle(transaction, done).await
    }
}

/// Moves the session and adds the row, where the queue has room for it.
pub(super) async fn enqueue(
    transaction: &DatabaseTransaction,
    record: &ExaminationRecord,
    max_queued: u64,
) -> Result<(), StoreError> {
    // Before the session's row is locked, as whoever takes a consent back does it.
    take_queueing_turn(transaction).await?;
    sessions::make_move(
        transaction,
        record.session,
        Move::RequestExamination,
        record.queued_at,
    )
    .await?;
    withdrawals::refuse_withdrawn(transaction, record.session).await?;
    refuse_when_used_up(transaction, record.project, record.session).await?;
    let by = VoidedBy::AnotherExamination;
    reviews::leave_queue(transaction, record.session, by, record.queued_at).await?;
    let queued = count_queued(transaction).await?;
    if queued >= max_queued {
        return Err(StoreError::QueueFull {
            queued,
            limit: max_queued,
        });
    }
    if record.order.scope == ExaminationScope::Everything {
        let challenge = record.order.challenge.as_ref();
        challenges::use_up(transaction, record.session, challenge, record.queued_at).await?;
    }
    examinations::insert(transaction, record).await
}

/// Refuses a session that was examined as often as its project allows. The faults of the service
/// are not counted against the applicant.
pub(super) async fn refuse_when_used_up<C: ConnectionTrait>(
    connection: &C,
    project: ProjectId,
    session: SessionId,
) -> Result<(), StoreError> {
    let settings = projects::settings(connection, project).await?;
    let Some(most) = settings.max_examinations else {
        return Ok(());
    };
    let ended: Vec<(String, Option<String>)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Failure])
        .filter(Column::SessionId.eq(session.0.to_string()))
        .filter(Column::Status.is_in([
            ExaminationStatus::Done.name(),
            ExaminationStatus::Failed.name(),
        ]))
        .into_tuple()
        .all(connection)
        .await?;
    let mut count = 0;
    for (id, failure) in &ended {
        let row = Row {
            table: "examinations",
            id,
        };
        let failure: Option<Failure> = row.json_if_any("failure", failure.as_deref())?;
        if failure.is_none_or(|failure| failure.by_evidence) {
            count += 1;
        }
    }
    if count >= most as usize {
        return Err(StoreError::ExaminationsUsedUp { count });
    }
    Ok(())
}

async fn count_queued<C: ConnectionTrait>(connection: &C) -> Result<u64, StoreError> {
    Ok(Entity::find()
        .filter(Column::Status.eq(ExaminationStatus::Queued.name()))
        .count(connection)
        .await?)
}

async fn ended<C: ConnectionTrait>(connection: &C, id: ExaminationId) -> Result<Model, StoreError> {
    Entity::find_by_id(id.0.to_string())
        .one(connection)
        .await?
        .ok_or(StoreError::NotFound {
            what: "examination",
        })
}

/// What is told of an examination that ended.
fn event(
    ended: &Model,
    session: SessionId,
    session_move: Move,
    now: Timestamp,
) -> Result<Event, StoreError> {
    let row = Row {
        table: "examinations",
        id: &ended.id,
    };
    let id = ExaminationId(row.uuid("id", &ended.id)?);
    if session_move != Move::Judge {
        return Ok(Event::failed(session, id, now));
    }
    let outcome = ended.outcome.as_deref().map(Outcome::from_name);
    let outcome = outcome
        .map(|known| row.known("outcome", known))
        .transpose()?;
    Ok(Event::judged(session, id, outcome, now))
}

fn belonging(model: &Model) -> Result<(ProjectId, SessionId), StoreError> {
    let row = Row {
        table: "examinations",
        id: &model.id,
    };
    Ok((
        ProjectId(row.uuid("project_id", &model.project_id)?),
        SessionId(row.uuid("session_id", &model.session_id)?),
    ))
}

/// Rows that a worker may take: none that waits for its moment, or that a worker keeps its lease of.
fn claimable(now: Timestamp) -> Condition {
    let due = Condition::any()
        .add(Column::LeaseUntil.is_null())
        .add(Column::LeaseUntil.lte(now.0));
    Condition::any()
        .add(
            Condition::all()
                .add(Column::Status.eq(ExaminationStatus::Queued.name()))
                .add(due),
        )
        .add(
            Condition::all()
                .add(Column::Status.eq(ExaminationStatus::Running.name()))
                .add(Column::LeaseUntil.lte(now.0)),
        )
}

/// A change to the row that this worker holds.
fn held(id: ExaminationId, worker: Uuid) -> UpdateMany<Entity> {
    Entity::update_many()
        .filter(Column::Id.eq(id.0.to_string()))
        .filter(Column::Worker.eq(worker.to_string()))
        .filter(Column::Status.eq(ExaminationStatus::Running.name()))
}

/// Puts the row back into the queue, to be taken at once or not before a moment.
fn released(id: ExaminationId, worker: Uuid, not_before: Option<i64>) -> UpdateMany<Entity> {
    held(id, worker)
        .col_expr(Column::Status, status(ExaminationStatus::Queued))
        .col_expr(Column::Worker, Expr::value(NOBODY))
        .col_expr(Column::LeaseUntil, Expr::value(not_before))
}

fn status(status: ExaminationStatus) -> Expr {
    Expr::value(status.name())
}
