//! Consent: the newest statement counts, and the session's own beats the name's.

use likeness::session::evidence::EvidenceKind;
use likeness::session::evidence::{Consent, ConsentKind};
use likeness::session::ids::{ProjectId, SessionId};
use likeness::session::status::SessionStatus;
use likeness::session::time::Timestamp;
use likeness::store::error::StoreError;
use uuid::Uuid;

use crate::store::fixture::{Fixture, NOW, examination, new_evidence};

const NAME: &str = "José Ørsted";

on_both_databases! {
    the_newest_statement_counts
    the_sessions_own_statement_beats_the_names
    statements_stay_with_their_project_kind_and_name
    a_statement_for_an_unknown_session_is_refused
    who_withdraws_while_a_call_is_under_way_is_neither_kept_nor_queued
}

fn statement(
    project: ProjectId,
    session: Option<SessionId>,
    given: bool,
    at: Timestamp,
) -> Consent {
    Consent {
        project,
        session,
        subject_name: NAME.to_owned(),
        kind: ConsentKind::Authorization,
        given,
        at,
        text_version: Some(3),
    }
}

async fn given(
    fixture: &Fixture,
    project: ProjectId,
    session: Option<SessionId>,
    name: Option<&str>,
) -> Option<bool> {
    let kind = ConsentKind::Authorization;
    let found = fixture
        .store
        .latest_consent(project, session, name, kind)
        .await
        .unwrap();
    found.map(|consent| consent.given)
}

async fn the_newest_statement_counts(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    assert_eq!(given(fixture, project, None, Some(NAME)).await, None);
    // Kept out of order, the last two in one millisecond.
    for (at, said) in [(10, false), (0, true), (20, false), (20, true)] {
        store
            .record_consent(&statement(project, None, said, NOW.plus(at)))
            .await
            .unwrap();
    }
    let kind = ConsentKind::Authorization;
    let newest = store
        .latest_consent(project, None, Some(NAME), kind)
        .await
        .unwrap();
    // The name itself is not kept of what was said in no session.
    let said = Consent {
        subject_name: String::new(),
        ..statement(project, None, true, NOW.plus(20))
    };
    assert!(newest == Some(said));
    store
        .record_consent(&statement(project, None, false, NOW.plus(21)))
        .await
        .unwrap();
    assert_eq!(given(fixture, project, None, Some(NAME)).await, Some(false));
}

async fn the_sessions_own_statement_beats_the_names(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let (this, that) = (
        fixture.session(project).await.id,
        fixture.session(project).await.id,
    );
    let name_said_later = statement(project, None, true, NOW.plus(100));
    for consent in [statement(project, Some(this), false, NOW), name_said_later] {
        store.record_consent(&consent).await.unwrap();
    }
    assert_eq!(
        given(fixture, project, Some(this), Some(NAME)).await,
        Some(false)
    );
    assert_eq!(given(fixture, project, Some(this), None).await, Some(false));
    // The other session has no word of its own: the name's counts, and without a name none does.
    assert_eq!(
        given(fixture, project, Some(that), Some(NAME)).await,
        Some(true)
    );
    assert_eq!(given(fixture, project, Some(that), None).await, None);
    assert_eq!(given(fixture, project, None, Some(NAME)).await, Some(true));
}

async fn statements_stay_with_their_project_kind_and_name(fixture: &Fixture) {
    let store = &fixture.store;
    let (bank, other) = (
        fixture.project("bank").await,
        fixture.project("other").await,
    );
    store
        .record_consent(&statement(bank, None, true, NOW))
        .await
        .unwrap();
    assert_eq!(given(fixture, bank, None, Some(NAME)).await, Some(true));
    assert_eq!(given(fixture, other, None, Some(NAME)).await, None);
    assert_eq!(given(fixture, bank, None, Some("José")).await, None);
    assert_eq!(given(fixture, bank, None, None).await, None);
    let kept = store
        .latest_consent(bank, None, Some(NAME), ConsentKind::Storage)
        .await
        .unwrap();
    assert!(kept.is_none());

    // A word said in a session is no word outside of it.
    let session = fixture.session(other).await.id;
    store
        .record_consent(&statement(other, Some(session), true, NOW))
        .await
        .unwrap();
    assert_eq!(given(fixture, other, None, Some(NAME)).await, None);
    assert_eq!(given(fixture, bank, Some(session), None).await, None);
}

async fn a_statement_for_an_unknown_session_is_refused(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    let unknown = statement(project, Some(SessionId(Uuid::now_v7())), true, NOW);
    let refused = fixture.store.record_consent(&unknown).await;
    assert!(
        matches!(refused, Err(StoreError::NotFound { .. })),
        "{refused:?}"
    );
}

/// As where the operation has found a consent, and it is taken back before the rows are made.
async fn who_withdraws_while_a_call_is_under_way_is_neither_kept_nor_queued(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    for by_name in [false, true] {
        let session = fixture.session(project).await;
        let own = (!by_name).then_some(session.id);
        store
            .record_consent(&statement(project, own, false, NOW))
            .await
            .unwrap();
        let queued = store.queue_examination(&examination(&session), 10).await;
        assert!(matches!(queued, Err(StoreError::ConsentWithdrawn)));
        let file = fixture.file("video");
        let new = new_evidence(session.id, EvidenceKind::Video, &file);
        let kept = store.accept_evidence(new, NOW).await;
        assert!(matches!(kept, Err(StoreError::ConsentWithdrawn)));
        assert_eq!(fixture.blob_files().len(), 0);
        assert_eq!(fixture.status(&session).await, SessionStatus::Open);

        // Who agrees again is taken again.
        store
            .record_consent(&statement(project, own, true, NOW.plus(1)))
            .await
            .unwrap();
        store
            .queue_examination(&examination(&session), 10)
            .await
            .unwrap();
    }
}
