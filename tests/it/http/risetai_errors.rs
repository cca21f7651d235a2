//! The codes of RisetAI's list and what triggers each, masks without a model pack, and tokens.

use likeness::session::actor::Actor;
use likeness::session::project::{Dialect, MaskPolicy, Scope};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::contract::Seen;
use crate::faces::{Shown, base64, person};
use crate::helpers::{Scene, TestApp, body, keys};
use crate::http::risetai::{ADDRESSES, call, call_as, enrol, staff};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Method and path of each of the thirteen.
const ENDPOINTS: [(Method, &str); 13] = [
    (Method::POST, "/client/register"),
    (Method::DELETE, "/client/delete"),
    (Method::GET, "/client/get-counters"),
    (Method::GET, "/facegallery/my-facegalleries"),
    (Method::POST, "/facegallery/create-facegallery"),
    (Method::DELETE, "/facegallery/delete-facegallery"),
    (Method::POST, "/facegallery/enroll-face"),
    (Method::POST, "/facegallery/enroll-face-ktp"),
    (Method::GET, "/facegallery/list-faces"),
    (Method::POST, "/facegallery/verify-face"),
    (Method::POST, "/facegallery/identify-face"),
    (Method::DELETE, "/facegallery/delete-face"),
    (Method::POST, "/compare-images"),
];

/// The endpoints that take one picture.
const WITH_IMAGE: [&str; 4] = [
    "/facegallery/enroll-face",
    "/facegallery/enroll-face-ktp",
    "/facegallery/verify-face",
    "/facegallery/identify-face",
];

/// A body with every field that any endpoint asks for.
fn full() -> Value {
    json!({
        "user_id": "budi", "user_name": "Budi", "facegallery_id": "staff", "image": person(3),
        "source_image": person(3), "target_image": person(3), "trx_id": "t-1",
    })
}

/// The full body with one field changed.
fn with(key: &str, value: impl Into<Value>) -> Value {
    let mut body = full();
    body[key] = value.into();
    body
}

async fn post(app: &TestApp, path: &str, body: Value) -> Value {
    call(app, Method::POST, "/face-api", path, body).await
}

/// An error has two keys; answers its message.
fn refused(body: &Value, status: &str) -> String {
    assert_eq!(keys(body), ["status", "status_message"], "{body}");
    assert_eq!(body["status"], status, "{body}");
    body["status_message"].as_str().unwrap().to_owned()
}

async fn faces_used(app: &TestApp) -> Value {
    let usage = body(app.get("/v1/usage").send().await.unwrap()).await;
    usage["used"]["faces"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_wrong_or_expired_token_is_401_everywhere() {
    let app = TestApp::start().await;
    let short = app.token_with("demo", vec![Scope::Read], Some(1)).await;
    app.clock.advance(1);
    for address in ADDRESSES {
        for (method, path) in &ENDPOINTS {
            let path = format!("{address}{path}");
            for token in ["lk_wrong", "", &short] {
                let seen = call_as(&app, token, method.clone(), &path, full()).await;
                let message = refused(&seen.body, "401");
                assert_eq!(message, "Accesstoken not authorized");
            }
            // A bearer token is not what this API asks for.
            let seen = app.send(method.clone(), &path, &full()).await;
            assert_eq!(seen.status, StatusCode::OK);
            assert!(seen.body.to_string().contains(r#""status":"401""#));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_addresses_are_described_under_names_of_their_own() {
    let app = TestApp::start().await;
    let description = body(app.get("/openapi.json").send().await.unwrap()).await;
    let paths = description["paths"].as_object().unwrap();
    for (method, path) in &ENDPOINTS {
        let method = method.as_str().to_lowercase();
        for address in ADDRESSES {
            let operation = &paths[&format!("{address}{path}")][&method];
            assert_eq!(operation["tags"], json!(["RisetAI"]), "{address}{path}");
        }
    }
    let mut names: Vec<&Value> = paths
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .map(|operation| &operation["operationId"])
        .filter(|name| {
            name.as_str()
                .is_some_and(|name| name.starts_with("risetai"))
        })
        .collect();
    let all = names.len();
    names.sort_by_key(ToString::to_string);
    names.dedup();
    assert_eq!((all, names.len()), (28, 28), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_closed_or_used_up_is_403() {
    let app = TestApp::start().await;
    staff(&app).await;
    let reader = app.token_with("demo", vec![Scope::Read], None).await;
    for (method, path) in &ENDPOINTS {
        let open = ["get-counters", "my-facegalleries", "list-faces"];
        let path = format!("/face-api{path}");
        let seen = call_as(&app, &reader, method.clone(), &path, full()).await;
        if open.iter().any(|end| path.ends_with(end)) {
            assert_eq!(seen.body["status"], "200", "{path}");
        } else {
            assert!(refused(&seen.body, "403").contains("scope"), "{path}");
        }
    }

    app.set_project(|settings| settings.disabled = vec![Dialect::Risetai])
        .await;
    let message = refused(&post(&app, "/compare-images", full()).await, "403");
    assert!(message.contains("disabled"), "{message}");
    app.set_project(|settings| {
        settings.disabled = Vec::new();
        settings.suspended = true;
    })
    .await;
    let message = refused(&post(&app, "/compare-images", full()).await, "403");
    assert!(message.contains("suspended"), "{message}");

    app.set_project(|settings| {
        settings.suspended = false;
        settings.quotas.faces = Some(1);
        settings.quotas.galleries = Some(1);
    })
    .await;
    enrol(&app, 3, "budi").await;
    for path in ["/facegallery/enroll-face", "/client/register"] {
        let message = refused(&post(&app, path, full()).await, "403");
        assert!(message.contains("used up"), "{message}");
    }
    let more = with("facegallery_id", "more");
    refused(
        &post(&app, "/facegallery/create-facegallery", more).await,
        "403",
    );
    assert_eq!(faces_used(&app).await, 1);

    app.set_project(|settings| settings.quotas.calls = Some(0))
        .await;
    for (method, path) in &ENDPOINTS {
        let seen = call(&app, method.clone(), "/risetai/face-api", path, full()).await;
        assert!(refused(&seen, "403").contains("calls"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_has_a_code_of_its_own() {
    let app = TestApp::start().await;
    staff(&app).await;
    enrol(&app, 3, "budi").await;
    let codes = [
        ("user_id", "452"),
        ("user_name", "453"),
        ("facegallery_id", "454"),
        ("image", "451"),
        ("target_image", "455"),
        ("source_image", "456"),
    ];
    let asks: [(usize, &[&str]); 10] = [
        (4, &["facegallery_id"]),
        (5, &["facegallery_id"]),
        (6, &["user_id", "user_name", "facegallery_id", "image"]),
        (7, &["user_id", "user_name", "facegallery_id", "image"]),
        (8, &["facegallery_id"]),
        (9, &["user_id", "facegallery_id", "image"]),
        (10, &["facegallery_id", "image"]),
        (11, &["user_id", "facegallery_id"]),
        (12, &["source_image", "target_image"]),
        (3, &[]),
    ];
    for (endpoint, asked) in asks {
        let (method, path) = &ENDPOINTS[endpoint];
        for (key, code) in codes.iter().filter(|(key, _)| asked.contains(key)) {
            let mut without = full();
            without.as_object_mut().unwrap().remove(*key);
            for bad in [without, with(key, Value::Null), with(key, "")] {
                let seen = call(&app, method.clone(), "/face-api", path, bad).await;
                assert_eq!(refused(&seen, code), format!("{key} is null"));
            }
        }
    }
    let known = call(
        &app,
        Method::GET,
        "/face-api",
        "/facegallery/list-faces",
        full(),
    )
    .await;
    assert_eq!(known["faces"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_types_long_texts_and_broken_json_are_400() {
    let app = TestApp::start().await;
    staff(&app).await;
    let long = "é".repeat(121);
    let enrolment = "/facegallery/enroll-face";
    let card = "/facegallery/enroll-face-ktp";
    for (path, body, word) in [
        (enrolment, with("user_id", 7), "user_id"),
        (enrolment, with("user_name", json!(["a"])), "user_name"),
        (enrolment, with("facegallery_id", true), "facegallery_id"),
        (enrolment, with("image", json!({})), "image"),
        (enrolment, with("force_register", "true"), "force_register"),
        (enrolment, with("trx_id", 5), "trx_id"),
        (enrolment, with("user_id", "a\u{7}b"), "identifier"),
        (enrolment, with("user_id", "a\u{0}b"), "NUL"),
        (
            card,
            with("minimum_similarity", "0.8"),
            "minimum_similarity",
        ),
        (card, with("minimum_similarity", 80), "minimum_similarity"),
        (card, with("minimum_similarity", -0.1), "minimum_similarity"),
        ("/compare-images", with("source_image", 1), "source_image"),
        ("/compare-images", with("target_image", 1), "target_image"),
        (enrolment, with("user_id", long.clone()), "120"),
        (enrolment, with("user_name", long.clone()), "120"),
        (enrolment, with("facegallery_id", long.clone()), "120"),
        ("/client/register", with("trx_id", long), "120"),
    ] {
        let message = refused(&post(&app, path, body).await, "400");
        assert!(message.contains(word), "{path} {word}: {message}");
        assert!(message.starts_with("Request malformed"), "{message}");
    }
    assert_eq!(faces_used(&app).await, 0);
    let just = with("user_id", "é".repeat(120));
    assert_eq!(post(&app, enrolment, just).await["status"], "200");

    for text in ["{", "[]", "\"text\"", "user_id=budi"] {
        let request = app.client.post(app.url("/face-api/compare-images"));
        let request = request.header("Accesstoken", &app.token).body(text);
        refused(&app.see(request).await.body, "400");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_picture_has_its_code() {
    let app = TestApp::start().await;
    staff(&app).await;
    enrol(&app, 3, "budi").await;
    let several = Shown {
        faces: 3,
        ..Shown::person(3)
    };
    let small = Shown {
        side: 40,
        ..Shown::person(3)
    };
    // The code for `image`, `target_image` and `source_image`.
    for (bad, codes, word) in [
        ("no base64!".to_owned(), ["490", "492", "494"], "base64"),
        (base64(b"%PDF-1.7 x"), ["491", "493", "495"], "not a JPEG"),
        (
            base64(&Shown::person(1).png()[..60]),
            ["491", "493", "495"],
            "damaged",
        ),
        (
            base64(&vec![0; 6_000_000]),
            ["491", "493", "495"],
            "larger than",
        ),
        (base64(&Shown::nobody().png()), ["412"; 3], "no face"),
        (base64(&several.png()), ["412"; 3], "3 faces"),
        (base64(&small.png()), ["413"; 3], "40 pixels"),
    ] {
        for path in WITH_IMAGE {
            let message = refused(
                &post(&app, path, with("image", bad.clone())).await,
                codes[0],
            );
            assert!(message.contains(word), "{path} {word}: {message}");
        }
        for (key, code) in [("target_image", codes[1]), ("source_image", codes[2])] {
            let seen = post(&app, "/compare-images", with(key, bad.clone())).await;
            let message = refused(&seen, code);
            assert!(message.contains(word), "{key} {word}: {message}");
            if code.starts_with("41") {
                assert!(message.contains(key), "{key}: {message}");
            }
        }
    }
    assert_eq!(faces_used(&app).await, 1, "nobody else was enrolled");
    let alone = post(&app, "/facegallery/enroll-face-ktp", full()).await;
    assert!(refused(&alone, "412").contains("card"));
    assert_eq!(faces_used(&app).await, 1, "nobody else was enrolled");
}

#[tokio::test(flavor = "multi_thread")]
async fn force_register_enrols_a_small_face_and_nothing_else() {
    let app = TestApp::start().await;
    staff(&app).await;
    let small = Shown {
        side: 40,
        ..Shown::person(3)
    };
    let two = Shown {
        faces: 2,
        ..Shown::person(3)
    };
    let path = "/facegallery/enroll-face";
    let mut form = with("image", base64(&small.png()));
    form["force_register"] = json!(false);
    refused(&post(&app, path, form.clone()).await, "413");
    form["force_register"] = json!(true);
    assert_eq!(post(&app, path, form.clone()).await["status"], "200");
    for (bad, code) in [(two, "412"), (Shown::nobody(), "412")] {
        form["image"] = base64(&bad.png()).into();
        refused(&post(&app, path, form.clone()).await, code);
    }
    assert_eq!(faces_used(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_64_faces_at_most() {
    let app = TestApp::start().await;
    staff(&app).await;
    let enrolment = || {
        let request = app
            .client
            .post(app.url("/face-api/facegallery/enroll-face"));
        let request = request.header("Accesstoken", &app.token).json(&full());
        async move { body(request.send().await.unwrap()).await }
    };
    for _ in 0..64 {
        assert_eq!(enrolment().await["status"], "200");
    }
    refused(&enrolment().await, "400");
    assert_eq!(faces_used(&app).await, 64);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_users_and_galleries_are_415_and_416_and_anothers_are_none() {
    let app = TestApp::start().await;
    staff(&app).await;
    enrol(&app, 3, "budi").await;
    let unknown = [5, 6, 7, 8, 9, 10, 11].map(|at| &ENDPOINTS[at]);
    for (method, path) in unknown {
        let nowhere = with("facegallery_id", "nowhere");
        let seen = call(&app, method.clone(), "/face-api", path, nowhere).await;
        assert_eq!(refused(&seen, "416"), "facegallery_id not found");
    }
    for (method, path) in [&ENDPOINTS[9], &ENDPOINTS[11]] {
        let nobody = with("user_id", "nobody");
        let seen = call(&app, method.clone(), "/face-api", path, nobody).await;
        assert_eq!(refused(&seen, "415"), "user_id not found");
    }
    let other = app.token_for("other").await;
    for (method, path) in unknown {
        let path = format!("/face-api{path}");
        let seen = call_as(&app, &other, method.clone(), &path, full()).await;
        refused(&seen.body, "416");
    }
    let theirs = call_as(
        &app,
        &other,
        Method::GET,
        "/face-api/facegallery/my-facegalleries",
        json!({}),
    )
    .await;
    assert_eq!(theirs.body["facegallery_id"], json!([]));
    assert_eq!(faces_used(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_facegallery_that_is_there_is_417_and_says_so() {
    let app = TestApp::start().await;
    staff(&app).await;
    enrol(&app, 3, "budi").await;
    let seen = post(&app, "/facegallery/create-facegallery", full()).await;
    assert!(refused(&seen, "417").contains("already exists"));
    assert_eq!(faces_used(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_ours_are_500_and_tell_nothing() {
    let app = TestApp::start().await;
    app.sees(Scene {
        fault: true,
        ..Scene::of(&[])
    });
    for address in ADDRESSES {
        let seen = call(&app, Method::POST, address, "/compare-images", full()).await;
        assert_eq!(refused(&seen, "500"), "Server error");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_cannot_answer_it_says_when_to_come_back() {
    let later = |seen: &Seen, word: &str| {
        assert!(refused(&seen.body, "500").contains(word));
        assert_eq!(seen.headers["retry-after"], "5");
    };
    let path = "/face-api/compare-images";
    let app = TestApp::start_cold().await;
    let seen = call_as(&app, &app.token, Method::POST, path, full()).await;
    later(&seen, "try again");

    let app = TestApp::start_with(|config| config.max_waiting_looks = 0).await;
    app.hold();
    let request = app.client.post(app.url(path)).json(&full());
    let waiting = tokio::spawn(request.header("Accesstoken", &app.token).send());
    app.until_looking().await;
    let seen = call_as(&app, &app.token, Method::POST, path, full()).await;
    later(&seen, "try again");
    app.release();
    assert_eq!(waiting.await.unwrap().unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_is_none() {
    let app = TestApp::start().await;
    for address in ADDRESSES {
        for path in ["/nothing", "/client/nothing", "/facegallery/register-face"] {
            let request = app.client.post(app.url(&format!("{address}{path}")));
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::NOT_FOUND);
            let mut seen = body(answer).await;
            if address.starts_with("/risetai") {
                seen = seen["risetai"].take();
            }
            refused(&seen, "404");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn masks_are_refused_without_a_pack_and_never_made_up() {
    let app = TestApp::start_without_observations().await;
    staff(&app).await;
    // Enrolment does not answer a mask, so it asks for none.
    enrol(&app, 3, "budi").await;
    let card = Shown {
        second: 3,
        ..Shown::person(3)
    };
    let asking = [
        ("/facegallery/verify-face", full()),
        ("/facegallery/identify-face", full()),
        ("/compare-images", full()),
        (
            "/facegallery/enroll-face-ktp",
            with("image", base64(&card.png())),
        ),
    ];
    for (path, form) in &asking {
        let message = refused(&post(&app, path, form.clone()).await, "500");
        assert!(message.contains("Mask model not installed"), "{message}");
    }
    assert_eq!(faces_used(&app).await, 1);

    app.set_project(|settings| settings.masks = MaskPolicy::NotExamined)
        .await;
    for (path, form) in &asking {
        let seen = post(&app, path, form.clone()).await;
        assert_eq!(seen["status"], "200", "{path}: {seen}");
        let said = match *path {
            "/facegallery/identify-face" => seen["return"][0].get("mask"),
            _ => seen.get("masker"),
        };
        assert_eq!(said, Some(&Value::Null), "{path}: {seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn masks_that_are_not_examined_are_null_with_a_pack_as_well() {
    let app = TestApp::start().await;
    app.set_project(|settings| settings.masks = MaskPolicy::NotExamined)
        .await;
    let seen = post(&app, "/compare-images", full()).await;
    assert_eq!(seen["status"], "200");
    assert_eq!(seen.get("masker"), Some(&Value::Null));
}

async fn form(app: &TestApp, path: &str, token: Option<&str>, form: &str) -> Seen {
    let mut request = app.client.post(app.url(path)).body(form.to_owned());
    request = request.header("Content-Type", "application/x-www-form-urlencoded");
    if let Some(token) = token {
        request = request.header("Accesstoken", token);
    }
    app.see(request).await
}

async fn exchange(app: &TestApp, credentials: &str) -> String {
    let seen = form(app, "/oauth/client/token", None, credentials).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    assert_eq!(keys(&seen.body), ["access_token"]);
    seen.body["access_token"].as_str().unwrap().to_owned()
}

/// What a call with the token answers.
async fn status_with(app: &TestApp, token: &str, path: &str) -> Value {
    let path = format!("/face-api{path}");
    call_as(app, token, Method::POST, &path, full()).await.body["status"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_and_its_token_are_exchanged_for_a_token_of_a_day() {
    let app = TestApp::start().await;
    let credentials = format!("client_id=demo&password={}", app.token);
    let token = exchange(&app, &credentials).await;
    assert_eq!(status_with(&app, &token, "/client/register").await, "200");
    app.clock.advance(DAY_MS - 1);
    assert_eq!(status_with(&app, &token, "/compare-images").await, "200");
    app.clock.advance(1);
    assert_eq!(status_with(&app, &token, "/compare-images").await, "401");

    let reader = app
        .token_with("demo", vec![Scope::Read], Some(60_000))
        .await;
    let token = exchange(&app, &format!("client_id=demo&password={reader}")).await;
    assert_eq!(
        status_with(&app, &token, "/client/register").await,
        "200",
        "it is there already"
    );
    assert_eq!(status_with(&app, &token, "/compare-images").await, "403");
    app.clock.advance(60_000);
    assert_eq!(
        status_with(&app, &token, "/compare-images").await,
        "401",
        "it does not outlive the one it was made from"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_get_no_token() {
    let app = TestApp::start().await;
    let other = app.token_for("other").await;
    let good = format!("client_id=demo&password={}", app.token);
    let short = exchange(&app, &good).await;
    for wrong in [
        "client_id=demo&password=lk_wrong".to_owned(),
        "client_id=demo&password=".to_owned(),
        format!("client_id=other&password={}", app.token),
        format!("client_id=demo&password={other}"),
        format!("client_id=nobody&password={}", app.token),
        // A token of a day makes no other one.
        format!("client_id=demo&password={short}"),
    ] {
        let seen = form(&app, "/oauth/client/token", None, &wrong).await;
        assert_eq!(seen.status, StatusCode::UNAUTHORIZED, "{wrong}");
        refused(&seen.body, "401");
    }
    for wrong in ["", "client_id=demo", "{}"] {
        let seen = form(&app, "/oauth/client/token", None, wrong).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{wrong}");
        refused(&seen.body, "400");
    }
    app.set_project(|settings| settings.suspended = true).await;
    let seen = form(&app, "/oauth/client/token", None, &good).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN);
    refused(&seen.body, "403");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_token_of_a_day_and_of_the_project_is_revoked() {
    let app = TestApp::start().await;
    let other = app.token_for("other").await;
    let ours = format!("client_id=demo&password={}", app.token);
    let token = exchange(&app, &ours).await;
    let theirs = exchange(&app, &format!("client_id=other&password={other}")).await;
    let path = "/oauth/token/revoke";

    for (shown, status, code) in [
        (None, StatusCode::UNAUTHORIZED, "401"),
        (Some("lk_wrong"), StatusCode::UNAUTHORIZED, "401"),
        (Some(theirs.as_str()), StatusCode::UNAUTHORIZED, "401"),
        (Some(app.token.as_str()), StatusCode::FORBIDDEN, "403"),
    ] {
        let seen = form(&app, path, shown, &ours).await;
        assert_eq!(seen.status, status, "{}", seen.body);
        refused(&seen.body, code);
    }
    let wrong = "client_id=demo&password=lk_wrong";
    let seen = form(&app, path, Some(&token), wrong).await;
    assert_eq!(seen.status, StatusCode::UNAUTHORIZED);
    for live in [&token, &theirs, &app.token, &other] {
        assert_eq!(status_with(&app, live, "/compare-images").await, "200");
    }

    let seen = form(&app, path, Some(&token), &ours).await;
    assert_eq!(seen.status, StatusCode::OK);
    assert_eq!(
        seen.body.to_string(),
        r#"{"status_message":"Success Revoke Token"}"#
    );
    assert_eq!(status_with(&app, &token, "/compare-images").await, "401");
    assert_eq!(
        status_with(&app, &app.token, "/compare-images").await,
        "200"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_a_day_ends_with_the_one_it_was_made_from_and_shares_its_galleries() {
    let app = TestApp::start().await;
    let lasting = app.token_for("demo").await;
    let credentials = format!("client_id=demo&password={lasting}");
    let (monday, tuesday) = (
        exchange(&app, &credentials).await,
        exchange(&app, &credentials).await,
    );
    assert_eq!(status_with(&app, &monday, "/client/register").await, "200");
    let seen = call_as(
        &app,
        &tuesday,
        Method::DELETE,
        "/face-api/client/delete",
        full(),
    )
    .await;
    assert_eq!(seen.body["facegallery_id"], json!([]), "nothing is left");

    let tokens = app.operations.list_tokens("demo").await.unwrap();
    let caller = app.operations.authenticate(&lasting).await.unwrap();
    let parent = tokens
        .iter()
        .find(|token| Some(token.id) == caller.token)
        .unwrap();
    app.operations
        .revoke_token(parent.id, Actor::Operator)
        .await
        .unwrap();
    for token in [&monday, &tuesday] {
        assert_eq!(status_with(&app, token, "/compare-images").await, "401");
    }
}
