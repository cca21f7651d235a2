//! Blobs that no row names: found, and deleted once they are old; and nothing else is.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, SystemTime};

use likeness::session::actor::Actor;
use likeness::session::audit::AuditAction;
use likeness::session::evidence::EvidenceKind;
use likeness::session::ids::{ExaminationId, ProjectId, SessionId, TemplateId};
use likeness::session::picture::PictureKind;
use likeness::session::time::Timestamp;
use likeness::store::Store;
use likeness::store::blobs::{examination_picture_key, picture_key};
use likeness::store::erasure::Erasure;
use likeness::store::orphans::Orphans;
use uuid::Uuid;

use crate::store::fixture::{Fixture, NOW, entry, new_evidence, queue};

in_both_places! {
    what_no_row_names_goes_once_it_is_old_and_nothing_else_does
    what_is_left_of_an_erased_session_goes
    a_try_that_broke_off_goes_once_it_is_old
}

on_both_databases! {
    of_many_nodes_one_takes_a_chore
}

/// Between what is old in these tests and what is young.
const SINCE: Timestamp = Timestamp(1_700_000_000_000);

/// Makes a blob as old as if it had been written in 2020.
fn make_old(fixture: &Fixture, key: &str) {
    let file = std::fs::File::open(fixture.blob_folder().join(key)).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000))
        .unwrap();
}

/// Puts a blob there by hand: the store itself seals none for whom it does not know.
fn put(fixture: &Fixture, key: &str, bytes: &[u8]) {
    let file = fixture.blob_folder().join(key);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, bytes).unwrap();
}

fn put_old(fixture: &Fixture, key: &str) {
    put(fixture, key, &[7; 9]);
    make_old(fixture, key);
}

async fn is_there(store: &Store, key: &str) -> bool {
    store.has_blob(key).await.unwrap()
}

async fn what_no_row_names_goes_once_it_is_old_and_nothing_else_does(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let (session, record) = queue(fixture, project).await;
    let other = fixture.session(project).await;
    let file = fixture.file("upload");
    let new = new_evidence(other.id, EvidenceKind::Video, &file);
    let evidence = store.accept_evidence(new, NOW).await.unwrap();
    make_old(fixture, &evidence.blob);
    let sealed = fixture.blob_folder().join(&evidence.blob);
    let sealed = sealed.metadata().unwrap().len();

    let picture = PictureKind::Thumbnail(1);
    let named = examination_picture_key(session.id, record.id, picture);
    let strange = "somebody/elses";
    let young = format!("sessions/{}/{}", session.id.0, Uuid::now_v7());
    let (nobody, nothing) = (SessionId(Uuid::now_v7()), ExaminationId(Uuid::now_v7()));
    let orphans = [
        format!("sessions/{}/{}", session.id.0, Uuid::now_v7()),
        format!("sessions/{}/{}", nobody.0, Uuid::now_v7()),
        examination_picture_key(session.id, nothing, picture),
        examination_picture_key(nobody, record.id, picture),
        picture_key(project, TemplateId(Uuid::now_v7())),
        picture_key(ProjectId(Uuid::now_v7()), TemplateId(Uuid::now_v7())),
    ];
    put(fixture, &young, &[1]);
    for key in orphans
        .iter()
        .map(String::as_str)
        .chain([named.as_str(), strange])
    {
        put_old(fixture, key);
    }

    let looked = store.sweep_orphans(SINCE, false).await.unwrap();
    let expected = Orphans {
        blobs: 10,
        bytes: sealed + 1 + 9 * 8,
        orphans: 6,
        young: 1,
        probes: 0,
        strange: 1,
        unfinished: 0,
    };
    assert_eq!(looked, expected);
    assert_eq!(fixture.blob_files().len(), 10);

    assert_eq!(store.sweep_orphans(SINCE, true).await.unwrap(), expected);
    for key in &orphans {
        assert!(!is_there(store, key).await, "{key}");
    }
    for key in [&evidence.blob, &named, &young, &strange.to_owned()] {
        assert!(is_there(store, key).await, "{key}");
    }
    let again = store.sweep_orphans(SINCE, true).await.unwrap();
    assert_eq!((again.blobs, again.orphans), (4, 0));
}

async fn what_is_left_of_an_erased_session_goes(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let session = fixture.session(project).await;
    let file = fixture.file("upload");
    let new = new_evidence(session.id, EvidenceKind::Video, &file);
    let evidence = store.accept_evidence(new, NOW).await.unwrap();
    let erasure = Erasure::of_session(project, session.id, NOW);
    let told = entry(project, AuditAction::SessionErased, "");
    let told = likeness::session::audit::AuditEntry {
        actor: Actor::Service,
        ..told
    };
    store.erase(erasure, move |_, _| vec![told]).await.unwrap();
    assert!(!is_there(store, &evidence.blob).await);
    // A worker that came too late, and was killed before it could take it back.
    put_old(fixture, &evidence.blob);
    let swept = store.sweep_orphans(SINCE, true).await.unwrap();
    assert_eq!(swept.orphans, 1);
    assert!(!is_there(store, &evidence.blob).await);
}

async fn a_try_that_broke_off_goes_once_it_is_old(fixture: &Fixture) {
    let store = &fixture.store;
    let [old, young] = [(); 2].map(|()| format!("probe/{}", Uuid::now_v7()));
    let strange = "probe/somebody-elses";
    put(fixture, &young, &[]);
    put_old(fixture, &old);
    put_old(fixture, strange);
    for (delete, left) in [(false, 3), (true, 2)] {
        let found = store.sweep_orphans(SINCE, delete).await.unwrap();
        let expected = Orphans {
            blobs: 3,
            bytes: 18,
            probes: 1,
            young: 1,
            strange: 1,
            ..Orphans::default()
        };
        assert_eq!(found, expected);
        assert_eq!(fixture.blob_files().len(), left);
    }
    assert!(is_there(store, &young).await && is_there(store, strange).await);
    store.probe_blobs().await.unwrap();
    assert_eq!(
        fixture.blob_files().len(),
        2,
        "one that ends leaves nothing"
    );
}

#[tokio::test]
async fn a_file_that_was_never_completed_goes_once_it_is_old() {
    let fixture = Fixture::sqlite().await;
    let folder = fixture.blob_folder().join("sessions");
    std::fs::create_dir(&folder).unwrap();
    // What a process that is killed while it writes leaves, and what one is writing now.
    for name in ["a#1", "b#12", "c#3", "no#number", "#"] {
        std::fs::write(folder.join(name), b"half").unwrap();
    }
    for name in ["a#1", "b#12", "no#number", "#"] {
        make_old(&fixture, &format!("sessions/{name}"));
    }
    for delete in [false, true] {
        let found = fixture.store.sweep_orphans(SINCE, delete).await.unwrap();
        assert_eq!(found.unfinished, 2);
    }
    let left: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| name_of(&entry.unwrap().path()))
        .collect();
    let kept = ["c#3", "no#number", "#"].map(str::to_owned);
    assert_eq!(left, BTreeSet::from(kept));
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

async fn of_many_nodes_one_takes_a_chore(fixture: &Fixture) {
    let second = fixture.open_again().await;
    let unknown = fixture.store.take_chore("sweep", NOW.plus(-1), NOW);
    assert!(!unknown.await.unwrap(), "nobody begins with it");
    for round in 0..3 {
        let now = NOW.plus(round * 1_000);
        let takers: Vec<_> = (0..8)
            .map(|index| {
                let store = if index % 2 == 0 {
                    &fixture.store
                } else {
                    &second
                }
                .clone();
                tokio::spawn(async move {
                    store
                        .take_chore("sweep", now, now.plus(1_000))
                        .await
                        .unwrap()
                })
            })
            .collect();
        let mut taken = 0;
        for taker in takers {
            taken += u32::from(taker.await.unwrap());
        }
        assert_eq!(taken, 1, "round {round}");
        let early = fixture
            .store
            .take_chore("sweep", now.plus(999), now.plus(2_000));
        assert!(!early.await.unwrap());
        let other = format!("another {round}");
        let first = fixture.store.take_chore(&other, now, now.plus(1));
        assert!(!first.await.unwrap());
        let second = fixture.store.take_chore(&other, now.plus(1), now.plus(2));
        assert!(second.await.unwrap());
    }
}
