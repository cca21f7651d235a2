//! Which token a short-lived one was made for: it ends with it.

use sea_orm_migration::prelude::*;

use crate::columns::id;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("tokens")
                    .add_column(id(manager, "parent_id"))
                    .to_owned(),
            )
            .await
    }
}
