//! Keys of subjects, wrapped by a master key; what is looked for instead of a name; receipts of erasures; texts of consents.

use sea_orm_migration::prelude::*;

use crate::columns::{id, index, number, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// New columns: nothing is in them for rows of before, which are read as they are.
const TEXTS: &[(&str, &str)] = &[
    ("sessions", "reference_index"),
    ("sessions", "name_index"),
    ("subjects", "name_index"),
    ("consents", "name_index"),
    ("templates", "blob_key"),
];

const NUMBERS: &[(&str, &str)] = &[
    ("consents", "text_version"),
    ("evidence", "erased_at"),
    ("examinations", "pictures_erased_at"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in TEXTS {
            add(manager, table, text(*column)).await?;
        }
        for (table, column) in NUMBERS {
            add(manager, table, number(*column)).await?;
        }
        // The session from which a person was enrolled.
        add(manager, "subjects", id(manager, "session_id")).await?;
        keys(manager).await?;
        receipts(manager).await?;
        texts(manager).await?;
        // What is sealed is looked for by its index, and its own would only be long.
        for (name, table) in [
            ("subjects_by_name", "subjects"),
            ("consents_by_name", "consents"),
            ("sessions_by_reference", "sessions"),
        ] {
            manager
                .drop_index(Index::drop().name(name).table(table).to_owned())
                .await?;
        }
        for (name, table, columns) in [
            (
                "sessions_by_reference_index",
                "sessions",
                &["project_id", "reference_index", "id"][..],
            ),
            (
                "sessions_by_name",
                "sessions",
                &["project_id", "name_index"],
            ),
            (
                "subjects_by_name_index",
                "subjects",
                &["project_id", "name_index"],
            ),
            ("subjects_by_session", "subjects", &["session_id"]),
            (
                "consents_by_name_index",
                "consents",
                &["project_id", "name_index", "kind"],
            ),
        ] {
            index(manager, name, table, columns, false).await?;
        }
        Ok(())
    }
}

async fn add(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: ColumnDef,
) -> Result<(), DbErr> {
    manager
        .alter_table(Table::alter().table(table).add_column(column).to_owned())
        .await
}

async fn keys(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // No foreign key: a key may be made a moment before its subject's row is, and is gone before it.
    manager
        .create_table(
            Table::create()
                .table("subject_keys")
                .col(id(manager, "id").not_null().primary_key())
                .col(text("key_id").not_null())
                .col(text("master").not_null())
                .col(ColumnDef::new("wrapped").blob().not_null())
                .to_owned(),
        )
        .await?;
    index(
        manager,
        "subject_keys_by_master",
        "subject_keys",
        &["master", "id"],
        false,
    )
    .await?;
    manager
        .create_table(
            Table::create()
                .table("vault_keys")
                .col(text("name").not_null().primary_key())
                .col(text("master").not_null())
                .col(ColumnDef::new("wrapped").blob().not_null())
                .to_owned(),
        )
        .await
}

async fn receipts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("erased_subjects")
                .col(id(manager, "subject_id").not_null().primary_key())
                .col(id(manager, "receipt_id").not_null())
                .to_owned(),
        )
        .await?;
    // What went together has one receipt.
    manager
        .create_table(
            Table::create()
                .table("erasure_receipts")
                .col(id(manager, "id").not_null().primary_key())
                .col(id(manager, "project_id").not_null())
                .col(number("at").not_null())
                .col(text("payload").not_null())
                .col(text("signature").not_null())
                .to_owned(),
        )
        .await
}

async fn texts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("consent_texts")
                .col(id(manager, "project_id").not_null())
                .col(number("version").not_null())
                .col(text("text").not_null())
                .col(text("sha256").not_null())
                .col(number("at").not_null())
                .primary_key(Index::create().col("project_id").col("version"))
                .foreign_key(
                    ForeignKey::create()
                        .from("consent_texts", "project_id")
                        .to("projects", "id"),
                )
                .to_owned(),
        )
        .await
}
