//! How often, how fast and how long: rates of tokens and addresses, and clients that send a byte now and then.

use likeness::session::project::Scope;
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::helpers::{TestApp, body, keys, native_error};

#[tokio::test(flavor = "multi_thread")]
async fn a_token_may_ask_so_often_and_no_other_token_pays_for_it() {
    let app = TestApp::start_with(|config| {
        config.rate_per_token = 60;
        config.rate_burst = 3;
    })
    .await;
    let other = app.token_with("demo", vec![Scope::Read], None).await;
    let ask = |token: &str| {
        let request = app.client.get(app.url("/v1/sessions"));
        request.bearer_auth(token.to_owned()).send()
    };
    for _ in 0..3 {
        assert_eq!(ask(&app.token).await.unwrap().status(), StatusCode::OK);
    }
    let refused = ask(&app.token).await.unwrap();
    assert_eq!(refused.headers()[RETRY_AFTER], "2");
    let (code, _) = native_error(refused, StatusCode::TOO_MANY_REQUESTS).await;
    assert_eq!(code, "too_often");
    assert_eq!(ask(&other).await.unwrap().status(), StatusCode::OK);
    app.clock.advance(2_000);
    assert_eq!(ask(&app.token).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_dialect_says_too_often_in_its_own_shape() {
    let app = TestApp::start_with(|config| {
        config.rate_per_token = 1;
        config.rate_burst = 1;
    })
    .await;
    let cases: [(&str, &[&str]); 7] = [
        ("/v1/sessions", &["error"]),
        ("/api-gateway/sessions/start", &["error"]),
        ("/v1/face/keyspace", &[]),
        (
            "/modules/compare",
            &["statusCode", "apiType", "errorCode", "message"],
        ),
        ("/face-api/client/register", &["status", "status_message"]),
        ("/risetai/face-api/client/register", &["risetai"]),
        ("/compare", &["code", "message"]),
    ];
    for (path, expected) in cases {
        let token = app.token_for("demo").await;
        let ask = || {
            let request = app.client.post(app.url(path)).bearer_auth(&token);
            let request = request
                .header("x-api-key", &token)
                .header("accesstoken", &token);
            request.json(&json!({})).send()
        };
        assert_ne!(
            ask().await.unwrap().status(),
            StatusCode::TOO_MANY_REQUESTS,
            "{path}"
        );
        let refused = ask().await.unwrap();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "{path}");
        let wait: u32 = refused.headers()[RETRY_AFTER]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((2..=61).contains(&wait), "{path}: {wait}");
        if expected.is_empty() {
            assert_eq!(refused.text().await.unwrap(), "Too many requests");
        } else {
            assert_eq!(keys(&body(refused).await), expected, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_may_ask_so_often_sign_ins_among_them_and_health_always_answers() {
    let app = TestApp::start_with(|config| {
        config.rate_per_address = 60;
        config.rate_burst = 4;
        config.trusted_proxies = "127.0.0.0/8".to_owned();
    })
    .await;
    let sign_in = |from: &str| {
        let form = "name=a&password=b&code=123456";
        let request = app.client.post(app.url("/console/sign-in"));
        let request = request.header("x-forwarded-for", from.to_owned());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(form).send()
    };
    for _ in 0..4 {
        let tried = sign_in("192.0.2.1").await.unwrap();
        assert_eq!(tried.status(), StatusCode::FORBIDDEN);
    }
    let refused = sign_in("192.0.2.1").await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(
        refused.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    // What the client itself writes to the left of the proxy's word helps nobody.
    let forged = sign_in("198.51.100.9, 192.0.2.1").await.unwrap();
    assert_eq!(forged.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        sign_in("192.0.2.2").await.unwrap().status(),
        StatusCode::FORBIDDEN
    );
    for _ in 0..10 {
        let health = app.client.get(app.url("/healthz"));
        let health = health.header("x-forwarded-for", "192.0.2.1").send();
        assert_eq!(health.await.unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rates_that_are_not_set_hold_nobody_up() {
    let app = TestApp::start().await;
    for _ in 0..60 {
        let answer = app.get("/v1/models").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
}

/// Sends the beginning of a request and then a byte whenever the time has come, until the server has had enough.
async fn trickle(app: &TestApp, beginning: &str) -> String {
    let connection = TcpStream::connect(app.address).await.unwrap();
    let (mut reading, mut writing) = connection.into_split();
    writing.write_all(beginning.as_bytes()).await.unwrap();
    let sending = tokio::spawn(async move {
        let mut time = tokio::time::interval(std::time::Duration::from_millis(100));
        loop {
            time.tick().await;
            if writing.write_all(b"x").await.is_err() {
                return;
            }
        }
    });
    let mut answer = Vec::new();
    let _ = reading.read_to_end(&mut answer).await;
    sending.abort();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_trickles_in_is_answered_408_in_the_doors_shape() {
    let app = TestApp::start_with(|config| config.max_receive_seconds = 1).await;
    let head = |path: &str, more: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nx-api-key: {}\r\n\
             {more}Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{{\"a\": \"",
            app.address, app.token, app.token
        )
    };
    for (path, more, shape) in [
        ("/v1/sessions", "", "{\"error\":{\"code\":\"too_slow\""),
        (
            "/v1/sessions",
            "Idempotency-Key: k\r\n",
            "{\"error\":{\"code\":\"too_slow\"",
        ),
        ("/modules/compare", "", "{\"statusCode\":408,"),
        ("/compare", "", "{\"code\":\"ERR_REQUEST_TIMEOUT\""),
    ] {
        let answer = trickle(&app, &head(path, more)).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{path}: {answer:?}");
        assert!(answer.contains(shape), "{path}: {answer:?}");
        assert!(answer.contains("x-request-id"), "{path}: {answer:?}");
    }
    assert!(app.sessions().await.is_empty());
    assert_eq!(app.number("SELECT COUNT(*) FROM idempotency_keys").await, 0);
    assert!(app.files("scratch").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_trickles_in_is_cut_off() {
    let app = TestApp::start().await;
    let answer = trickle(&app, "GET /healthz HTTP/1.1\r\nX-Long: ").await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
        "{answer:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_a_length_is_held_to_the_same_limit() {
    let app = TestApp::start_with(|config| {
        config.max_json_bytes = 2_000;
        config.max_document_bytes = 1_000;
        config.max_video_bytes = 1_000;
    })
    .await;
    for (path, key) in [
        ("/v1/sessions", None),
        ("/v1/sessions", Some("k")),
        ("/compare", Some("k")),
    ] {
        let pieces = (0..1_000).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1_000]));
        let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
        let mut request = app.post(path).header("x-api-key", &app.token).body(stream);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        // The server may hang up while the rest is still being sent.
        if let Ok(answer) = request.send().await {
            assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        }
    }
    assert!(app.sessions().await.is_empty());
}
