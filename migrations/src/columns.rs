//! The column types, and the making of an index, that mean the same in SQLite and in PostgreSQL.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseBackend};

/// An identifier: a UUID as 36 lower-case characters, which sort by time (version 7) as they stand.
///
/// PostgreSQL compares text by the language of its cluster unless told otherwise; `C` is by bytes,
/// as SQLite does it.
pub(crate) fn id(manager: &SchemaManager<'_>, name: impl IntoIden) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.string_len(36);
    if manager.get_database_backend() == DatabaseBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}

/// Text of any length; JSON is kept as text too.
pub(crate) fn text(name: impl IntoIden) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.text();
    column
}

/// A moment in milliseconds since 1970, or a count of bytes.
pub(crate) fn number(name: impl IntoIden) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.big_integer();
    column
}

/// Makes an index.
pub(crate) async fn index(
    manager: &SchemaManager<'_>,
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
    unique: bool,
) -> Result<(), DbErr> {
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    if unique {
        index.unique();
    }
    manager.create_index(index).await
}

/// Has the database itself refuse to change, to delete or to replace a table's rows; `key` says
/// which columns name one.
pub(crate) async fn append_only(
    manager: &SchemaManager<'_>,
    table: &'static str,
    key: &[&'static str],
) -> Result<(), DbErr> {
    let statements = if manager.get_database_backend() == DatabaseBackend::Postgres {
        vec![
            format!(
                "CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
            ),
            format!(
                "CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} \
                 FOR EACH ROW EXECUTE FUNCTION {table}_is_append_only()"
            ),
            format!(
                "CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} \
                 FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only()"
            ),
        ]
    } else {
        // `INSERT OR REPLACE` deletes without being told of as a deletion.
        let same: Vec<String> = key
            .iter()
            .map(|column| format!("{column} = NEW.{column}"))
            .collect();
        let refuse = format!("BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END");
        vec![
            format!("CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}"),
            format!("CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}"),
            format!(
                "CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} \
                 WHEN EXISTS (SELECT 1 FROM {table} WHERE {}) {refuse}",
                same.join(" AND ")
            ),
        ]
    };
    for statement in statements {
        manager
            .get_connection()
            .execute_unprepared(&statement)
            .await?;
    }
    Ok(())
}
