//! The log of calls and what each project has used; counters equal the log.

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
        for (name, columns) in [
            ("calls_by_project", &["project_id", "id"][..]),
            ("calls_by_reference", &["project_id", "reference", "id"][..]),
        ] {
            let mut index = Index::create();
            index.name(name).table("calls");
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
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
