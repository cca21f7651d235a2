//! What a version said in the shadow beside what counted, session by session.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, JoinType, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryResult, QuerySelect};

use crate::scoring::verdict::{Outcome, Verdict};
use crate::session::ids::{ExaminationId, ProjectId, SessionId};
use crate::session::time::{Span, Timestamp};
use crate::session::verdict_table::VerdictTable;
use crate::store::Store;
use crate::store::backtest::Place;
use crate::store::entity::examinations;
use crate::store::error::StoreError;
use crate::store::reading::Row;

/// Whose shadow is looked at, and when.
#[derive(Clone, Copy, Debug)]
pub struct ShadowSpan {
    pub project: ProjectId,
    pub version: u32,
    pub span: Span,
}

/// A session that the version in the shadow judged otherwise.
#[derive(Clone, Debug)]
pub struct ShadowDifference {
    pub session: SessionId,
    pub examination: ExaminationId,
    pub finished_at: Timestamp,
    /// The outcome that counts.
    pub counting: Outcome,
    pub shadow: Verdict,
}

impl Store {
    /// Sessions by the outcome that counts and the outcome in the shadow; each by its newest
    /// examination that the version saw.
    pub async fn shadow_table(&self, wanted: ShadowSpan) -> Result<VerdictTable, StoreError> {
        let outcomes = [("e", "outcome"), ("s", "outcome")];
        let mut counting = seen(wanted);
        counting
            .expr_as(Expr::col(outcomes[0]), "counting")
            .expr_as(Expr::col(outcomes[1]), "shadow")
            .expr_as(Func::count(Expr::col(("e", "id"))), "sessions")
            .group_by_columns(outcomes);
        let mut table = VerdictTable::default();
        for row in self.database.query_all(&counting).await? {
            let sessions: i64 = row.try_get("", "sessions")?;
            table.add(
                outcome(&row, "counting")?,
                outcome(&row, "shadow")?,
                sessions.unsigned_abs(),
            );
        }
        Ok(table)
    }

    /// Sessions that the version judged otherwise than it counts, newest first, from a place on.
    pub async fn shadow_differences(
        &self,
        wanted: ShadowSpan,
        after: Option<Place>,
        limit: u64,
    ) -> Result<Vec<ShadowDifference>, StoreError> {
        let mut differing = seen(wanted);
        differing
            .columns([
                ("e", "id"),
                ("e", "session_id"),
                ("e", "finished_at"),
                ("s", "verdict_json"),
            ])
            .expr_as(Expr::col(("e", "outcome")), "counting")
            .and_where(Expr::col(("e", "outcome")).ne(Expr::col(("s", "outcome"))))
            .order_by(("e", "finished_at"), Order::Desc)
            .order_by(("e", "id"), Order::Desc)
            .limit(limit);
        if let Some(place) = after {
            differing.and_where(
                Expr::col(("e", "finished_at"))
                    .lt(place.finished_at.0)
                    .or(Expr::col(("e", "finished_at"))
                        .eq(place.finished_at.0)
                        .and(Expr::col(("e", "id")).lt(place.examination.0.to_string()))),
            );
        }
        let rows = self.database.query_all(&differing).await?;
        rows.iter().map(read).collect()
    }

    /// Where a project's examination stands among those that ended.
    pub async fn place_of(
        &self,
        project: ProjectId,
        examination: ExaminationId,
    ) -> Result<Option<Place>, StoreError> {
        let finished_at = examinations::Entity::find_by_id(examination.0.to_string())
            .filter(examinations::Column::ProjectId.eq(project.0.to_string()))
            .select_only()
            .column(examinations::Column::FinishedAt)
            .into_tuple::<Option<i64>>()
            .one(&self.database)
            .await?
            .flatten();
        Ok(finished_at.map(|at| Place {
            finished_at: Timestamp(at),
            examination,
        }))
    }
}

/// The examinations that the version saw, a session's newest alone.
fn seen(wanted: ShadowSpan) -> SelectStatement {
    let mut seen = verdicts("e", "s", wanted);
    let mut newer = verdicts("e2", "s2", wanted);
    newer
        .expr(Expr::value(1))
        .and_where(Expr::col(("e2", "session_id")).equals(("e", "session_id")))
        .and_where(
            Expr::col(("e2", "finished_at"))
                .gt(Expr::col(("e", "finished_at")))
                .or(Expr::col(("e2", "finished_at"))
                    .equals(("e", "finished_at"))
                    .and(Expr::col(("e2", "id")).gt(Expr::col(("e", "id"))))),
        );
    seen.and_where(Expr::exists(newer).not());
    seen
}

/// The version's verdicts of the span, beside the examinations they are about.
fn verdicts(
    examination: &'static str,
    shadow: &'static str,
    wanted: ShadowSpan,
) -> SelectStatement {
    let mut verdicts = Query::select();
    verdicts
        .from_as("shadow_verdicts", shadow)
        .join_as(
            JoinType::InnerJoin,
            "examinations",
            Alias::new(examination),
            Expr::col((examination, "id")).equals((shadow, "examination_id")),
        )
        .and_where(Expr::col((shadow, "project_id")).eq(wanted.project.0.to_string()))
        .and_where(Expr::col((shadow, "number")).eq(i64::from(wanted.version)))
        .and_where(Expr::col((examination, "outcome")).is_not_null())
        .and_where(Expr::col((examination, "finished_at")).gte(wanted.span.from.0))
        .and_where(Expr::col((examination, "finished_at")).lt(wanted.span.to.0));
    verdicts
}

fn read(row: &QueryResult) -> Result<ShadowDifference, StoreError> {
    let id: String = row.try_get("", "id")?;
    let session: String = row.try_get("", "session_id")?;
    let shadow: String = row.try_get("", "verdict_json")?;
    let examination = Row {
        table: "examinations",
        id: &id,
    };
    let verdict = Row {
        table: "shadow_verdicts",
        id: &id,
    };
    Ok(ShadowDifference {
        session: SessionId(examination.uuid("session_id", &session)?),
        examination: ExaminationId(examination.uuid("id", &id)?),
        finished_at: Timestamp(row.try_get("", "finished_at")?),
        counting: outcome(row, "counting")?,
        shadow: verdict.json("verdict_json", &shadow)?,
    })
}

fn outcome(row: &QueryResult, column: &'static str) -> Result<Outcome, StoreError> {
    let name: String = row.try_get("", column)?;
    let counts = Row {
        table: "shadow_verdicts",
        id: "counted",
    };
    counts.known(column, Outcome::from_name(&name))
}
