//! Projects and the tokens that open them.

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
                    .table("projects")
                    .col(id(manager, "id").not_null().primary_key())
                    .col(text("name").not_null())
                    .col(text("settings").not_null())
                    .col(number("created_at").not_null())
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("projects_by_name")
                    .table("projects")
                    .col("name")
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("tokens")
                    .col(id(manager, "id").not_null().primary_key())
                    .col(id(manager, "project_id").not_null())
                    .col(ColumnDef::new("hash").binary_len(32).not_null())
                    .col(text("scopes").not_null())
                    .col(text("label").not_null())
                    .col(number("created_at").not_null())
                    .col(number("expires_at"))
                    .col(number("revoked_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .from("tokens", "project_id")
                            .to("projects", "id"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("tokens_by_hash")
                    .table("tokens")
                    .col("hash")
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("tokens_by_project")
                    .table("tokens")
                    .col("project_id")
                    .col("id")
                    .to_owned(),
            )
            .await
    }
}
