//! Sessions and the evidence that was received for them.

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
                    .table("sessions")
                    .col(id(manager, "id").not_null().primary_key())
                    .col(id(manager, "project_id").not_null())
                    .col(text("status").not_null())
                    .col(text("origin").not_null())
                    .col(text("reference"))
                    .col(text("metadata"))
                    .col(text("subject_name"))
                    .col(text("device_info"))
                    .col(number("created_at").not_null())
                    .col(number("updated_at").not_null())
                    .foreign_key(
                        ForeignKey::create()
                            .from("sessions", "project_id")
                            .to("projects", "id"),
                    )
                    .to_owned(),
            )
            .await?;
        // A page of the list is read newest first from wherever the last one ended, all states or one.
        for (name, columns) in [
            ("sessions_by_project", &["project_id", "id"][..]),
            ("sessions_by_status", &["project_id", "status", "id"][..]),
        ] {
            let mut index = Index::create();
            index.name(name).table("sessions");
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        manager
            .create_table(
                Table::create()
                    .table("evidence")
                    .col(id(manager, "id").not_null().primary_key())
                    .col(id(manager, "session_id").not_null())
                    .col(text("kind").not_null())
                    .col(text("blob").not_null())
                    .col(text("sha256").not_null())
                    .col(number("bytes").not_null())
                    .col(text("media_type").not_null())
                    .col(number("received_at").not_null())
                    .foreign_key(
                        ForeignKey::create()
                            .from("evidence", "session_id")
                            .to("sessions", "id"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("evidence_by_session")
                    .table("evidence")
                    .col("session_id")
                    .col("kind")
                    .col("received_at")
                    .to_owned(),
            )
            .await
    }
}
