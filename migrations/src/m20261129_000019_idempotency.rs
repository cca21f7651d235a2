//! Keys by which callers have a request carried out once, however often it comes.

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
                    .table("idempotency_keys")
                    // A hash of whose key it is, of the route and of the key: longer than other identifiers.
                    .col(text("id").not_null().primary_key())
                    .col(id(manager, "session_id").not_null())
                    .col(ColumnDef::new("fingerprint").binary().not_null())
                    .col(id(manager, "seed").not_null())
                    .col(id(manager, "holder").not_null())
                    .col(text("state").not_null())
                    .col(number("created_at").not_null())
                    .col(number("lease_until").not_null())
                    .col(ColumnDef::new("answer").binary())
                    .to_owned(),
            )
            .await?;
        index(
            manager,
            "idempotency_keys_by_created_at",
            "idempotency_keys",
            &["created_at"],
            false,
        )
        .await?;
        index(
            manager,
            "idempotency_keys_by_session_id",
            "idempotency_keys",
            &["session_id"],
            false,
        )
        .await
    }
}
