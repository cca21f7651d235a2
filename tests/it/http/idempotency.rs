//! `Idempotency-Key` through every door: once carried out, the same answer ever after, and refusals in each door's words.

use likeness::session::project::Scope;
use reqwest::header::RETRY_AFTER;
use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::faces::person;
use crate::helpers::{
    TestApp, biometry_error, body, document_and_video, keys, native_error, video,
};

const KEY: &str = "Idempotency-Key";
const REPLAYED: &str = "idempotency-replayed";

async fn send(request: RequestBuilder) -> Response {
    request.send().await.unwrap()
}

fn is_replayed(answer: &Response) -> bool {
    answer
        .headers()
        .get(REPLAYED)
        .is_some_and(|value| value == "true")
}

fn open(app: &TestApp, key: &str, reference: &str) -> RequestBuilder {
    let session = json!({ "reference": reference });
    app.post("/v1/sessions").header(KEY, key).json(&session)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_is_carried_out_once_and_answered_the_same() {
    let app = TestApp::start().await;
    let first = send(open(&app, "k1", "a")).await;
    assert_eq!(first.status(), StatusCode::CREATED);
    assert!(!is_replayed(&first));
    let first_id = first.headers()["x-request-id"].clone();
    let first_type = first.headers()["content-type"].clone();
    let first = first.text().await.unwrap();
    for _ in 0..3 {
        let again = send(open(&app, "k1", "a")).await;
        assert_eq!(again.status(), StatusCode::CREATED);
        assert!(is_replayed(&again));
        assert_ne!(
            again.headers()["x-request-id"],
            first_id,
            "it is another request"
        );
        assert_eq!(again.headers()["content-type"], first_type);
        assert_eq!(again.text().await.unwrap(), first);
    }
    assert_eq!(app.sessions().await.len(), 1);

    let other = send(open(&app, "k2", "a")).await;
    assert_ne!(
        other.text().await.unwrap(),
        first,
        "another key, another session"
    );
    let elsewhere = app.beside().await;
    let again = elsewhere.client.post(elsewhere.url("/v1/sessions"));
    let again = again.bearer_auth(&app.token).header(KEY, "k1");
    let again = send(again.json(&json!({ "reference": "a" }))).await;
    assert!(is_replayed(&again), "by another process too");
    assert_eq!(app.sessions().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_body_query_header_or_path_is_refused_with_422() {
    let app = TestApp::start().await;
    let session = body(send(open(&app, "k", "a")).await).await;
    let (code, message) = native_error(
        send(open(&app, "k", "b")).await,
        StatusCode::UNPROCESSABLE_ENTITY,
    )
    .await;
    assert_eq!(code, "idempotency_key_reused");
    assert!(message.contains("Idempotency-Key"), "{message}");
    let query = app.post("/v1/sessions?a=b").header(KEY, "k");
    let query = send(query.json(&json!({ "reference": "a" }))).await;
    assert_eq!(query.status(), StatusCode::UNPROCESSABLE_ENTITY);
    // Dialects say in headers whom and which session a call is about.
    let header = open(&app, "k", "a").header("X-User-Fullname", "Somebody Else");
    let header = send(header).await;
    assert_eq!(header.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(app.sessions().await.len(), 1);

    // Another route has keys of its own; another path of the same route has not.
    let second = body(send(app.post("/v1/sessions")).await).await;
    let end = |id: &Value| {
        let path = format!("/v1/sessions/{}/end", id.as_str().unwrap());
        app.post(&path).header(KEY, "k")
    };
    assert_eq!(
        send(end(&session["id"])).await.status(),
        StatusCode::NO_CONTENT
    );
    let again = send(end(&session["id"])).await;
    assert_eq!(again.status(), StatusCode::NO_CONTENT, "and not 409");
    assert!(is_replayed(&again));
    let other = send(end(&second["id"])).await;
    assert_eq!(other.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_flight_is_refused_with_409_until_it_is_answered() {
    let app = TestApp::start().await;
    app.hold();
    let matching = || app.match_faces(document_and_video()).header(KEY, "k");
    let first = tokio::spawn(matching().send());
    app.until_looking().await;
    let second = send(matching()).await;
    assert_eq!(second.headers()[RETRY_AFTER], "1");
    let error = biometry_error(second, StatusCode::CONFLICT).await;
    assert!(error.contains("still being carried out"), "{error}");
    let form = document_and_video().text("other", "part");
    let other = send(app.match_faces(form).header(KEY, "k")).await;
    biometry_error(other, StatusCode::UNPROCESSABLE_ENTITY).await;
    app.release();
    let first = first.await.unwrap().unwrap();
    assert_eq!(first.status(), StatusCode::OK);
    let session = first.headers()["x-session-id"].clone();
    let first = first.text().await.unwrap();
    // The form is built anew and has another boundary.
    let again = send(matching()).await;
    assert!(is_replayed(&again));
    assert_eq!(again.headers()["x-session-id"], session);
    assert_eq!(again.text().await.unwrap(), first);
    assert_eq!(app.sessions().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_a_key_is_new() {
    let app = TestApp::start().await;
    let first = body(send(open(&app, "k", "a")).await).await;
    app.clock.advance(24 * 60 * 60 * 1000 - 1);
    let same = send(open(&app, "k", "a")).await;
    assert!(is_replayed(&same));
    app.clock.advance(2);
    let fresh = send(open(&app, "k", "b")).await;
    assert!(!is_replayed(&fresh));
    assert_ne!(body(fresh).await["id"], first["id"]);
    app.clock.advance(24 * 60 * 60 * 1000 + 1);
    app.operations.expire_sessions().await.unwrap();
    assert_eq!(app.number("SELECT COUNT(*) FROM idempotency_keys").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_known_takes_no_key_and_another_token_has_its_own() {
    let app = TestApp::start().await;
    for token in ["nonsense", ""] {
        let request = app.client.post(app.url("/v1/sessions")).header(KEY, "k");
        let answer = send(request.bearer_auth(token)).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
    let reader = app.token_with("demo", vec![Scope::Read], None).await;
    let post = |token: &str| {
        let request = app.client.post(app.url("/v1/sessions")).header(KEY, "k");
        send(request.bearer_auth(token.to_owned()))
    };
    assert_eq!(post(&reader).await.status(), StatusCode::FORBIDDEN);
    let writer = app.token_for("demo").await;
    let other = app.token_for("other").await;
    let mut ids = Vec::new();
    for token in [&app.token, &writer, &other] {
        let answer = post(token).await;
        assert!(!is_replayed(&answer));
        ids.push(body(answer).await["id"].as_str().unwrap().to_owned());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_key_is_refused_and_other_methods_have_none() {
    let app = TestApp::start().await;
    let long = "k".repeat(256);
    for key in ["", "two words", "tab\tbed", long.as_str()] {
        let answer = send(app.post("/v1/sessions").header(KEY, key)).await;
        let (code, message) = native_error(answer, StatusCode::BAD_REQUEST).await;
        assert_eq!(code, "invalid_request");
        assert!(message.contains("255"), "{message}");
    }
    let umlaut = app
        .post("/v1/sessions")
        .header(KEY, "schl\u{fc}ssel".as_bytes());
    assert_eq!(send(umlaut).await.status(), StatusCode::BAD_REQUEST);
    let twice = app.post("/v1/sessions").header(KEY, "a").header(KEY, "b");
    assert_eq!(send(twice).await.status(), StatusCode::BAD_REQUEST);
    assert!(app.sessions().await.is_empty());
    let longest = "k".repeat(255);
    let answer = send(app.post("/v1/sessions").header(KEY, longest)).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    for _ in 0..2 {
        let list = send(app.get("/v1/sessions").header(KEY, "two words")).await;
        assert_eq!(list.status(), StatusCode::OK);
        assert!(!is_replayed(&list));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_worth_another_try_gives_the_key_back_and_makes_nothing_twice() {
    let app = TestApp::start_with(|config| config.max_wait_seconds = 0).await;
    app.hold();
    let matching = || app.match_faces(document_and_video()).header(KEY, "k");
    let late = send(matching()).await;
    assert_eq!(late.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(late.headers().contains_key(RETRY_AFTER));
    app.release();
    let answer = loop {
        let answer = send(matching()).await;
        if answer.status() != StatusCode::SERVICE_UNAVAILABLE {
            break answer;
        }
    };
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(!is_replayed(&answer));
    assert_eq!(app.sessions().await.len(), 1);
    assert_eq!(app.number("SELECT COUNT(*) FROM examinations").await, 1);

    let cold = TestApp::start_cold().await;
    let embed = || {
        let picture = json!({ "image": person(3) });
        cold.post("/v1/embeddings").header(KEY, "k").json(&picture)
    };
    for _ in 0..2 {
        let answer = send(embed()).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(!is_replayed(&answer));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_is_definite_is_answered_again() {
    let app = TestApp::start().await;
    let unknown = || app.post("/v1/sessions/sess_0198c0de-0000-7000-8000-000000000000/end");
    let first = send(unknown().header(KEY, "k")).await;
    assert_eq!(first.status(), StatusCode::NOT_FOUND);
    let again = send(unknown().header(KEY, "k")).await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND);
    assert!(is_replayed(&again));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_shows_nothing_and_goes_with_its_session() {
    let app = TestApp::start().await;
    let scopes = vec![Scope::Submit, Scope::Read, Scope::Erase];
    let token = app.token_with("demo", scopes, None).await;
    let post = |path: &str| {
        let request = app.client.post(app.url(path)).bearer_auth(&token);
        request.header(KEY, "k")
    };
    let session = json!({ "subject_name": "Ada Lovelace" });
    let made = send(post("/v1/sessions").json(&session))
        .await
        .text()
        .await
        .unwrap();
    assert!(made.contains("Ada Lovelace"));
    let id = serde_json::from_str::<Value>(&made).unwrap()["id"].clone();
    let id = id.as_str().unwrap();
    let form = Form::new().part("video", Part::bytes(video()));
    let added = post(&format!("/v1/sessions/{id}/video")).multipart(form);
    assert_eq!(send(added).await.status(), StatusCode::CREATED);
    let plain = "SELECT COUNT(*) FROM idempotency_keys WHERE instr(answer, 'Ada') + instr(answer, 'video') > 0";
    assert_eq!(app.number(plain).await, 0);
    assert_eq!(app.number("SELECT COUNT(*) FROM idempotency_keys").await, 2);
    let erase = app.client.delete(app.url(&format!("/v1/sessions/{id}")));
    let erased = send(erase.bearer_auth(&token)).await;
    assert_eq!(erased.status(), StatusCode::OK);
    assert_eq!(app.number("SELECT COUNT(*) FROM idempotency_keys").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_to_an_enrolment_goes_with_the_person() {
    let app = TestApp::start().await;
    let post = |key: &str, path: &str, body: &Value| {
        let request = app.client.post(app.url(path)).json(body);
        send(request.header("x-api-key", &app.token).header(KEY, key))
    };
    let ana = json!({ "images": [person(3)], "id": "ana", "name": "Ana" });
    let other = json!({ "images": [person(4)], "id": "other", "name": "Other" });
    for body in [&ana, &other] {
        let key = body["id"].as_str().unwrap();
        let made = post(key, "/person", body).await;
        assert_eq!(made.status(), StatusCode::CREATED);
    }
    assert_eq!(app.number("SELECT COUNT(*) FROM idempotency_keys").await, 2);
    let erase = app.client.delete(app.url("/person/ana"));
    let erased = send(erase.header("x-api-key", &app.token)).await;
    assert!(erased.status().is_success());
    assert_eq!(app.number("SELECT COUNT(*) FROM idempotency_keys").await, 1);
    assert!(is_replayed(&post("other", "/person", &other).await));
    let anew = post("ana", "/person", &ana).await;
    assert_eq!(anew.status(), StatusCode::CREATED);
    assert!(!is_replayed(&anew));
}

/// A POST of every dialect: what it is sent, and what its refusal is made of.
struct Example {
    path: &'static str,
    header: &'static str,
    body: Value,
    other: Value,
    refusal: &'static [&'static str],
}

fn examples() -> Vec<Example> {
    let gallery = |id: &str| json!({ "facegallery_id": id });
    vec![
        Example {
            path: "/api-consent/consent",
            header: "authorization",
            body: json!({ "is_consent_given": true, "user_fullname": "A" }),
            other: json!({ "is_consent_given": false, "user_fullname": "A" }),
            refusal: &["error"],
        },
        Example {
            path: "/v1/face/keyspace",
            header: "authorization",
            body: json!({ "keyspace": "a" }),
            other: json!({ "keyspace": "b" }),
            refusal: &["code", "message", "description"],
        },
        Example {
            path: "/modules/compare",
            header: "x-api-key",
            body: json!({ "originFace": person(3), "targetFace": person(4) }),
            other: json!({ "originFace": person(4), "targetFace": person(3) }),
            refusal: &["statusCode", "apiType", "errorCode", "message"],
        },
        Example {
            path: "/face-api/facegallery/create-facegallery",
            header: "accesstoken",
            body: gallery("a"),
            other: gallery("b"),
            refusal: &["status", "status_message"],
        },
        Example {
            path: "/risetai/face-api/facegallery/create-facegallery",
            header: "accesstoken",
            body: gallery("c"),
            other: gallery("d"),
            refusal: &["risetai"],
        },
        Example {
            path: "/collection",
            header: "x-api-key",
            body: json!({ "name": "e", "description": null }),
            other: json!({ "name": "f", "description": null }),
            refusal: &["code", "message"],
        },
        Example {
            path: "/person",
            header: "x-api-key",
            body: json!({ "images": [person(3)], "id": "p", "name": "P" }),
            other: json!({ "images": [person(4)], "id": "p", "name": "P" }),
            refusal: &["code", "message"],
        },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_dialect_answers_again_and_refuses_in_its_own_shape() {
    let app = TestApp::start().await;
    for example in examples() {
        let path = example.path;
        let ask = |key: &str, body: &Value| {
            let token = match example.header {
                "authorization" => format!("Bearer {}", app.token),
                _ => app.token.clone(),
            };
            let request = app.client.post(app.url(path)).header(example.header, token);
            request.header(KEY, key).json(body)
        };
        let first = send(ask("k", &example.body)).await;
        let status = first.status();
        assert!(status.is_success(), "{path} {status}");
        let first = first.text().await.unwrap();
        let again = send(ask("k", &example.body)).await;
        assert!(is_replayed(&again), "{path}");
        assert_eq!(again.status(), status, "{path}");
        assert_eq!(again.text().await.unwrap(), first, "{path}");
        for (key, body_sent, status) in [
            ("k", &example.other, StatusCode::UNPROCESSABLE_ENTITY),
            ("two words", &example.body, StatusCode::BAD_REQUEST),
        ] {
            let refused = send(ask(key, body_sent)).await;
            assert_eq!(refused.status(), status, "{path}");
            assert!(refused.headers().contains_key("x-request-id"), "{path}");
            assert_eq!(keys(&body(refused).await), example.refusal, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_days_token_is_made_once_under_a_key() {
    let app = TestApp::start().await;
    let ask = || {
        let form = [("client_id", "demo"), ("password", app.token.as_str())];
        let form: Vec<String> = form
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let request = app
            .client
            .post(app.url("/oauth/client/token"))
            .header(KEY, "k");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        send(request.body(form.join("&")))
    };
    let first = body(ask().await).await;
    let again = ask().await;
    assert!(is_replayed(&again));
    assert_eq!(body(again).await, first);
    assert!(first["access_token"].is_string());
}
