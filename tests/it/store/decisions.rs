//! Decisions, holds and erasures as rows: sealed notes, one key, and who is first when two meet.

use std::sync::Arc;

use likeness::session::actor::Actor;
use likeness::session::audit::{AuditAction, AuditEntry};
use likeness::session::decision::{Decision, DecisionKind, Note};
use likeness::session::examination::{ExaminationRecord, Failure};
use likeness::session::ids::DecisionId;
use likeness::session::project::ProjectSettings;
use likeness::session::status::{Move, SessionStatus};
use likeness::session::visit::Session;
use likeness::store::Store;
use likeness::store::decisions::Hashes;
use likeness::store::erasure::Erasure;
use likeness::store::error::StoreError;
use likeness::store::receipts::Receipt;
use sea_orm::{ConnectionTrait, Database};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::store::fixture::{Fixture, NOW, because, claim, entry, examination, judgement, queue};

on_both_databases! {
    a_note_is_sealed_and_opens_until_the_erasure
    notes_at_once_share_one_key
    the_database_refuses_to_change_a_decision
    a_decision_that_is_refused_leaves_no_row
    a_hold_and_an_erasure_do_not_both_succeed
    an_erasure_and_a_note_do_not_both_come_last
    faults_of_the_service_are_not_counted
}

async fn a_note_is_sealed_and_opens_until_the_erasure(fixture: &Fixture) {
    let store = &fixture.store;
    let (session, record) = judged(fixture).await;
    let kept = decide(store, &session, DecisionKind::Reject, "a printed card").await;
    let kept = kept.unwrap();
    assert_eq!(kept.examination, Some(record.id));
    let found = store.decisions(session.id).await.unwrap();
    assert_eq!(found, std::slice::from_ref(&kept));
    let settled = store.settled(&[session.id]).await.unwrap();
    assert_eq!(settled.get(&session.id), Some(&DecisionKind::Reject));

    let erased = erase(store, &session).await.unwrap();
    let told: serde_json::Value = serde_json::from_str(&erased.unwrap().payload).unwrap();
    assert_eq!(
        (&told["went"]["documents"], &told["went"]["notes"]),
        (&0.into(), &1.into())
    );
    assert_eq!(
        (&told["went"]["reports"], &told["went"]["texts"]),
        (&1.into(), &4.into())
    );
    assert_eq!(told["keys_destroyed"].as_array().unwrap().len(), 1);
    assert_eq!(erase(store, &session).await.unwrap(), None);
    let left = store.decisions(session.id).await.unwrap();
    let without = Decision {
        note: Note::Erased,
        ..kept
    };
    assert_eq!(left, [without]);
    let found = store.session(session.project, session.id).await;
    let found = found.unwrap().unwrap();
    assert_eq!(found.status, SessionStatus::Erased);
    assert_eq!((found.reference, found.metadata), (None, None));
    assert_eq!((found.subject_name, found.device_info), (None, None));
    let examined = store.examinations(session.id).await.unwrap().remove(0);
    assert_eq!(examined.report, None);
    let judged = judgement();
    assert_eq!(examined.signals, Some(judged.signals));
    assert_eq!(examined.verdict, Some(judged.verdict));
    assert_eq!(examined.provenance, Some(judged.provenance));
}

async fn notes_at_once_share_one_key(fixture: &Fixture) {
    let (session, _) = judged(fixture).await;
    let together = Arc::new(Barrier::new(10));
    let crowd: Vec<_> = (0..10)
        .map(|number| {
            let (store, session) = (fixture.store.clone(), session.clone());
            let together = together.clone();
            tokio::spawn(async move {
                together.wait().await;
                let note = format!("note {number}");
                decide(&store, &session, DecisionKind::Note, &note).await
            })
        })
        .collect();
    for one in crowd {
        one.await.unwrap().unwrap();
    }
    let kept = fixture.store.decisions(session.id).await.unwrap();
    assert_eq!(kept.len(), 10);
    let readable = |decision: &Decision| matches!(decision.note, Note::Text(_));
    assert!(kept.iter().all(readable));
}

async fn the_database_refuses_to_change_a_decision(fixture: &Fixture) {
    let (session, _) = judged(fixture).await;
    let kept = decide(&fixture.store, &session, DecisionKind::Reject, "x").await;
    kept.unwrap();
    let connection = Database::connect(&fixture.options.database_url)
        .await
        .unwrap();
    for sql in [
        "UPDATE decisions SET kind = 'approve'",
        "DELETE FROM decisions",
    ] {
        let refused = connection.execute_unprepared(sql).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
}

async fn a_decision_that_is_refused_leaves_no_row(fixture: &Fixture) {
    let store = &fixture.store;
    let (session, record) = judged(fixture).await;
    let before = store.audit_head().await.unwrap();
    let stale = Decision {
        examination: Some(examination(&session).id),
        ..decision(&session, DecisionKind::AskAgain, "")
    };
    assert_ne!(stale.examination, Some(record.id));
    let refused = store.decide(stale, about_decision).await;
    assert!(matches!(refused, Err(StoreError::ExaminedAgain)));
    assert_eq!(fixture.status(&session).await, SessionStatus::Judged);
    assert_eq!(store.decisions(session.id).await.unwrap(), []);
    assert_eq!(store.audit_head().await.unwrap(), before);
}

async fn a_hold_and_an_erasure_do_not_both_succeed(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    for _ in 0..10 {
        let session = fixture.session(project).await;
        let together = Arc::new(Barrier::new(2));
        let holding = {
            let (store, session, together) =
                (fixture.store.clone(), session.clone(), together.clone());
            tokio::spawn(async move {
                together.wait().await;
                let held = entry(project, AuditAction::SessionHeld, "");
                store.hold_session(session.id, &held).await
            })
        };
        together.wait().await;
        let erased = erase(&fixture.store, &session).await;
        let held = holding.await.unwrap();
        let found = fixture.store.session(project, session.id).await;
        let found = found.unwrap().unwrap();
        match (&held, &erased) {
            (Ok(true), Err(StoreError::Held)) => assert!(found.erased_at.is_none()),
            (Err(StoreError::WrongState { .. }), Ok(Some(_))) => {
                assert!(found.held_at.is_none());
            }
            _ => panic!("{held:?} {erased:?}"),
        }
    }
}

async fn an_erasure_and_a_note_do_not_both_come_last(fixture: &Fixture) {
    let (session, _) = judged(fixture).await;
    let together = Arc::new(Barrier::new(2));
    let writing = {
        let (store, session, together) = (fixture.store.clone(), session.clone(), together.clone());
        tokio::spawn(async move {
            together.wait().await;
            decide(&store, &session, DecisionKind::Note, "late").await
        })
    };
    together.wait().await;
    erase(&fixture.store, &session).await.unwrap();
    let written = writing.await.unwrap();
    let left = fixture.store.decisions(session.id).await.unwrap();
    match written {
        // The key that was made for it went with the session.
        Ok(_) => assert!(left[0].note == Note::Erased),
        Err(StoreError::WrongState { .. }) => assert_eq!(left, []),
        Err(error) => panic!("{error}"),
    }
}

async fn faults_of_the_service_are_not_counted(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let settings = ProjectSettings {
        max_examinations: Some(2),
        ..ProjectSettings::default()
    };
    let changed = entry(project, AuditAction::ProjectChanged, "");
    store
        .save_settings(project, &settings, &changed)
        .await
        .unwrap();
    let (session, mut record) = queue(fixture, project).await;
    let fault = Failure {
        by_evidence: false,
        ..because("our own")
    };
    let failures = [
        fault.clone(),
        because("a torn video"),
        fault,
        because("dark"),
    ];
    for (failure, counted) in failures.iter().zip([0, 1, 1, 2]) {
        let worker = Uuid::now_v7();
        claim(store, worker, 0).await.unwrap();
        let failed = store.fail_examination(record.id, worker, failure, NOW);
        assert!(failed.await.unwrap());
        store
            .move_session(session.id, Move::AcceptEvidence, NOW)
            .await
            .unwrap();
        record = examination(&session);
        let queued = store.queue_examination(&record, 10).await;
        match queued {
            Ok(()) => assert!(counted < 2),
            Err(StoreError::ExaminationsUsedUp { count }) => assert_eq!((count, counted), (2, 2)),
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(fixture.status(&session).await, SessionStatus::Open);
    assert_eq!(store.examinations(session.id).await.unwrap().len(), 4);
}

/// A session with a verdict.
async fn judged(fixture: &Fixture) -> (Session, ExaminationRecord) {
    let project = fixture.project("bank").await;
    let (session, record) = queue(fixture, project).await;
    let worker = Uuid::now_v7();
    claim(&fixture.store, worker, 0).await.unwrap();
    let judgement = judgement();
    let finished = fixture
        .store
        .finish_examination(record.id, worker, &judgement, NOW);
    assert!(finished.await.unwrap());
    (session, record)
}

fn decision(session: &Session, kind: DecisionKind, note: &str) -> Decision {
    Decision {
        id: DecisionId(Uuid::now_v7()),
        session: session.id,
        project: session.project,
        examination: None,
        kind,
        reasons: Vec::new(),
        actor: Actor::Operator,
        note: if note.is_empty() {
            Note::None
        } else {
            Note::Text(note.to_owned())
        },
        checklist: None,
        took_ms: None,
        at: NOW,
    }
}

async fn decide(
    store: &Store,
    session: &Session,
    kind: DecisionKind,
    note: &str,
) -> Result<Decision, StoreError> {
    let decision = decision(session, kind, note);
    store.decide(decision, about_decision).await
}

fn about_decision(decision: &Decision, _: &Hashes) -> AuditEntry {
    entry(decision.project, AuditAction::SessionDecided, "")
}

async fn erase(store: &Store, session: &Session) -> Result<Option<Receipt>, StoreError> {
    let project = session.project;
    let erasure = Erasure::of_session(project, session.id, NOW);
    store
        .erase(erasure, move |_, _| {
            vec![entry(project, AuditAction::SessionErased, "")]
        })
        .await
}
