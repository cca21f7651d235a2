//! What whoever watches the service sees: its numbers, to those who may, and which of its parts are degraded.

use std::collections::BTreeSet;

use likeness::config::SandboxMode;
use reqwest::StatusCode;
use sea_orm::{ConnectionTrait as _, Database, TransactionTrait as _};
use serde_json::Value;

use crate::helpers::{Scene, TestApp, body, document_and_video};
use crate::weights::root;

crate::ground::also_on_shared_ground! {
    what_does_not_answer_is_not_waited_for
}

const TOKEN: &str = "numbers-and-nothing-else";

async fn start() -> TestApp {
    TestApp::start_with(|config| TOKEN.clone_into(&mut config.metrics_token.0)).await
}

async fn numbers(app: &TestApp) -> String {
    let asked = app.client.get(app.url("/metrics")).bearer_auth(TOKEN);
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let kind = answer.headers()["content-type"].to_str().unwrap();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    answer.text().await.unwrap()
}

/// The value of a line.
fn value(text: &str, line: &str) -> f64 {
    let found = text.lines().find_map(|it| it.strip_prefix(line));
    let found = found.unwrap_or_else(|| panic!("{line} is not in\n{text}"));
    found.trim().parse().unwrap()
}

#[actix_web::test]
async fn numbers_are_for_those_who_may() {
    let closed = TestApp::start().await;
    let answer = closed.get("/metrics").send().await.unwrap();
    assert_eq!(
        answer.status(),
        StatusCode::NOT_FOUND,
        "unless somebody sets a token"
    );
    let app = start().await;
    for token in ["", "wrong", app.token.as_str()] {
        let asked = app.client.get(app.url("/metrics")).bearer_auth(token);
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.text().await.unwrap(), "");
    }
    numbers(&app).await;
}

#[actix_web::test]
async fn an_address_of_their_own_serves_numbers_and_nothing_else() {
    let app = TestApp::start_with(|config| {
        "127.0.0.1:0".clone_into(&mut config.metrics_listen);
    })
    .await;
    let address = app.metrics.unwrap();
    let get = async |path: &str| {
        let asked = app.client.get(format!("http://{address}{path}"));
        asked.send().await.unwrap()
    };
    let answer = get("/metrics").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.text().await.unwrap().contains("likeness_build_info"));
    for path in ["/", "/healthz", "/v1/models", "/console", "/docs/"] {
        assert_eq!(get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let answer = app.get("/metrics").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn what_happens_is_counted() {
    let app = start().await;
    app.good_match().await;
    app.sees(Scene::of(&[12.0; 8]));
    app.good_match().await;
    app.sees(Scene {
        fault: true,
        ..Scene::of(&[])
    });
    app.good_match().await;
    app.client
        .get(app.url("/nowhere/Quirinius"))
        .send()
        .await
        .unwrap();
    let text = numbers(&app).await;
    assert!((value(&text, "likeness_verdicts_total{outcome=\"pass\"}") - 1.0).abs() < 1e-9);
    assert!((value(&text, "likeness_verdicts_total{outcome=\"fail\"}") - 1.0).abs() < 1e-9);
    let mismatch = value(
        &text,
        "likeness_verdict_reasons_total{reason=\"FACE_MISMATCH\"}",
    );
    assert!((mismatch - 1.0).abs() < 1e-9);
    let failed = value(
        &text,
        "likeness_examination_failures_total{cause=\"service\"}",
    );
    assert!((failed - 1.0).abs() < 1e-9);
    assert!((value(&text, "likeness_session_percentage_count") - 2.0).abs() < 1e-9);
    for (stage, least) in [
        ("receive", 3.0),
        ("intake", 6.0),
        ("queue_wait", 3.0),
        ("fetch", 3.0),
        ("examine", 3.0),
        ("decode", 2.0),
        ("look", 2.0),
        ("judge", 2.0),
        ("store", 2.0),
    ] {
        let line = format!("likeness_stage_seconds_count{{stage=\"{stage}\"}}");
        assert!(value(&text, &line) >= least, "{stage}");
    }
    let route = "route=\"/api-gateway/match-faces\",dialect=\"biometry\",status=\"2xx\"";
    let answered = value(&text, &format!("likeness_request_seconds_count{{{route}}}"));
    assert!((answered - 2.0).abs() < 1e-9);
    assert!(value(&text, "likeness_resident_memory_bytes") > 1e6);
    assert!(value(&text, "likeness_workers") >= 1.0);
    assert!(value(&text, "likeness_database_connections{state=\"idle\"}") >= 0.0);
    for outside in ["Quirinius", "demo", "sess_"] {
        assert!(!text.contains(outside), "{outside} came from outside");
    }
}

#[actix_web::test]
async fn the_queue_is_measured() {
    let app = start().await;
    app.hold();
    for _ in 0..3 {
        let session = app.session_with_evidence().await;
        app.post(&format!("/v1/sessions/{session}/examinations"))
            .send()
            .await
            .unwrap();
    }
    app.until_looking().await;
    app.clock.advance(7_000);
    let text = numbers(&app).await;
    assert!((value(&text, "likeness_examinations_running") - 1.0).abs() < 1e-9);
    assert!((value(&text, "likeness_queue_depth") - 2.0).abs() < 1e-9);
    assert!((value(&text, "likeness_queue_oldest_seconds") - 7.0).abs() < 1e-9);
    app.release();
}

/// The page of numbers and the numbers themselves are one list.
#[actix_web::test]
async fn every_number_is_documented_and_every_documented_number_is_there() {
    let app = start().await;
    app.good_match().await;
    let text = numbers(&app).await;
    let told: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    assert!(told.len() > 15, "{told:?}");
    let page = std::fs::read_to_string(root().join("docs/observability.md")).unwrap();
    let documented: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `likeness_"))
        .map(|line| format!("likeness_{}", line.split(['`', '{']).next().unwrap()))
        .collect();
    assert_eq!(told, documented);
}

async fn readiness(app: &TestApp) -> (StatusCode, Value) {
    let answer = app.client.get(app.url("/readyz")).send().await.unwrap();
    (answer.status(), body(answer).await)
}

#[actix_web::test]
async fn readiness_names_every_part() {
    let app = TestApp::start().await;
    let (status, told) = readiness(&app).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let checks = told["checks"].as_object().unwrap();
    let names: Vec<&str> = checks.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "database", "blobs", "models", "queue", "workers", "webhooks", "walls", "disk"
        ]
    );
    for name in [
        "database", "blobs", "models", "queue", "workers", "webhooks", "walls",
    ] {
        assert_eq!(checks[name]["status"], "ok", "{name}");
    }
}

#[actix_web::test]
async fn without_warm_models_it_is_not_ready() {
    let app = TestApp::start_cold().await;
    let (status, told) = readiness(&app).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(told["status"], "not ready");
    assert_eq!(told["checks"]["models"]["status"], "down");
    assert_eq!(
        told["checks"]["models"]["reason"],
        "the models are not warm"
    );
    assert_eq!(told["checks"]["database"]["status"], "ok");
}

#[actix_web::test]
async fn decoding_without_walls_is_told() {
    let app = TestApp::start_with(|config| config.sandbox = SandboxMode::Off).await;
    let (status, told) = readiness(&app).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(told["status"], "degraded");
    assert_eq!(told["checks"]["walls"]["status"], "degraded");
}

#[actix_web::test]
async fn a_full_queue_is_degraded_and_answers() {
    let app = TestApp::start_with(|config| {
        config.max_queued = 1;
        config.max_wait_seconds = 0;
    })
    .await;
    app.hold();
    app.match_faces(document_and_video()).send().await.unwrap();
    app.until_looking().await;
    app.match_faces(document_and_video()).send().await.unwrap();
    let (status, told) = readiness(&app).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(told["status"], "degraded");
    assert_eq!(told["checks"]["queue"]["status"], "degraded");
    let reason = told["checks"]["queue"]["reason"].as_str().unwrap();
    assert!(!reason.contains(char::is_numeric), "{reason}");
    app.release();
}

#[actix_web::test]
async fn blobs_that_cannot_be_written_are_told() {
    let app = TestApp::start().await;
    let folder = app.data().join("blobs");
    // Root writes into a folder whatever its mode says, and into a file it cannot.
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::write(&folder, "no folder").unwrap();
    let (status, told) = readiness(&app).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(told["checks"]["blobs"]["status"], "down");
    assert_eq!(told["checks"]["database"]["status"], "ok");
    assert!(!told.to_string().contains(folder.to_str().unwrap()));
}

#[actix_web::test]
async fn what_is_overdue_is_told() {
    let app = TestApp::start_with(|config| {
        "127.0.0.1".clone_into(&mut config.callback_hosts);
    })
    .await;
    let caller = app.operations.authenticate(&app.token).await.unwrap();
    let receiver = crate::receiver::Receiver::start();
    receiver.hold();
    for _ in 0..3 {
        let body = "{}".to_owned();
        let queued = app
            .operations
            .queue_callback(&caller, &receiver.address, body);
        queued.await.unwrap();
    }
    // Two are on their way and are not answered; the third waits for its turn.
    let now = app.clock_now();
    while app.operations.callbacks_waiting(now).await.unwrap() != (3, 1) {
        tokio::task::yield_now().await;
    }
    app.clock.advance(6 * 60 * 1000);
    let (status, told) = readiness(&app).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(told["checks"]["webhooks"]["status"], "degraded", "{told}");
    receiver.release();
}

/// Not on SQLite, whose readers wait for nobody.
#[actix_web::test]
async fn what_does_not_answer_is_not_waited_for() {
    let app = start().await;
    let url = app.database();
    if url.starts_with("sqlite") {
        return;
    }
    let connection = Database::connect(url).await.unwrap();
    let lock = connection.begin().await.unwrap();
    lock.execute_unprepared("LOCK TABLE examinations, callbacks IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let (first, second) = tokio::join!(readiness(&app), readiness(&app));
    assert_eq!(first, second);
    let (status, told) = first;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    for (part, fares) in [("queue", "down"), ("webhooks", "down"), ("database", "ok")] {
        assert_eq!(told["checks"][part]["status"], fares, "{told}");
    }
    let asked = || {
        app.client
            .get(app.url("/metrics"))
            .bearer_auth(TOKEN)
            .send()
    };
    let (first, second) = tokio::join!(asked(), asked());
    for answer in [first, second] {
        assert_eq!(answer.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    lock.rollback().await.unwrap();
}
