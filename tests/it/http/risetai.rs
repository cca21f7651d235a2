//! RisetAI's API as its callers use it: every endpoint at both addresses, field by field.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::contract::Seen;
use crate::faces::{Shown, base64, percentage, person};
use crate::helpers::{TestApp, body, keys};

/// Where answers are flat, and where they are wrapped.
pub(crate) const ADDRESSES: [&str; 2] = ["/face-api", "/risetai/face-api"];

/// A call with the app's token; answers the body, out of its envelope where it has one.
pub(crate) async fn call(
    app: &TestApp,
    method: Method,
    address: &str,
    path: &str,
    body: Value,
) -> Value {
    call_as(app, &app.token, method, &format!("{address}{path}"), body)
        .await
        .body
}

/// The same with another token and the whole answer, still out of its envelope.
pub(crate) async fn call_as(
    app: &TestApp,
    token: &str,
    method: Method,
    path: &str,
    body: Value,
) -> Seen {
    let request = app.client.request(method, app.url(path)).json(&body);
    opened(path, app.see(request.header("Accesstoken", token)).await)
}

/// Every answer is HTTP's 200; what came of it is the string in `status`.
fn opened(path: &str, mut seen: Seen) -> Seen {
    assert_eq!(seen.status, StatusCode::OK, "{path} {}", seen.body);
    assert!(seen.content_type.starts_with("application/json"));
    if path.starts_with("/risetai/") {
        assert_eq!(keys(&seen.body), ["risetai"]);
        seen.body = seen.body["risetai"].take();
    }
    assert_eq!(keys(&seen.body)[..2], ["status", "status_message"]);
    assert!(seen.body["status"].is_string());
    seen
}

async fn post(app: &TestApp, path: &str, body: Value) -> Value {
    call(app, Method::POST, "/face-api", path, body).await
}

/// A facegallery `staff` with nobody in it.
pub(crate) async fn staff(app: &TestApp) {
    let made = json!({ "facegallery_id": "staff" });
    let made = post(app, "/facegallery/create-facegallery", made).await;
    assert_eq!(made["status"], "200", "{made}");
}

pub(crate) async fn enrol(app: &TestApp, number: u8, user_id: &str) {
    let body = json!({
        "user_id": user_id, "user_name": format!("Name of {user_id}"),
        "facegallery_id": "staff", "image": person(number),
    });
    let done = post(app, "/facegallery/enroll-face", body).await;
    assert_eq!(done["status"], "200", "{done}");
}

async fn list_faces(app: &TestApp) -> Value {
    let staff = json!({ "facegallery_id": "staff" });
    call(
        app,
        Method::GET,
        "/face-api",
        "/facegallery/list-faces",
        staff,
    )
    .await["faces"]
        .take()
}

fn near(value: &Value, expected: f64) {
    let value = value.as_f64().unwrap();
    assert!((value - expected).abs() < 1e-5, "{value} is not {expected}");
}

/// A selfie of one person with the card of another.
fn with_card(person: u8, card: u8) -> Value {
    let shown = Shown {
        second: card,
        masked: true,
        ..Shown::person(person)
    };
    json!({
        "user_id": "budi", "user_name": "Budi", "facegallery_id": "staff",
        "image": base64(&shown.png()), "trx_id": "ktp-1",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_registers_and_is_deleted() {
    for address in ADDRESSES {
        let app = TestApp::start().await;
        for _ in 0..2 {
            let made = call(&app, Method::POST, address, "/client/register", json!(null)).await;
            assert_eq!(
                made.to_string(),
                r#"{"status":"200","status_message":"Success","facegallery_id":"demo@default"}"#
            );
        }
        let other = app.token_for("demo").await;
        let theirs = json!({ "facegallery_id": "theirs" });
        let path = format!("{address}/facegallery/create-facegallery");
        call_as(&app, &other, Method::POST, &path, theirs).await;
        let session = app.session_with_evidence().await;

        let left = call(&app, Method::DELETE, address, "/client/delete", json!({})).await;
        assert_eq!(
            left.to_string(),
            r#"{"status":"200","status_message":"Success","facegallery_id":["theirs"]}"#
        );
        assert_eq!(app.sessions().await[0]["id"], session);
        let calls = body(app.get("/v1/calls").send().await.unwrap()).await;
        assert!(calls["calls"].as_array().unwrap().len() > 5, "{calls}");
        let left = call_as(
            &app,
            &other,
            Method::DELETE,
            &format!("{address}/client/delete"),
            json!(null),
        )
        .await;
        assert_eq!(left.body["facegallery_id"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counters_tell_what_is_left() {
    for address in ADDRESSES {
        let app = TestApp::start().await;
        app.set_project(|settings| {
            settings.quotas.calls = Some(10);
            settings.quotas.faces = Some(5);
        })
        .await;
        staff(&app).await;
        enrol(&app, 1, "budi").await;
        let trx = json!({ "trx_id": "count-1" });
        let left = call(&app, Method::GET, address, "/client/get-counters", trx).await;
        assert_eq!(
            left.to_string(),
            r#"{"status":"200","status_message":"Success","remaining_limit":{"n_api_hits":7,"n_face":4,"n_facegallery":2147483647}}"#
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn facegalleries_are_made_listed_and_deleted() {
    for address in ADDRESSES {
        let app = TestApp::start().await;
        for name in ["riset.ai@trial", "riset.ai@production"] {
            let form = json!({ "facegallery_id": name, "trx_id": "g-1", "unknown": 1 });
            let path = "/facegallery/create-facegallery";
            let made = call(&app, Method::POST, address, path, form).await;
            assert_eq!(
                made.to_string(),
                format!(
                    r#"{{"status":"200","status_message":"Success","facegallery_id":"{name}"}}"#
                )
            );
        }
        let path = "/facegallery/my-facegalleries";
        let listed = call(&app, Method::GET, address, path, json!({})).await;
        assert_eq!(
            listed.to_string(),
            r#"{"status":"200","status_message":"Success - FaceGalleries Listed","facegallery_id":["riset.ai@trial","riset.ai@production"]}"#
        );
        let form = json!({ "facegallery_id": "riset.ai@trial", "trx_id": "g-2" });
        let path = "/facegallery/delete-facegallery";
        let deleted = call(&app, Method::DELETE, address, path, form).await;
        assert_eq!(
            deleted.to_string(),
            r#"{"status":"200","status_message":"Success","facegallery_id":"riset.ai@trial"}"#
        );
        let path = "/facegallery/my-facegalleries";
        let listed = call(&app, Method::GET, address, path, json!({})).await;
        assert_eq!(listed["facegallery_id"], json!(["riset.ai@production"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faces_are_enrolled_listed_and_deleted() {
    for address in ADDRESSES {
        let app = TestApp::start().await;
        staff(&app).await;
        for (number, user) in [(1, "risetai1234"), (5, "risetai5678")] {
            let form = json!({
                "user_id": user, "user_name": format!("Name of {user}"), "facegallery_id": "staff",
                "force_register": true, "image": person(number), "trx_id": "e-1", "unknown": [],
            });
            let path = "/facegallery/enroll-face";
            let done = call(&app, Method::POST, address, path, form).await;
            assert_eq!(
                done.to_string(),
                r#"{"status":"200","status_message":"Success"}"#
            );
        }
        let form = json!({ "facegallery_id": "staff", "trx_id": "l-1" });
        let path = "/facegallery/list-faces";
        let listed = call(&app, Method::GET, address, path, form).await;
        assert_eq!(
            listed.to_string(),
            r#"{"status":"200","status_message":"Success","faces":[{"user_id":"risetai1234","user_name":"Name of risetai1234"},{"user_id":"risetai5678","user_name":"Name of risetai5678"}]}"#
        );
        let form = json!({ "user_id": "risetai1234", "facegallery_id": "staff", "trx_id": "d-1" });
        let path = "/facegallery/delete-face";
        let deleted = call(&app, Method::DELETE, address, path, form).await;
        assert_eq!(
            deleted.to_string(),
            r#"{"status":"200","status_message":"Success"}"#
        );
        assert_eq!(
            list_faces(&app).await,
            json!([{ "user_id": "risetai5678", "user_name": "Name of risetai5678" }])
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selfie_with_a_card_enrols_the_larger_face_if_the_two_are_alike() {
    for address in ADDRESSES {
        let app = TestApp::start().await;
        staff(&app).await;
        let path = "/facegallery/enroll-face-ktp";

        let unlike = call(&app, Method::POST, address, path, with_card(3, 9)).await;
        assert_eq!(
            keys(&unlike),
            ["status", "status_message", "masker", "similarity"]
        );
        assert_eq!(unlike["status"], "411");
        assert_eq!(unlike["masker"], true);
        near(&unlike["similarity"], percentage(3, 9) / 100.0);
        assert_eq!(list_faces(&app).await, json!([]), "nobody was enrolled");

        // cos 10° is 0.985: enough for the project, and too little for this call.
        let mut strict = with_card(3, 4);
        strict["minimum_similarity"] = json!(0.99);
        let refused = call(&app, Method::POST, address, path, strict).await;
        assert_eq!(refused["status"], "411", "{refused}");
        // cos 60° is 0.5: what the call asks for does not lower the project's threshold.
        let mut lax = with_card(3, 9);
        lax["minimum_similarity"] = json!(0.1);
        let refused = call(&app, Method::POST, address, path, lax).await;
        assert_eq!(refused["status"], "411", "{refused}");
        assert_eq!(list_faces(&app).await, json!([]), "nobody was enrolled");

        let done = call(&app, Method::POST, address, path, with_card(3, 4)).await;
        assert_eq!(
            keys(&done),
            ["status", "status_message", "masker", "similarity"]
        );
        assert_eq!(done["status"], "200");
        assert_eq!(done["status_message"], "Success");
        assert_eq!(done["masker"], true);
        near(&done["similarity"], percentage(3, 4) / 100.0);

        let verify = json!({ "user_id": "budi", "facegallery_id": "staff", "image": person(3) });
        let seen = call(
            &app,
            Method::POST,
            address,
            "/facegallery/verify-face",
            verify,
        )
        .await;
        near(&seen["similarity"], 1.0);
        assert_eq!(seen["user_name"], "Budi");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_face_is_verified_against_a_person() {
    for address in ADDRESSES {
        let app = TestApp::start().await;
        staff(&app).await;
        enrol(&app, 3, "budi").await;
        let order = [
            "status",
            "status_message",
            "user_name",
            "similarity",
            "masker",
            "verified",
        ];
        let masked = Shown {
            masked: true,
            ..Shown::person(4)
        };
        for (image, status, message, masker, verified, other) in [
            (person(3), "200", "Success", false, true, 3),
            (base64(&masked.png()), "200", "Success", true, true, 4),
            (person(9), "411", "Face Not Verified", false, false, 9),
        ] {
            let form = json!({
                "user_id": "budi", "facegallery_id": "staff", "image": image,
                "trx_id": "v-1", "user_name": "sent by some callers",
            });
            let path = "/facegallery/verify-face";
            let seen = call(&app, Method::POST, address, path, form).await;
            assert_eq!(keys(&seen), order);
            assert_eq!(seen["status"], status);
            assert_eq!(seen["status_message"], message);
            assert_eq!(seen["user_name"], "Name of budi");
            assert_eq!(seen["masker"], masker);
            assert_eq!(seen["verified"], verified);
            near(&seen["similarity"], percentage(3, other) / 100.0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn identification_answers_one_person_at_most_and_in_strings() {
    for address in ADDRESSES {
        let app = TestApp::start().await;
        staff(&app).await;
        enrol(&app, 3, "risetai1234").await;
        enrol(&app, 4, "risetai5678").await;
        let masked = Shown {
            masked: true,
            ..Shown::person(2)
        };
        let path = "/facegallery/identify-face";
        let form =
            json!({ "facegallery_id": "staff", "image": base64(&masked.png()), "trx_id": "i-1" });
        let seen = call(&app, Method::POST, address, path, form).await;
        assert_eq!(
            seen.to_string(),
            r#"{"status":"200","status_message":"Success","status_description":"Face Recognition Success","return":[{"confidence_level":"0.984808","mask":"true","user_id":"risetai1234","user_name":"Name of risetai1234"}]}"#
        );
        let form = json!({ "facegallery_id": "staff", "image": person(3) });
        let seen = call(&app, Method::POST, address, path, form).await;
        assert_eq!(seen["return"][0]["mask"], "false");
        assert_eq!(seen["return"][0]["confidence_level"], "1.000000");
        let form = json!({ "facegallery_id": "staff", "image": person(20) });
        let seen = call(&app, Method::POST, address, path, form).await;
        assert_eq!(
            seen.to_string(),
            r#"{"status":"411","status_message":"Face not verified or unregistered","status_description":"Face Not Recognized","return":[]}"#
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pictures_are_compared() {
    for address in ADDRESSES {
        let app = TestApp::start().await;
        let masked = Shown {
            masked: true,
            ..Shown::person(3)
        };
        let masked = base64(&masked.png());
        for (source, target, other, masker, status) in [
            (&masked, person(4), 4, true, "200"),
            (&person(3), person(9), 9, false, "411"),
        ] {
            let form = json!({ "source_image": source, "target_image": target, "trx_id": "c-1" });
            let seen = call(&app, Method::POST, address, "/compare-images", form).await;
            assert_eq!(
                keys(&seen),
                [
                    "status",
                    "status_message",
                    "similarity",
                    "verified",
                    "masker"
                ]
            );
            assert_eq!(seen["status"], status);
            assert_eq!(seen["verified"], status == "200");
            assert_eq!(seen["masker"], masker);
            near(&seen["similarity"], percentage(3, other) / 100.0);
        }
        // The mask is that of the source.
        let form = json!({ "source_image": person(3), "target_image": masked });
        let seen = call(&app, Method::POST, address, "/compare-images", form).await;
        assert_eq!(seen["masker"], false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_projects_threshold_decides() {
    let app = TestApp::start().await;
    staff(&app).await;
    enrol(&app, 3, "budi").await;
    // cos 40° is 0.766, just above the 75 of a new project; cos 50° is 0.643.
    let compare = |number| json!({ "source_image": person(3), "target_image": person(number) });
    let near = post(&app, "/compare-images", compare(7)).await;
    assert_eq!(near["verified"], true);
    let far = post(&app, "/compare-images", compare(8)).await;
    assert_eq!(far["verified"], false);
    app.set_project(|settings| settings.thresholds.risetai = 80.0)
        .await;
    let verify = json!({ "user_id": "budi", "facegallery_id": "staff", "image": person(7) });
    for (path, form) in [
        ("/compare-images", compare(7)),
        ("/facegallery/verify-face", verify.clone()),
        ("/facegallery/identify-face", verify),
        ("/facegallery/enroll-face-ktp", with_card(3, 7)),
    ] {
        assert_eq!(post(&app, path, form).await["status"], "411", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_read_whatever_the_content_type_and_the_method() {
    let app = TestApp::start().await;
    staff(&app).await;
    enrol(&app, 3, "budi").await;
    let staff = json!({ "facegallery_id": "staff" }).to_string();
    for content_type in ["text/plain", "application/x-www-form-urlencoded"] {
        let request = app
            .client
            .get(app.url("/face-api/facegallery/list-faces"))
            .header("Accesstoken", &app.token)
            .header("Content-Type", content_type)
            .body(staff.clone());
        let seen = app.see(request).await;
        assert_eq!(seen.body["faces"][0]["user_id"], "budi", "{}", seen.body);
    }
    // Some callers send an empty list where no body is wanted.
    let request = app.client.post(app.url("/face-api/client/register"));
    let request = request.header("accesstoken", &app.token).body("[]");
    assert_eq!(app.see(request).await.body["status"], "200");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_may_have_the_prefix_of_a_data_url() {
    let app = TestApp::start().await;
    let image = format!("data:image/png;base64,{}", person(3));
    let form = json!({ "source_image": image, "target_image": person(3) });
    assert_eq!(post(&app, "/compare-images", form).await["status"], "200");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_user_gets_a_face_more_and_the_name_anew() {
    let app = TestApp::start().await;
    staff(&app).await;
    enrol(&app, 3, "budi").await;
    let form = json!({
        "user_id": "budi", "user_name": "Budi Santoso", "facegallery_id": "staff", "image": person(12),
    });
    assert_eq!(
        post(&app, "/facegallery/enroll-face", form).await["status"],
        "200"
    );
    for number in [3, 12] {
        let verify =
            json!({ "user_id": "budi", "facegallery_id": "staff", "image": person(number) });
        let seen = post(&app, "/facegallery/verify-face", verify).await;
        near(&seen["similarity"], 1.0);
        assert_eq!(seen["user_name"], "Budi Santoso");
    }
    assert_eq!(list_faces(&app).await.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_enrolments_of_one_user_at_once_are_all_kept() {
    let app = TestApp::start_with(|config| config.max_waiting_looks = 100).await;
    staff(&app).await;
    let enrolments = (1..=20).map(|number| enrol(&app, number, "budi"));
    futures_util::future::join_all(enrolments).await;
    let usage = body(app.get("/v1/usage").send().await.unwrap()).await;
    assert_eq!(usage["used"]["faces"], 20);
    assert_eq!(list_faces(&app).await.as_array().unwrap().len(), 1);
    for number in [1, 10, 20] {
        let verify =
            json!({ "user_id": "budi", "facegallery_id": "staff", "image": person(number) });
        let seen = post(&app, "/facegallery/verify-face", verify).await;
        near(&seen["similarity"], 1.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_found_again_with_the_code_of_its_answer() {
    for address in ADDRESSES {
        let app = TestApp::start().await;
        let verdicts = [
            ("trx-good", person(3), "200"),
            ("trx-far", person(9), "411"),
            ("trx-bad", "no base64!".to_owned(), "492"),
        ];
        for (trx, target, code) in verdicts {
            let form = json!({ "source_image": person(3), "target_image": target, "trx_id": trx });
            call(&app, Method::POST, address, "/compare-images", form).await;
            let found = app.get(&format!("/v1/calls?reference={trx}"));
            let found = body(found.send().await.unwrap()).await;
            assert_eq!(found["calls"].as_array().unwrap().len(), 1, "{found}");
            let logged = &found["calls"][0];
            assert_eq!(logged["outcome"], code);
            assert_eq!(logged["reference"], trx);
            assert_eq!(logged["dialect"], "risetai");
            assert_eq!(logged["endpoint"], format!("POST {address}/compare-images"));
        }
    }
}
