//! Galleries, the people enrolled in them, their templates, and what changed when.

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
                    .table("galleries")
                    .col(id(manager, "id").not_null().primary_key())
                    .col(id(manager, "project_id").not_null())
                    .col(text("kind").not_null())
                    .col(text("name").not_null())
                    .col(text("description").not_null())
                    .col(id(manager, "created_by"))
                    .col(number("created_at").not_null())
                    .col(number("updated_at").not_null())
                    .col(number("revision").not_null())
                    .foreign_key(
                        ForeignKey::create()
                            .from("galleries", "project_id")
                            .to("projects", "id"),
                    )
                    .to_owned(),
            )
            .await?;
        index(
            manager,
            "galleries_by_name",
            "galleries",
            &["project_id", "kind", "name"],
            true,
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table("subjects")
                    .col(id(manager, "id").not_null().primary_key())
                    .col(id(manager, "project_id").not_null())
                    .col(text("label").not_null())
                    .col(text("name").not_null())
                    .col(text("details"))
                    .col(number("created_at").not_null())
                    .col(number("updated_at").not_null())
                    .foreign_key(
                        ForeignKey::create()
                            .from("subjects", "project_id")
                            .to("projects", "id"),
                    )
                    .to_owned(),
            )
            .await?;
        index(
            manager,
            "subjects_by_name",
            "subjects",
            &["project_id", "name"],
            false,
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table("memberships")
                    .col(id(manager, "gallery_id").not_null())
                    .col(id(manager, "subject_id").not_null())
                    // The subject's own, repeated here so that one index keeps it unique in a gallery.
                    .col(text("label").not_null())
                    .primary_key(Index::create().col("gallery_id").col("subject_id"))
                    .foreign_key(
                        ForeignKey::create()
                            .from("memberships", "gallery_id")
                            .to("galleries", "id"),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .from("memberships", "subject_id")
                            .to("subjects", "id"),
                    )
                    .to_owned(),
            )
            .await?;
        index(
            manager,
            "memberships_by_label",
            "memberships",
            &["gallery_id", "label"],
            true,
        )
        .await?;
        index(
            manager,
            "memberships_by_subject",
            "memberships",
            &["subject_id"],
            false,
        )
        .await?;
        faces(manager).await
    }
}

async fn faces(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("templates")
                .col(id(manager, "id").not_null().primary_key())
                .col(id(manager, "subject_id").not_null())
                .col(text("pack").not_null())
                .col(ColumnDef::new("vector").blob().not_null())
                .col(text("keeping").not_null())
                .col(number("created_at").not_null())
                .foreign_key(
                    ForeignKey::create()
                        .from("templates", "subject_id")
                        .to("subjects", "id"),
                )
                .to_owned(),
        )
        .await?;
    index(
        manager,
        "templates_by_subject",
        "templates",
        &["subject_id", "id"],
        false,
    )
    .await?;
    // What a search that holds a gallery in memory has to catch up with. No foreign key: a
    // template that is gone is what a row may be about.
    manager
        .create_table(
            Table::create()
                .table("gallery_changes")
                .col(id(manager, "gallery_id").not_null())
                .col(number("revision").not_null())
                .col(id(manager, "template_id").not_null())
                .primary_key(
                    Index::create()
                        .col("gallery_id")
                        .col("revision")
                        .col("template_id"),
                )
                .to_owned(),
        )
        .await?;
    // Blobs that are to go: of people who were deleted, and of enrolments until they are complete.
    manager
        .create_table(
            Table::create()
                .table("doomed_blobs")
                .col(ColumnDef::new("key").text().not_null().primary_key())
                .col(number("not_before").not_null())
                .to_owned(),
        )
        .await
}
