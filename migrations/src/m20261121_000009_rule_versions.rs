//! Rule sets by version, and which of them judged when; a project's rules move here from its settings.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::ConnectionTrait;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::columns::{append_only, id, index, number, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        versions(manager).await?;
        activations(manager).await?;
        move_rules(manager).await?;
        append_only(manager, "rule_versions", &["project_id", "number"]).await?;
        append_only(manager, "rule_activations", &["id"]).await
    }
}

async fn versions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("rule_versions")
                .col(id(manager, "project_id").not_null())
                .col(number("number").not_null())
                .col(text("text").not_null())
                .col(text("hash").not_null())
                .col(text("author").not_null())
                .col(text("note").not_null())
                .col(number("created_at").not_null())
                .primary_key(Index::create().col("project_id").col("number"))
                .foreign_key(
                    ForeignKey::create()
                        .from("rule_versions", "project_id")
                        .to("projects", "id"),
                )
                .to_owned(),
        )
        .await
}

/// What holds now is the newest row of a role; without a version the service's own rules judge.
async fn activations(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("rule_activations")
                .col(number("id").not_null().auto_increment().primary_key())
                .col(id(manager, "project_id").not_null())
                .col(text("role").not_null())
                .col(number("number"))
                .col(text("actor").not_null())
                .col(number("at").not_null())
                .foreign_key(
                    ForeignKey::create()
                        .from("rule_activations", "project_id")
                        .to("projects", "id"),
                )
                .to_owned(),
        )
        .await?;
    index(
        manager,
        "rule_activations_by_role",
        "rule_activations",
        &["project_id", "role", "id"],
        false,
    )
    .await
}

async fn move_rules(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let projects = Query::select()
        .columns(["id", "settings", "created_at"])
        .from("projects")
        .to_owned();
    for row in connection.query_all(&projects).await? {
        let project: String = row.try_get("", "id")?;
        let settings: String = row.try_get("", "settings")?;
        let created_at: i64 = row.try_get("", "created_at")?;
        let Ok(Value::Object(mut settings)) = serde_json::from_str(&settings) else {
            return Err(DbErr::Migration(format!(
                "the settings of the project {project} are not readable"
            )));
        };
        let rules = settings.remove("rules");
        connection
            .execute(
                Query::update()
                    .table("projects")
                    .value("settings", Value::Object(settings).to_string())
                    .and_where(Expr::col("id").eq(project.clone())),
            )
            .await?;
        if let Some(Value::String(rules)) = rules {
            first_version(connection, &project, rules, created_at).await?;
        }
    }
    Ok(())
}

async fn first_version<C: ConnectionTrait>(
    connection: &C,
    project: &str,
    rules: String,
    at: i64,
) -> Result<(), DbErr> {
    let hash = Sha256::digest(rules.as_bytes())
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    connection
        .execute(
            Query::insert()
                .into_table("rule_versions")
                .columns([
                    "project_id",
                    "number",
                    "text",
                    "hash",
                    "author",
                    "note",
                    "created_at",
                ])
                .values_panic([
                    project.into(),
                    // As wide as the service writes it: a connection keeps the statement with its types.
                    1_i64.into(),
                    rules.into(),
                    hash.into(),
                    "operator".into(),
                    "taken over from the project's settings".into(),
                    at.into(),
                ]),
        )
        .await?;
    connection
        .execute(
            Query::insert()
                .into_table("rule_activations")
                .columns(["project_id", "role", "number", "actor", "at"])
                .values_panic([
                    project.into(),
                    "active".into(),
                    1_i64.into(),
                    "operator".into(),
                    at.into(),
                ]),
        )
        .await?;
    Ok(())
}
