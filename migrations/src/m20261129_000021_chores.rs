//! What one node does for all of them now and then, and when it is next due.

use sea_orm_migration::prelude::*;

use crate::columns::{number, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("chores")
                    .col(text("name").not_null().primary_key())
                    .col(number("due_at").not_null())
                    .to_owned(),
            )
            .await
    }
}
