//! A submission is kept whole or not at all.

use likeness::session::evidence::EvidenceKind;
use likeness::session::status::{Move, SessionStatus};
use likeness::session::visit::Session;
use likeness::store::error::StoreError;
use likeness::store::submission::Submission;
use std::path::{Path, PathBuf};
use uuid::Uuid;

use crate::store::fixture::{Fixture, NOW, evidence_bytes, examination, new_evidence, session};

on_every_store! {
    a_submission_is_kept_whole
    a_submission_to_a_judged_session_starts_another_attempt
    a_submission_without_evidence_examines_what_is_there
    a_session_in_the_wrong_state_keeps_nothing
    a_full_queue_keeps_nothing
    a_missing_file_keeps_nothing
    parts_of_different_sessions_are_refused
    a_crowd_of_submissions_is_kept_whole_each
}

fn submission<'a>(session: &Session, create: bool, files: &'a [PathBuf; 2]) -> Submission<'a> {
    let [document, video] = files;
    Submission {
        session: session.clone(),
        create,
        evidence: vec![
            new_evidence(session.id, EvidenceKind::Document, document),
            new_evidence(session.id, EvidenceKind::Video, video),
        ],
        examination: examination(session),
        max_queued: 3,
    }
}

fn files(fixture: &Fixture) -> [PathBuf; 2] {
    [fixture.file("document"), fixture.file("video")]
}

async fn assert_nothing_kept(fixture: &Fixture, session: &Session) {
    let store = &fixture.store;
    for kind in [EvidenceKind::Document, EvidenceKind::Video] {
        assert_eq!(store.latest_evidence(session.id, kind).await.unwrap(), None);
    }
    assert_eq!(store.latest_examination(session.id).await.unwrap(), None);
    let id = session.id.0.to_string();
    let files = fixture.blob_files();
    let mut files = files.iter().map(|file| file.to_string_lossy());
    assert!(files.all(|file| !file.contains(&id)));
}

async fn a_submission_is_kept_whole(fixture: &Fixture) {
    let store = &fixture.store;
    let fresh = session(fixture.project("bank").await);
    let files = files(fixture);
    let submission = submission(&fresh, true, &files);
    let expected = submission.examination.clone();
    let ids: Vec<_> = submission.evidence.iter().map(|one| one.id).collect();
    store.submit(submission).await.unwrap();

    assert_eq!(fixture.status(&fresh).await, SessionStatus::Examining);
    assert_eq!(
        store.latest_examination(fresh.id).await.unwrap(),
        Some(expected)
    );
    for (kind, id) in [EvidenceKind::Document, EvidenceKind::Video]
        .into_iter()
        .zip(ids)
    {
        let kept = store
            .latest_evidence(fresh.id, kind)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((kept.id, kept.received_at), (id, NOW));
        assert!(store.get_blob(&kept.blob).await.unwrap().unwrap() == evidence_bytes());
    }
    assert_eq!(fixture.blob_files().len(), 2);
}

async fn a_submission_to_a_judged_session_starts_another_attempt(fixture: &Fixture) {
    let store = &fixture.store;
    let kept = fixture.session(fixture.project("bank").await).await;
    for step in [Move::RequestExamination, Move::Judge] {
        store.move_session(kept.id, step, NOW).await.unwrap();
    }
    let files = files(fixture);
    store
        .submit(submission(&kept, false, &files))
        .await
        .unwrap();
    assert_eq!(fixture.status(&kept).await, SessionStatus::Examining);
}

async fn a_submission_without_evidence_examines_what_is_there(fixture: &Fixture) {
    let store = &fixture.store;
    let kept = fixture.session(fixture.project("bank").await).await;
    let files = files(fixture);
    let mut bare = submission(&kept, false, &files);
    bare.evidence.clear();
    store.submit(bare).await.unwrap();
    assert_eq!(fixture.status(&kept).await, SessionStatus::Examining);
    assert_eq!(store.queued().await.unwrap(), 1);
}

async fn a_session_in_the_wrong_state_keeps_nothing(fixture: &Fixture) {
    let store = &fixture.store;
    let kept = fixture.session(fixture.project("bank").await).await;
    store.move_session(kept.id, Move::End, NOW).await.unwrap();
    let files = files(fixture);
    match store.submit(submission(&kept, false, &files)).await {
        Err(StoreError::WrongState { status }) => assert_eq!(status, SessionStatus::Ended),
        other => panic!("{other:?}"),
    }
    assert_nothing_kept(fixture, &kept).await;
    // The same for one that was never made.
    let unknown = session(kept.project);
    let refused = store.submit(submission(&unknown, false, &files)).await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })));
    assert_nothing_kept(fixture, &unknown).await;
}

async fn a_full_queue_keeps_nothing(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let files = files(fixture);
    for _ in 0..3 {
        store
            .submit(submission(&session(project), true, &files))
            .await
            .unwrap();
    }
    // Neither for a new session, which is not made, nor for one that exists, which stays open.
    let fresh = session(project);
    let kept = fixture.session(project).await;
    for (one, create) in [(&fresh, true), (&kept, false)] {
        match store.submit(submission(one, create, &files)).await {
            Err(StoreError::QueueFull { queued, limit }) => assert_eq!((queued, limit), (3, 3)),
            other => panic!("{other:?}"),
        }
        assert_nothing_kept(fixture, one).await;
    }
    assert!(store.session(project, fresh.id).await.unwrap().is_none());
    assert_eq!(fixture.status(&kept).await, SessionStatus::Open);
    assert_eq!(fixture.blob_files().len(), 6);
}

async fn a_missing_file_keeps_nothing(fixture: &Fixture) {
    let store = &fixture.store;
    let fresh = session(fixture.project("bank").await);
    let files = files(fixture);
    let mut broken = submission(&fresh, true, &files);
    broken.evidence[1].file = Path::new("/nonexistent/video");
    let refused = store.submit(broken).await;
    assert!(
        matches!(refused, Err(StoreError::File { .. })),
        "{refused:?}"
    );
    assert_nothing_kept(fixture, &fresh).await;
    assert!(
        store
            .session(fresh.project, fresh.id)
            .await
            .unwrap()
            .is_none()
    );
}

async fn parts_of_different_sessions_are_refused(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    let (fresh, other) = (session(project), session(project));
    let files = files(fixture);
    let mut mixed = submission(&fresh, true, &files);
    mixed.evidence[1].session = other.id;
    let mut wrong_row = submission(&fresh, true, &files);
    wrong_row.examination = examination(&other);
    for wrong in [mixed, wrong_row] {
        let refused = fixture.store.submit(wrong).await;
        assert!(
            matches!(refused, Err(StoreError::Inconsistent { .. })),
            "{refused:?}"
        );
    }
    assert_nothing_kept(fixture, &fresh).await;
    assert_nothing_kept(fixture, &other).await;
}

async fn a_crowd_of_submissions_is_kept_whole_each(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    let crowd: Vec<_> = (0..12)
        .map(|_| {
            let (store, fresh) = (fixture.store.clone(), session(project));
            let files = [
                fixture.file(&Uuid::now_v7().to_string()),
                fixture.file(&Uuid::now_v7().to_string()),
            ];
            tokio::spawn(async move {
                let mut wanted = submission(&fresh, true, &files);
                wanted.max_queued = 7;
                (fresh, store.submit(wanted).await)
            })
        })
        .collect();
    let mut kept = 0;
    for one in crowd {
        match one.await.unwrap() {
            (fresh, Ok(())) => {
                kept += 1;
                assert_eq!(fixture.status(&fresh).await, SessionStatus::Examining);
            }
            (fresh, Err(StoreError::QueueFull { .. })) => {
                assert_nothing_kept(fixture, &fresh).await;
                let session = fixture.store.session(project, fresh.id).await;
                assert!(session.unwrap().is_none());
            }
            (_, Err(other)) => panic!("{other:?}"),
        }
    }
    assert_eq!(kept, 7);
    assert_eq!(fixture.blob_files().len(), 14);
}
