//! Verdicts with the signals they were made from, newest first and a page at a time: what a backtest reads.

use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
};

use crate::scoring::verdict::Outcome;
use crate::session::examination::{ExaminationScope, ExaminationStatus};
use crate::session::ids::{ExaminationId, ProjectId, SessionId};
use crate::session::time::{Span, Timestamp};
use crate::store::Store;
use crate::store::entity::examinations::{Column, Entity};
use crate::store::error::StoreError;
use crate::store::reading::Row;
use crate::store::seed_cases;

/// An examination that ended in a verdict.
pub struct JudgedRow {
    pub examination: ExaminationId,
    pub session: SessionId,
    pub finished_at: Timestamp,
    /// None where the signals are gone.
    pub kept: Option<KeptSignals>,
}

/// What a verdict was made from. It has no `Debug`: the signals are somebody's.
pub struct KeptSignals {
    pub scope: ExaminationScope,
    pub outcome: Outcome,
    /// As they stand in the database.
    pub json: String,
}

/// Where a page of examinations ended; the next one starts with the next older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub finished_at: Timestamp,
    pub examination: ExaminationId,
}

impl From<&JudgedRow> for Place {
    fn from(row: &JudgedRow) -> Self {
        Self {
            finished_at: row.finished_at,
            examination: row.examination,
        }
    }
}

/// The columns as they are read.
type Columns = (
    String,
    String,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<String>,
);

impl Store {
    /// A project's verdicts of a span, newest first, from a place on.
    pub async fn judged(
        &self,
        project: ProjectId,
        span: Span,
        after: Option<Place>,
        limit: u64,
    ) -> Result<Vec<JudgedRow>, StoreError> {
        let mut wanted =
            ended_in(project, span).filter(Column::Status.eq(ExaminationStatus::Done.name()));
        if let Some(place) = after {
            wanted = wanted.filter(older_than(place));
        }
        wanted
            .select_only()
            .columns([
                Column::Id,
                Column::SessionId,
                Column::FinishedAt,
                Column::Scope,
                Column::Outcome,
                Column::SignalsJson,
            ])
            .order_by_desc(Column::FinishedAt)
            .order_by_desc(Column::Id)
            .limit(limit)
            .into_tuple::<Columns>()
            .all(&self.database)
            .await?
            .into_iter()
            .map(read)
            .collect()
    }

    /// How many of a project's examinations ended in a span, in a verdict or without one.
    pub async fn ended(&self, project: ProjectId, span: Span) -> Result<u64, StoreError> {
        Ok(ended_in(project, span).count(&self.database).await?)
    }
}

fn ended_in(project: ProjectId, span: Span) -> Select<Entity> {
    Entity::find()
        .filter(Column::ProjectId.eq(project.0.to_string()))
        .filter(Column::FinishedAt.gte(span.from.0))
        .filter(Column::FinishedAt.lt(span.to.0))
        .filter(Column::SessionId.not_in_subquery(seed_cases::of_project(project)))
}

/// The first part says no more than the second; it is what the index can be searched by.
fn older_than(place: Place) -> Condition {
    let Place {
        finished_at,
        examination,
    } = place;
    Condition::all()
        .add(Column::FinishedAt.lte(finished_at.0))
        .add(
            Condition::any()
                .add(Column::FinishedAt.lt(finished_at.0))
                .add(Column::Id.lt(examination.0.to_string())),
        )
}

fn read(columns: Columns) -> Result<JudgedRow, StoreError> {
    let (id, session, finished_at, scope, outcome, signals_json) = columns;
    let row = Row {
        table: "examinations",
        id: &id,
    };
    let kept = match signals_json {
        None => None,
        Some(json) => {
            let scope = scope.as_deref().and_then(ExaminationScope::from_name);
            Some(KeptSignals {
                scope: row.known("scope", scope)?,
                outcome: row.known("outcome", outcome.as_deref().and_then(Outcome::from_name))?,
                json,
            })
        }
    };
    Ok(JudgedRow {
        examination: ExaminationId(row.uuid("id", &id)?),
        session: SessionId(row.uuid("session_id", &session)?),
        finished_at: Timestamp(row.known("finished_at", finished_at)?),
        kept,
    })
}
