//! What a process leaves that died after it stored something and before it kept its answer: the next try finds it.

use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::faces::{Shown, person};
use crate::helpers::{TestApp, body, document, document_and_video, video};

const KEY: &str = "Idempotency-Key";

/// Sends a request, takes the kept answer away as if the process had died before it kept it, and sends it again.
async fn twice(app: &TestApp, request: impl Fn() -> RequestBuilder) -> (Value, Value) {
    let first = request().header(KEY, "k").send().await.unwrap();
    assert!(first.status().is_success(), "{}", first.status());
    let first = body(first).await;
    let died =
        "UPDATE idempotency_keys SET state = 'running', answer = NULL WHERE answer IS NOT NULL";
    assert_eq!(app.tamper(died).await, 1);
    let early = request().header(KEY, "k").send().await.unwrap();
    assert_eq!(early.status(), StatusCode::CONFLICT, "its lease holds");
    app.clock.advance(31_000);
    let again = request().header(KEY, "k").send().await.unwrap();
    assert!(again.status().is_success(), "{}", again.status());
    assert!(!again.headers().contains_key("idempotency-replayed"));
    let again = body(again).await;
    let replayed = request().header(KEY, "k").send().await.unwrap();
    assert_eq!(replayed.headers()["idempotency-replayed"], "true");
    assert_eq!(body(replayed).await, again);
    assert_eq!(app.tamper("DELETE FROM idempotency_keys").await, 1);
    (first, again)
}

async fn rows(app: &TestApp, table: &str) -> i64 {
    app.number(&format!("SELECT COUNT(*) FROM {table}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_opened_once() {
    let app = TestApp::start().await;
    let (first, again) = twice(&app, || {
        app.post("/v1/sessions").json(&json!({ "reference": "a" }))
    })
    .await;
    assert_eq!(first, again);
    let (first, again) = twice(&app, || app.post("/api-gateway/sessions/start")).await;
    assert_eq!(first, again);
    assert_eq!(rows(&app, "sessions").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_is_stored_and_examined_once() {
    let app = TestApp::start().await;
    let (first, again) = twice(&app, || app.match_faces(document_and_video())).await;
    assert_eq!(first, again);
    assert_eq!(rows(&app, "sessions").await, 1);
    assert_eq!(rows(&app, "evidence").await, 2);
    assert_eq!(rows(&app, "examinations").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_is_stored_and_examined_once() {
    let app = TestApp::start().await;
    let session = body(app.post("/v1/sessions").send().await.unwrap()).await;
    let id = session["id"].as_str().unwrap();
    for (kind, bytes) in [("document", document()), ("video", video())] {
        let (first, again) = twice(&app, || {
            let form = Form::new().part(kind, Part::bytes(bytes.clone()));
            app.post(&format!("/v1/sessions/{id}/{kind}"))
                .multipart(form)
        })
        .await;
        assert_eq!(first, again);
    }
    assert_eq!(rows(&app, "evidence").await, 2);
    let path = format!("/v1/sessions/{id}/examinations?wait=20");
    let (first, again) = twice(&app, || app.post(&path)).await;
    assert_eq!(first["id"], again["id"]);
    assert_eq!(rows(&app, "examinations").await, 1);

    let (first, again) = twice(&app, || {
        let form = Form::new()
            .text("phrase", "one two three")
            .part("video", Part::bytes(video()));
        app.post("/api-gateway/process-video").multipart(form)
    })
    .await;
    assert_eq!(first, again);
    assert_eq!(rows(&app, "sessions").await, 2);
    assert_eq!(rows(&app, "evidence").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_face_is_enrolled_once_and_its_pictures_stay() {
    let app = TestApp::start().await;
    let (first, again) = twice(&app, || {
        let form = Form::new().part("face", Part::bytes(Shown::person(3).png()));
        let request = app.post("/api-gateway/enroll/face").multipart(form);
        request.header("X-User-Fullname", "Ada")
    })
    .await;
    assert_eq!(first, again);
    assert_eq!(rows(&app, "templates").await, 1);
    let (first, again) = twice(&app, || {
        let face = json!({ "image": person(4), "keyspace": "default" });
        app.post("/v1/face/enrollment").json(&face)
    })
    .await;
    assert_eq!(first, again, "the same face_id and the same variation");
    let (first, again) = twice(&app, || {
        let person = json!({ "images": [person(5), person(5)], "name": "Eve", "id": "eve" });
        let request = app.client.post(app.url("/person"));
        request.header("x-api-key", &app.token).json(&person)
    })
    .await;
    assert_eq!(
        first, again,
        "and not a refusal because the identifier is taken"
    );
    assert_eq!(rows(&app, "subjects").await, 3);
    assert_eq!(rows(&app, "templates").await, 4);
    assert_eq!(rows(&app, "doomed_blobs").await, 0);
    assert_eq!(again["thumbnails"].as_array().unwrap().len(), 2);
}
