//! Webhooks as rows: an event is there with what causes it and not without, and is posted by one at a time.

use std::collections::BTreeSet;

use likeness::session::audit::{AuditAction, AuditEntry};
use likeness::session::cause::Cause;
use likeness::session::delivery::DeliveryState;
use likeness::session::examination::ExaminationRecord;
use likeness::session::ids::{EndpointId, ProjectId};
use likeness::session::webhook::{Endpoint, Event, EventKind, WebhookSecret};
use likeness::store::callbacks::{Callback, Full};
use likeness::store::erasure::Erasure;
use likeness::store::error::StoreError;
use likeness::store::receipts::{Gone, Receipt};
use uuid::Uuid;

use crate::store::fixture::{Fixture, LEASE, NOW, claim, entry, examination, judgement, queue};

on_both_databases! {
    an_event_is_kept_with_what_causes_it_and_not_without
    what_is_due_is_claimed_by_one_at_a_time
    a_lane_that_is_full_is_passed_over
    a_project_that_is_full_is_passed_over
    a_secret_is_rotated_once_at_a_time
    one_that_is_removed_or_gone_gets_nothing_more
    a_project_has_so_many
    the_request_that_caused_it_goes_with_its_end
    how_the_store_fares_is_told
}

fn endpoint(project: ProjectId, events: &[EventKind]) -> Endpoint {
    Endpoint {
        id: EndpointId(Uuid::now_v7()),
        project,
        url: "https://receiver.example/hook".to_owned(),
        events: events.to_vec(),
        secret: WebhookSecret::of([7; 32]),
        previous: None,
        created_at: NOW,
        disabled_at: None,
    }
}

fn about(endpoint: &Endpoint, action: AuditAction) -> AuditEntry {
    entry(endpoint.project, action, &endpoint.id.to_string())
}

async fn kept(fixture: &Fixture, project: ProjectId, events: &[EventKind]) -> Endpoint {
    let endpoint = endpoint(project, events);
    let made = about(&endpoint, AuditAction::WebhookCreated);
    let store = &fixture.store;
    store.insert_endpoint(&endpoint, 20, &made).await.unwrap();
    endpoint
}

async fn rows(fixture: &Fixture, project: ProjectId) -> Vec<Callback> {
    fixture.store.callbacks(project, None, 100).await.unwrap()
}

async fn queued(fixture: &Fixture, project: ProjectId) -> ExaminationRecord {
    queue(fixture, project).await.1
}

async fn an_event_is_kept_with_what_causes_it_and_not_without(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("events").await;
    let both = [EventKind::SessionJudged, EventKind::SessionErased];
    let first = kept(fixture, project, &both).await;
    let second = kept(fixture, project, &[EventKind::SessionJudged]).await;
    kept(fixture, project, &[EventKind::SessionFailed]).await;
    let elsewhere = fixture.project("elsewhere").await;
    kept(fixture, elsewhere, &EventKind::ALL).await;
    let record = queued(fixture, project).await;
    let worker = Uuid::now_v7();
    claim(store, worker, 0).await.unwrap();
    let other = Uuid::now_v7();
    let judged = judgement();
    let late = store
        .finish_examination(record.id, other, &judged, NOW)
        .await;
    assert!(!late.unwrap(), "somebody else holds it");
    assert!(rows(fixture, project).await.is_empty());
    let done = store
        .finish_examination(record.id, worker, &judged, NOW)
        .await;
    assert!(done.unwrap());
    let again = store
        .finish_examination(record.id, worker, &judged, NOW)
        .await;
    assert!(!again.unwrap());
    let all = rows(fixture, project).await;
    let to: BTreeSet<_> = all.iter().map(|row| row.endpoint.unwrap()).collect();
    assert_eq!(to.len(), 2);
    assert!(to.contains(&first.id) && to.contains(&second.id));
    assert_eq!(all.len(), 2, "one each");
    assert_ne!(all[0].id, all[1].id);
    for row in &all {
        assert_eq!(row.event, Some(EventKind::SessionJudged));
        assert_eq!(row.state, DeliveryState::Waiting);
        assert!(row.body.contains(&record.id.to_string()));
        for name in ["José", "order 7", "zebra"] {
            assert!(!row.body.contains(name), "{}", row.body);
        }
    }

    let erasure = || Erasure::of_session(project, record.session, NOW);
    let told = move |_: &Gone, _: &Receipt| vec![entry(project, AuditAction::SessionErased, "")];
    assert!(store.erase(erasure(), told).await.unwrap().is_some());
    assert!(store.erase(erasure(), told).await.unwrap().is_none());
    let erased = |row: &Callback| row.event == Some(EventKind::SessionErased);
    let all = rows(fixture, project).await;
    assert_eq!(all.iter().filter(|row| erased(row)).count(), 1);
    assert!(rows(fixture, elsewhere).await.is_empty());
}

async fn what_is_due_is_claimed_by_one_at_a_time(fixture: &Fixture) {
    const EVENTS: usize = 40;
    let project = fixture.project("crowd").await;
    let endpoint = kept(fixture, project, &[]).await;
    let event = Event::test(endpoint.id, NOW);
    for _ in 0..EVENTS {
        fixture
            .store
            .queue_event(endpoint.id, &event)
            .await
            .unwrap();
    }
    let mut crowd = Vec::new();
    for _ in 0..4 {
        let store = fixture.open_again().await;
        crowd.push(tokio::spawn(async move {
            let mut mine = Vec::new();
            while let Some(row) = store
                .claim_callback(NOW, NOW.plus(LEASE), &Full::default())
                .await
                .unwrap()
            {
                mine.push(row.id);
            }
            store.close().await.unwrap();
            mine
        }));
    }
    let mut all = Vec::new();
    for one in crowd {
        all.extend(one.await.unwrap());
    }
    assert_eq!(all.len(), EVENTS);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), EVENTS);
    // What broke off is claimed again, under the same identifier.
    let later = NOW.plus(LEASE);
    let nobody = Full::default();
    let again = fixture
        .store
        .claim_callback(later, later.plus(LEASE), &nobody);
    let again = again.await.unwrap().unwrap();
    assert!(all.contains(&again.id));
    assert_eq!(again.attempts, 2);
}

async fn a_lane_that_is_full_is_passed_over(fixture: &Fixture) {
    let project = fixture.project("lanes").await;
    let (slow, quick) = (
        kept(fixture, project, &[]).await,
        kept(fixture, project, &[]).await,
    );
    let store = &fixture.store;
    for to in [slow.id, slow.id, quick.id] {
        store.queue_event(to, &Event::test(to, NOW)).await.unwrap();
    }
    let full = Full {
        lanes: vec![slow.id.0.to_string()],
        ..Full::default()
    };
    let claimed = store.claim_callback(NOW, NOW.plus(LEASE), &full).await;
    assert_eq!(claimed.unwrap().unwrap().endpoint, Some(quick.id));
    let claimed = store.claim_callback(NOW, NOW.plus(LEASE), &full).await;
    assert!(claimed.unwrap().is_none());
    let claimed = store
        .claim_callback(NOW, NOW.plus(LEASE), &Full::default())
        .await;
    assert_eq!(claimed.unwrap().unwrap().endpoint, Some(slow.id));
}

async fn a_project_that_is_full_is_passed_over(fixture: &Fixture) {
    let greedy = fixture.project("greedy").await;
    let modest = fixture.project("modest").await;
    let store = &fixture.store;
    for project in [greedy, greedy, modest] {
        let to = kept(fixture, project, &[]).await.id;
        store.queue_event(to, &Event::test(to, NOW)).await.unwrap();
    }
    let full = Full {
        projects: vec![greedy],
        ..Full::default()
    };
    let claimed = store.claim_callback(NOW, NOW.plus(LEASE), &full).await;
    assert_eq!(claimed.unwrap().unwrap().project, modest);
    let claimed = store.claim_callback(NOW, NOW.plus(LEASE), &full).await;
    assert!(claimed.unwrap().is_none());
    let nobody = Full::default();
    let claimed = store.claim_callback(NOW, NOW.plus(LEASE), &nobody).await;
    assert_eq!(claimed.unwrap().unwrap().project, greedy);
}

async fn a_secret_is_rotated_once_at_a_time(fixture: &Fixture) {
    let project = fixture.project("rotation").await;
    let endpoint = kept(fixture, project, &[]).await;
    let store = &fixture.store;
    let until = NOW.plus(1_000);
    let rotate = |byte: u8| {
        let made = about(&endpoint, AuditAction::WebhookRotated);
        async move {
            let secret = WebhookSecret::of([byte; 32]);
            let rotated = store.rotate_endpoint(project, endpoint.id, &secret, until, &made);
            rotated.await.unwrap()
        }
    };
    let (one, other) = tokio::join!(rotate(1), rotate(2));
    assert!(one || other);
    let now = store.endpoint(endpoint.id).await.unwrap().unwrap();
    let (new, old) = (now.secret, now.previous.unwrap());
    assert_eq!(old.until, until);
    assert_ne!(new, old.secret);
    if !(one && other) {
        assert_eq!(
            old.secret, endpoint.secret,
            "who was second changed nothing"
        );
    }
    let elsewhere = fixture.project("elsewhere").await;
    let made = about(&endpoint, AuditAction::WebhookRotated);
    let strange = store.rotate_endpoint(elsewhere, endpoint.id, &new, until, &made);
    assert!(!strange.await.unwrap());
}

async fn one_that_is_removed_or_gone_gets_nothing_more(fixture: &Fixture) {
    let project = fixture.project("gone").await;
    let store = &fixture.store;
    let (gone, removed) = (
        kept(fixture, project, &EventKind::ALL).await,
        kept(fixture, project, &EventKind::ALL).await,
    );
    for to in [gone.id, removed.id] {
        store.queue_event(to, &Event::test(to, NOW)).await.unwrap();
    }
    store.disable_endpoint(gone.id, NOW).await.unwrap();
    let entry = about(&removed, AuditAction::WebhookRemoved);
    assert!(
        store
            .remove_endpoint(project, removed.id, &entry)
            .await
            .unwrap()
    );
    let all = rows(fixture, project).await;
    assert!(all.iter().all(|row| row.state == DeliveryState::GivenUp));
    let worker = Uuid::now_v7();
    let record = queued(fixture, project).await;
    claim(store, worker, 0).await.unwrap();
    let judged = judgement();
    store
        .finish_examination(record.id, worker, &judged, NOW)
        .await
        .unwrap();
    assert_eq!(
        rows(fixture, project).await.len(),
        2,
        "nobody is left to tell"
    );
    for row in &all {
        let replayed = store.replay_callback(project, row.id, &entry).await;
        assert!(matches!(replayed, Err(StoreError::EndpointGone)));
    }
    assert!(
        store
            .enable_endpoint(project, gone.id, &entry)
            .await
            .unwrap()
    );
    assert!(
        !store
            .enable_endpoint(project, removed.id, &entry)
            .await
            .unwrap()
    );
    let gone = all
        .iter()
        .find(|row| row.endpoint == Some(gone.id))
        .unwrap();
    assert!(
        store
            .replay_callback(project, gone.id, &entry)
            .await
            .unwrap()
    );
    assert_eq!(store.forget_callbacks(NOW.plus(1)).await.unwrap(), 1);
}

async fn a_project_has_so_many(fixture: &Fixture) {
    let project = fixture.project("many").await;
    let made = endpoint(project, &[]);
    let entry = about(&made, AuditAction::WebhookCreated);
    let store = &fixture.store;
    store.insert_endpoint(&made, 1, &entry).await.unwrap();
    let second = endpoint(project, &[]);
    let refused = store.insert_endpoint(&second, 1, &entry).await;
    assert!(matches!(refused, Err(StoreError::QuotaReached { .. })));
    assert_eq!(store.endpoints(project).await.unwrap(), [made]);
}

async fn the_request_that_caused_it_goes_with_its_end(fixture: &Fixture) {
    let project = fixture.project("cause").await;
    let session = fixture.session(project).await;
    let cause = Cause {
        request: "order-17".to_owned(),
        traceparent: None,
    };
    let record = ExaminationRecord {
        cause: Some(cause.clone()),
        ..examination(&session)
    };
    let store = &fixture.store;
    store.queue_examination(&record, 10).await.unwrap();
    let worker = Uuid::now_v7();
    let claimed = claim(store, worker, 0).await.unwrap();
    assert_eq!(claimed.cause, Some(cause));
    let judged = judgement();
    store
        .finish_examination(record.id, worker, &judged, NOW)
        .await
        .unwrap();
    let ended = store.examination(project, record.id).await.unwrap();
    assert_eq!(ended.unwrap().cause, None);
}

async fn how_the_store_fares_is_told(fixture: &Fixture) {
    let store = &fixture.store;
    assert_eq!(store.oldest_queued().await.unwrap(), None);
    assert_eq!(store.oldest_due_callback(NOW).await.unwrap(), None);
    let project = fixture.project("vitals").await;
    let record = queued(fixture, project).await;
    queued(fixture, project).await;
    assert_eq!(store.oldest_queued().await.unwrap(), Some(record.queued_at));
    let endpoint = kept(fixture, project, &[]).await;
    let event = Event::test(endpoint.id, NOW.plus(5));
    store.queue_event(endpoint.id, &event).await.unwrap();
    assert_eq!(store.oldest_due_callback(NOW).await.unwrap(), None);
    let due = store.oldest_due_callback(NOW.plus(9)).await.unwrap();
    assert_eq!(due, Some(NOW.plus(5)));
    let connections = store.connections();
    assert!((1..=4).contains(&connections.open), "{connections:?}");
    assert!(connections.idle <= connections.open);
    store.probe_blobs().await.unwrap();
    assert_eq!(fixture.blob_files().len(), 0, "nothing is left of a probe");
    assert_eq!(store.blob_failures(), 0);
    assert!(store.get_blob("nothing/here").await.unwrap().is_none());
    assert_eq!(store.blob_failures(), 0, "that is an answer");
    std::fs::remove_dir_all(fixture.blob_folder()).unwrap();
    std::fs::write(fixture.blob_folder(), "no folder").unwrap();
    assert!(store.probe_blobs().await.is_err());
    assert!(store.blob_failures() >= 1);
}
