//! What became of results that were posted: kept for a while, so that they can be looked up and posted again.

use sea_orm_migration::prelude::*;

use crate::columns::{index, number, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column a statement: SQLite takes no more.
        let columns = [
            text("state").not_null().default("waiting").to_owned(),
            number("queued_at").not_null().default(0).to_owned(),
            number("ended_at"),
            text("last_error"),
        ];
        for column in columns {
            manager
                .alter_table(
                    Table::alter()
                        .table("callbacks")
                        .add_column(column)
                        .to_owned(),
                )
                .await?;
        }
        index(
            manager,
            "callbacks_by_project",
            "callbacks",
            &["project_id", "id"],
            false,
        )
        .await?;
        index(
            manager,
            "callbacks_by_state",
            "callbacks",
            &["state", "next_at"],
            false,
        )
        .await?;
        // What days of calls are counted by.
        index(
            manager,
            "calls_by_time",
            "calls",
            &["project_id", "at", "dialect"],
            false,
        )
        .await
    }
}
