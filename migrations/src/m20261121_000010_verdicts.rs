//! What a verdict rests on, in columns of its own, and what rules in the shadow would have said.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseBackend};

use crate::columns::{id, index, number, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["scope", "outcome", "signals_json", "provenance_json"] {
            manager
                .alter_table(
                    Table::alter()
                        .table("examinations")
                        .add_column(text(column))
                        .to_owned(),
                )
                .await?;
        }
        fill(manager).await?;
        // A backtest reads a project's verdicts newest first.
        index(
            manager,
            "examinations_by_finish",
            "examinations",
            &["project_id", "finished_at", "id"],
            false,
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table("shadow_verdicts")
                    .col(id(manager, "examination_id").not_null())
                    .col(id(manager, "project_id").not_null())
                    .col(number("number").not_null())
                    .col(text("hash").not_null())
                    .col(text("outcome").not_null())
                    .col(text("verdict_json").not_null())
                    .primary_key(Index::create().col("examination_id").col("number"))
                    .foreign_key(
                        ForeignKey::create()
                            .from("shadow_verdicts", "examination_id")
                            .to("examinations", "id"),
                    )
                    .to_owned(),
            )
            .await?;
        index(
            manager,
            "shadow_verdicts_by_version",
            "shadow_verdicts",
            &["project_id", "number", "examination_id"],
            false,
        )
        .await
    }
}

/// Takes the new columns of older rows out of their JSON.
async fn fill(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let sql = if manager.get_database_backend() == DatabaseBackend::Postgres {
        "UPDATE examinations SET scope = order_json::json->>'scope', \
         outcome = verdict_json::json->>'outcome', \
         signals_json = (report_json::json->'signals')::text"
    } else {
        "UPDATE examinations SET scope = json_extract(order_json, '$.scope'), \
         outcome = json_extract(verdict_json, '$.outcome'), \
         signals_json = json_extract(report_json, '$.signals')"
    };
    manager
        .get_connection()
        .execute_unprepared(sql)
        .await
        .map(|_| ())
}
