//! Statements of consent, every one kept: the newest counts.

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
                    .table("consents")
                    // Counts upwards, so that two statements of one millisecond have an order.
                    .col(number("id").not_null().auto_increment().primary_key())
                    .col(id(manager, "project_id").not_null())
                    .col(id(manager, "session_id"))
                    .col(text("subject_name").not_null())
                    .col(text("kind").not_null())
                    .col(ColumnDef::new("given").boolean().not_null())
                    .col(number("at").not_null())
                    .foreign_key(
                        ForeignKey::create()
                            .from("consents", "project_id")
                            .to("projects", "id"),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .from("consents", "session_id")
                            .to("sessions", "id"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("consents_by_session")
                    .table("consents")
                    .col("session_id")
                    .col("kind")
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("consents_by_name")
                    .table("consents")
                    .col("project_id")
                    .col("subject_name")
                    .col("kind")
                    .to_owned(),
            )
            .await
    }
}
