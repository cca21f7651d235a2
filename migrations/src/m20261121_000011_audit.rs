//! The audit log: rows that are only ever added, each holding the hash of the one before.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::ConnectionTrait;

use crate::columns::{append_only, id, index, number, text};

/// What stands before the first row.
const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("audit")
                    .col(number("seq").not_null().primary_key())
                    .col(number("at").not_null())
                    .col(id(manager, "project_id"))
                    .col(text("actor").not_null())
                    .col(text("action").not_null())
                    .col(text("target").not_null())
                    .col(text("details").not_null())
                    .col(text("previous").not_null())
                    .col(text("hash").not_null())
                    .to_owned(),
            )
            .await?;
        index(
            manager,
            "audit_by_target",
            "audit",
            &["target", "seq"],
            false,
        )
        .await?;
        append_only(manager, "audit", &["seq"]).await?;
        // The last row's number and hash: whoever adds a row takes this one first, so that two
        // cannot follow the same row, and a log whose end was cut off is noticed.
        manager
            .create_table(
                Table::create()
                    .table("audit_head")
                    .col(number("id").not_null().primary_key())
                    .col(number("seq").not_null())
                    .col(text("hash").not_null())
                    .to_owned(),
            )
            .await?;
        manager
            .get_connection()
            .execute(
                Query::insert()
                    .into_table("audit_head")
                    .columns(["id", "seq", "hash"])
                    .values_panic([1.into(), 0.into(), NOTHING.into()]),
            )
            .await
            .map(|_| ())
    }
}
