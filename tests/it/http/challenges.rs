//! Challenges: steps drawn for a session, which the video that is sent next has to show.

use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::helpers::{TestApp, body, document, native_error, video};

crate::ground::also_on_shared_ground! {
    the_steps_are_drawn_and_the_next_examination_tells_what_became_of_each
    a_challenge_answers_for_one_examination_and_the_next_is_not_let_off
    a_video_from_before_the_drawing_or_after_the_end_shows_no_step
    the_one_drawn_last_counts_and_nobody_draws_for_ever
    nothing_is_drawn_for_strangers_for_closed_sessions_and_where_nothing_could_follow_it
}

const FIVE_MINUTES: i64 = 5 * 60 * 1000;

async fn open(app: &TestApp) -> String {
    let session = body(app.post("/v1/sessions").send().await.unwrap()).await;
    session["id"].as_str().unwrap().to_owned()
}

async fn send_evidence(app: &TestApp, id: &str) {
    for (kind, bytes) in [("document", document()), ("video", video())] {
        let answer = app
            .post(&format!("/v1/sessions/{id}/{kind}"))
            .multipart(Form::new().part(kind, Part::bytes(bytes)))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED, "{kind}");
    }
}

async fn draw(app: &TestApp, id: &str) -> Value {
    let answer = app
        .post(&format!("/v1/sessions/{id}/challenge"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    body(answer).await
}

async fn examine(app: &TestApp, id: &str) -> Value {
    let path = format!("/v1/sessions/{id}/examinations?wait=20");
    body(app.post(&path).send().await.unwrap()).await
}

fn reasons(examination: &Value) -> Vec<&str> {
    let reasons = examination["reasons"].as_array().unwrap().iter();
    reasons
        .map(|reason| reason["code"].as_str().unwrap())
        .collect()
}

#[actix_web::test]
async fn the_steps_are_drawn_and_the_next_examination_tells_what_became_of_each() {
    let app = TestApp::start().await;
    let id = open(&app).await;
    let drawn = draw(&app, &id).await;
    assert!(drawn["id"].as_str().unwrap().starts_with("chal_"));
    assert_eq!(drawn["draws_left"], 2);
    let mut actions: Vec<&str> = drawn["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["action"].as_str().unwrap())
        .collect();
    send_evidence(&app, &id).await;
    let done = examine(&app, &id).await;
    assert_eq!(reasons(&done), ["LIVENESS_NOT_EXAMINED"]);
    let challenge = &done["result"]["challenge"];
    assert_eq!(challenge["id"], drawn["id"]);
    assert_eq!(challenge["in_time"], true);
    let shown: Vec<&str> = challenge["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["action"].as_str().unwrap())
        .collect();
    assert_eq!(shown, actions);
    assert_eq!(challenge["steps"][1]["met"], true);
    assert_eq!(challenge["steps"][1]["at_ms"], 1000);
    assert_eq!(done["result"]["signals"]["challenge"], json!(100.0));
    actions.sort_unstable();
    actions.dedup();
    assert_eq!(actions.len(), 4);
}

#[actix_web::test]
async fn a_challenge_answers_for_one_examination_and_the_next_is_not_let_off() {
    let app = TestApp::start().await;
    let id = open(&app).await;
    let first = draw(&app, &id).await;
    send_evidence(&app, &id).await;
    examine(&app, &id).await;
    send_evidence(&app, &id).await;
    let again = examine(&app, &id).await;
    assert!(reasons(&again).contains(&"CHALLENGE_NOT_MET"));
    let challenge = &again["result"]["challenge"];
    assert_eq!(challenge["id"], first["id"]);
    assert_eq!(challenge["in_time"], false);
    assert_eq!(again["result"]["signals"]["challenge"], json!(0.0));

    app.clock.advance(1);
    let second = draw(&app, &id).await;
    send_evidence(&app, &id).await;
    let met = examine(&app, &id).await;
    assert_eq!(met["result"]["challenge"]["id"], second["id"]);
    assert_eq!(met["result"]["signals"]["challenge"], json!(100.0));
}

#[actix_web::test]
async fn a_video_from_before_the_drawing_or_after_the_end_shows_no_step() {
    let app = TestApp::start().await;
    let yesterday = app.session_with_evidence().await;
    app.clock.advance(1);
    draw(&app, &yesterday).await;
    let slow = open(&app).await;
    draw(&app, &slow).await;
    app.clock.advance(FIVE_MINUTES + 1);
    send_evidence(&app, &slow).await;
    for id in [yesterday, slow] {
        let done = examine(&app, &id).await;
        assert_eq!(done["verdict"], "refer");
        assert!(reasons(&done).contains(&"CHALLENGE_NOT_MET"));
        let challenge = &done["result"]["challenge"];
        assert_eq!(challenge["in_time"], false);
        assert_eq!(challenge["steps"][0]["met"], false);
    }
}

#[actix_web::test]
async fn the_one_drawn_last_counts_and_nobody_draws_for_ever() {
    let app = TestApp::start().await;
    let id = open(&app).await;
    draw(&app, &id).await;
    app.clock.advance(1);
    draw(&app, &id).await;
    app.clock.advance(1);
    let last = draw(&app, &id).await;
    assert_eq!(last["draws_left"], 0);
    let refused = app
        .post(&format!("/v1/sessions/{id}/challenge"))
        .send()
        .await
        .unwrap();
    let (_, message) = native_error(refused, StatusCode::CONFLICT).await;
    assert!(message.contains("3 challenges"), "{message}");
    send_evidence(&app, &id).await;
    assert_eq!(
        examine(&app, &id).await["result"]["challenge"]["id"],
        last["id"]
    );
}

#[actix_web::test]
async fn nothing_is_drawn_for_strangers_for_closed_sessions_and_where_nothing_could_follow_it() {
    let app = TestApp::start().await;
    let nobody = "sess_00000000-0000-7000-8000-000000000000";
    let answer = app
        .post(&format!("/v1/sessions/{nobody}/challenge"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let id = open(&app).await;
    app.post(&format!("/v1/sessions/{id}/end"))
        .send()
        .await
        .unwrap();
    let answer = app
        .post(&format!("/v1/sessions/{id}/challenge"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::CONFLICT);

    let blind = TestApp::start_without_observations().await;
    let id = open(&blind).await;
    let answer = blind
        .post(&format!("/v1/sessions/{id}/challenge"))
        .send()
        .await
        .unwrap();
    let (_, message) = native_error(answer, StatusCode::NOT_IMPLEMENTED).await;
    assert!(message.contains("challenges"), "{message}");
}
