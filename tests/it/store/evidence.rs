//! Evidence: blob, row and move together, or none of them.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use likeness::session::evidence::EvidenceKind;
use likeness::session::ids::SessionId;
use likeness::session::status::{Move, SessionStatus};
use likeness::store::error::StoreError;
use tokio::time::timeout;
use uuid::Uuid;

use crate::store::fixture::{EVIDENCE_BYTES, Fixture, NOW, evidence_bytes, new_evidence, session};

on_every_store! {
    evidence_comes_with_its_session_and_its_bytes
    the_newest_evidence_counts
    evidence_after_a_verdict_opens_the_session
    a_session_that_takes_nothing_keeps_nothing
    an_unknown_session_keeps_nothing
    a_file_that_cannot_be_read_keeps_nothing
    a_caller_that_goes_away_leaves_no_half
    a_second_try_does_not_write_over_what_the_first_kept
}

async fn evidence_comes_with_its_session_and_its_bytes(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let fresh = session(project);
    let file = fixture.file("upload");
    let mut new = new_evidence(fresh.id, EvidenceKind::Video, &file);
    new.create = Some(fresh.clone());
    let kept = store.accept_evidence(new, NOW.plus(3)).await.unwrap();

    let folder = format!("sessions/{}/", fresh.id.0);
    assert!(kept.blob.starts_with(&folder), "{}", kept.blob);
    assert_eq!(kept.received_at, NOW.plus(3));
    let found = store
        .latest_evidence(fresh.id, EvidenceKind::Video)
        .await
        .unwrap();
    assert_eq!(found, Some(kept.clone()));
    assert_eq!(
        store
            .latest_evidence(fresh.id, EvidenceKind::Document)
            .await
            .unwrap(),
        None
    );
    assert_eq!(fixture.status(&fresh).await, SessionStatus::Open);

    assert!(file.exists(), "the received file is copied");
    assert!(store.get_blob(&kept.blob).await.unwrap().unwrap() == evidence_bytes());
    let copy = fixture.folder.path().join("copy");
    store.fetch_blob_to(&kept.blob, &copy).await.unwrap();
    assert!(std::fs::read(&copy).unwrap() == evidence_bytes());
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(copy.metadata().unwrap().len(), EVIDENCE_BYTES as u64);
}

async fn the_newest_evidence_counts(fixture: &Fixture) {
    let store = &fixture.store;
    let kept = fixture.session(fixture.project("bank").await).await;
    let file = fixture.file("upload");
    let mut ids = Vec::new();
    // The last two come in the same millisecond.
    for at in [NOW, NOW.plus(1), NOW.plus(1)] {
        let new = new_evidence(kept.id, EvidenceKind::Document, &file);
        ids.push(store.accept_evidence(new, at).await.unwrap().id);
    }
    let newest = store
        .latest_evidence(kept.id, EvidenceKind::Document)
        .await
        .unwrap();
    assert_eq!(newest.unwrap().id, ids[2]);
    assert_eq!(fixture.blob_files().len(), 3);
}

async fn evidence_after_a_verdict_opens_the_session(fixture: &Fixture) {
    let kept = fixture.session(fixture.project("bank").await).await;
    for step in [Move::RequestExamination, Move::Judge] {
        fixture
            .store
            .move_session(kept.id, step, NOW)
            .await
            .unwrap();
    }
    let file = fixture.file("upload");
    let new = new_evidence(kept.id, EvidenceKind::Video, &file);
    fixture.store.accept_evidence(new, NOW).await.unwrap();
    assert_eq!(fixture.status(&kept).await, SessionStatus::Open);
}

async fn a_session_that_takes_nothing_keeps_nothing(fixture: &Fixture) {
    let store = &fixture.store;
    let kept = fixture.session(fixture.project("bank").await).await;
    store.move_session(kept.id, Move::End, NOW).await.unwrap();

    let file = fixture.file("upload");
    let new = new_evidence(kept.id, EvidenceKind::Video, &file);
    match store.accept_evidence(new, NOW).await {
        Err(StoreError::WrongState { status }) => assert_eq!(status, SessionStatus::Ended),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        store
            .latest_evidence(kept.id, EvidenceKind::Video)
            .await
            .unwrap(),
        None
    );
    assert_eq!(fixture.blob_files(), Vec::<std::path::PathBuf>::new());
}

async fn an_unknown_session_keeps_nothing(fixture: &Fixture) {
    let file = fixture.file("upload");
    let new = new_evidence(SessionId(Uuid::now_v7()), EvidenceKind::Video, &file);
    let refused = fixture.store.accept_evidence(new, NOW).await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })));
    assert_eq!(fixture.blob_files(), Vec::<std::path::PathBuf>::new());
}

async fn a_file_that_cannot_be_read_keeps_nothing(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    let fresh = session(project);
    for file in [Path::new("/nonexistent/upload"), fixture.folder.path()] {
        let mut new = new_evidence(fresh.id, EvidenceKind::Video, file);
        new.create = Some(fresh.clone());
        let refused = fixture.store.accept_evidence(new, NOW).await;
        assert!(
            matches!(refused, Err(StoreError::File { .. })),
            "{refused:?}"
        );
    }
    assert!(
        fixture
            .store
            .session(project, fresh.id)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(fixture.blob_files(), Vec::<std::path::PathBuf>::new());
}

async fn a_caller_that_goes_away_leaves_no_half(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let file = fixture.file("upload");
    let mut dropped = Vec::new();
    for _ in 0..10 {
        let fresh = session(project);
        let mut new = new_evidence(fresh.id, EvidenceKind::Video, &file);
        new.create = Some(fresh.clone());
        // Asked once, so that the work begins, and then dropped.
        let asked = timeout(Duration::ZERO, store.accept_evidence(new, NOW));
        let _ = asked.await;
        dropped.push(fresh.id);
    }
    for session in dropped {
        // The work goes on by itself. A minute is no measure of it, only the end of a broken test.
        let done = async {
            loop {
                let found = store.latest_evidence(session, EvidenceKind::Video).await;
                if let Some(found) = found.unwrap() {
                    return found;
                }
                tokio::task::yield_now().await;
            }
        };
        let evidence = timeout(Duration::from_mins(1), done).await.unwrap();
        assert!(store.get_blob(&evidence.blob).await.unwrap().unwrap() == evidence_bytes());
        assert!(store.session(project, session).await.unwrap().is_some());
    }
    assert_eq!(fixture.blob_files().len(), 10);
}

/// Two tries of one request, as where the first was thought dead: they make the same identifiers, each with a key of its own.
async fn a_second_try_does_not_write_over_what_the_first_kept(fixture: &Fixture) {
    let store = &fixture.store;
    let fresh = session(fixture.project("bank").await);
    let file = fixture.file("upload");
    let attempt = || {
        let mut new = new_evidence(fresh.id, EvidenceKind::Video, &file);
        new.create = Some(fresh.clone());
        new
    };
    let (first, mut second) = (attempt(), attempt());
    second.id = first.id;
    let kept = store.accept_evidence(first, NOW).await.unwrap();
    assert!(store.accept_evidence(second, NOW).await.is_err());
    assert!(store.get_blob(&kept.blob).await.unwrap().unwrap() == evidence_bytes());
    assert_eq!(fixture.blob_files().len(), 1);
}
