//! Reviewing as the service's users do it: claims, the moment in which a decision can be undone, two officers, checklists.

use likeness::operations::Operations;
use likeness::operations::authenticate::Caller;
use likeness::operations::decide::NewDecision;
use likeness::operations::decide_later::Decided;
use likeness::operations::error::Error;
use likeness::scoring::reasons::ReasonCode;
use likeness::session::audit::AuditAction;
use likeness::session::decision::DecisionKind;
use likeness::session::ids::SessionId;
use likeness::session::project::Scope;
use likeness::session::review::{ReviewFilter, ReviewState};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::helpers::{Scene, TestApp};
use crate::http::decisions::{
    add_document, decide, examine, judged, officer_token, refused, session, with_olga,
};

crate::ground::also_on_shared_ground! {
    a_case_is_taken_decided_undone_and_decided_for_good
    a_window_outlives_a_restart
    without_a_window_a_decision_stands_at_once
    evidence_in_the_window_voids_the_decision_and_the_log_tells
    whoever_decides_meets_the_claim_of_another
    two_officers_settle_a_case_and_the_log_holds_what_they_said
    a_checklist_is_asked_for_kept_and_vouched_for
}

/// What the default rules refer.
fn unclear() -> Scene {
    Scene::of(&[75.0; 8])
}

async fn caller(app: &TestApp, token: &str) -> Caller {
    app.operations.authenticate(token).await.unwrap()
}

async fn officer(app: &TestApp, name: &str) -> Caller {
    let scopes = vec![Scope::Submit, Scope::Read, Scope::Decide, Scope::Erase];
    let token = officer_token(app, name, scopes).await;
    caller(app, &token).await
}

/// A session that waits for a person.
async fn waiting(app: &TestApp) -> SessionId {
    app.sees(unclear());
    let (id, _) = judged(app).await;
    id.parse().unwrap()
}

fn approval(session: SessionId) -> NewDecision {
    NewDecision {
        session,
        kind: DecisionKind::Approve,
        reasons: vec![ReasonCode::IdentityConfirmed],
        note: Some("the same mole".to_owned()),
        examination: None,
        checklist: None,
    }
}

async fn state(operations: &Operations, caller: &Caller, session: SessionId) -> ReviewState {
    operations.read_review(caller, session).await.unwrap().state
}

fn conflict<T>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Conflict { reason }) => reason,
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("nothing was refused"),
    }
}

#[actix_web::test]
async fn a_case_is_taken_decided_undone_and_decided_for_good() {
    let app = with_olga().await;
    let operations = &app.operations;
    let olga = caller(&app, &app.token).await;
    let id = waiting(&app).await;
    let counts = operations.review_counts(&olga).await.unwrap();
    assert_eq!((counts.waiting, counts.mine, counts.overdue), (1, 0, 0));
    app.clock.advance(241 * 60_000);
    assert_eq!(operations.review_counts(&olga).await.unwrap().overdue, 1);

    let untaken = operations.decide_later(&olga, approval(id)).await;
    assert!(conflict(untaken).contains("take the case first"));
    assert_eq!(operations.next_case(&olga).await.unwrap(), Some(id));
    let queue = ReviewFilter::queue();
    let list = operations.list_reviews(&olga, &queue, None, 10).await;
    let list = list.unwrap();
    let holder = list.reviews[0].claim.unwrap().officer;
    assert_eq!(list.names[&holder], "Olga");
    assert_eq!(list.next, None);

    let revision = operations.review_revision(&olga).await.unwrap();
    let decided = operations.decide_later(&olga, approval(id)).await.unwrap();
    let Decided::Later(held) = decided else {
        panic!("it was decided at once");
    };
    assert_eq!(held.due_at, app.clock_now().plus(8_000));
    assert!(operations.review_revision(&olga).await.unwrap() > revision);
    operations.undo_decision(&olga, id).await.unwrap();
    assert_eq!(state(operations, &olga, id).await, ReviewState::Waiting);

    operations.decide_later(&olga, approval(id)).await.unwrap();
    app.clock.advance(8_000);
    // The worker may have been faster.
    operations.carry_out_due_decisions().await.unwrap();
    assert!(conflict(operations.undo_decision(&olga, id).await).contains("no decision of yours"));
    assert_eq!(state(operations, &olga, id).await, ReviewState::Settled);
    assert_eq!(session(&app, &id.to_string()).await["decision"], "approve");
    let decided: Vec<Value> = app.audit_rows().await;
    let decided = decided
        .iter()
        .filter(|row| row["action"] == AuditAction::SessionDecided.name())
        .count();
    assert_eq!(decided, 1, "what was undone is told nobody");
}

#[actix_web::test]
async fn a_window_outlives_a_restart() {
    let app = with_olga().await;
    let olga = caller(&app, &app.token).await;
    let id = waiting(&app).await;
    app.operations.claim_review(&olga, id).await.unwrap();
    app.operations
        .decide_later(&olga, approval(id))
        .await
        .unwrap();
    let app = app.restart().await;
    // The new service's clock starts where the old one's did.
    app.clock.advance(8_000);
    app.operations.carry_out_due_decisions().await.unwrap();
    let seen = app.operations.read_review(&olga, id).await.unwrap();
    assert_eq!(seen.state, ReviewState::Settled);
    let kept = app.operations.read_decisions(&olga, id).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].officer_name.as_deref(), Some("Olga"));
}

#[actix_web::test]
async fn without_a_window_a_decision_stands_at_once() {
    let app = with_olga().await;
    app.set_project(|settings| settings.undo_seconds = 0).await;
    let olga = caller(&app, &app.token).await;
    let id = waiting(&app).await;
    let untaken = app.operations.decide_later(&olga, approval(id)).await;
    assert!(conflict(untaken).contains("take the case first"));
    app.operations.claim_review(&olga, id).await.unwrap();
    let decided = app.operations.decide_later(&olga, approval(id)).await;
    assert!(matches!(decided.unwrap(), Decided::Now(_)));
    assert_eq!(
        state(&app.operations, &olga, id).await,
        ReviewState::Settled
    );
}

#[actix_web::test]
async fn evidence_in_the_window_voids_the_decision_and_the_log_tells() {
    let app = with_olga().await;
    let olga = caller(&app, &app.token).await;
    let id = waiting(&app).await;
    app.operations.claim_review(&olga, id).await.unwrap();
    app.operations
        .decide_later(&olga, approval(id))
        .await
        .unwrap();
    let added = add_document(&app, &id.to_string()).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.body);
    app.clock.advance(60_000);
    app.operations.carry_out_due_decisions().await.unwrap();
    assert_eq!(
        session(&app, &id.to_string()).await["decision"],
        Value::Null
    );
    let rows = app.audit_rows().await;
    let told = rows.last().unwrap();
    assert_eq!(told["action"], "decision.voided");
    assert_eq!(told["details"]["because"], "new_evidence");
    assert_eq!(told["details"]["made_by"], olga.actor().to_string());
    let again = examine(&app, &id.to_string()).await;
    assert_eq!(again.body["verdict"], "refer", "{}", again.body);
    assert_eq!(
        state(&app.operations, &olga, id).await,
        ReviewState::Waiting
    );
}

#[actix_web::test]
async fn whoever_decides_meets_the_claim_of_another() {
    let app = with_olga().await;
    let omar = officer(&app, "Omar").await;
    let id = waiting(&app).await;
    app.operations.claim_review(&omar, id).await.unwrap();
    let body = json!({"decision": "approve", "note": "seen"});
    let seen = decide(&app, &id.to_string(), body.clone()).await;
    let message = refused(&seen, StatusCode::CONFLICT, "conflict");
    assert_eq!(message, "another officer has taken the case");
    app.operations.release_review(&omar, id).await.unwrap();
    let seen = decide(&app, &id.to_string(), body).await;
    assert_eq!(seen.status, StatusCode::CREATED, "{}", seen.body);

    let reader = caller(&app, &app.token_for("demo").await).await;
    let next = app.operations.next_case(&reader).await;
    assert!(matches!(next, Err(Error::Refused { .. })));
    let stranger = caller(&app, &app.token_for("another").await).await;
    let read = app.operations.read_review(&stranger, id).await;
    assert!(matches!(read, Err(Error::NotFound { .. })));
}

#[actix_web::test]
async fn two_officers_settle_a_case_and_the_log_holds_what_they_said() {
    let app = with_olga().await;
    app.set_project(|settings| settings.decisions_by_two = true)
        .await;
    let id = waiting(&app).await.to_string();
    let approve = json!({"decision": "approve", "reasons": ["IDENTITY_CONFIRMED"]});
    let first = decide(&app, &id, approve.clone()).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
    assert_eq!(first.body["decision"], "propose_approve");
    assert_eq!(session(&app, &id).await["decision"], Value::Null);
    let again = decide(&app, &id, approve).await;
    let message = refused(&again, StatusCode::CONFLICT, "conflict");
    assert!(message.contains("another officer"), "{message}");
    let forged = json!({"decision": "propose_approve", "note": "x"});
    let forged = decide(&app, &id, forged).await;
    refused(&forged, StatusCode::BAD_REQUEST, "invalid_request");

    let omar = officer(&app, "Omar").await;
    let second = app.operations.decide(&omar, approval(id.parse().unwrap()));
    assert_eq!(second.await.unwrap().decision.kind, DecisionKind::Approve);
    assert_eq!(session(&app, &id).await["decision"], "approve");
    let checked = app.operations.verify_audit(None).await;
    checked.unwrap().unwrap();
}

#[actix_web::test]
async fn a_checklist_is_asked_for_kept_and_vouched_for() {
    let app = with_olga().await;
    app.set_project(|settings| settings.checklist = true).await;
    let id = waiting(&app).await.to_string();
    let mut list = json!({
        "forehead": "similar", "eyes": "similar", "nose": "not_visible", "mouth": "similar",
        "ears": "not_visible", "jaw": "similar", "face_shape": "similar",
    });
    let with = |list: &Value| json!({"decision": "approve", "reasons": ["IDENTITY_CONFIRMED"], "checklist": list});
    for (body, word) in [
        (json!({"decision": "reject", "note": "x"}), "`face_shape`"),
        (with(&list), "every feature"),
        (with(&json!({"hands": "similar"})), "hands"),
        (with(&json!({"eyes": "alike"})), "alike"),
        (
            json!({"decision": "note", "note": "x", "checklist": list}),
            "goes with",
        ),
    ] {
        let seen = decide(&app, &id, body).await;
        let message = refused(&seen, StatusCode::BAD_REQUEST, "invalid_request");
        assert!(message.contains(word), "{message}");
    }
    list["marks"] = json!("different");
    let seen = decide(&app, &id, with(&list)).await;
    let message = refused(&seen, StatusCode::BAD_REQUEST, "invalid_request");
    assert!(message.contains("`different`"), "{message}");
    let mut why = with(&list);
    why["note"] = json!("a scar since the card was made");
    let seen = decide(&app, &id, why).await;
    assert_eq!(seen.status, StatusCode::CREATED, "{}", seen.body);
    assert_eq!(seen.body["checklist"], list);
    let rows = app.audit_rows().await;
    let told = &rows.last().unwrap()["details"]["checklist_sha256"];
    assert_eq!(told.as_str().unwrap().len(), 64);
    app.operations.verify_audit(None).await.unwrap().unwrap();
}
