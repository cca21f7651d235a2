//! A backup that is made while requests come in, and a service that starts on it.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::StatusCode;
use sea_orm::{ConnectionTrait, Database};
use serde_json::Value;
use tempfile::TempDir;

use crate::helpers::TestApp;

/// Copies a folder as a program for backups does: file by file, without what is not complete.
fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else if !entry.file_name().to_string_lossy().contains('#') {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn check(data: &Path, contents: bool) -> (Output, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_likeness"));
    command.args(["store", "check", "--data"]).arg(data);
    command.args(contents.then_some("--contents"));
    let ran = command.output().unwrap();
    let told = serde_json::from_slice(&ran.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&ran.stderr)));
    (ran, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_made_under_load_is_whole_and_a_service_starts_on_it() {
    let app = Arc::new(TestApp::start().await);
    for _ in 0..3 {
        assert_eq!(app.good_match().await.status(), StatusCode::OK);
    }
    let before = app.sessions().await.len();
    let going_on = Arc::new(AtomicBool::new(true));
    let load = tokio::spawn({
        let (app, going_on) = (app.clone(), going_on.clone());
        async move {
            while going_on.load(Ordering::SeqCst) {
                assert_eq!(app.good_match().await.status(), StatusCode::OK);
            }
        }
    });
    while app.sessions().await.len() == before {
        tokio::task::yield_now().await;
    }

    let backup = TempDir::new().unwrap();
    let data = backup.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let rows = Database::connect(app.database()).await.unwrap();
    let into = format!("VACUUM INTO '{}'", data.join("likeness.db").display());
    rows.execute_unprepared(&into).await.unwrap();
    copy_folder(&app.blobs(), &data.join("blobs"));
    // Without it nothing of the copy could be read.
    let key = app.blobs().with_file_name("master.key");
    std::fs::copy(key, data.join("master.key")).unwrap();
    going_on.store(false, Ordering::SeqCst);
    load.await.unwrap();

    let restored = TestApp::start_with(|config| config.data.clone_from(&data)).await;
    let stock = restored.operations.take_stock(true).await.unwrap();
    assert!(stock.evidence >= 2 * (before as u64 + 1), "{stock:?}");
    assert_eq!((stock.missing.len(), stock.altered.len()), (0, 0));
    assert_eq!(restored.good_match().await.status(), StatusCode::OK);
    restored.stop().await;

    let (ran, told) = check(&data, true);
    assert!(ran.status.success(), "{told:#}");
    assert_eq!(told["evidence"], stock.evidence + 2);
    assert_eq!(told["without_a_row"], 0);
    lacks_are_told(&data);
}

/// A blob that is gone and one that is another are named, and the command's end says so.
fn lacks_are_told(data: &Path) {
    let mut evidence = Vec::new();
    for session in std::fs::read_dir(data.join("blobs/sessions")).unwrap() {
        for entry in std::fs::read_dir(session.unwrap().path()).unwrap() {
            evidence.push(entry.unwrap().path());
        }
    }
    evidence.retain(|path| path.is_file());
    std::fs::remove_file(&evidence[0]).unwrap();
    std::fs::write(&evidence[1], b"something else").unwrap();
    let name = |index: usize| evidence[index].file_name().unwrap().to_str().unwrap();
    let (ran, told) = check(data, true);
    assert_eq!(ran.status.code(), Some(1));
    for (list, index) in [("missing", 0), ("altered", 1)] {
        let named = told[list].as_array().unwrap();
        assert_eq!(named.len(), 1, "{told:#}");
        assert!(
            named[0].as_str().unwrap().ends_with(name(index)),
            "{told:#}"
        );
    }
    let (_, told) = check(data, false);
    assert_eq!(told["missing"].as_array().unwrap().len(), 1);
    assert_eq!(told["altered"].as_array().unwrap().len(), 0);
}
