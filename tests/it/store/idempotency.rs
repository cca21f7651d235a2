//! Keys of requests that are carried out once: one holder, whoever asks, on either database.

use likeness::session::time::Timestamp;
use likeness::store::Store;
use likeness::store::idempotency::{KeyClaim, KeyHold, KeyStanding, open, seal};

use crate::store::fixture::{Fixture, LEASE, NOW};

const DAY: i64 = 24 * 60 * 60 * 1000;

on_both_databases! {
    one_of_many_claimers_holds_a_key
    a_key_whose_holder_is_silent_is_taken_over_with_what_it_allotted
    an_answer_is_kept_for_its_request_alone_and_for_a_day
    a_key_that_was_given_back_is_free_for_any_request
}

fn claim(key: &str, fingerprint: u8, now: Timestamp) -> KeyClaim {
    KeyClaim {
        id: key.to_owned(),
        session: None,
        fingerprint: [fingerprint; 32],
        now,
        lease_until: now.plus(LEASE),
        oldest: now.plus(-DAY),
    }
}

async fn hold(store: &Store, claim: &KeyClaim) -> Option<KeyHold> {
    match store.claim_key(claim).await.unwrap() {
        KeyStanding::Held(hold) => Some(hold),
        KeyStanding::Answered(_) | KeyStanding::OtherRequest | KeyStanding::Running => None,
    }
}

async fn one_of_many_claimers_holds_a_key(fixture: &Fixture) {
    let second = fixture.open_again().await;
    let claimers: Vec<_> = (0..24)
        .map(|index| {
            let stores = [&fixture.store, &second];
            let store = stores[index % 2].clone();
            let claim = claim(&format!("key {}", index % 3), 1, NOW);
            tokio::spawn(async move { hold(&store, &claim).await })
        })
        .collect();
    let mut won = Vec::new();
    for claimer in claimers {
        won.extend(claimer.await.unwrap().map(|hold| hold.id));
    }
    won.sort();
    assert_eq!(won, ["key 0", "key 1", "key 2"]);
}

async fn a_key_whose_holder_is_silent_is_taken_over_with_what_it_allotted(fixture: &Fixture) {
    let first = hold(&fixture.store, &claim("a", 1, NOW)).await.unwrap();
    assert!(!first.again);
    let in_time = claim("a", 1, NOW.plus(LEASE - 1));
    let standing = fixture.store.claim_key(&in_time).await.unwrap();
    assert!(matches!(standing, KeyStanding::Running), "{standing:?}");
    let other = claim("a", 2, NOW.plus(LEASE - 1));
    let standing = fixture.store.claim_key(&other).await.unwrap();
    assert!(
        matches!(standing, KeyStanding::OtherRequest),
        "{standing:?}"
    );

    fixture
        .store
        .renew_key(&first, NOW.plus(3 * LEASE))
        .await
        .unwrap();
    assert!(
        hold(&fixture.store, &claim("a", 1, NOW.plus(2 * LEASE)))
            .await
            .is_none()
    );

    let late = NOW.plus(3 * LEASE);
    let second = fixture.open_again().await;
    let claimers: Vec<_> = (0..8)
        .map(|_| {
            let store = second.clone();
            tokio::spawn(async move { hold(&store, &claim("a", 1, late)).await })
        })
        .collect();
    let mut heirs = Vec::new();
    for claimer in claimers {
        heirs.extend(claimer.await.unwrap());
    }
    assert_eq!(heirs.len(), 1);
    assert!(heirs[0].again);
    assert_eq!(heirs[0].seed, first.seed);

    // Who lost the key keeps no answer under it.
    fixture.store.keep_answer(&first, vec![1]).await.unwrap();
    let standing = fixture.store.claim_key(&claim("a", 1, late)).await.unwrap();
    assert!(matches!(standing, KeyStanding::Running), "{standing:?}");
}

async fn an_answer_is_kept_for_its_request_alone_and_for_a_day(fixture: &Fixture) {
    let held = hold(&fixture.store, &claim("a", 1, NOW)).await.unwrap();
    fixture.store.keep_answer(&held, vec![7; 9]).await.unwrap();
    // Long after the lease.
    let later = NOW.plus(DAY - 1);
    let standing = fixture.store.claim_key(&claim("a", 1, later)).await;
    let KeyStanding::Answered(answer) = standing.unwrap() else {
        panic!("it was answered before");
    };
    assert_eq!(answer, vec![7; 9]);
    let standing = fixture
        .store
        .claim_key(&claim("a", 2, later))
        .await
        .unwrap();
    assert!(
        matches!(standing, KeyStanding::OtherRequest),
        "{standing:?}"
    );

    assert_eq!(fixture.store.forget_keys(NOW).await.unwrap(), 0);
    let next = hold(&fixture.store, &claim("a", 2, NOW.plus(DAY + 1))).await;
    let next = next.unwrap();
    assert!(!next.again);
    assert_ne!(next.seed, held.seed);
    let gone = fixture.store.forget_keys(NOW.plus(2 * DAY)).await.unwrap();
    assert_eq!(gone, 1);
}

async fn a_key_that_was_given_back_is_free_for_any_request(fixture: &Fixture) {
    let first = hold(&fixture.store, &claim("a", 1, NOW)).await.unwrap();
    fixture.store.release_key(&first).await.unwrap();
    let again = hold(&fixture.store, &claim("a", 1, NOW)).await.unwrap();
    assert!(again.again);
    assert_eq!(again.seed, first.seed);
    fixture.store.release_key(&again).await.unwrap();
    let other = hold(&fixture.store, &claim("a", 2, NOW)).await.unwrap();
    assert!(!other.again);
    assert_ne!(other.seed, first.seed);
}

#[test]
fn a_sealed_answer_opens_by_its_key_in_its_row_alone() {
    let sealed = seal(&[1; 32], "row", b"an answer").unwrap();
    assert!(!sealed.windows(9).any(|window| window == b"an answer"));
    assert_eq!(open(&[1; 32], "row", &sealed).unwrap(), b"an answer");
    assert!(open(&[2; 32], "row", &sealed).is_none());
    assert!(open(&[1; 32], "other", &sealed).is_none());
    assert!(open(&[1; 32], "row", &sealed[..20]).is_none());
}
