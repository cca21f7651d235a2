//! Officers, what they decide about sessions, the keys of their notes, legal holds and erasures.

use sea_orm_migration::prelude::*;

use crate::columns::{append_only, id, index, number, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        officers(manager).await?;
        decisions(manager).await?;
        // A key a session: without it, its notes are noise. No foreign key is needed to find it,
        // and none may keep it.
        manager
            .create_table(
                Table::create()
                    .table("session_keys")
                    .col(id(manager, "session_id").not_null().primary_key())
                    .col(ColumnDef::new("key").binary_len(32).not_null())
                    .to_owned(),
            )
            .await?;
        for column in ["held_at", "erased_at"] {
            manager
                .alter_table(
                    Table::alter()
                        .table("sessions")
                        .add_column(number(column))
                        .to_owned(),
                )
                .await?;
        }
        // Which sessions' time has come is asked again and again.
        index(
            manager,
            "sessions_by_age",
            "sessions",
            &["project_id", "erased_at", "updated_at"],
            false,
        )
        .await
    }
}

async fn officers(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("officers")
                .col(id(manager, "id").not_null().primary_key())
                .col(id(manager, "project_id").not_null())
                .col(text("name").not_null())
                .col(number("created_at").not_null())
                .foreign_key(
                    ForeignKey::create()
                        .from("officers", "project_id")
                        .to("projects", "id"),
                )
                .to_owned(),
        )
        .await?;
    index(
        manager,
        "officers_by_name",
        "officers",
        &["project_id", "name"],
        true,
    )
    .await?;
    manager
        .alter_table(
            Table::alter()
                .table("tokens")
                .add_column(id(manager, "officer_id"))
                .to_owned(),
        )
        .await
}

async fn decisions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("decisions")
                .col(id(manager, "id").not_null().primary_key())
                .col(id(manager, "session_id").not_null())
                .col(id(manager, "project_id").not_null())
                .col(id(manager, "examination_id"))
                .col(text("kind").not_null())
                .col(text("reasons").not_null())
                .col(text("actor").not_null())
                .col(ColumnDef::new("note").blob())
                .col(number("at").not_null())
                .foreign_key(
                    ForeignKey::create()
                        .from("decisions", "session_id")
                        .to("sessions", "id"),
                )
                .to_owned(),
        )
        .await?;
    index(
        manager,
        "decisions_by_session",
        "decisions",
        &["session_id", "id"],
        false,
    )
    .await?;
    append_only(manager, "decisions", &["id"]).await
}
