//! Cases as rows: when one waits and when it does, who holds it, what voids a decision, and pages of thousands.

use std::sync::Arc;

use likeness::scoring::reasons::ReasonCode;
use likeness::scoring::rules::Check;
use likeness::scoring::verdict::{Outcome, Reason};
use likeness::session::actor::Actor;
use likeness::session::audit::{AuditAction, AuditEntry};
use likeness::session::checklist::{Checklist, Feature, Finding};
use likeness::session::decision::{Decision, DecisionKind, Note};
use likeness::session::evidence::EvidenceKind;
use likeness::session::examination::ExaminationRecord;
use likeness::session::ids::{DecisionId, OfficerId, ProjectId};
use likeness::session::project::ProjectSettings;
use likeness::session::review::{
    Claim, PendingDecision, Review, ReviewCounts, ReviewFilter, ReviewRefusal, ReviewState,
};
use likeness::session::status::{Move, SessionStatus};
use likeness::session::time::Timestamp;
use likeness::session::visit::Session;
use likeness::store::Store;
use likeness::store::decisions::Hashes;
use likeness::store::erasure::Erasure;
use likeness::store::error::StoreError;
use likeness::store::queue::Judgement;
use sea_orm::{ConnectionTrait, Database, DatabaseBackend, Statement};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::store::fixture::{
    Fixture, NOW, because, claim as lease, entry, examination, judgement, new_evidence, queue,
};

/// How long an officer holds a case, and how long a decision can be undone.
const HELD: i64 = 300_000;
const UNDO: i64 = 8_000;

on_both_databases! {
    a_result_waits_by_what_it_says
    a_case_leaves_the_queue_until_its_next_result
    two_officers_never_hold_one_case
    a_claim_ends_by_itself_and_is_renewed_by_its_holder
    the_next_case_is_the_oldest_that_nobody_holds
    nobody_decides_what_another_holds
    a_decision_is_carried_out_once_after_its_time
    a_decision_is_undone_before_its_time_and_not_after
    a_decision_in_its_window_outlives_the_process
    what_comes_in_voids_what_was_to_be_decided
    two_officers_decide_and_one_does_not
    a_proposal_is_void_once_something_comes_in
    under_two_officers_even_the_unexamined_takes_two
    an_erasure_leaves_nothing_of_a_case
    every_change_of_the_queue_raises_its_number
}

fn officer() -> OfficerId {
    OfficerId(Uuid::now_v7())
}

fn claim_of(officer: OfficerId, at: i64) -> Claim {
    let since = NOW.plus(at);
    Claim {
        officer,
        since,
        until: since.plus(HELD),
    }
}

fn judged_as(outcome: Outcome) -> Judgement {
    let mut judgement = judgement();
    judgement.verdict.outcome = outcome;
    judgement.verdict.reasons = [ReasonCode::FaceMismatch, ReasonCode::FaceMismatch]
        .map(|code| Reason {
            code,
            check: Some(Check::FaceMatch),
            condition: "score".to_owned(),
            outcome: likeness::scoring::condition::Effect::Refer,
            text: "score 71.20 is below 80".to_owned(),
        })
        .to_vec();
    judgement.signals.liveness = Some(96.5);
    judgement
}

/// A session that was judged at a moment.
async fn judged(
    fixture: &Fixture,
    project: ProjectId,
    outcome: Outcome,
    at: i64,
) -> (Session, ExaminationRecord) {
    let (session, record) = queue(fixture, project).await;
    finish(&fixture.store, &record, outcome, at).await;
    (session, record)
}

async fn finish(store: &Store, record: &ExaminationRecord, outcome: Outcome, at: i64) {
    let worker = Uuid::now_v7();
    let leased = lease(store, worker, at).await.unwrap();
    assert_eq!(leased.id, record.id);
    let judgement = judged_as(outcome);
    let finished = store.finish_examination(record.id, worker, &judgement, NOW.plus(at));
    assert!(finished.await.unwrap());
}

async fn case(fixture: &Fixture, session: &Session) -> Review {
    let found = fixture.store.review(session.project, session.id, NOW).await;
    found.unwrap().unwrap()
}

async fn state(fixture: &Fixture, session: &Session) -> ReviewState {
    case(fixture, session).await.state
}

async fn settings(
    fixture: &Fixture,
    project: ProjectId,
    change: impl FnOnce(&mut ProjectSettings),
) {
    let mut settings = ProjectSettings::default();
    change(&mut settings);
    let changed = entry(project, AuditAction::ProjectChanged, "");
    let saved = fixture.store.save_settings(project, &settings, &changed);
    saved.await.unwrap();
}

fn decision(session: &Session, by: OfficerId, kind: DecisionKind, at: i64) -> Decision {
    Decision {
        id: DecisionId(Uuid::now_v7()),
        session: session.id,
        project: session.project,
        examination: None,
        kind,
        reasons: Vec::new(),
        actor: Actor::Officer(by),
        note: Note::Text("the same mole".to_owned()),
        checklist: Some(Checklist(
            Feature::ALL
                .map(|feature| (feature, Finding::Similar))
                .into(),
        )),
        took_ms: None,
        at: NOW.plus(at),
    }
}

fn about(decision: &Decision, _: &Hashes) -> AuditEntry {
    entry(decision.project, AuditAction::SessionDecided, "")
}

async fn decide(
    fixture: &Fixture,
    session: &Session,
    by: OfficerId,
    kind: DecisionKind,
    at: i64,
) -> Result<Decision, StoreError> {
    let decision = decision(session, by, kind, at);
    fixture.store.decide(decision, about).await
}

/// An approval that can be undone, by an officer who has taken the case.
async fn hold(fixture: &Fixture, session: &Session, by: OfficerId, at: i64) -> PendingDecision {
    let store = &fixture.store;
    let claimed = store.claim_review(session.project, session.id, claim_of(by, at));
    claimed.await.unwrap();
    let decision = decision(session, by, DecisionKind::Approve, at + 1_000);
    let due = decision.at.plus(UNDO);
    store.hold_decision(decision, due).await.unwrap()
}

async fn add_evidence(fixture: &Fixture, session: &Session, at: i64) {
    let file = fixture.file("again");
    let new = new_evidence(session.id, EvidenceKind::Video, &file);
    let accepted = fixture.store.accept_evidence(new, NOW.plus(at));
    accepted.await.unwrap();
}

fn refusal<T: std::fmt::Debug>(refused: Result<T, StoreError>) -> ReviewRefusal {
    match refused {
        Err(StoreError::Review(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

async fn voided(fixture: &Fixture) -> Vec<String> {
    let rows = fixture.store.audit_rows(0, 1_000).await.unwrap();
    rows.into_iter()
        .filter(|row| row.action == AuditAction::DecisionVoided.name())
        .map(|row| {
            let details: serde_json::Value = serde_json::from_str(&row.details).unwrap();
            details["because"].as_str().unwrap().to_owned()
        })
        .collect()
}

async fn a_result_waits_by_what_it_says(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    for (fails, outcome, waits) in [
        (false, Outcome::Pass, ReviewState::Unneeded),
        (false, Outcome::Refer, ReviewState::Waiting),
        (false, Outcome::Fail, ReviewState::Unneeded),
        (true, Outcome::Pass, ReviewState::Unneeded),
        (true, Outcome::Fail, ReviewState::Waiting),
    ] {
        settings(fixture, project, |settings| settings.review_fails = fails).await;
        let (session, record) = judged(fixture, project, outcome, 500).await;
        let case = case(fixture, &session).await;
        assert_eq!(case.state, waits, "{outcome:?} {fails}");
        assert_eq!(case.outcome, Some(outcome));
        assert_eq!(case.examination, record.id);
        assert_eq!(case.reasons, [ReasonCode::FaceMismatch]);
        assert_eq!(case.score, Some(91.37));
        assert_eq!(case.liveness, Some(96.5));
        assert_eq!(case.entered_at, NOW.plus(500));
        assert_eq!(case.reference, session.reference);
        assert_eq!(
            (case.claim, case.proposal, case.settled),
            (None, None, None)
        );
    }
    let (session, record) = queue(fixture, project).await;
    let open = fixture.store.review(project, session.id, NOW).await;
    assert_eq!(open.unwrap(), None, "nothing was examined yet");
    let worker = Uuid::now_v7();
    lease(&fixture.store, worker, 0).await.unwrap();
    let torn = because("torn");
    let failed = fixture
        .store
        .fail_examination(record.id, worker, &torn, NOW);
    assert!(failed.await.unwrap());
    let failed = case(fixture, &session).await;
    assert_eq!(
        (failed.state, failed.outcome, failed.score),
        (ReviewState::Waiting, None, None)
    );
    assert_eq!(failed.reasons, [ReasonCode::VideoUnreadable]);
    let other = fixture.project("other").await;
    let found = fixture.store.review(other, session.id, NOW).await;
    assert_eq!(found.unwrap(), None, "another project's case is none");
}

async fn a_case_leaves_the_queue_until_its_next_result(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let (session, _) = judged(fixture, project, Outcome::Refer, 0).await;
    let olga = officer();
    let claimed = store.claim_review(project, session.id, claim_of(olga, 0));
    claimed.await.unwrap();
    add_evidence(fixture, &session, 10).await;
    let left = case(fixture, &session).await;
    assert_eq!((left.state, left.claim), (ReviewState::Unneeded, None));
    let again = examination(&session);
    store.queue_examination(&again, 10).await.unwrap();
    finish(store, &again, Outcome::Refer, 20).await;
    let back = case(fixture, &session).await;
    assert_eq!(back.state, ReviewState::Waiting);
    assert_eq!(
        (back.examination, back.entered_at),
        (again.id, NOW.plus(20))
    );

    // Who asks for other evidence has no more to do for now; who ends the session has.
    decide(fixture, &session, olga, DecisionKind::AskAgain, 30)
        .await
        .unwrap();
    assert_eq!(state(fixture, &session).await, ReviewState::Unneeded);
    let (ended, _) = judged(fixture, project, Outcome::Refer, 40).await;
    let moved = store.move_session(ended.id, Move::End, NOW.plus(50)).await;
    assert_eq!(moved.unwrap(), SessionStatus::Ended);
    assert_eq!(state(fixture, &ended).await, ReviewState::Waiting);

    decide(fixture, &ended, olga, DecisionKind::Reject, 60)
        .await
        .unwrap();
    let settled = case(fixture, &ended).await;
    assert_eq!(settled.state, ReviewState::Settled);
    let settlement = settled.settled.unwrap();
    assert_eq!(settlement.kind, DecisionKind::Reject);
    assert_eq!(settlement.by, Actor::Officer(olga));
    assert_eq!(settlement.at, NOW.plus(60));
}

async fn two_officers_never_hold_one_case(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    for round in 0..10 {
        let (session, _) = judged(fixture, project, Outcome::Refer, round).await;
        let together = Arc::new(Barrier::new(6));
        let crowd: Vec<_> = (0..6)
            .map(|number| {
                let (store, together) = (fixture.store.clone(), together.clone());
                let (id, claim) = (session.id, claim_of(officer(), round));
                tokio::spawn(async move {
                    together.wait().await;
                    if number % 2 == 0 {
                        let next = store.claim_next_review(project, claim).await.unwrap();
                        return next.map(|next| (next, claim.officer));
                    }
                    match store.claim_review(project, id, claim).await {
                        Ok(claim) => Some((id, claim.officer)),
                        Err(StoreError::Review(ReviewRefusal::TakenByAnother)) => None,
                        Err(error) => panic!("{error}"),
                    }
                })
            })
            .collect();
        let mut winners = Vec::new();
        for one in crowd {
            winners.extend(one.await.unwrap());
        }
        assert_eq!(winners.len(), 1, "{winners:?}");
        let held = case(fixture, &session).await.claim.unwrap();
        assert_eq!(winners[0], (session.id, held.officer));
    }
}

async fn a_claim_ends_by_itself_and_is_renewed_by_its_holder(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let (session, _) = judged(fixture, project, Outcome::Refer, 0).await;
    let (olga, omar) = (officer(), officer());
    let first = claim_of(olga, 0);
    let take = async |claim| store.claim_review(project, session.id, claim).await;
    assert_eq!(take(first).await.unwrap(), first);
    assert_eq!(
        refusal(take(claim_of(omar, 1)).await),
        ReviewRefusal::TakenByAnother
    );
    // Taken again it is held for longer, and since when it was.
    let renewed = take(claim_of(olga, 1_000)).await.unwrap();
    assert_eq!(
        (renewed.since, renewed.until),
        (first.since, NOW.plus(1_000 + HELD))
    );
    let late = claim_of(olga, 1_000 + HELD);
    let too_late = store.renew_review_claim(session.id, late).await;
    assert_eq!(refusal(too_late), ReviewRefusal::NotTaken);
    let after = store.review(project, session.id, late.since).await.unwrap();
    assert_eq!(after.unwrap().claim, None);
    let heir = claim_of(omar, 1_000 + HELD);
    assert_eq!(take(heir).await.unwrap(), heir);

    // Giving back what another one holds gives nothing back.
    let given = store.release_review(project, session.id, olga).await;
    given.unwrap();
    assert!(refusal(take(late).await) == ReviewRefusal::TakenByAnother);
    let given = store.release_review(project, session.id, omar).await;
    given.unwrap();
    take(late).await.unwrap();

    let (passed, _) = judged(fixture, project, Outcome::Pass, 0).await;
    let none = store.claim_review(project, passed.id, claim_of(olga, 0));
    assert_eq!(refusal(none.await), ReviewRefusal::NotWaiting);
    let other = fixture.project("other").await;
    let none = store.claim_review(other, session.id, claim_of(omar, 9 * HELD));
    assert_eq!(refusal(none.await), ReviewRefusal::NotWaiting);
}

async fn the_next_case_is_the_oldest_that_nobody_holds(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    settings(fixture, project, |settings| {
        settings.decisions_by_two = true;
    })
    .await;
    let mut sessions = Vec::new();
    for at in [30, 10, 20] {
        sessions.push(judged(fixture, project, Outcome::Refer, at).await.0);
    }
    judged(fixture, project, Outcome::Pass, 0).await;
    let (olga, omar) = (officer(), officer());
    decide(fixture, &sessions[1], olga, DecisionKind::Approve, 40)
        .await
        .unwrap();
    let next = async |officer| {
        let claim = claim_of(officer, 50);
        store.claim_next_review(project, claim).await.unwrap()
    };
    // The oldest waits for another officer than Olga, who proposed how to settle it.
    assert_eq!(next(olga).await, Some(sessions[2].id));
    assert_eq!(next(olga).await, Some(sessions[0].id));
    assert_eq!(next(olga).await, None);
    assert_eq!(next(omar).await, Some(sessions[1].id));
    assert_eq!(next(omar).await, None);
    let overdue = NOW.plus(25);
    let counts = store.review_counts(project, Some(olga), overdue, NOW.plus(60));
    let all = ReviewCounts {
        waiting: 3,
        mine: 2,
        overdue: 2,
    };
    assert_eq!(counts.await.unwrap(), all);
    let own = store.claim_review(project, sessions[1].id, claim_of(olga, 2 * HELD));
    assert_eq!(refusal(own.await), ReviewRefusal::OwnProposal);
}

async fn nobody_decides_what_another_holds(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let (session, _) = judged(fixture, project, Outcome::Refer, 0).await;
    let (olga, omar) = (officer(), officer());
    let claimed = store.claim_review(project, session.id, claim_of(olga, 0));
    claimed.await.unwrap();
    for kind in [
        DecisionKind::Approve,
        DecisionKind::Reject,
        DecisionKind::AskAgain,
    ] {
        let refused = decide(fixture, &session, omar, kind, 10).await;
        assert_eq!(refusal(refused), ReviewRefusal::TakenByAnother);
    }
    decide(fixture, &session, omar, DecisionKind::Note, 10)
        .await
        .unwrap();
    assert_eq!(fixture.status(&session).await, SessionStatus::Judged);
    let kept = decide(fixture, &session, olga, DecisionKind::Approve, 4_000).await;
    assert_eq!(kept.unwrap().took_ms, Some(4_000));
    let read = store.decisions(session.id).await.unwrap().remove(0);
    assert_eq!(read.took_ms, Some(4_000));
    assert!(read.checklist.unwrap().is_complete());
    assert_eq!(case(fixture, &session).await.claim, None);

    let (late, _) = judged(fixture, project, Outcome::Refer, 0).await;
    let claimed = store.claim_review(project, late.id, claim_of(olga, 0));
    claimed.await.unwrap();
    let kept = decide(fixture, &late, omar, DecisionKind::Approve, HELD).await;
    assert_eq!(kept.unwrap().took_ms, None, "Olga let it go");
}

async fn a_decision_is_carried_out_once_after_its_time(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let (session, record) = judged(fixture, project, Outcome::Refer, 0).await;
    let (olga, omar) = (officer(), officer());
    let untaken = decision(&session, olga, DecisionKind::Approve, 0);
    let refused = store.hold_decision(untaken, NOW.plus(UNDO)).await;
    assert_eq!(refusal(refused), ReviewRefusal::NotTaken);
    let held = hold(fixture, &session, olga, 0).await;
    assert_eq!(held.due_at, NOW.plus(1_000 + UNDO));
    assert_eq!(state(fixture, &session).await, ReviewState::Pending);
    assert_eq!(store.decisions(session.id).await.unwrap(), []);
    for by in [olga, omar] {
        let refused = decide(fixture, &session, by, DecisionKind::Reject, 2_000).await;
        assert_eq!(refusal(refused), ReviewRefusal::DecisionPending);
        let refused = store.claim_review(project, session.id, claim_of(by, 2_000));
        assert_eq!(refusal(refused.await), ReviewRefusal::DecisionPending);
    }
    let early = store.due_decisions(held.due_at.plus(-1), 10).await;
    assert_eq!(early.unwrap(), []);
    let due = store.due_decisions(held.due_at, 10).await.unwrap();
    assert_eq!(due, [held]);

    let together = Arc::new(Barrier::new(4));
    let crowd: Vec<_> = (0..4)
        .map(|_| {
            let (store, together) = (store.clone(), together.clone());
            tokio::spawn(async move {
                together.wait().await;
                store.carry_out(&held, about).await.unwrap()
            })
        })
        .collect();
    let mut kept = Vec::new();
    for one in crowd {
        kept.extend(one.await.unwrap());
    }
    assert_eq!(kept.len(), 1);
    let kept = &kept[0];
    assert_eq!((kept.id, kept.kind), (held.id, DecisionKind::Approve));
    assert_eq!((kept.at, kept.took_ms), (NOW.plus(1_000), Some(1_000)));
    assert_eq!(kept.examination, Some(record.id));
    assert_eq!(
        store.decisions(session.id).await.unwrap(),
        std::slice::from_ref(kept)
    );
    assert!(kept.note == Note::Text("the same mole".to_owned()));
    assert_eq!(state(fixture, &session).await, ReviewState::Settled);
    let settled = store.settled(&[session.id]).await.unwrap();
    assert_eq!(settled.get(&session.id), Some(&DecisionKind::Approve));
    assert_eq!(voided(fixture).await, Vec::<String>::new());
}

async fn a_decision_is_undone_before_its_time_and_not_after(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let (session, _) = judged(fixture, project, Outcome::Refer, 0).await;
    let (olga, omar) = (officer(), officer());
    let before = store.audit_head().await.unwrap();
    let held = hold(fixture, &session, olga, 0).await;
    let undo = async |by, at: Timestamp| {
        let until = at.plus(HELD);
        store.undo_decision(session.id, by, at, until).await
    };
    let last = held.due_at.plus(-1);
    assert_eq!(
        refusal(undo(omar, last).await),
        ReviewRefusal::NothingToUndo
    );
    assert_eq!(
        refusal(undo(olga, held.due_at).await),
        ReviewRefusal::NothingToUndo
    );
    undo(olga, last).await.unwrap();
    assert_eq!(
        refusal(undo(olga, last).await),
        ReviewRefusal::NothingToUndo
    );
    let case = case(fixture, &session).await;
    assert_eq!(case.state, ReviewState::Waiting);
    assert_eq!(case.claim.unwrap().officer, olga);
    assert_eq!(store.carry_out(&held, about).await.unwrap(), None);
    assert_eq!(store.decisions(session.id).await.unwrap(), []);
    assert_eq!(
        store.audit_head().await.unwrap(),
        before,
        "nothing happened"
    );
}

async fn a_decision_in_its_window_outlives_the_process(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    let (session, _) = judged(fixture, project, Outcome::Refer, 0).await;
    let held = hold(fixture, &session, officer(), 0).await;
    let store = fixture.open_again().await;
    let due = store.due_decisions(held.due_at, 10).await.unwrap();
    assert_eq!(due, [held]);
    let kept = store.carry_out(&held, about).await.unwrap().unwrap();
    assert!(kept.note == Note::Text("the same mole".to_owned()));
    assert_eq!(state(fixture, &session).await, ReviewState::Settled);
    store.close().await.unwrap();
}

async fn what_comes_in_voids_what_was_to_be_decided(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let (session, _) = judged(fixture, project, Outcome::Refer, 0).await;
    let held = hold(fixture, &session, officer(), 0).await;
    add_evidence(fixture, &session, 2_000).await;
    assert_eq!(voided(fixture).await, ["new_evidence"]);
    assert_eq!(state(fixture, &session).await, ReviewState::Unneeded);
    assert_eq!(store.carry_out(&held, about).await.unwrap(), None);
    assert_eq!(store.due_decisions(held.due_at, 10).await.unwrap(), []);

    // What was allowed when it was made, and is no more when its time comes.
    let (other, _) = judged(fixture, project, Outcome::Refer, 10).await;
    let olga = officer();
    let claimed = store.claim_review(project, other.id, claim_of(olga, 20));
    claimed.await.unwrap();
    let again = decision(&other, olga, DecisionKind::AskAgain, 30);
    let held = store.hold_decision(again, NOW.plus(UNDO)).await.unwrap();
    let ended = store.move_session(other.id, Move::End, NOW.plus(40)).await;
    ended.unwrap();
    let refused = store.carry_out(&held, about).await;
    assert!(matches!(refused, Err(StoreError::WrongState { .. })));
    store.void_decision(&held, NOW.plus(UNDO)).await.unwrap();
    assert_eq!(voided(fixture).await, ["new_evidence", "refusal"]);
    let case = case(fixture, &other).await;
    assert_eq!((case.state, case.claim), (ReviewState::Waiting, None));
    assert_eq!(store.pending_decision(other.id).await.unwrap(), None);
}

async fn two_officers_decide_and_one_does_not(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    settings(fixture, project, |settings| {
        settings.decisions_by_two = true;
    })
    .await;
    let (session, _) = judged(fixture, project, Outcome::Refer, 0).await;
    let (olga, omar, otto) = (officer(), officer(), officer());
    let nobody = Decision {
        actor: Actor::Operator,
        ..decision(&session, olga, DecisionKind::Approve, 10)
    };
    let refused = store.decide(nobody, about).await;
    assert_eq!(refusal(refused), ReviewRefusal::NoOfficer);

    let first = decide(fixture, &session, olga, DecisionKind::Approve, 10).await;
    assert_eq!(first.unwrap().kind, DecisionKind::ProposeApprove);
    let proposed = case(fixture, &session).await;
    assert_eq!(proposed.state, ReviewState::Proposed);
    let proposal = proposed.proposal.unwrap();
    assert_eq!((proposal.kind, proposal.by), (DecisionKind::Approve, olga));
    assert!(store.settled(&[session.id]).await.unwrap().is_empty());
    for kind in [DecisionKind::Approve, DecisionKind::Reject] {
        let again = decide(fixture, &session, olga, kind, 20).await;
        assert_eq!(refusal(again), ReviewRefusal::OwnProposal);
    }
    decide(fixture, &session, olga, DecisionKind::Note, 25)
        .await
        .unwrap();
    // A contrary one takes its place, and settles as little.
    let contrary = decide(fixture, &session, omar, DecisionKind::Reject, 30).await;
    assert_eq!(contrary.unwrap().kind, DecisionKind::ProposeReject);
    let second = decide(fixture, &session, otto, DecisionKind::Approve, 40).await;
    assert_eq!(second.unwrap().kind, DecisionKind::ProposeApprove);
    // The confirmation may be undone as any other decision.
    let held = hold(fixture, &session, omar, 50).await;
    let carried = store.carry_out(&held, about).await.unwrap().unwrap();
    assert_eq!(carried.kind, DecisionKind::Approve);
    let settled = store.settled(&[session.id]).await.unwrap();
    assert_eq!(settled.get(&session.id), Some(&DecisionKind::Approve));
    let case = case(fixture, &session).await;
    assert_eq!((case.state, case.proposal), (ReviewState::Settled, None));
    let kinds: Vec<_> = store
        .decisions(session.id)
        .await
        .unwrap()
        .iter()
        .map(|decision| decision.kind.name())
        .collect();
    assert_eq!(
        kinds,
        [
            "approve",
            "propose_approve",
            "propose_reject",
            "note",
            "propose_approve"
        ]
    );
}

async fn a_proposal_is_void_once_something_comes_in(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    settings(fixture, project, |settings| {
        settings.decisions_by_two = true;
    })
    .await;
    let (session, _) = judged(fixture, project, Outcome::Refer, 0).await;
    let (olga, omar) = (officer(), officer());
    decide(fixture, &session, olga, DecisionKind::Approve, 10)
        .await
        .unwrap();
    // At the very moment of the proposal.
    add_evidence(fixture, &session, 10).await;
    assert_eq!(case(fixture, &session).await.proposal, None);
    let again = ExaminationRecord {
        queued_at: NOW.plus(15),
        ..examination(&session)
    };
    store.queue_examination(&again, 10).await.unwrap();
    finish(store, &again, Outcome::Refer, 20).await;
    let first = decide(fixture, &session, omar, DecisionKind::Approve, 30).await;
    assert_eq!(first.unwrap().kind, DecisionKind::ProposeApprove);
    let second = decide(fixture, &session, olga, DecisionKind::Approve, 40).await;
    assert_eq!(second.unwrap().kind, DecisionKind::Approve);
    // To overturn it takes two again, and until then it stands.
    let third = decide(fixture, &session, olga, DecisionKind::Reject, 50).await;
    assert_eq!(third.unwrap().kind, DecisionKind::ProposeReject);
    let settled = store.settled(&[session.id]).await.unwrap();
    assert_eq!(settled.get(&session.id), Some(&DecisionKind::Approve));
}

async fn under_two_officers_even_the_unexamined_takes_two(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    settings(fixture, project, |settings| {
        settings.decisions_by_two = true;
    })
    .await;
    let session = fixture.session(project).await;
    let ended = fixture.store.move_session(session.id, Move::End, NOW).await;
    ended.unwrap();
    let (olga, omar) = (officer(), officer());
    let reject = async |by, at| {
        let kept = decide(fixture, &session, by, DecisionKind::Reject, at).await;
        kept.map(|kept| kept.kind)
    };
    assert_eq!(reject(olga, 10).await.unwrap(), DecisionKind::ProposeReject);
    assert_eq!(refusal(reject(olga, 20).await), ReviewRefusal::OwnProposal);
    assert_eq!(reject(omar, 30).await.unwrap(), DecisionKind::Reject);
}

async fn an_erasure_leaves_nothing_of_a_case(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let (session, _) = judged(fixture, project, Outcome::Refer, 0).await;
    hold(fixture, &session, officer(), 0).await;
    let erasure = Erasure::of_session(project, session.id, NOW);
    let erased = store.erase(erasure, move |_, _| {
        vec![entry(project, AuditAction::SessionErased, "")]
    });
    assert!(erased.await.unwrap().is_some());
    assert_eq!(voided(fixture).await, ["erasure"]);
    for table in ["reviews", "review_reasons", "pending_decisions"] {
        assert_eq!(count(fixture, table).await, 0, "{table}");
    }
}

async fn count(fixture: &Fixture, table: &str) -> i64 {
    let connection = Database::connect(&fixture.options.database_url)
        .await
        .unwrap();
    let backend = if fixture.is_sqlite() {
        DatabaseBackend::Sqlite
    } else {
        DatabaseBackend::Postgres
    };
    let sql = format!("SELECT count(*) AS rows FROM {table}");
    let row = connection.query_one_raw(Statement::from_string(backend, sql));
    row.await.unwrap().unwrap().try_get("", "rows").unwrap()
}

async fn every_change_of_the_queue_raises_its_number(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let other = fixture.project("other").await;
    let mut last = store.review_revision(project).await.unwrap();
    let mut is_raised = async |what: &str| {
        let now = store.review_revision(project).await.unwrap();
        assert!(now > last, "{what}");
        last = now;
    };
    let (session, _) = judged(fixture, project, Outcome::Refer, 0).await;
    is_raised("a result").await;
    let olga = officer();
    let claim = claim_of(olga, 10);
    let next = store.claim_next_review(project, claim).await.unwrap();
    assert_eq!(next, Some(session.id));
    is_raised("a claim").await;
    let given = store.release_review(project, session.id, olga).await;
    given.unwrap();
    is_raised("a release").await;
    let held = hold(fixture, &session, olga, 20).await;
    is_raised("a decision that can be undone").await;
    let undone = store.undo_decision(session.id, olga, NOW, NOW.plus(HELD));
    undone.await.unwrap();
    is_raised("an undoing").await;
    decide(
        fixture,
        &session,
        olga,
        DecisionKind::Approve,
        held.due_at.0 - NOW.0,
    )
    .await
    .unwrap();
    is_raised("a decision").await;
    add_evidence(fixture, &session, 90_000).await;
    is_raised("evidence").await;
    assert_eq!(store.review_revision(other).await.unwrap(), 0);
    let everything = ReviewFilter::everything();
    assert_eq!(everything.states.len(), ReviewState::ALL.len());
}
