//! What an operator relies on: health, the API page, overload, faults.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use uuid::Uuid;

use crate::helpers::{Scene, TestApp, biometry_error, body, document_and_video};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

#[actix_web::test]
async fn health_and_readiness_need_no_token() {
    let app = TestApp::start().await;
    for path in ["/healthz", "/readyz"] {
        let answer = app.client.get(app.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
}

#[actix_web::test]
async fn readiness_and_the_models_name_what_is_installed_and_what_is_not() {
    let with = TestApp::start().await;
    let without = TestApp::start_without_observations().await;
    for path in ["/readyz", "/v1/models"] {
        let there = body(with.get(path).send().await.unwrap()).await;
        assert_eq!(there["liveness"], "fake", "{path}");
        assert_eq!(there["landmarks"], "fake", "{path}");
        let absent = body(without.get(path).send().await.unwrap()).await;
        assert!(absent["liveness"].is_null(), "{path}: {absent}");
    }
}

#[actix_web::test]
async fn the_models_say_plainly_when_the_weaker_one_decides() {
    let app = TestApp::start().await;
    let models = body(app.get("/v1/models").send().await.unwrap()).await;
    assert_eq!(models["embedder"], "fake");
    assert_eq!(models["weaker"], true);
}

#[actix_web::test]
async fn the_description_names_every_route_and_the_page_is_served() {
    let app = TestApp::start().await;
    let answer = app
        .client
        .get(app.url("/openapi.json"))
        .send()
        .await
        .unwrap();
    let description = body(answer).await;
    for path in [
        "/api-gateway/sessions/start",
        "/api-gateway/sessions/end/{id}",
        "/api-gateway/process-video",
        "/api-gateway/match-faces",
        "/api-consent/consent",
        "/api-consent/strg-consent",
        "/v1/sessions",
        "/v1/sessions/{id}/examinations",
        "/v1/models",
        "/healthz",
        "/readyz",
    ] {
        assert!(description["paths"].get(path).is_some(), "{path}");
    }
    let page = app.client.get(app.url("/docs/")).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.text().await.unwrap().contains("swagger-ui"));
}

#[actix_web::test]
async fn a_full_queue_turns_callers_away_at_the_door() {
    let app = TestApp::start_with(|config| {
        config.max_queued = 1;
        config.max_wait_seconds = 0;
    })
    .await;
    app.hold();
    // One is taken by the worker, one waits; which call is turned away depends on how fast the
    // worker is, but four cannot all find room.
    let mut turned_away = None;
    for _ in 0..4 {
        let answer = app.match_faces(document_and_video()).send().await.unwrap();
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            turned_away = Some(answer);
        }
    }
    let answer = turned_away.expect("nobody was turned away");
    assert!(answer.headers().contains_key("retry-after"));
    biometry_error(answer, StatusCode::TOO_MANY_REQUESTS).await;
    assert!(
        app.sessions().await.len() < 4,
        "a call that was turned away left no session"
    );
    app.release();
}

#[actix_web::test]
async fn a_fault_of_ours_says_nothing_of_the_machine() {
    let app = TestApp::start().await;
    app.sees(Scene {
        fault: true,
        ..Scene::of(&[90.0; 8])
    });
    let answer = app.good_match().await;
    let error = biometry_error(answer, StatusCode::INTERNAL_SERVER_ERROR).await;
    assert!(!error.contains("secret"), "{error}");
    assert_eq!(
        app.sessions().await[0]["status"],
        "failed",
        "and the session is not lost"
    );
}

#[actix_web::test]
async fn an_unknown_vendor_route_answers_in_its_shape() {
    let app = TestApp::start().await;
    let answer = app.post("/api-gateway/nothing").send().await.unwrap();
    biometry_error(answer, StatusCode::NOT_FOUND).await;
    let answer = app.get("/api-gateway/match-faces").send().await.unwrap();
    assert!(answer.status().is_client_error());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_would_wait_behind_others_for_a_verdict_is_told_to_come_back() {
    let app = TestApp::start_with(|config| config.max_awaited = 1).await;
    app.hold();
    let first = app.match_faces(document_and_video()).send();
    let first = tokio::spawn(first);
    app.until_looking().await;
    let answer = app.match_faces(document_and_video()).send().await.unwrap();
    assert!(answer.headers().contains_key("retry-after"));
    biometry_error(answer, StatusCode::TOO_MANY_REQUESTS).await;
    assert_eq!(app.sessions().await.len(), 1, "no trace of the other");
    // Work that nobody waits for has its queue.
    let session = app.session_with_evidence().await;
    let later = app.post(&format!("/v1/sessions/{session}/examinations"));
    let later = later.send().await.unwrap();
    assert_eq!(later.status(), StatusCode::ACCEPTED);
    app.release();
    assert_eq!(first.await.unwrap().unwrap().status(), StatusCode::OK);
    app.operations_finish(&session, &body(later).await).await;
    assert_eq!(app.good_match().await.status(), StatusCode::OK);
}

/// As where the service was started with another database than that of its blobs.
#[actix_web::test]
async fn many_blobs_without_a_row_are_deleted_by_an_operator_alone() {
    let app = TestApp::start().await;
    app.operations.keep_order().await.unwrap();
    let folder = app
        .blobs()
        .join("sessions")
        .join(Uuid::now_v7().to_string());
    std::fs::create_dir_all(&folder).unwrap();
    let mut blobs = Vec::new();
    for _ in 0..=100 {
        let blob = folder.join(Uuid::now_v7().to_string());
        let file = std::fs::File::create(&blob).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000))
            .unwrap();
        blobs.push(blob);
    }
    app.clock.advance(DAY_MS + 1);
    app.operations.keep_order().await.unwrap();
    assert!(blobs.iter().all(|blob| blob.exists()));

    // So many a crash may leave.
    std::fs::remove_file(blobs.pop().unwrap()).unwrap();
    app.clock.advance(DAY_MS + 1);
    app.operations.keep_order().await.unwrap();
    assert!(!blobs.iter().any(|blob| blob.exists()));
}
