//! What the service keeps, looked at behind its back: the rows of its database, and the files that they should name.

use std::collections::HashSet;
use std::path::PathBuf;

use sea_orm::{ConnectionTrait, Database, DatabaseBackend, DatabaseConnection, Statement};

use crate::reliability::service::Service;

/// The database as a reader of its own.
pub(super) async fn open(service: &Service) -> DatabaseConnection {
    let file = service.data().join("likeness.db");
    let url = format!("sqlite://{}?mode=ro", file.display());
    Database::connect(url).await.unwrap()
}

/// The texts of a query's rows, field by field.
pub(super) async fn rows<const N: usize>(
    database: &DatabaseConnection,
    query: &str,
) -> Vec<[String; N]> {
    let statement = Statement::from_string(DatabaseBackend::Sqlite, query);
    let rows = database.query_all_raw(statement).await.unwrap();
    rows.iter()
        .map(|row| {
            std::array::from_fn(|column| {
                let text: Option<String> = row.try_get_by_index(column).unwrap();
                text.unwrap_or_default()
            })
        })
        .collect()
}

/// Stops the test where the database or the audit log is damaged.
pub(super) async fn refuse_unsound(service: &Service) {
    let database = open(service).await;
    assert_eq!(
        rows::<1>(&database, "PRAGMA integrity_check").await,
        [["ok".to_owned()]]
    );
    let dangling = rows::<1>(&database, "SELECT \"table\" FROM pragma_foreign_key_check").await;
    assert_eq!(dangling, Vec::<[String; 1]>::new());
    drop(database);
    service.said(&["audit", "verify"]);
}

/// The files among the blobs that no row names, by their keys.
pub(super) async fn orphans(service: &Service) -> Vec<String> {
    let files = orphaned_files(service).await;
    files.into_iter().map(|(key, _)| key).collect()
}

/// The same with their paths.
pub(super) async fn orphaned_files(service: &Service) -> Vec<(String, PathBuf)> {
    // The files first: what is made meanwhile has its row by the time the rows are read.
    let blobs = service.data().join("blobs");
    let files = service.files("blobs");
    let database = open(service).await;
    let read = |query: &'static str| {
        let database = &database;
        async move {
            let found = rows::<1>(database, query).await;
            found.into_iter().map(|[text]| text).collect::<HashSet<_>>()
        }
    };
    let evidence = read("SELECT blob FROM evidence").await;
    let examinations = read("SELECT id FROM examinations WHERE status = 'done'").await;
    let faces = read("SELECT id FROM templates").await;
    let doomed = read("SELECT key FROM doomed_blobs").await;
    let is_named = |key: &str| {
        let parts: Vec<&str> = key.split('/').collect();
        evidence.contains(key)
            || doomed.contains(key)
            || match parts[..] {
                ["sessions", _, "frames", examination, _] => examinations.contains(examination),
                ["faces", _, face, _] => faces.contains(face),
                _ => false,
            }
    };
    files
        .into_iter()
        .filter_map(|path| {
            let key = path.strip_prefix(&blobs).ok()?.to_str()?.to_owned();
            (!is_named(&key)).then_some((key, path))
        })
        .collect()
}
