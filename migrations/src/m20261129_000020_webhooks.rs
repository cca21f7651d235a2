//! Endpoints of a project's own that its events are posted to, and what an event on its way knows beside a result.

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
                    .table("webhook_endpoints")
                    .col(id(manager, "id").not_null().primary_key())
                    .col(id(manager, "project_id").not_null())
                    .col(text("url").not_null())
                    .col(text("events").not_null())
                    .col(ColumnDef::new("secret").blob().not_null())
                    .col(ColumnDef::new("previous_secret").blob())
                    .col(number("previous_until"))
                    .col(number("created_at").not_null())
                    .col(number("disabled_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("webhook_endpoints_project")
                            .from("webhook_endpoints", "project_id")
                            .to("projects", "id"),
                    )
                    .to_owned(),
            )
            .await?;
        index(
            manager,
            "webhook_endpoints_by_project",
            "webhook_endpoints",
            &["project_id", "id"],
            false,
        )
        .await?;
        // No foreign key: what was posted stays listed for a week when its endpoint was removed.
        for column in [
            id(manager, "endpoint_id"),
            text("event"),
            // Who takes turns with whom: an endpoint, or a host.
            text("lane").not_null().default("").to_owned(),
        ] {
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
            "callbacks_by_endpoint",
            "callbacks",
            &["endpoint_id", "state"],
            false,
        )
        .await
    }
}
