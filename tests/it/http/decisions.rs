//! What people decide about sessions: who may, when, why, and that the verdict stays.

use likeness::operations::manage_tokens::NewToken;
use likeness::session::actor::Actor;
use likeness::session::project::Scope;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::contract::Seen;
use crate::helpers::{TestApp, document, keys};

crate::ground::also_on_shared_ground! {
    a_decision_is_kept_with_who_when_and_why_and_the_verdict_stays
    asking_again_opens_the_session_for_other_evidence
    a_decision_without_a_why_a_state_or_a_right_is_refused_and_not_kept
    a_decision_stands_until_something_else_comes_in
    nobody_approves_what_was_never_examined
    who_does_not_decide_reads_no_note_and_no_officers_name
    a_session_is_examined_as_often_as_the_project_allows
    the_cap_holds_in_the_vendors_calls
}

/// A token of the project's officer of that name.
pub(super) async fn officer_token(app: &TestApp, name: &str, scopes: Vec<Scope>) -> String {
    let project = app.operations.ensure_project("demo").await.unwrap().id;
    let officer = app
        .operations
        .ensure_officer(project, name, Actor::Operator);
    let new = NewToken {
        project: "demo".to_owned(),
        scopes,
        label: String::new(),
        lifetime_ms: None,
        parent: None,
        officer: Some(officer.await.unwrap().id),
        by: Actor::Operator,
    };
    let secret = app.operations.create_token(new).await.unwrap();
    secret.reveal().to_owned()
}

/// A service whose caller is the officer Olga, who may do everything.
pub(super) async fn with_olga() -> TestApp {
    let mut app = TestApp::start().await;
    app.token = officer_token(
        &app,
        "Olga",
        vec![
            Scope::Submit,
            Scope::Read,
            Scope::Enrol,
            Scope::Decide,
            Scope::Erase,
        ],
    )
    .await;
    app
}

pub(super) async fn examine(app: &TestApp, session: &str) -> Seen {
    let path = format!("/v1/sessions/{session}/examinations?wait=20");
    app.see(app.post(&path)).await
}

/// A session with a verdict, and its examination.
pub(super) async fn judged(app: &TestApp) -> (String, String) {
    let session = app.session_with_evidence().await;
    let done = examine(app, &session).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert_eq!(done.body["status"], "done");
    (session, done.body["id"].as_str().unwrap().to_owned())
}

pub(super) async fn decide(app: &TestApp, session: &str, body: Value) -> Seen {
    let path = format!("/v1/sessions/{session}/decisions");
    app.send(Method::POST, &path, &body).await
}

async fn decisions(app: &TestApp, session: &str) -> Vec<Value> {
    let path = format!("/v1/sessions/{session}/decisions");
    let seen = app.see(app.get(&path)).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    seen.body["decisions"].as_array().unwrap().clone()
}

pub(super) async fn session(app: &TestApp, id: &str) -> Value {
    let seen = app.see(app.get(&format!("/v1/sessions/{id}"))).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    seen.body
}

pub(super) fn refused(seen: &Seen, status: StatusCode, code: &str) -> String {
    assert_eq!(seen.status, status, "{}", seen.body);
    assert_eq!(seen.body["error"]["code"], code, "{}", seen.body);
    seen.body["error"]["message"].as_str().unwrap().to_owned()
}

/// Another document for a session.
pub(super) async fn add_document(app: &TestApp, session: &str) -> Seen {
    let form = Form::new().part("document", Part::bytes(document()));
    let path = format!("/v1/sessions/{session}/document");
    app.see(app.post(&path).multipart(form)).await
}

#[actix_web::test]
async fn a_decision_is_kept_with_who_when_and_why_and_the_verdict_stays() {
    let app = with_olga().await;
    let (id, examination) = judged(&app).await;
    let before = session(&app, &id).await;
    assert_eq!(before["decision"], Value::Null);

    let note = decide(
        &app,
        &id,
        json!({"decision": "note", "note": "  asked the branch\n"}),
    )
    .await;
    assert_eq!(note.status, StatusCode::CREATED, "{}", note.body);
    assert_eq!(note.body["note"], "asked the branch");
    assert_eq!(session(&app, &id).await["decision"], Value::Null);
    app.clock.advance(60_000);
    let rejected = json!({
        "decision": "reject", "reasons": ["SUSPECTED_FRAUD", "PERSON_NOT_THE_SAME"],
        "note": "another person", "examination": examination,
    });
    let rejected = decide(&app, &id, rejected).await;
    assert_eq!(rejected.status, StatusCode::CREATED, "{}", rejected.body);
    assert_eq!(
        keys(&rejected.body),
        [
            "id",
            "decision",
            "reasons",
            "note",
            "note_erased",
            "examination",
            "checklist",
            "officer_id",
            "officer_name",
            "at"
        ]
    );
    let approved = decide(
        &app,
        &id,
        json!({"decision": "approve", "reasons": ["IDENTITY_CONFIRMED"]}),
    )
    .await;
    assert_eq!(approved.status, StatusCode::CREATED);

    let kept = decisions(&app, &id).await;
    assert_eq!(kept, [approved.body, rejected.body, note.body]);
    assert_eq!(
        kept[1]["reasons"],
        json!(["SUSPECTED_FRAUD", "PERSON_NOT_THE_SAME"])
    );
    assert_eq!(kept[1]["officer_name"], "Olga");
    assert_eq!(kept[1]["at"], "2023-11-14T22:14:20.000Z");
    for decision in &kept {
        assert_eq!(decision["examination"], examination);
        assert_eq!(decision["note_erased"], false);
    }

    let after = session(&app, &id).await;
    assert_eq!(after["decision"], "approve");
    assert_eq!(after["status"], "judged");
    assert_eq!(after["examinations"], before["examinations"]);
    let (undecided, _) = judged(&app).await;
    let listed = app.sessions().await;
    let decided: Vec<_> = listed
        .iter()
        .map(|one| (&one["id"], &one["decision"]))
        .collect();
    assert_eq!(
        decided,
        [
            (&json!(undecided), &Value::Null),
            (&json!(id), &json!("approve"))
        ]
    );
}

#[actix_web::test]
async fn asking_again_opens_the_session_for_other_evidence() {
    let app = with_olga().await;
    let (id, first) = judged(&app).await;
    let asked = decide(&app, &id, json!({"decision": "ask_again"})).await;
    assert_eq!(asked.status, StatusCode::CREATED, "{}", asked.body);
    assert_eq!(session(&app, &id).await["status"], "open");
    assert_eq!(add_document(&app, &id).await.status, StatusCode::CREATED);
    let again = examine(&app, &id).await;
    assert_eq!(again.body["status"], "done");

    // Who decides by what was seen the first time has not seen the second.
    let stale =
        json!({"decision": "approve", "reasons": ["IDENTITY_CONFIRMED"], "examination": first});
    let message = refused(
        &decide(&app, &id, stale).await,
        StatusCode::CONFLICT,
        "conflict",
    );
    assert!(message.contains("newest examination"), "{message}");
    let now = json!({"decision": "approve", "note": "seen", "examination": again.body["id"]});
    assert_eq!(decide(&app, &id, now).await.status, StatusCode::CREATED);
}

#[actix_web::test]
async fn a_decision_without_a_why_a_state_or_a_right_is_refused_and_not_kept() {
    let app = with_olga().await;
    let (id, _) = judged(&app).await;
    for (body, word) in [
        (json!({"decision": "approve"}), "`approve` needs a why"),
        (
            json!({"decision": "reject", "note": " \n"}),
            "`reject` needs a why",
        ),
        (
            json!({"decision": "note", "reasons": ["FACE_MISMATCH"]}),
            "a note needs",
        ),
        (
            json!({"decision": "reject", "reasons": ["OTHER"]}),
            "needs a `note`",
        ),
        (
            json!({"decision": "approve", "reasons": ["SUSPECTED_FRAUD"]}),
            "no reason to `approve`",
        ),
        (
            json!({"decision": "reject", "reasons": ["FACE_MISMATCH", "FACE_MISMATCH"]}),
            "twice",
        ),
        (json!({"decision": "perhaps", "note": "x"}), "`decision` is"),
        (
            json!({"decision": "reject", "reasons": ["OTHER", "HUNCH"]}),
            "\"HUNCH\"",
        ),
        (
            json!({"decision": "note", "note": "x".repeat(4_001)}),
            "4000 characters",
        ),
        (
            json!({"decision": "note", "note": "a\u{0}b"}),
            "control character",
        ),
        (
            json!({"decision": "note", "note": "x", "why": "y"}),
            "unknown field",
        ),
        (
            json!({"decision": "note", "note": "x", "examination": "7"}),
            "`examination`",
        ),
        (json!({}), "the body"),
    ] {
        let seen = decide(&app, &id, body.clone()).await;
        let message = refused(&seen, StatusCode::BAD_REQUEST, "invalid_request");
        assert!(message.contains(word), "{body}: {message}");
    }
    let longest = json!({"decision": "note", "note": "ü".repeat(4_000)});
    assert_eq!(decide(&app, &id, longest).await.status, StatusCode::CREATED);

    let open = app.session_with_evidence().await;
    for kind in ["approve", "reject", "ask_again"] {
        let body = json!({"decision": kind, "note": "too early"});
        let seen = decide(&app, &open, body).await;
        refused(&seen, StatusCode::CONFLICT, "wrong_state");
    }
    assert_eq!(decisions(&app, &open).await, Vec::<Value>::new());
    let note = json!({"decision": "note", "note": "fine at any time"});
    assert_eq!(
        decide(&app, &open, note.clone()).await.status,
        StatusCode::CREATED
    );
    let end = format!("/v1/sessions/{id}/end");
    assert_eq!(app.see(app.post(&end)).await.status, StatusCode::NO_CONTENT);
    let seen = decide(&app, &id, json!({"decision": "ask_again", "note": "x"})).await;
    refused(&seen, StatusCode::CONFLICT, "wrong_state");
    let late = json!({"decision": "reject", "note": "fine after the end"});
    assert_eq!(decide(&app, &id, late).await.status, StatusCode::CREATED);

    let missing = decide(&app, "sess_7", note.clone()).await;
    refused(&missing, StatusCode::NOT_FOUND, "not_found");
    let plain = app.token_for("demo").await;
    let stranger = app.token_for("another").await;
    let path = format!("/v1/sessions/{id}/decisions");
    let post = app
        .client
        .post(app.url(&path))
        .json(&note)
        .bearer_auth(&plain);
    refused(&app.see(post).await, StatusCode::FORBIDDEN, "refused");
    let get = app.client.get(app.url(&path)).bearer_auth(&plain);
    assert_eq!(
        app.see(get).await.status,
        StatusCode::OK,
        "`read` may read them"
    );
    let get = app.client.get(app.url(&path)).bearer_auth(&stranger);
    refused(&app.see(get).await, StatusCode::NOT_FOUND, "not_found");
    let decider = officer_token(&app, "Dan", vec![Scope::Decide]).await;
    let get = app.client.get(app.url(&path)).bearer_auth(&decider);
    assert_eq!(
        app.see(get).await.status,
        StatusCode::OK,
        "and so may `decide`"
    );
}

#[actix_web::test]
async fn a_decision_stands_until_something_else_comes_in() {
    let app = with_olga().await;
    let (id, _) = judged(&app).await;
    let approve = json!({"decision": "approve", "reasons": ["IDENTITY_CONFIRMED"]});
    assert_eq!(
        decide(&app, &id, approve.clone()).await.status,
        StatusCode::CREATED
    );
    assert_eq!(session(&app, &id).await["decision"], "approve");

    app.clock.advance(1_000);
    assert_eq!(add_document(&app, &id).await.status, StatusCode::CREATED);
    assert_eq!(session(&app, &id).await["decision"], Value::Null);
    // Ending the session makes nothing of what nobody looked at.
    let ended = app.see(app.post(&format!("/v1/sessions/{id}/end"))).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    let seen = decide(&app, &id, approve).await;
    let message = refused(&seen, StatusCode::CONFLICT, "conflict");
    assert!(message.contains("has not been examined"), "{message}");
}

#[actix_web::test]
async fn nobody_approves_what_was_never_examined() {
    let app = with_olga().await;
    let id = app.session_with_evidence().await;
    let ended = app.see(app.post(&format!("/v1/sessions/{id}/end"))).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    let approve = json!({"decision": "approve", "reasons": ["IDENTITY_CONFIRMED"]});
    let seen = decide(&app, &id, approve).await;
    refused(&seen, StatusCode::CONFLICT, "conflict");
    let reject = json!({"decision": "reject", "reasons": ["SUSPECTED_FRAUD"]});
    assert_eq!(decide(&app, &id, reject).await.status, StatusCode::CREATED);
}

#[actix_web::test]
async fn who_does_not_decide_reads_no_note_and_no_officers_name() {
    let app = with_olga().await;
    let (id, _) = judged(&app).await;
    let note = json!({"decision": "note", "note": "looks odd"});
    assert_eq!(decide(&app, &id, note).await.status, StatusCode::CREATED);
    let reader = app.token_with("demo", vec![Scope::Read], None).await;
    let path = app.url(&format!("/v1/sessions/{id}/decisions"));
    let seen = app.see(app.client.get(path).bearer_auth(reader)).await;
    assert_eq!(seen.body["decisions"][0]["note"], Value::Null);
    assert_eq!(seen.body["decisions"][0]["officer_name"], Value::Null);
    assert_eq!(seen.body["decisions"][0]["decision"], "note");
}

#[actix_web::test]
async fn a_session_is_examined_as_often_as_the_project_allows() {
    let app = with_olga().await;
    app.set_project(|settings| settings.max_examinations = Some(2))
        .await;
    let (id, _) = judged(&app).await;
    let asked = decide(&app, &id, json!({"decision": "ask_again"})).await;
    assert_eq!(asked.status, StatusCode::CREATED);
    assert_eq!(examine(&app, &id).await.status, StatusCode::OK);

    let stored = app.files("blobs").len();
    for seen in [
        examine(&app, &id).await,
        add_document(&app, &id).await,
        decide(&app, &id, json!({"decision": "ask_again"})).await,
    ] {
        let message = refused(&seen, StatusCode::CONFLICT, "conflict");
        assert_eq!(
            message,
            "the session has been examined 2 times, which is all that the project allows"
        );
    }
    let after = session(&app, &id).await;
    assert_eq!(after["status"], "judged");
    assert_eq!(after["examinations"].as_array().unwrap().len(), 2);
    assert_eq!(app.files("blobs").len(), stored, "nothing was stored");
    app.set_project(|settings| settings.max_examinations = Some(3))
        .await;
    assert_eq!(add_document(&app, &id).await.status, StatusCode::CREATED);
    assert_eq!(examine(&app, &id).await.status, StatusCode::OK);
}

#[actix_web::test]
async fn the_cap_holds_in_the_vendors_calls() {
    let app = with_olga().await;
    app.set_project(|settings| settings.max_examinations = Some(1))
        .await;
    let session = app.start_biometry_session().await;
    let matched = |session: String| {
        let form = crate::helpers::document_and_video();
        app.match_faces(form).header("X-Session-ID", session)
    };
    assert_eq!(
        app.see(matched(session.clone())).await.status,
        StatusCode::OK
    );
    let stored = app.files("blobs").len();
    let video = Form::new()
        .text("phrase", "one two three")
        .part("video", Part::bytes(crate::helpers::video()));
    let processed = app
        .post("/api-gateway/process-video")
        .multipart(video)
        .header("X-Session-ID", &session);
    for seen in [
        app.see(matched(session.clone())).await,
        app.see(processed).await,
    ] {
        assert_eq!(seen.status, StatusCode::CONFLICT, "{}", seen.body);
        assert_eq!(keys(&seen.body), ["error"]);
        let error = seen.body["error"].as_str().unwrap();
        assert!(error.contains("examined 1 times"), "{error}");
    }
    assert_eq!(app.files("blobs").len(), stored);
    // Another session is another matter.
    let other = app.start_biometry_session().await;
    assert_eq!(app.see(matched(other)).await.status, StatusCode::OK);
}
