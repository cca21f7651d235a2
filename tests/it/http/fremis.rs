//! FREMIS-N as its callers use it: every endpoint, every error, field by field.

use likeness::session::project::Dialect;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::contract::Seen;
use crate::faces::{Shown, base64, percentage, person};
use crate::helpers::{Scene, TestApp, keys};

async fn post(app: &TestApp, path: &str, body: Value) -> Seen {
    app.send(Method::POST, path, &body).await
}

fn pair(a: &str, b: &str) -> Value {
    json!({ "image_a": { "content": a }, "image_b": { "content": b } })
}

async fn enrol(app: &TestApp, number: u8, face_id: &str) {
    let body = json!({ "image": person(number), "keyspace": "default", "additional_params": { "face_id": face_id } });
    let seen = post(app, "/v1/face/enrollment", body).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
}

/// The 400 with its three strings; answers the description.
fn invalid(seen: &Seen) -> String {
    assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{}", seen.body);
    assert_eq!(keys(&seen.body), ["code", "message", "description"]);
    assert_eq!(seen.body["code"], "400");
    assert_eq!(seen.body["message"], "invalid arguments");
    seen.body["description"].as_str().unwrap().to_owned()
}

fn text(seen: &Seen, status: StatusCode, message: &str) {
    assert_eq!(seen.status, status);
    assert!(
        seen.content_type.starts_with("text/plain"),
        "{}",
        seen.content_type
    );
    assert_eq!(seen.body, message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_tells_similarity_and_whether_it_reaches_the_threshold() {
    let app = TestApp::start().await;
    let seen = post(&app, "/v1/face/match", pair(&person(3), &person(4))).await;
    assert_eq!(seen.status, StatusCode::OK);
    assert_eq!(keys(&seen.body), ["face_match"]);
    assert_eq!(keys(&seen.body["face_match"]), ["match", "similarity"]);
    assert_eq!(seen.body["face_match"]["match"], true);
    let similarity = seen.body["face_match"]["similarity"].as_f64().unwrap();
    assert!(
        (similarity * 100.0 - percentage(3, 4)).abs() < 1e-4,
        "{similarity}"
    );

    let far = post(&app, "/v1/face/match", pair(&person(3), &person(8))).await;
    assert_eq!(far.body["face_match"]["match"], false);
    app.set_project(|settings| settings.thresholds.fremis = 60.0)
        .await;
    let far = post(&app, "/v1/face/match", pair(&person(3), &person(8))).await;
    assert_eq!(far.body["face_match"]["match"], true, "cos 50° is 0.64");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_version_takes_three_forms_on_either_side() {
    let app = TestApp::start().await;
    enrol(&app, 5, "budi-001").await;
    let vectors = post(&app, "/v1/embeddings", json!({ "image": person(5) })).await;
    assert_eq!(vectors.body["pack"], "fake");
    let forms = [
        json!({ "image": person(5) }),
        json!({ "embedding": vectors.body["embedding"] }),
        json!({ "face_id": "budi-001", "keyspace": "default" }),
    ];
    for a in &forms {
        for b in &forms {
            let seen = post(&app, "/v2/face/match", json!({ "face_a": a, "face_b": b })).await;
            assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
            assert_eq!(keys(&seen.body), ["similarity"]);
            assert!((seen.body["similarity"].as_f64().unwrap() - 1.0).abs() < 1e-6);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn enrolment_search_and_deletion_answer_in_the_vendors_shapes() {
    let app = TestApp::start().await;
    let body = json!({ "image": person(5), "keyspace": "default" });
    let seen = post(&app, "/v1/face/enrollment", body).await;
    assert_eq!(keys(&seen.body), ["face_detected", "face_id", "variation"]);
    assert_eq!(
        seen.body["face_detected"],
        json!([{ "top": 60, "left": 100, "width": 180, "height": 180 }])
    );
    let face_id = seen.body["face_id"].as_str().unwrap();
    assert!(face_id.parse::<i64>().unwrap() > 0);
    assert_eq!(seen.body["variation"].as_str().unwrap().len(), 20);
    assert!(
        seen.body["variation"]
            .as_str()
            .unwrap()
            .parse::<u64>()
            .is_ok()
    );

    enrol(&app, 7, "another").await;
    let search = json!({ "image": person(5), "keyspace": "default", "additional_params": { "candidateCount": 5 } });
    let found = post(&app, "/v1/face/recognition", search).await;
    let candidates = &found.body["result"]["face_recognition"]["candidates"];
    assert_eq!(candidates[0]["face_id"], face_id);
    assert_eq!(keys(&candidates[0]), ["face_id", "similarity"]);
    assert_eq!(candidates[1]["face_id"], "another", "cos 20° is 0.94");

    let delete = json!({ "keyspace": "default", "face_ids": [face_id, "nobody"] });
    let deleted = post(&app, "/v1/face/delete-enrollment", delete).await;
    assert_eq!(deleted.body, json!({ "deleted_face_ids": [face_id] }));
    let search = json!({ "image": person(5), "keyspace": "default" });
    let found = post(&app, "/v1/face/recognition", search).await;
    let candidates = found.body["result"]["face_recognition"]["candidates"].clone();
    assert_eq!(candidates[0]["face_id"], "another");
    assert_eq!(candidates.as_array().unwrap().len(), 1);
    let nobody = json!({ "image": person(20), "keyspace": "default" });
    let found = post(&app, "/v1/face/recognition", nobody).await;
    assert_eq!(
        found.body,
        json!({ "result": { "face_recognition": { "candidates": [] } } })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_face_id_gets_a_variation_more() {
    let app = TestApp::start().await;
    enrol(&app, 3, "budi").await;
    enrol(&app, 9, "budi").await;
    for number in [3, 9] {
        let side = json!({ "face_id": "budi", "keyspace": "default" });
        let body = json!({ "face_a": { "image": person(number) }, "face_b": side });
        let seen = post(&app, "/v2/face/match", body).await;
        assert!((seen.body["similarity"].as_f64().unwrap() - 1.0).abs() < 1e-6);
    }
    let usage = app.see(app.get("/v1/get-limit-usage")).await;
    assert_eq!(usage.body["current_enrollment"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn keyspaces_are_made_and_kept_apart() {
    let app = TestApp::start().await;
    for _ in 0..2 {
        let seen = post(&app, "/v1/face/keyspace", json!({ "keyspace": "staff" })).await;
        assert_eq!(seen.body, json!({ "keyspace": "staff" }));
    }
    enrol(&app, 5, "budi").await;
    let search = json!({ "image": person(5), "keyspace": "staff" });
    let found = post(&app, "/v1/face/recognition", search).await;
    assert_eq!(
        found.body["result"]["face_recognition"]["candidates"],
        json!([])
    );
    let unknown = json!({ "image": person(5), "keyspace": "visitors" });
    for path in ["/v1/face/recognition", "/v1/face/enrollment"] {
        let seen = post(&app, path, unknown.clone()).await;
        assert_eq!(invalid(&seen), "keyspace not found");
    }
    let delete = json!({ "keyspace": "visitors", "face_ids": ["a"] });
    let seen = post(&app, "/v1/face/delete-enrollment", delete).await;
    assert_eq!(invalid(&seen), "keyspace not found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_are_told_and_kept() {
    let app = TestApp::start().await;
    app.set_project(|settings| {
        settings.quotas.faces = Some(1);
        settings.quotas.galleries = Some(2);
    })
    .await;
    enrol(&app, 1, "one").await;
    let full = json!({ "image": person(2), "keyspace": "default" });
    invalid(&post(&app, "/v1/face/enrollment", full).await);
    post(&app, "/v1/face/keyspace", json!({ "keyspace": "a" })).await;
    invalid(&post(&app, "/v1/face/keyspace", json!({ "keyspace": "b" })).await);
    let usage = app.see(app.get("/v1/get-limit-usage")).await;
    assert_eq!(
        usage.body,
        json!({
            "current_enrollment": 1, "maximum_enrollment": 1,
            "current_keyspace": 2, "maximum_keyspace": 2,
            "current_anonymous_enrollment": 0, "maximum_anonymous_enrollment": 0,
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_an_empty_object_without_a_token() {
    let app = TestApp::start().await;
    let seen = app.see(app.client.get(app.url("/v1/healthcheck"))).await;
    assert_eq!((seen.status, seen.body), (StatusCode::OK, json!({})));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_picture_is_an_invalid_image() {
    let app = TestApp::start().await;
    let good = person(1);
    let several = Shown {
        faces: 3,
        ..Shown::person(1)
    };
    let small = Shown {
        side: 40,
        ..Shown::person(1)
    };
    for (bad, why) in [
        ("no base64!".to_owned(), "not base64"),
        (String::new(), "empty"),
        (base64(b"%PDF-1.7 not a picture"), "not a JPEG"),
        (base64(&Shown::person(1).png()[..60]), "damaged"),
        (base64(&vec![0; 6_000_000]), "larger"),
        (base64(&Shown::nobody().png()), "no face"),
        (base64(&several.png()), "3 faces"),
        (base64(&small.png()), "40 pixels"),
    ] {
        for body in [pair(&bad, &good), pair(&good, &bad)] {
            let description = invalid(&post(&app, "/v1/face/match", body).await);
            assert!(
                description.starts_with("Image is invalid: "),
                "{description}"
            );
            assert!(description.contains(why), "{description}");
        }
        let body = json!({ "image": bad, "keyspace": "default" });
        invalid(&post(&app, "/v1/face/enrollment", body).await);
    }
    let usage = app.see(app.get("/v1/get-limit-usage")).await;
    assert_eq!(usage.body["current_enrollment"], 0);
    assert_eq!(app.files("blobs"), Vec::<std::path::PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_of_another_type_is_named() {
    let app = TestApp::start().await;
    let good = person(1);
    let long = "k".repeat(256);
    for (path, body, word) in [
        ("/v1/face/match", json!({}), "image_a"),
        (
            "/v1/face/match",
            json!({ "image_a": null, "image_b": null }),
            "image_a",
        ),
        (
            "/v1/face/match",
            json!({ "image_a": good, "image_b": good }),
            "image_a",
        ),
        (
            "/v1/face/match",
            json!({ "image_a": { "content": 7 } }),
            "content",
        ),
        (
            "/v2/face/match",
            json!({ "face_a": {}, "face_b": {} }),
            "face_a",
        ),
        (
            "/v2/face/match",
            json!({ "face_a": { "face_id": "x" }, "face_b": {} }),
            "keyspace",
        ),
        (
            "/v2/face/match",
            json!({ "face_a": { "embedding": ["x"] } }),
            "embedding",
        ),
        (
            "/v2/face/match",
            json!({ "face_a": { "embedding": [0, 0] } }),
            "embedding",
        ),
        (
            "/v1/face/enrollment",
            json!({ "keyspace": "default" }),
            "image",
        ),
        (
            "/v1/face/enrollment",
            json!({ "image": good, "keyspace": 5 }),
            "keyspace",
        ),
        ("/v1/face/keyspace", json!({}), "keyspace"),
        ("/v1/face/keyspace", json!({ "keyspace": long }), "255"),
        (
            "/v1/face/delete-enrollment",
            json!({ "keyspace": "default" }),
            "face_ids",
        ),
        (
            "/v1/face/recognition",
            json!({ "keyspace": "default" }),
            "image",
        ),
    ] {
        let description = invalid(&post(&app, path, body.clone()).await);
        assert!(description.contains(word), "{path} {word}: {description}");
    }
    let nobody =
        json!({ "face_a": { "image": good }, "face_b": { "face_id": "x", "keyspace": "default" } });
    post(&app, "/v1/face/keyspace", json!({ "keyspace": "default" })).await;
    assert_eq!(
        invalid(&post(&app, "/v2/face/match", nobody).await),
        "face_id not found"
    );
    let broken = app.post("/v1/face/match").body("{");
    invalid(&app.see(broken).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_three_text_errors_and_the_two_other_json_ones() {
    let app = TestApp::start().await;
    let body = pair(&person(1), &person(1));
    let stranger = app.client.post(app.url("/v1/face/match")).json(&body);
    for request in [
        stranger.try_clone().unwrap(),
        stranger.try_clone().unwrap().bearer_auth("lk_wrong"),
        stranger.header("Authorization", "Basic abc"),
    ] {
        let seen = app.see(request).await;
        assert_eq!(seen.status, StatusCode::UNAUTHORIZED);
        assert_eq!(seen.body["code"], "401");
        assert_eq!(seen.body["message"], "Inactive analytic");
    }

    app.sees(Scene {
        fault: true,
        ..Scene::of(&[])
    });
    let seen = post(&app, "/v1/face/match", body.clone()).await;
    assert_eq!(seen.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(seen.body["code"], "500");
    assert_eq!(seen.body["message"], "internal server error");
    assert!(!seen.body.to_string().contains("secret"));
    app.sees(Scene::of(&[]));

    app.set_project(|settings| settings.disabled = vec![Dialect::Fremis])
        .await;
    let not_available = "Analytic NFFS-FR is not available in deployment key";
    let seen = post(&app, "/v1/face/match", body.clone()).await;
    text(&seen, StatusCode::FORBIDDEN, not_available);
    app.set_project(|settings| settings.disabled = Vec::new())
        .await;

    app.set_project(|settings| settings.quotas.calls = Some(0))
        .await;
    let seen = post(&app, "/v1/face/match", body).await;
    text(&seen, StatusCode::TOO_MANY_REQUESTS, "Too many requests");
    assert!(seen.headers.contains_key("retry-after"));
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_models_are_warm_the_license_is_not_initialized() {
    let app = TestApp::start_cold().await;
    let seen = post(&app, "/v1/face/match", pair(&person(1), &person(1))).await;
    text(
        &seen,
        StatusCode::SERVICE_UNAVAILABLE,
        "License has not been initialized",
    );
    let seen = app.see(app.client.get(app.url("/v1/healthcheck"))).await;
    text(
        &seen,
        StatusCode::SERVICE_UNAVAILABLE,
        "License has not been initialized",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_too_many_requests() {
    let app = TestApp::start_with(|config| config.max_waiting_looks = 0).await;
    app.hold();
    let body = pair(&person(1), &person(1));
    let waiting = app.post("/v1/face/match").json(&body).send();
    let waiting = tokio::spawn(waiting);
    app.until_looking().await;
    let seen = post(&app, "/v1/face/match", body).await;
    text(&seen, StatusCode::TOO_MANY_REQUESTS, "Too many requests");
    app.release();
    assert_eq!(waiting.await.unwrap().unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_without_a_token_belong_to_a_project_only_where_an_operator_says_so() {
    let app = TestApp::start_with(|config| "demo".clone_into(&mut config.fremis_project)).await;
    let body = pair(&person(1), &person(1));
    let bare = app.client.post(app.url("/v1/face/match")).json(&body);
    let seen = app.see(bare.try_clone().unwrap()).await;
    assert_eq!(seen.status, StatusCode::OK);
    let wrong = app.see(bare.bearer_auth("lk_wrong")).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let native = app
        .client
        .get(app.url("/v1/sessions"))
        .send()
        .await
        .unwrap();
    assert_eq!(native.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_projects_keyspace_is_none() {
    let app = TestApp::start().await;
    enrol(&app, 5, "budi").await;
    post(&app, "/v1/face/keyspace", json!({ "keyspace": "staff" })).await;
    let other = app.token_for("other").await;
    let search = json!({ "image": person(5), "keyspace": "staff" });
    let request = app
        .client
        .post(app.url("/v1/face/recognition"))
        .json(&search);
    let seen = app.see(request.bearer_auth(&other)).await;
    assert_eq!(invalid(&seen), "keyspace not found");
    let search = json!({ "image": person(5), "keyspace": "default" });
    let request = app
        .client
        .post(app.url("/v1/face/recognition"))
        .json(&search);
    let seen = app.see(request.bearer_auth(&other)).await;
    assert_eq!(
        seen.body["result"]["face_recognition"]["candidates"],
        json!([])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_made_to_be_heavy_is_refused() {
    let app = TestApp::start().await;
    let many = vec![0; 100_001];
    let heavy = json!({ "face_a": { "embedding": many }, "face_b": {} });
    let description = invalid(&post(&app, "/v2/face/match", heavy).await);
    assert!(description.contains("too many values"), "{description}");
    let ignored = json!({ "keyspace": "a", "unknown": many });
    invalid(&post(&app, "/v1/face/keyspace", ignored).await);
    let ids: Vec<String> = (0..1_001).map(|number| number.to_string()).collect();
    let delete = json!({ "keyspace": "default", "face_ids": ids });
    let description = invalid(&post(&app, "/v1/face/delete-enrollment", delete).await);
    assert!(description.contains("1000"), "{description}");
    let nul = json!({ "image": person(1), "keyspace": "a\u{0}" });
    let description = invalid(&post(&app, "/v1/face/recognition", nul).await);
    assert!(description.contains("NUL"), "{description}");
    let nothing = app.see(app.get("/v1/calls?reference=%00")).await;
    assert_eq!(nothing.body, json!({ "calls": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_a_face_id_as_well_and_a_short_vector_is_called_one() {
    let app = TestApp::start().await;
    let body =
        json!({ "image": person(1), "keyspace": "default", "additional_params": { "face_id": 5 } });
    let seen = post(&app, "/v1/face/enrollment", body).await;
    assert_eq!(seen.body["face_id"], "5");
    let delete = json!({ "keyspace": "default", "face_ids": [5, "5"] });
    let deleted = post(&app, "/v1/face/delete-enrollment", delete).await;
    assert_eq!(deleted.body, json!({ "deleted_face_ids": ["5"] }));
    let short = json!({ "face_a": { "embedding": [1, 0, 0] }, "face_b": { "image": person(1) } });
    let description = invalid(&post(&app, "/v2/face/match", short).await);
    assert!(description.contains("another length"), "{description}");
}
