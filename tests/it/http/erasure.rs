//! Erasure, legal holds and retention: what goes, what stays, and what keeps it.

use std::path::PathBuf;

use likeness::session::project::Scope;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};

use crate::faces::Shown;
use crate::helpers::{TestApp, video};
use crate::http::decisions::{
    add_document, decide, examine, judged, officer_token, refused, session, with_olga,
};

crate::ground::also_on_shared_ground! {
    nothing_more_is_taken_for_an_erased_session
    what_is_held_or_examined_is_not_erased
    holding_and_erasing_want_their_scopes_and_their_project
    an_enrolled_persons_picture_outlives_the_session_it_was_compared_in
    sessions_are_erased_when_their_time_is_over
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

const SECRETS: [&str; 5] = [
    "case-4711-of-quux",
    "Josephine Quux",
    "branch-of-quux",
    "smells of a forgery",
    "josephine quux",
];

/// A judged session that knows a name, a reference, metadata, a consent and a note.
async fn full_session(app: &TestApp) -> (String, String) {
    let opened = json!({
        "reference": SECRETS[0], "subject_name": SECRETS[1], "metadata": {"at": SECRETS[2]},
    });
    let opened = app.send(Method::POST, "/v1/sessions", &opened).await;
    let id = opened.body["id"].as_str().unwrap().to_owned();
    let statement = json!({"is_consent_given": true, "user_fullname": SECRETS[1]});
    let consent = app
        .post("/api-consent/consent")
        .header("X-Session-ID", &id)
        .json(&statement);
    let recorded = consent.send().await.unwrap();
    assert_eq!(recorded.status(), StatusCode::OK);
    assert_eq!(add_document(app, &id).await.status, StatusCode::CREATED);
    let form = Form::new().part("video", Part::bytes(video()));
    let path = format!("/v1/sessions/{id}/video");
    let added = app.see(app.post(&path).multipart(form)).await;
    assert_eq!(added.status, StatusCode::CREATED);
    let done = examine(app, &id).await;
    assert_eq!(done.body["status"], "done", "{}", done.body);
    let rejected = json!({"decision": "reject", "note": SECRETS[3]});
    assert_eq!(decide(app, &id, rejected).await.status, StatusCode::CREATED);
    (id, done.body["id"].as_str().unwrap().to_owned())
}

async fn erase(app: &TestApp, id: &str) -> crate::contract::Seen {
    let path = format!("/v1/sessions/{id}");
    app.see(app.client.delete(app.url(&path)).bearer_auth(&app.token))
        .await
}

async fn hold(app: &TestApp, method: Method, id: &str) -> StatusCode {
    let url = app.url(&format!("/v1/sessions/{id}/hold"));
    let request = app.client.request(method, url).bearer_auth(&app.token);
    app.see(request).await.status
}

fn database(app: &TestApp) -> PathBuf {
    let files = app.files("");
    let is_database = |file: &PathBuf| file.file_name().unwrap() == "likeness.db";
    files.into_iter().find(is_database).unwrap()
}

/// The bytes of the database's file, its journal written back.
async fn database_bytes(app: &TestApp) -> Vec<u8> {
    let file = database(app);
    let connection = Database::connect(format!("sqlite://{}", file.display()))
        .await
        .unwrap();
    connection
        .execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)")
        .await
        .unwrap();
    std::fs::read(file).unwrap()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|some| some == text.as_bytes())
}

async fn verify(app: &TestApp) {
    app.operations.verify_audit(None).await.unwrap().unwrap();
}

#[actix_web::test]
async fn an_erased_session_keeps_its_verdict_and_nothing_that_names_anybody() {
    let app = with_olga().await;
    let (id, examination) = full_session(&app).await;
    let (other, _) = judged(&app).await;
    let before = session(&app, &id).await;
    let kept = database_bytes(&app).await;
    for secret in SECRETS {
        assert!(!holds(&kept, secret), "{secret} was never there to be read");
    }
    let thumbnail = format!("/v1/sessions/{id}/examinations/{examination}/frames/0/thumbnail");
    let picture = app.get(&thumbnail).send().await.unwrap();
    assert_eq!(picture.status(), StatusCode::OK);
    // What an examination that broke off has left behind goes as well.
    let folder = app.files("blobs").into_iter().find(|file| {
        file.parent()
            .unwrap()
            .ends_with(id.trim_start_matches("sess_"))
    });
    let left = folder.unwrap().parent().unwrap().join("left");
    std::fs::write(&left, b"a face").unwrap();

    assert_eq!(erase(&app, &id).await.status, StatusCode::OK);
    let again = erase(&app, &id).await;
    assert_eq!(again.status, StatusCode::OK, "again");

    assert_eq!(
        app.see(app.get(&thumbnail)).await.status,
        StatusCode::NOT_FOUND
    );
    let bare = id.trim_start_matches("sess_");
    let files = app.files("blobs");
    assert!(
        !files
            .iter()
            .any(|file| file.to_str().unwrap().contains(bare))
    );
    assert!(!files.is_empty(), "another session keeps its own");
    let after = session(&app, &id).await;
    assert_eq!(after["status"], "erased");
    assert_eq!(after["decision"], "reject");
    assert!(after["erased_at"].is_string());
    for gone in ["reference", "subject_name", "metadata", "device_info"] {
        assert_eq!(after[gone], Value::Null, "{gone}");
    }
    assert_eq!(after["document"]["sha256"], before["document"]["sha256"]);
    let (was, is) = (&before["examinations"][0], &after["examinations"][0]);
    assert_eq!(was["verdict"], is["verdict"]);
    assert_eq!(
        was["failed_refer_conditions"],
        is["failed_refer_conditions"]
    );
    assert_eq!(is["result"], Value::Null);
    let replayed = app.operations.replay(id.parse().unwrap()).await.unwrap();
    assert!(replayed[0].holds() && replayed[0].byte_equal);

    let decisions = app
        .see(app.get(&format!("/v1/sessions/{id}/decisions")))
        .await;
    assert_eq!(decisions.body["decisions"][0]["note"], Value::Null);
    assert_eq!(decisions.body["decisions"][0]["note_erased"], true);
    verify(&app).await;
    let bytes = database_bytes(&app).await;
    for secret in SECRETS {
        assert!(!holds(&bytes, secret), "{secret}");
    }
    assert_eq!(session(&app, &other).await["status"], "judged");
}

#[actix_web::test]
async fn nothing_more_is_taken_for_an_erased_session() {
    let app = with_olga().await;
    let (id, _) = judged(&app).await;
    assert_eq!(erase(&app, &id).await.status, StatusCode::OK);
    let note = decide(&app, &id, json!({"decision": "note", "note": "x"})).await;
    let consent = json!({"given": true});
    let consent = app
        .send(
            Method::POST,
            &format!("/v1/sessions/{id}/consent"),
            &consent,
        )
        .await;
    for seen in [
        note,
        consent,
        add_document(&app, &id).await,
        examine(&app, &id).await,
        app.see(app.post(&format!("/v1/sessions/{id}/end"))).await,
    ] {
        refused(&seen, StatusCode::CONFLICT, "wrong_state");
    }
    assert_eq!(hold(&app, Method::POST, &id).await, StatusCode::CONFLICT);
    assert_eq!(app.files("blobs"), Vec::<PathBuf>::new());
}

#[actix_web::test]
async fn what_is_held_or_examined_is_not_erased() {
    let app = with_olga().await;
    let (id, _) = full_session(&app).await;
    for _ in 0..2 {
        assert_eq!(hold(&app, Method::POST, &id).await, StatusCode::NO_CONTENT);
    }
    assert!(session(&app, &id).await["held_at"].is_string());
    let message = refused(&erase(&app, &id).await, StatusCode::CONFLICT, "conflict");
    assert!(message.contains("legal hold"), "{message}");
    assert_eq!(session(&app, &id).await["subject_name"], SECRETS[1]);
    for _ in 0..2 {
        assert_eq!(
            hold(&app, Method::DELETE, &id).await,
            StatusCode::NO_CONTENT
        );
    }
    assert_eq!(session(&app, &id).await["held_at"], Value::Null);
    assert_eq!(erase(&app, &id).await.status, StatusCode::OK);

    let running = app.session_with_evidence().await;
    app.hold();
    let path = format!("/v1/sessions/{running}/examinations");
    let job = app.see(app.post(&path)).await;
    refused(
        &erase(&app, &running).await,
        StatusCode::CONFLICT,
        "wrong_state",
    );
    app.release();
    app.operations_finish(&running, &job.body).await;
    assert_eq!(erase(&app, &running).await.status, StatusCode::OK);
}

#[actix_web::test]
async fn holding_and_erasing_want_their_scopes_and_their_project() {
    let app = with_olga().await;
    let (id, _) = judged(&app).await;
    let plain = app.token_for("demo").await;
    let decider = officer_token(&app, "Dan", vec![Scope::Decide]).await;
    let stranger = app.token_with("another", vec![Scope::Erase], None).await;
    let url = app.url(&format!("/v1/sessions/{id}"));
    let hold = app.client.post(format!("{url}/hold")).bearer_auth(&plain);
    refused(&app.see(hold).await, StatusCode::FORBIDDEN, "refused");
    let release = app.client.delete(format!("{url}/hold")).bearer_auth(&plain);
    refused(&app.see(release).await, StatusCode::FORBIDDEN, "refused");
    for (token, status, code) in [
        (plain, StatusCode::FORBIDDEN, "refused"),
        (decider, StatusCode::FORBIDDEN, "refused"),
        (stranger, StatusCode::NOT_FOUND, "not_found"),
    ] {
        let erase = app.client.delete(&url).bearer_auth(&token);
        refused(&app.see(erase).await, status, code);
    }
    assert_eq!(session(&app, &id).await["status"], "judged");
}

#[actix_web::test]
async fn an_enrolled_persons_picture_outlives_the_session_it_was_compared_in() {
    let app = with_olga().await;
    let form = Form::new().part("face", Part::bytes(Shown::person(1).png()));
    let enrolled = app
        .post("/api-gateway/enroll/face")
        .multipart(form)
        .header("X-User-Fullname", "Ana");
    assert_eq!(app.see(enrolled).await.status, StatusCode::OK);
    let form = Form::new()
        .text("phrase", "one two three")
        .part("video", Part::bytes(video()));
    let processed = app
        .post("/api-gateway/process-video")
        .multipart(form)
        .header("X-User-Fullname", "Ana");
    let processed = app.see(processed).await;
    assert_eq!(processed.status, StatusCode::OK, "{}", processed.body);
    let faces = app.files("blobs/faces");
    assert!(!faces.is_empty());
    for session in app.sessions().await {
        let id = session["id"].as_str().unwrap();
        assert_eq!(erase(&app, id).await.status, StatusCode::OK);
    }
    assert_eq!(app.files("blobs/faces"), faces);
    assert_eq!(app.files("blobs/sessions"), Vec::<PathBuf>::new());
}

#[actix_web::test]
async fn sessions_are_erased_when_their_time_is_over() {
    let app = with_olga().await;
    let (old, _) = judged(&app).await;
    let (held, _) = judged(&app).await;
    assert_eq!(
        hold(&app, Method::POST, &held).await,
        StatusCode::NO_CONTENT
    );
    app.clock.advance(30 * DAY_MS);
    let (young, _) = judged(&app).await;
    app.clock.advance(1);
    let expire = async || assert!(!app.operations.expire_sessions().await.unwrap());
    let status = async |id: &str| {
        session(&app, id).await["status"]
            .as_str()
            .unwrap()
            .to_owned()
    };

    expire().await;
    assert_eq!(
        status(&old).await,
        "judged",
        "without a setting all is kept"
    );
    app.set_project(|settings| settings.retention_days = Some(30))
        .await;
    expire().await;
    assert_eq!(status(&old).await, "erased");
    assert_eq!(status(&held).await, "judged");
    assert_eq!(status(&young).await, "judged");

    app.clock.advance(30 * DAY_MS);
    assert_eq!(
        hold(&app, Method::DELETE, &held).await,
        StatusCode::NO_CONTENT
    );
    let note = json!({"decision": "note", "note": "still at it"});
    assert_eq!(decide(&app, &young, note).await.status, StatusCode::CREATED);
    expire().await;
    assert_eq!(status(&held).await, "erased");
    assert_eq!(status(&young).await, "judged", "something happened to it");
    let rows = app.operations.audit_rows(0).await.unwrap();
    let by_service: Vec<_> = rows
        .iter()
        .filter(|row| row.action == "session.erased")
        .map(|row| (row.actor.as_str(), row.target.as_str()))
        .collect();
    assert_eq!(
        by_service,
        [("service", old.as_str()), ("service", held.as_str())]
    );
    verify(&app).await;
}
