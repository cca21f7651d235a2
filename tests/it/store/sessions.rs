//! Sessions: read back whole, seen through their project alone, paged and moved.

use likeness::session::ids::{ProjectId, SessionId};
use likeness::session::status::{Move, SessionStatus};
use likeness::store::error::StoreError;
use likeness::store::sessions::Page;
use uuid::Uuid;

use crate::store::fixture::{Fixture, NOW, session};

on_both_databases! {
    a_session_is_read_back_as_it_was
    another_projects_session_is_none
    pages_run_from_the_newest_to_the_oldest
    a_page_can_ask_for_one_status
    every_move_does_what_the_table_says
    two_callers_cannot_make_one_move_twice
}

async fn a_session_is_read_back_as_it_was(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let full = fixture.session(project).await;
    let mut bare = session(project);
    bare.reference = None;
    bare.metadata = None;
    bare.subject_name = None;
    bare.device_info = None;
    store.insert_session(&bare).await.unwrap();

    for kept in [&full, &bare] {
        assert!(store.session(project, kept.id).await.unwrap().as_ref() == Some(kept));
    }
    let metadata = store
        .session(project, full.id)
        .await
        .unwrap()
        .unwrap()
        .metadata
        .unwrap();
    assert_eq!(
        metadata.to_string(),
        r#"{"zebra":1,"apple":[true,null,1.5]}"#
    );

    let again = store.insert_session(&full).await;
    assert!(matches!(again, Err(StoreError::AlreadyExists { .. })));
    let homeless = store
        .insert_session(&session(ProjectId(Uuid::now_v7())))
        .await;
    assert!(matches!(homeless, Err(StoreError::NotFound { .. })));
}

async fn another_projects_session_is_none(fixture: &Fixture) {
    let store = &fixture.store;
    let (bank, other) = (
        fixture.project("bank").await,
        fixture.project("other").await,
    );
    let kept = fixture.session(bank).await;

    assert!(store.session(bank, kept.id).await.unwrap().is_some());
    assert!(store.session(other, kept.id).await.unwrap().is_none());
    assert!(
        store
            .session(bank, SessionId(Uuid::now_v7()))
            .await
            .unwrap()
            .is_none()
    );
    let page = Page {
        limit: 10,
        before: None,
        status: None,
    };
    assert!(store.sessions(other, &page).await.unwrap().is_empty());
}

/// Identifiers as a clock would have made them, a day apart, so that every digit group takes part.
fn ids_over_days(count: u64) -> Vec<SessionId> {
    (0..count)
        .map(|day| {
            let time = uuid::Timestamp::from_unix_time(1_790_000_000 + day * 86_400, 0, 0, 0);
            SessionId(Uuid::new_v7(time))
        })
        .collect()
}

async fn pages_run_from_the_newest_to_the_oldest(fixture: &Fixture) {
    let store = &fixture.store;
    let (bank, other) = (
        fixture.project("bank").await,
        fixture.project("other").await,
    );
    let mut ids = ids_over_days(25);
    // Kept in an order that is not the order of their times.
    for index in [7, 3, 1, 0, 2, 4, 5, 6].into_iter().chain(8..25) {
        let mut kept = session(if index == 24 { other } else { bank });
        kept.id = ids[index];
        store.insert_session(&kept).await.unwrap();
    }
    ids.truncate(24);
    ids.reverse();

    let mut seen = Vec::new();
    let mut page = Page {
        limit: 10,
        before: None,
        status: None,
    };
    loop {
        let rows = store.sessions(bank, &page).await.unwrap();
        let Some(last) = rows.last() else { break };
        page.before = Some(last.id);
        seen.push(rows.iter().map(|row| row.id).collect::<Vec<_>>());
        if seen.len() == 1 {
            // A newer one that arrives meanwhile shifts nothing.
            fixture.session(bank).await;
        }
    }
    assert_eq!(seen.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 4]);
    assert_eq!(seen.concat(), ids);
}

async fn a_page_can_ask_for_one_status(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let mut ended = Vec::new();
    for index in 0..6 {
        let kept = fixture.session(project).await;
        if index % 2 == 0 {
            store.move_session(kept.id, Move::End, NOW).await.unwrap();
            ended.push(kept.id);
        }
    }
    ended.reverse();

    let status = Some(SessionStatus::Ended);
    let first = store
        .sessions(
            project,
            &Page {
                limit: 2,
                before: None,
                status,
            },
        )
        .await
        .unwrap();
    let before = first.last().map(|row| row.id);
    let rest = store
        .sessions(
            project,
            &Page {
                limit: 2,
                before,
                status,
            },
        )
        .await
        .unwrap();
    let seen: Vec<SessionId> = first.iter().chain(&rest).map(|row| row.id).collect();
    assert_eq!(seen, ended);
}

async fn every_move_does_what_the_table_says(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    for from in SessionStatus::ALL {
        for wanted in [
            Move::AcceptEvidence,
            Move::RequestExamination,
            Move::Judge,
            Move::Fail,
            Move::End,
        ] {
            let mut kept = session(project);
            kept.status = from;
            store.insert_session(&kept).await.unwrap();
            let moved = store.move_session(kept.id, wanted, NOW.plus(7)).await;
            let now = store.session(project, kept.id).await.unwrap().unwrap();
            match (from.after(wanted), moved) {
                (Some(after), Ok(status)) => {
                    assert_eq!((after, after), (status, now.status));
                    assert_eq!(now.updated_at, NOW.plus(7));
                }
                (None, Err(StoreError::WrongState { status })) => {
                    assert_eq!((from, from), (status, now.status));
                    assert_eq!(now.updated_at, NOW);
                }
                (expected, got) => panic!("{from:?} {wanted:?}: {expected:?}, {got:?}"),
            }
        }
    }
    let nobody = store
        .move_session(SessionId(Uuid::now_v7()), Move::End, NOW)
        .await;
    assert!(matches!(nobody, Err(StoreError::NotFound { .. })));
}

async fn two_callers_cannot_make_one_move_twice(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    for _ in 0..20 {
        let kept = fixture.session(project).await;
        let callers: Vec<_> = (0..4)
            .map(|_| {
                let store = fixture.store.clone();
                tokio::spawn(async move {
                    store
                        .move_session(kept.id, Move::RequestExamination, NOW)
                        .await
                        .is_ok()
                })
            })
            .collect();
        let mut made = 0;
        for caller in callers {
            made += usize::from(caller.await.unwrap());
        }
        assert_eq!(made, 1);
    }
}
