//! The log of calls and what each project has used; counters equal the log.

use sea_orm_migration::prelude::*;

use crate::columns::{id, index, number, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("calls")
                    .col(id(manager, "id").not_null().primary_key())
                    .col(id(manager, "project_id").not_null())
                    .col(number("at").not_null())
                    .col(text("dialect").not_null())
                    .col(text("endpoint").not_null())
                    .col(text("reference"))
                    .col(text("outcome"))
                    .foreign_key(
                        ForeignKey::create()
                            .from("calls", "project_id")
                            .to("projects", "id"),
                    )
                    .to_owned(),
            )
            .await?;
        index(
            manager,
            "calls_by_project",
            "calls",
            &["project_id", "id"],
            false,
        )
        .await?;
        index(
            manager,
            "calls_by_reference",
            "calls",
            &["project_id", "reference", "id"],
            false,
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table("usage")
                    .col(id(manager, "project_id").not_null().primary_key())
                    .col(number("calls").not_null())
                    .col(number("faces").not_null())
                    .col(number("galleries").not_null())
                    .foreign_key(
                        ForeignKey::create()
                            .from("usage", "project_id")
                            .to("projects", "id"),
                    )
                    .to_owned(),
            )
            .await
    }
}
