//! What the overview counts: results and waits by day and bin, and codes. Each count is read off an index.
//!
//! Quantiles are read from bins, as no function of them is known to both databases; the bins are
//! columns, written with the row, so that neither database computes or sorts anything.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
};

use crate::scoring::reasons::ReasonCode;
use crate::scoring::verdict::Outcome;
use crate::session::histogram::{day_of, wait_bin_of};
use crate::session::ids::{ProjectId, SessionId};
use crate::session::time::{Span, Timestamp};
use crate::store::entity::{examinations, review_reasons, reviews};
use crate::store::error::StoreError;
use crate::store::reading::Row;
use crate::store::{Store, seed_cases};

/// Days, both included, counted from 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    pub first: i64,
    pub last: i64,
}

/// A number of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// How well the faces match.
    Score,
    Liveness,
}

/// Cases that are alike: of one day, one outcome and one bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResultCell {
    pub day: i64,
    /// None where the newest examination failed.
    pub outcome: Option<Outcome>,
    /// None where there is no such number.
    pub bin: Option<usize>,
    pub count: u64,
}

/// Examinations that ended on one day after about the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitCell {
    pub day: i64,
    pub bin: usize,
    pub count: u64,
}

impl Store {
    /// A project's cases by the day of their newest result, its outcome and one of its numbers.
    pub async fn results_by_day(
        &self,
        project: ProjectId,
        days: Days,
        measure: Measure,
    ) -> Result<Vec<ResultCell>, StoreError> {
        use reviews::{Column, Entity};
        let bin = match measure {
            Measure::Score => Column::ScoreBin,
            Measure::Liveness => Column::LivenessBin,
        };
        let rows: Vec<(i64, Option<String>, Option<i64>, i64)> = Entity::find()
            .select_only()
            .columns([Column::Day, Column::Outcome, bin])
            .column_as(Expr::cust("COUNT(*)"), "count")
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .filter(Column::Day.between(days.first, days.last))
            .group_by(Column::Day)
            .group_by(Column::Outcome)
            .group_by(bin)
            .into_tuple()
            .all(&self.database)
            .await?;
        rows.into_iter()
            .map(|(day, outcome, bin, count)| {
                let outcome = outcome.map(|name| {
                    let row = Row {
                        table: "reviews",
                        id: "counted",
                    };
                    row.known("outcome", Outcome::from_name(&name))
                });
                Ok(ResultCell {
                    day,
                    outcome: outcome.transpose()?,
                    bin: bin.and_then(|bin| usize::try_from(bin).ok()),
                    count: count.unsigned_abs(),
                })
            })
            .collect()
    }

    /// A project's examinations by the day on which they ended, and how long that was after they were asked for.
    pub async fn waits_by_day(
        &self,
        project: ProjectId,
        days: Days,
    ) -> Result<Vec<WaitCell>, StoreError> {
        use examinations::{Column, Entity};
        let rows: Vec<(i64, i64, i64)> = Entity::find()
            .select_only()
            .columns([Column::FinishedDay, Column::WaitBin])
            .column_as(Expr::cust("COUNT(*)"), "count")
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .filter(Column::FinishedDay.between(days.first, days.last))
            .group_by(Column::FinishedDay)
            .group_by(Column::WaitBin)
            .into_tuple()
            .all(&self.database)
            .await?;
        Ok(rows
            .into_iter()
            .map(|(day, bin, count)| WaitCell {
                day,
                bin: usize::try_from(bin).unwrap_or(0),
                count: count.unsigned_abs(),
            })
            .collect())
    }

    /// The codes that most of a project's cases of a span bear, and how many bear each.
    pub async fn most_frequent_reasons(
        &self,
        project: ProjectId,
        span: Span,
        limit: u64,
    ) -> Result<Vec<(ReasonCode, u64)>, StoreError> {
        use review_reasons::{Column, Entity};
        let rows: Vec<(String, i64)> = Entity::find()
            .select_only()
            .column(Column::Code)
            .column_as(Expr::cust("COUNT(*)"), "count")
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .filter(Column::EnteredAt.gte(span.from.0))
            .filter(Column::EnteredAt.lt(span.to.0))
            .filter(Column::SessionId.not_in_subquery(seed_cases::of_project(project)))
            .group_by(Column::Code)
            .order_by(Expr::cust("COUNT(*)"), Order::Desc)
            .order_by_asc(Column::Code)
            .limit(limit)
            .into_tuple()
            .all(&self.database)
            .await?;
        rows.into_iter()
            .map(|(code, count)| {
                let row = Row {
                    table: "review_reasons",
                    id: &code,
                };
                let code = row.known("code", ReasonCode::from_name(&code))?;
                Ok((code, count.unsigned_abs()))
            })
            .collect()
    }
}

/// Notes when an examination ended and how long that took.
pub(super) async fn count_wait(
    transaction: &DatabaseTransaction,
    ended: &examinations::Model,
    now: Timestamp,
) -> Result<(), StoreError> {
    use examinations::{Column, Entity};
    let wait = now.0.saturating_sub(ended.queued_at);
    Entity::update_many()
        .col_expr(Column::FinishedDay, Expr::value(day_of(now)))
        .col_expr(Column::WaitBin, Expr::value(wait_bin_of(wait)))
        .filter(Column::Id.eq(ended.id.as_str()))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Leaves a case out of every count.
pub(super) async fn leave_out(
    transaction: &DatabaseTransaction,
    session: SessionId,
) -> Result<(), StoreError> {
    use reviews::{Column, Entity};
    Entity::update_many()
        .col_expr(Column::Day, Expr::value(None::<i64>))
        .filter(Column::SessionId.eq(session.0.to_string()))
        .exec(transaction)
        .await?;
    Ok(())
}
