//! Leases: one winner for every examination, and another one once a lease has run out.

use std::collections::HashMap;

use likeness::session::ids::ExaminationId;
use likeness::session::status::SessionStatus;
use uuid::Uuid;

use crate::store::fixture::{Fixture, LEASE, NOW, because, claim, judgement, queue};
use likeness::session::examination::ExaminationRecord;

on_both_databases! {
    concurrent_claimers_never_both_win
    concurrent_claimers_of_a_lost_lease_never_both_win
    a_lease_that_ran_out_is_taken_over
    a_lease_that_was_renewed_is_not_taken_over
    a_released_examination_waits_again
    a_postponed_examination_keeps_no_other_from_its_turn
}

/// Lets several workers, two of them with a store of their own, empty the queue at once.
async fn who_won(fixture: &Fixture, at: i64) -> HashMap<ExaminationId, Vec<Uuid>> {
    let second = fixture.open_again().await;
    let workers: Vec<_> = (0..6)
        .map(|index| {
            let store = if index % 2 == 0 {
                &fixture.store
            } else {
                &second
            }
            .clone();
            tokio::spawn(async move {
                let worker = Uuid::now_v7();
                let mut won = Vec::new();
                while let Some(record) = claim(&store, worker, at).await {
                    won.push((record.id, worker));
                }
                won
            })
        })
        .collect();
    let mut winners: HashMap<ExaminationId, Vec<Uuid>> = HashMap::new();
    for worker in workers {
        for (id, worker) in worker.await.unwrap() {
            winners.entry(id).or_default().push(worker);
        }
    }
    winners
}

async fn concurrent_claimers_never_both_win(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    for _ in 0..12 {
        let mut queued = Vec::new();
        for _ in 0..8 {
            queued.push(queue(fixture, project).await.1.id);
        }
        let winners = who_won(fixture, 0).await;
        assert_eq!(winners.len(), queued.len());
        for id in queued {
            assert_eq!(winners[&id].len(), 1);
        }
    }
}

async fn concurrent_claimers_of_a_lost_lease_never_both_win(fixture: &Fixture) {
    let store = &fixture.store;
    let (_, record) = queue(fixture, fixture.project("bank").await).await;
    claim(store, Uuid::now_v7(), 0).await.unwrap();
    for round in 1..=20 {
        let winners = who_won(fixture, round * LEASE).await;
        assert_eq!(winners[&record.id].len(), 1);
        let now = store
            .latest_examination(record.session)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(i64::from(now.attempts), round + 1);
    }
}

async fn a_lease_that_ran_out_is_taken_over(fixture: &Fixture) {
    let store = &fixture.store;
    let (session, record) = queue(fixture, fixture.project("bank").await).await;
    let (lost, heir) = (Uuid::now_v7(), Uuid::now_v7());
    assert_eq!(claim(store, lost, 0).await.unwrap().attempts, 1);
    assert_eq!(claim(store, heir, LEASE - 1).await, None);

    let taken = claim(store, heir, LEASE).await.unwrap();
    assert_eq!((taken.id, taken.attempts), (record.id, 2));
    // The one who was thought dead comes back too late for everything.
    let judged = judgement();
    assert!(
        !store
            .renew_lease(record.id, lost, NOW.plus(9_000))
            .await
            .unwrap()
    );
    assert!(!store.release_examination(record.id, lost).await.unwrap());
    assert!(
        !store
            .fail_examination(record.id, lost, &because("late"), NOW)
            .await
            .unwrap()
    );
    assert!(
        !store
            .finish_examination(record.id, lost, &judged, NOW)
            .await
            .unwrap()
    );
    assert_eq!(fixture.status(&session).await, SessionStatus::Examining);

    assert!(
        store
            .finish_examination(record.id, heir, &judged, NOW)
            .await
            .unwrap()
    );
    assert_eq!(fixture.status(&session).await, SessionStatus::Judged);
}

async fn a_lease_that_was_renewed_is_not_taken_over(fixture: &Fixture) {
    let store = &fixture.store;
    let (_, record) = queue(fixture, fixture.project("bank").await).await;
    let (worker, heir) = (Uuid::now_v7(), Uuid::now_v7());
    claim(store, worker, 0).await.unwrap();
    assert!(
        !store
            .renew_lease(record.id, heir, NOW.plus(5_000))
            .await
            .unwrap()
    );
    assert!(
        store
            .renew_lease(record.id, worker, NOW.plus(5_000))
            .await
            .unwrap()
    );
    assert_eq!(claim(store, heir, 4_999).await, None);
    // It has run out, but nobody has taken it: the work still counts.
    let judged = judgement();
    let late = NOW.plus(6_000);
    assert!(
        store
            .finish_examination(record.id, worker, &judged, late)
            .await
            .unwrap()
    );
}

async fn a_released_examination_waits_again(fixture: &Fixture) {
    let store = &fixture.store;
    let (session, record) = queue(fixture, fixture.project("bank").await).await;
    let worker = Uuid::now_v7();
    claim(store, worker, 0).await.unwrap();
    assert!(
        !store
            .release_examination(record.id, Uuid::now_v7())
            .await
            .unwrap()
    );
    assert!(store.release_examination(record.id, worker).await.unwrap());
    assert!(!store.release_examination(record.id, worker).await.unwrap());

    let waiting = ExaminationRecord {
        attempts: 1,
        ..record.clone()
    };
    assert_eq!(
        store.latest_examination(session.id).await.unwrap(),
        Some(waiting)
    );
    assert_eq!(store.queued().await.unwrap(), 1);
    assert_eq!(claim(store, Uuid::now_v7(), 0).await.unwrap().attempts, 2);
}

async fn a_postponed_examination_keeps_no_other_from_its_turn(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let (_, first) = queue(fixture, project).await;
    let (_, second) = queue(fixture, project).await;
    let worker = Uuid::now_v7();
    assert_eq!(claim(store, worker, 0).await.unwrap().id, first.id);
    let stranger = Uuid::now_v7();
    let later = NOW.plus(700);
    assert!(
        !store
            .postpone_examination(first.id, stranger, later)
            .await
            .unwrap()
    );
    assert!(
        store
            .postpone_examination(first.id, worker, later)
            .await
            .unwrap()
    );
    assert_eq!(store.queued().await.unwrap(), 2);

    assert_eq!(claim(store, worker, 0).await.unwrap().id, second.id);
    assert_eq!(claim(store, stranger, 699).await, None);
    let again = claim(store, stranger, 700).await.unwrap();
    // The try that came to nothing is not counted, and its moment is no lease of anybody.
    assert_eq!((again.id, again.attempts), (first.id, 1));
    assert!(store.release_examination(first.id, stranger).await.unwrap());
    assert_eq!(claim(store, worker, 700).await.unwrap().id, first.id);
}
