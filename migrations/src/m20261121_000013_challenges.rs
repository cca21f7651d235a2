//! Challenges: steps drawn for a session, and whether an examination used them up.

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
                    .table("challenges")
                    .col(id(manager, "id").not_null().primary_key())
                    .col(id(manager, "session_id").not_null())
                    .col(text("steps").not_null())
                    .col(number("drawn_at").not_null())
                    .col(number("expires_at").not_null())
                    .col(number("used_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .from("challenges", "session_id")
                            .to("sessions", "id"),
                    )
                    .to_owned(),
            )
            .await?;
        index(
            manager,
            "challenges_by_session",
            "challenges",
            &["session_id", "drawn_at"],
            false,
        )
        .await
    }
}
