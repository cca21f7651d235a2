//! Examinations, which are the queue as well: a row waits, is leased by a worker and ends.

use sea_orm_migration::prelude::*;

use crate::columns::{id, number, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("examinations")
                    .col(id(manager, "id").not_null().primary_key())
                    .col(id(manager, "session_id").not_null())
                    .col(id(manager, "project_id").not_null())
                    .col(text("status").not_null())
                    .col(text("order_json").not_null())
                    .col(number("queued_at").not_null())
                    .col(number("finished_at"))
                    .col(ColumnDef::new("attempts").integer().not_null())
                    .col(id(manager, "worker"))
                    .col(number("lease_until"))
                    .col(text("report_json"))
                    .col(text("verdict_json"))
                    .col(text("failure"))
                    .foreign_key(
                        ForeignKey::create()
                            .from("examinations", "session_id")
                            .to("sessions", "id"),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .from("examinations", "project_id")
                            .to("projects", "id"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("examinations_by_session")
                    .table("examinations")
                    .col("session_id")
                    .col("queued_at")
                    .to_owned(),
            )
            .await?;
        // What a claim looks for: the longest waiting row of a status.
        manager
            .create_index(
                Index::create()
                    .name("examinations_by_status")
                    .table("examinations")
                    .col("status")
                    .col("queued_at")
                    .to_owned(),
            )
            .await
    }
}
