//! Results that are to be posted to a caller's address.

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
                    .table("callbacks")
                    .col(id(manager, "id").not_null().primary_key())
                    .col(id(manager, "project_id").not_null())
                    .col(text("address").not_null())
                    .col(text("body").not_null())
                    .col(number("attempts").not_null())
                    .col(number("next_at").not_null())
                    .foreign_key(
                        ForeignKey::create()
                            .from("callbacks", "project_id")
                            .to("projects", "id"),
                    )
                    .to_owned(),
            )
            .await?;
        index(
            manager,
            "callbacks_by_next_at",
            "callbacks",
            &["next_at"],
            false,
        )
        .await
    }
}
