//! The queue: what goes in, in which order it comes out, and ends that move the session.

use std::sync::Arc;

use likeness::session::challenge::{Action, Challenge, ChallengeOrder};
use likeness::session::examination::{ExaminationScope, ExaminationStatus};
use likeness::session::ids::{ChallengeId, SessionId};
use likeness::session::status::{Move, SessionStatus};
use likeness::store::error::StoreError;
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::store::fixture::{Fixture, NOW, because, claim, examination, judgement, queue, session};

on_both_databases! {
    an_examination_waits_is_leased_and_ends_in_a_verdict
    an_examination_that_fails_says_why
    the_longest_waiting_comes_first
    one_that_is_asked_for_comes_before_one_that_has_waited_longer
    a_session_that_is_not_open_is_not_queued
    a_full_queue_takes_nothing
    a_queue_limit_holds_against_a_crowd
    a_report_that_json_cannot_hold_is_refused
    every_attempt_is_kept
    an_order_that_a_challenge_overtook_is_not_queued
}

async fn an_examination_waits_is_leased_and_ends_in_a_verdict(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let other = fixture.project("other").await;
    let (session, record) = queue(fixture, project).await;
    assert_eq!(fixture.status(&session).await, SessionStatus::Examining);
    assert_eq!(store.queued().await.unwrap(), 1);
    assert_eq!(
        store.examination(project, record.id).await.unwrap(),
        Some(record.clone())
    );
    assert_eq!(store.examination(other, record.id).await.unwrap(), None);

    let worker = Uuid::now_v7();
    let claimed = claim(store, worker, 0).await.unwrap();
    let mut running = record.clone();
    running.status = ExaminationStatus::Running;
    running.attempts = 1;
    assert_eq!(claimed, running);
    assert_eq!(
        store.examination(project, record.id).await.unwrap(),
        Some(running.clone())
    );
    assert_eq!(store.queued().await.unwrap(), 0);
    assert_eq!(claim(store, worker, 0).await, None);

    let (judged, at) = (judgement(), NOW.plus(500));
    let stranger = Uuid::now_v7();
    assert!(
        !store
            .finish_examination(record.id, stranger, &judged, at)
            .await
            .unwrap()
    );
    assert_eq!(fixture.status(&session).await, SessionStatus::Examining);
    assert!(
        store
            .finish_examination(record.id, worker, &judged, at)
            .await
            .unwrap()
    );
    assert_eq!(fixture.status(&session).await, SessionStatus::Judged);
    // A second end changes nothing.
    assert!(
        !store
            .finish_examination(record.id, worker, &judged, at)
            .await
            .unwrap()
    );
    assert!(
        !store
            .fail_examination(record.id, worker, &because("late"), at)
            .await
            .unwrap()
    );
    assert!(
        !store
            .renew_lease(record.id, worker, NOW.plus(9_000))
            .await
            .unwrap()
    );

    let mut done = running;
    done.status = ExaminationStatus::Done;
    done.finished_at = Some(at);
    done.report = Some(judged.report);
    done.signals = Some(judged.signals);
    done.verdict = Some(judged.verdict);
    done.provenance = Some(judged.provenance);
    assert_eq!(
        store.latest_examination(session.id).await.unwrap(),
        Some(done)
    );
    // What has ended is never leased again.
    assert_eq!(claim(store, worker, 1_000_000).await, None);
}

async fn an_examination_that_fails_says_why(fixture: &Fixture) {
    let store = &fixture.store;
    let (session, record) = queue(fixture, fixture.project("bank").await).await;
    let worker = Uuid::now_v7();
    claim(store, worker, 0).await.unwrap();
    assert!(
        !store
            .fail_examination(record.id, Uuid::now_v7(), &because("no"), NOW)
            .await
            .unwrap()
    );
    assert!(
        store
            .fail_examination(record.id, worker, &because("the video broke off"), NOW)
            .await
            .unwrap()
    );

    assert_eq!(fixture.status(&session).await, SessionStatus::Failed);
    let failed = store.latest_examination(session.id).await.unwrap().unwrap();
    assert_eq!(failed.status, ExaminationStatus::Failed);
    assert_eq!(failed.failure, Some(because("the video broke off")));
    assert_eq!(
        (failed.report, failed.verdict, failed.finished_at),
        (None, None, Some(NOW))
    );
}

async fn the_longest_waiting_comes_first(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let mut queued = Vec::new();
    for waited in [5, 30, 10, 30] {
        let session = fixture.session(project).await;
        let mut record = examination(&session);
        record.queued_at = NOW.plus(-waited);
        store.queue_examination(&record, 1_000).await.unwrap();
        queued.push(record.id);
    }
    for expected in [1, 3, 2, 0] {
        let claimed = claim(store, Uuid::now_v7(), 0).await.unwrap();
        assert_eq!(claimed.id, queued[expected]);
    }
}

async fn one_that_is_asked_for_comes_before_one_that_has_waited_longer(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let mut queued = Vec::new();
    for waited in [30, 20, 10] {
        let session = fixture.session(project).await;
        let mut record = examination(&session);
        record.queued_at = NOW.plus(-waited);
        store.queue_examination(&record, 1_000).await.unwrap();
        queued.push(record.id);
    }
    let asked = async |some: &[_]| {
        let claimed = store.claim_one_of(some, Uuid::now_v7(), NOW, 10_000).await;
        claimed.unwrap().map(|record| record.id)
    };
    assert_eq!(asked(&queued[1..]).await, Some(queued[1]));
    assert_eq!(asked(&queued[1..2]).await, None, "it is leased");
    assert_eq!(asked(&[]).await, None);
    let rest = claim(store, Uuid::now_v7(), 0).await.unwrap();
    assert_eq!(rest.id, queued[0]);
}

async fn a_session_that_is_not_open_is_not_queued(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let kept = fixture.session(project).await;
    store.move_session(kept.id, Move::End, NOW).await.unwrap();
    match store.queue_examination(&examination(&kept), 10).await {
        Err(StoreError::WrongState { status }) => assert_eq!(status, SessionStatus::Ended),
        other => panic!("{other:?}"),
    }
    let unknown = store
        .queue_examination(&examination(&session(project)), 10)
        .await;
    assert!(matches!(unknown, Err(StoreError::NotFound { .. })));
    assert_eq!(store.queued().await.unwrap(), 0);
    assert_eq!(store.latest_examination(kept.id).await.unwrap(), None);
}

async fn a_full_queue_takes_nothing(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    for _ in 0..2 {
        queue(fixture, project).await;
    }
    let kept = fixture.session(project).await;
    match store.queue_examination(&examination(&kept), 2).await {
        Err(StoreError::QueueFull { queued, limit }) => assert_eq!((queued, limit), (2, 2)),
        other => panic!("{other:?}"),
    }
    assert_eq!(fixture.status(&kept).await, SessionStatus::Open);
    assert_eq!(store.latest_examination(kept.id).await.unwrap(), None);
    // A leased one waits no more and makes room.
    claim(store, Uuid::now_v7(), 0).await.unwrap();
    store
        .queue_examination(&examination(&kept), 2)
        .await
        .unwrap();
}

async fn a_queue_limit_holds_against_a_crowd(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    let second = fixture.open_again().await;
    let mut records = Vec::new();
    for _ in 0..24 {
        records.push(examination(&fixture.session(project).await));
    }
    // All at the door before the first goes in.
    let door = Arc::new(Barrier::new(records.len()));
    let crowd: Vec<_> = records
        .into_iter()
        .enumerate()
        .map(|(index, record)| {
            let store = [&fixture.store, &second][index % 2].clone();
            let door = door.clone();
            tokio::spawn(async move {
                door.wait().await;
                store.queue_examination(&record, 5).await
            })
        })
        .collect();
    let mut refused = 0;
    for one in crowd {
        match one.await.unwrap() {
            Ok(()) => {}
            Err(StoreError::QueueFull { limit: 5, .. }) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, 19);
    assert_eq!(fixture.store.queued().await.unwrap(), 5);
}

async fn a_report_that_json_cannot_hold_is_refused(fixture: &Fixture) {
    let store = &fixture.store;
    let (session, record) = queue(fixture, fixture.project("bank").await).await;
    let worker = Uuid::now_v7();
    claim(store, worker, 0).await.unwrap();
    let mut judged = judgement();
    let found = &mut judged.report;
    found.document.face = found.document.face.map(|mut face| {
        face.sharpness = f32::NAN;
        face
    });
    let refused = store
        .finish_examination(record.id, worker, &judged, NOW)
        .await;
    assert!(
        matches!(refused, Err(StoreError::Unstorable { .. })),
        "{refused:?}"
    );
    assert_eq!(fixture.status(&session).await, SessionStatus::Examining);
    assert!(
        store
            .fail_examination(record.id, worker, &because("not a number"), NOW)
            .await
            .unwrap()
    );
}

async fn every_attempt_is_kept(fixture: &Fixture) {
    let store = &fixture.store;
    let kept = fixture.session(fixture.project("bank").await).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let record = examination(&kept);
        store.queue_examination(&record, 10).await.unwrap();
        let worker = Uuid::now_v7();
        claim(store, worker, 0).await.unwrap();
        store
            .finish_examination(record.id, worker, &judgement(), NOW)
            .await
            .unwrap();
        store
            .move_session(kept.id, Move::AcceptEvidence, NOW)
            .await
            .unwrap();
        ids.insert(0, record.id);
    }
    let attempts = store.examinations(kept.id).await.unwrap();
    assert_eq!(attempts.iter().map(|one| one.id).collect::<Vec<_>>(), ids);
    assert_eq!(
        store.latest_examination(kept.id).await.unwrap().unwrap().id,
        ids[0]
    );
    assert_eq!(
        store.examinations(SessionId(Uuid::now_v7())).await.unwrap(),
        []
    );
}

async fn an_order_that_a_challenge_overtook_is_not_queued(fixture: &Fixture) {
    let store = &fixture.store;
    let session = fixture.session(fixture.project("bank").await).await;
    let challenge = |at: i64| Challenge {
        id: ChallengeId(Uuid::now_v7()),
        session: session.id,
        steps: Action::ALL.to_vec(),
        drawn_at: NOW.plus(at),
        expires_at: NOW.plus(10_000),
        used: false,
    };
    let order = |challenge: Option<&Challenge>| {
        let mut record = examination(&session);
        record.order.scope = ExaminationScope::Everything;
        record.order.challenge = challenge.map(|challenge| ChallengeOrder {
            id: challenge.id,
            steps: challenge.steps.clone(),
            in_time: true,
        });
        record
    };
    let (first, second) = (challenge(0), challenge(1));
    store.draw_challenge(&first).await.unwrap();
    store.draw_challenge(&second).await.unwrap();
    for overtaken in [order(None), order(Some(&first))] {
        let refused = store.queue_examination(&overtaken, 10).await;
        assert!(matches!(refused, Err(StoreError::AnotherChallenge)));
        assert_eq!(fixture.status(&session).await, SessionStatus::Open);
    }
    let last = order(Some(&second));
    store.queue_examination(&last, 10).await.unwrap();
    assert!(
        store
            .last_challenge(session.id)
            .await
            .unwrap()
            .unwrap()
            .used
    );
}
