//! What the overview counts by, cases whose right answer is known, and the copies that are mixed in of them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseBackend};

use crate::columns::{id, index, number, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, columns) in [
            ("reviews", &["day", "score_bin", "liveness_bin"][..]),
            ("examinations", &["finished_day", "wait_bin"]),
        ] {
            for column in columns {
                manager
                    .alter_table(
                        Table::alter()
                            .table(table)
                            .add_column(number(*column))
                            .to_owned(),
                    )
                    .await?;
            }
        }
        fill(manager).await?;
        // Each answers a chart from itself, in the order in which the chart groups: no row is read
        // and nothing is sorted.
        for (name, table, columns) in [
            (
                "reviews_by_score",
                "reviews",
                &["project_id", "day", "outcome", "score_bin"][..],
            ),
            (
                "reviews_by_liveness",
                "reviews",
                &["project_id", "day", "outcome", "liveness_bin"],
            ),
            (
                "examinations_by_wait",
                "examinations",
                &["project_id", "finished_day", "wait_bin"],
            ),
            (
                "decisions_by_time",
                "decisions",
                &["project_id", "at", "id"],
            ),
        ] {
            index(manager, name, table, columns, false).await?;
        }
        seeds(manager).await?;
        seed_cases(manager).await
    }
}

async fn seeds(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("seeds")
                .col(id(manager, "session_id").not_null().primary_key())
                .col(id(manager, "project_id").not_null())
                .col(id(manager, "examination_id").not_null())
                .col(text("answer").not_null())
                .col(text("marked_by").not_null())
                .col(number("at").not_null())
                .foreign_key(
                    ForeignKey::create()
                        .from("seeds", "session_id")
                        .to("sessions", "id"),
                )
                .to_owned(),
        )
        .await?;
    let by_project = ["project_id", "session_id"];
    index(manager, "seeds_by_project", "seeds", &by_project, false).await
}

/// The answer is the one that was known when the copy was made.
async fn seed_cases(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("seed_cases")
                .col(id(manager, "session_id").not_null().primary_key())
                .col(id(manager, "project_id").not_null())
                .col(id(manager, "source_id").not_null())
                .col(text("answer").not_null())
                .col(number("made_at").not_null())
                .col(text("answered_kind"))
                .col(text("answered_by"))
                .col(number("answered_at"))
                .foreign_key(
                    ForeignKey::create()
                        .from("seed_cases", "session_id")
                        .to("sessions", "id"),
                )
                .to_owned(),
        )
        .await?;
    for (name, columns) in [
        ("seed_cases_by_project", ["project_id", "session_id"]),
        ("seed_cases_by_source", ["source_id", "session_id"]),
    ] {
        index(manager, name, "seed_cases", &columns, false).await?;
    }
    Ok(())
}

/// Counts what was there before. The numbers are those of `session::histogram`.
async fn fill(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let is_postgres = manager.get_database_backend() == DatabaseBackend::Postgres;
    let bin = |column: &str| {
        if is_postgres {
            format!("LEAST(GREATEST(floor({column}), 0), 100)::bigint")
        } else {
            // A cast cuts off, which is rounding down for what is not negative.
            format!("MIN(MAX(CAST({column} AS INTEGER), 0), 100)")
        }
    };
    let wait = "(finished_at - queued_at)";
    for statement in [
        format!(
            "UPDATE reviews SET day = entered_at / 86400000, score_bin = {}, liveness_bin = {}",
            bin("score"),
            bin("liveness")
        ),
        format!(
            "UPDATE examinations SET finished_day = finished_at / 86400000, wait_bin = CASE \
             WHEN {wait} < 0 THEN 0 \
             WHEN {wait} < 10000 THEN {wait} / 100 \
             WHEN {wait} < 100000 THEN 100 + ({wait} - 10000) / 1000 \
             WHEN {wait} < 1000000 THEN 190 + ({wait} - 100000) / 10000 \
             WHEN {wait} < 10000000 THEN 280 + ({wait} - 1000000) / 100000 \
             ELSE 369 END WHERE finished_at IS NOT NULL"
        ),
    ] {
        manager
            .get_connection()
            .execute_unprepared(&statement)
            .await?;
    }
    Ok(())
}
