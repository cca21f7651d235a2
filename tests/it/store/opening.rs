//! Opening a store: what it makes, what it keeps, what it refuses and what it does not tell.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use likeness::session::audit::AuditAction;
use likeness::session::evidence::EvidenceKind;
use likeness::session::status::SessionStatus;
use likeness::store::Store;
use likeness::store::error::StoreError;
use likeness::store::options::StoreOptions;
use tempfile::TempDir;
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::store::fixture::{Fixture, NOW, entry, examination, judgement, new_evidence, session};

on_both_databases! {
    an_older_program_starts_on_what_a_newer_one_left
    everything_is_there_after_opening_again
    the_first_openings_take_turns
}

async fn everything_is_there_after_opening_again(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    let kept = fixture.session(project).await;
    let file = fixture.file("upload");
    let new = new_evidence(kept.id, EvidenceKind::Video, &file);
    let evidence = fixture.store.accept_evidence(new, NOW).await.unwrap();
    let record = examination(&kept);
    fixture.store.queue_examination(&record, 10).await.unwrap();
    let worker = Uuid::now_v7();
    fixture
        .store
        .claim_examination(worker, NOW, 1_000)
        .await
        .unwrap()
        .unwrap();
    // Closed without a word to the queue, as a crash does it.
    fixture.store.clone().close().await.unwrap();
    assert!(fixture.store.ping().await.is_err());

    let store = fixture.open_again().await;
    store.ping().await.unwrap();
    assert_eq!(store.project(project).await.unwrap().unwrap().name, "bank");
    let found = store.session(project, kept.id).await.unwrap().unwrap();
    assert_eq!(found.status, SessionStatus::Examining);
    assert!(found.subject_name == kept.subject_name && found.metadata == kept.metadata);
    let latest = store
        .latest_evidence(kept.id, EvidenceKind::Video)
        .await
        .unwrap();
    assert_eq!(latest, Some(evidence.clone()));
    assert!(store.get_blob(&evidence.blob).await.unwrap().is_some());

    let heir = Uuid::now_v7();
    let claimed = store
        .claim_examination(heir, NOW.plus(1_000), 1_000)
        .await
        .unwrap();
    assert_eq!(claimed.unwrap().attempts, 2);
    let judged = judgement();
    assert!(
        store
            .finish_examination(record.id, heir, &judged, NOW)
            .await
            .unwrap()
    );
    store.close().await.unwrap();

    let store = fixture.open_again().await;
    let done = store
        .examination(project, record.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (done.report, done.verdict),
        (Some(judged.report), Some(judged.verdict))
    );
    store.close().await.unwrap();
}

async fn the_first_openings_take_turns(fixture: &Fixture) {
    fixture
        .on_new_ground(async |options: StoreOptions| {
            let door = Arc::new(Barrier::new(6));
            let opening: Vec<_> = (0..6)
                .map(|_| {
                    let (options, door) = (options.clone(), door.clone());
                    tokio::spawn(async move {
                        door.wait().await;
                        Store::open(&options).await
                    })
                })
                .collect();
            for one in opening {
                let store = one.await.unwrap().unwrap();
                assert_eq!(store.projects().await.unwrap(), []);
                store.close().await.unwrap();
            }
        })
        .await;
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn faces_and_names_are_for_their_owner_alone() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("new/data folder?#%");
    let options = StoreOptions::in_folder(&data);
    let store = Store::open(&options).await.unwrap();
    store.put_blob("key", vec![1]).await.unwrap();

    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("blobs")), 0o700);
    let mut files = 0;
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            files += 1;
        }
    }
    // The database, its log and the log's index, and the master key.
    assert_eq!(files, 4);
}

#[tokio::test]
async fn a_database_in_memory_is_one_database() {
    let folder = TempDir::new().unwrap();
    let options = StoreOptions {
        database_url: "sqlite::memory:".to_owned(),
        ..StoreOptions::in_folder(folder.path())
    };
    let (one, other) = (
        Store::open(&options).await.unwrap(),
        Store::open(&options).await.unwrap(),
    );
    let project = likeness::session::project::Project {
        id: likeness::session::ids::ProjectId(Uuid::now_v7()),
        name: "bank".to_owned(),
        settings: likeness::session::project::ProjectSettings::default(),
        created_at: NOW,
    };
    let made = entry(project.id, AuditAction::ProjectCreated, "");
    one.create_project(&project, &made).await.unwrap();
    for _ in 0..20 {
        one.insert_session(&session(project.id)).await.unwrap();
        assert!(one.project(project.id).await.unwrap().is_some());
    }
    assert!(other.projects().await.unwrap().is_empty());
    assert!(!folder.path().join("likeness.db").exists());
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_refused_without_its_password() {
    let folder = TempDir::new().unwrap();
    for (url, unknown) in [
        ("mysql://kyc:hunter2@db/kyc", true),
        ("kyc:hunter2", true),
        ("hunter2", true),
        ("postgres://kyc:hunter2@localhost:notaport/kyc", false),
        ("postgres://kyc:hunter2@127.0.0.1:1/kyc", false),
        ("sqlite:///dev/null/hunter2", false),
    ] {
        let options = StoreOptions {
            database_url: url.to_owned(),
            ..StoreOptions::in_folder(folder.path())
        };
        let error = Store::open(&options).await.unwrap_err();
        assert_eq!(
            matches!(error, StoreError::UnknownDatabase { .. }),
            unknown,
            "{url}"
        );
        let mut said = format!("{error:?} {options:?}");
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(link) = cause {
            said.push_str(&link.to_string());
            cause = link.source();
        }
        assert!(!said.contains("hunter2"), "{said}");
    }
}

async fn an_older_program_starts_on_what_a_newer_one_left(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    fixture
        .tamper("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29991231_000001_later', 0)")
        .await;
    let store = fixture.open_again().await;
    assert!(store.project(project).await.unwrap().is_some());
    // One that lacks something of this program's is of neither version.
    fixture
        .tamper("DELETE FROM seaql_migrations WHERE version = 'm20261129_000021_chores'")
        .await;
    let refused = Store::open(&fixture.options).await;
    assert!(
        matches!(refused, Err(StoreError::Database(_))),
        "{refused:?}"
    );
}
