//! Galleries across restarts, across processes and across packs.

use likeness::operations::re_embed::ReEmbedded;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::contract::Seen;
use crate::faces::person;
use crate::helpers::TestApp;

crate::ground::also_on_shared_ground! {
    a_deleted_face_is_never_found_again_also_after_a_restart
    what_one_process_enrols_and_deletes_the_other_finds_and_finds_no_more
    templates_of_another_pack_are_refused_until_they_are_made_anew
}

async fn enrol(app: &TestApp, number: u8) {
    let body = json!({ "image": person(number), "keyspace": "default", "additional_params": { "face_id": label(number) } });
    let seen = app.send(Method::POST, "/v1/face/enrollment", &body).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
}

async fn delete(app: &TestApp, number: u8) {
    let body = json!({ "keyspace": "default", "face_ids": [label(number)] });
    let path = "/v1/face/delete-enrollment";
    let seen = app.send(Method::POST, path, &body).await;
    assert_eq!(seen.body["deleted_face_ids"], json!([label(number)]));
}

async fn search(app: &TestApp, number: u8) -> Seen {
    let body = json!({ "image": person(number), "keyspace": "default" });
    app.send(Method::POST, "/v1/face/recognition", &body).await
}

/// Whom a search finds first.
async fn found(app: &TestApp, number: u8) -> Value {
    let seen = search(app, number).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    seen.body["result"]["face_recognition"]["candidates"][0]["face_id"].clone()
}

fn label(number: u8) -> String {
    format!("person-{number}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_face_is_never_found_again_also_after_a_restart() {
    let app = TestApp::start().await;
    enrol(&app, 1).await;
    enrol(&app, 15).await;
    assert_eq!(found(&app, 1).await, label(1));
    delete(&app, 1).await;
    assert_eq!(found(&app, 1).await, Value::Null);
    let app = app.restart().await;
    assert_eq!(found(&app, 1).await, Value::Null);
    assert_eq!(found(&app, 15).await, label(15));
    let left = app.files("blobs");
    assert_eq!(left.len(), 2, "the picture and thumbnail of one: {left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_enrols_and_deletes_the_other_finds_and_finds_no_more() {
    let one = TestApp::start().await;
    let other = one.beside().await;
    enrol(&one, 1).await;
    assert_eq!(found(&other, 1).await, label(1));
    enrol(&other, 15).await;
    assert_eq!(found(&one, 15).await, label(15));
    delete(&one, 1).await;
    assert_eq!(found(&other, 1).await, Value::Null);
    assert_eq!(found(&other, 15).await, label(15));
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_of_another_pack_are_refused_until_they_are_made_anew() {
    let app = TestApp::start().await;
    for number in [1, 10, 20] {
        enrol(&app, number).await;
    }
    let app = app.restart_with("newer").await;
    let refused = search(&app, 1).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let why = refused.body["description"].as_str().unwrap();
    assert!(why.contains("fake") && why.contains("newer"), "{why}");
    assert!(why.contains("re-embed"), "{why}");
    let pair = json!({ "face_a": { "image": person(1) }, "face_b": { "face_id": label(1), "keyspace": "default" } });
    let refused = app.send(Method::POST, "/v2/face/match", &pair).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.body);

    // Broken off after the first face, it goes on where it stopped.
    let project = app.operations.find_project("demo").await.unwrap().id;
    let operations = app.operations.clone();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let mut stop = Some(stop);
    let mut after_one = |_: ReEmbedded| {
        if let Some(stop) = stop.take() {
            // The second face waits, so that it is not renewed before the end is noticed.
            app.hold();
            stop.send(()).unwrap();
        }
    };
    tokio::select! {
        biased;
        _ = stopped => {}
        done = operations.re_embed(project, Some("default"), &mut after_one) => {
            panic!("it was to be broken off: {:?}", done.unwrap());
        }
    }
    app.release();
    assert_eq!(search(&app, 1).await.status, StatusCode::BAD_REQUEST);
    let done = app
        .operations
        .re_embed(project, Some("default"), &mut |_| ())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((done.current, done.renewed, done.stuck), (1, 2, 0));
    for number in [1, 10, 20] {
        assert_eq!(found(&app, number).await, label(number));
    }
    let pair = app.send(Method::POST, "/v2/face/match", &pair).await;
    assert_eq!(pair.status, StatusCode::OK);
}
