//! Accounts of the console: who may sign in, where, as what; invitations; who is signed in.

use sea_orm_migration::prelude::*;

use crate::columns::{id, index, number, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        accounts(manager).await?;
        roles(manager).await?;
        invitations(manager).await?;
        sign_ins(manager).await
    }
}

async fn accounts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("accounts")
                .col(id(manager, "id").not_null().primary_key())
                .col(text("name").not_null())
                // The name in one spelling.
                .col(text("name_key").not_null())
                .col(text("password_hash"))
                .col(ColumnDef::new("totp_secret").blob())
                .col(number("totp_step").not_null())
                .col(ColumnDef::new("failures").integer().not_null())
                .col(number("locked_until"))
                .col(number("created_at").not_null())
                .to_owned(),
        )
        .await?;
    index(manager, "accounts_by_name", "accounts", &["name_key"], true).await
}

async fn roles(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("roles")
                .col(id(manager, "account_id").not_null())
                .col(id(manager, "project_id").not_null())
                .col(id(manager, "officer_id").not_null())
                .col(text("role").not_null())
                .primary_key(Index::create().col("account_id").col("project_id"))
                .foreign_key(
                    ForeignKey::create()
                        .from("roles", "account_id")
                        .to("accounts", "id"),
                )
                .foreign_key(
                    ForeignKey::create()
                        .from("roles", "project_id")
                        .to("projects", "id"),
                )
                .to_owned(),
        )
        .await?;
    index(manager, "roles_by_project", "roles", &["project_id"], false).await
}

async fn invitations(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("invitations")
                .col(
                    ColumnDef::new("hash")
                        .binary_len(32)
                        .not_null()
                        .primary_key(),
                )
                .col(id(manager, "account_id").not_null())
                .col(ColumnDef::new("totp_secret").blob().not_null())
                .col(number("expires_at").not_null())
                .foreign_key(
                    ForeignKey::create()
                        .from("invitations", "account_id")
                        .to("accounts", "id"),
                )
                .to_owned(),
        )
        .await
}

async fn sign_ins(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("sign_ins")
                .col(
                    ColumnDef::new("hash")
                        .binary_len(32)
                        .not_null()
                        .primary_key(),
                )
                .col(id(manager, "account_id").not_null())
                .col(id(manager, "project_id").not_null())
                .col(number("seen_at").not_null())
                .col(number("ends_at").not_null())
                .foreign_key(
                    ForeignKey::create()
                        .from("sign_ins", "account_id")
                        .to("accounts", "id"),
                )
                .to_owned(),
        )
        .await?;
    index(
        manager,
        "sign_ins_by_account",
        "sign_ins",
        &["account_id"],
        false,
    )
    .await
}
