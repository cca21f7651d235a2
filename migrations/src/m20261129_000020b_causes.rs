//! Which request asked for an examination that waits or runs; forgotten when it ends.

use sea_orm_migration::prelude::*;

use crate::columns::text;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("examinations")
                    .add_column(text("cause"))
                    .to_owned(),
            )
            .await
    }
}
