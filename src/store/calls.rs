//! The log of calls: a row is made when a call is let in and completed when it is answered.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::session::call::{CallRecord, DayOfCalls};
use crate::session::ids::{CallId, ProjectId};
use crate::session::project::Dialect;
use crate::session::time::{Span, Timestamp};
use crate::store::Store;
use crate::store::database::settle;
use crate::store::entity::calls::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::Row;
use crate::store::usage::{Counted, count};

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Store {
    /// Logs and counts a call that is let in, unless the project has used up its calls.
    pub async fn begin_call(
        &self,
        project: ProjectId,
        call: &CallRecord,
        limit: Option<u64>,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            count(&transaction, project, Counted::Calls, 1, limit).await?;
            Entity::insert(ActiveModel {
                id: Set(call.id.0.to_string()),
                project_id: Set(project.0.to_string()),
                at: Set(call.at.0),
                dialect: Set(call.dialect.clone()),
                endpoint: Set(call.endpoint.clone()),
                reference: Set(call.reference.clone()),
                outcome: Set(call.outcome.clone()),
            })
            .exec_without_returning(&transaction)
            .await?;
            Ok(())
        }
        .await;
        settle(transaction, done).await
    }

    /// Completes a call's row: what was answered, and the caller's own number for it.
    pub async fn end_call(
        &self,
        id: CallId,
        outcome: &str,
        reference: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut update = Entity::update_many()
            .col_expr(Column::Outcome, Expr::value(outcome))
            .filter(Column::Id.eq(id.0.to_string()));
        if let Some(reference) = reference {
            update = update.col_expr(Column::Reference, Expr::value(reference));
        }
        update.exec(&self.database).await?;
        Ok(())
    }

    /// A project's calls, newest first; those of one reference when it is given.
    pub async fn calls(
        &self,
        project: ProjectId,
        reference: Option<&str>,
        limit: u64,
    ) -> Result<Vec<CallRecord>, StoreError> {
        let mut wanted = Entity::find().filter(Column::ProjectId.eq(project.0.to_string()));
        if let Some(reference) = reference {
            wanted = wanted.filter(Column::Reference.eq(reference));
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

    /// A project's calls of a span by day (UTC) and dialect.
    pub async fn calls_by_day(
        &self,
        project: ProjectId,
        span: Span,
    ) -> Result<Vec<DayOfCalls>, StoreError> {
        // Spelt out: a bound number would make two expressions of one for PostgreSQL.
        let day = Expr::cust("\"at\" / 86400000");
        let counted = Entity::find()
            .select_only()
            .column_as(day.clone(), "day")
            .column(Column::Dialect)
            .column_as(Column::Id.count(), "calls")
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .filter(Column::At.gte(span.from.0))
            .filter(Column::At.lt(span.to.0))
            .group_by(day)
            .group_by(Column::Dialect)
            .into_tuple::<(i64, String, i64)>()
            .all(&self.database)
            .await?;
        let days = counted.into_iter().map(|(day, dialect, calls)| {
            let row = Row {
                table: "calls",
                id: "counted",
            };
            Ok(DayOfCalls {
                day: Timestamp(day.saturating_mul(DAY_MS)),
                dialect: row.known("dialect", Dialect::from_name(&dialect))?,
                calls: calls.unsigned_abs(),
            })
        });
        days.collect()
    }

    /// How many calls the log holds of a project.
    pub async fn count_calls(&self, project: ProjectId) -> Result<u64, StoreError> {
        Ok(Entity::find()
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .count(&self.database)
            .await?)
    }
}

fn read(model: Model) -> Result<CallRecord, StoreError> {
    let row = Row {
        table: "calls",
        id: &model.id,
    };
    Ok(CallRecord {
        id: CallId(row.uuid("id", &model.id)?),
        at: Timestamp(model.at),
        dialect: model.dialect,
        endpoint: model.endpoint,
        reference: model.reference,
        outcome: model.outcome,
    })
}
