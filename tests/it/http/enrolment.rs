//! Biometry's enrolment, and the recognition of the enrolled person in a video.

use likeness::session::project::ConsentPolicy;
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::contract::Seen;
use crate::faces::Shown;
use crate::helpers::{Scene, TestApp, keys, video};

crate::ground::also_on_shared_ground! {
    an_enrolment_answers_the_vendors_codes
    two_people_of_one_name_stay_two_and_one_stays_one
    an_enrolled_person_is_recognized_in_the_video
    by_the_default_rules_a_recognition_without_liveness_is_never_a_pass
    whether_a_live_person_was_filmed_is_told_where_a_pack_tells_it
    the_session_tells_people_of_one_name_apart
    bad_enrolments_are_refused_in_the_vendors_shape_and_keep_nothing
    services_that_are_not_offered_say_so
}

async fn enrol(app: &TestApp, name: &str, shown: Shown) -> Seen {
    let form = Form::new().part("face", Part::bytes(shown.png()));
    let request = app.post("/api-gateway/enroll/face").multipart(form);
    app.see(request.header("X-User-Fullname", name)).await
}

async fn process_video(app: &TestApp, headers: &[(&str, &str)]) -> Seen {
    let form = Form::new()
        .text("phrase", "one two three")
        .part("video", Part::bytes(video()));
    let mut request = app.post("/api-gateway/process-video").multipart(form);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.see(request).await
}

fn subject(seen: &Seen) -> String {
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    seen.body["data"]["subject_id"].as_str().unwrap().to_owned()
}

fn error(seen: &Seen, status: StatusCode) -> String {
    assert_eq!(seen.status, status, "{}", seen.body);
    assert_eq!(keys(&seen.body), ["error"]);
    seen.body["error"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_answers_the_vendors_codes() {
    let app = TestApp::start().await;
    let good = enrol(&app, "Ana", Shown::person(1)).await;
    assert_eq!(keys(&good.body), ["data", "message"]);
    assert_eq!(
        keys(&good.body["data"]),
        ["enrollment_result", "subject_id"]
    );
    assert_eq!(
        keys(&good.body["data"]["enrollment_result"]),
        ["code", "description"]
    );
    assert!(subject(&good).starts_with("subj_"));
    let small = Shown {
        side: 40,
        ..Shown::person(1)
    };
    let several = Shown {
        faces: 3,
        ..Shown::person(1)
    };
    let cut_off = Shown {
        cut_off: true,
        ..Shown::person(1)
    };
    for (shown, code) in [
        (Shown::person(1), 0),
        (Shown::nobody(), 1),
        (small, 1),
        (several, 2),
        (cut_off, 3),
    ] {
        let seen = enrol(&app, "Ana", shown).await;
        assert_eq!(seen.status, StatusCode::OK);
        let result = &seen.body["data"]["enrollment_result"];
        assert_eq!(result["code"], code, "{shown:?}");
        assert_eq!(seen.body["data"]["subject_id"].is_null(), code != 0);
    }
    let usage = app.see(app.get("/v1/usage")).await;
    assert_eq!(
        usage.body["used"]["faces"], 2,
        "what was refused is not kept"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_of_one_name_stay_two_and_one_stays_one() {
    let app = TestApp::start().await;
    let one = subject(&enrol(&app, "Ana", Shown::person(1)).await);
    let other = subject(&enrol(&app, "Ana", Shown::person(15)).await);
    assert_ne!(one, other);
    let again = subject(&enrol(&app, "Ana", Shown::person(2)).await);
    assert_eq!(again, one, "cos 10° is one person");
    let elsewhere = subject(&enrol(&app, "Ben", Shown::person(1)).await);
    assert_ne!(elsewhere, one);
    let seen = process_video(&app, &[("X-User-Fullname", "Ana")]).await;
    assert_eq!(seen.body["data"], json!({}));
    assert_eq!(seen.body["scoring_result"], "refer");
    let reasons = seen.body["decision_reasons"].to_string();
    assert!(reasons.contains("several people of that name"), "{reasons}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolled_person_is_recognized_in_the_video() {
    let app =
        TestApp::start_with(|config| config.rules = "scoring-rules/match-only.json".into()).await;
    enrol(&app, "Ana", Shown::person(1)).await;
    let seen = process_video(&app, &[("X-User-Fullname", "Ana")]).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    assert_eq!(
        keys(&seen.body),
        [
            "data",
            "scoring_result",
            "score",
            "decision_reasons",
            "message"
        ]
    );
    assert_eq!(
        seen.body["data"],
        json!({ "Face Recognition": { "code": 0, "description": "The person is recognized", "score": 90.0 } })
    );
    assert_eq!(seen.body["scoring_result"], "pass");
    assert_eq!(seen.body["score"], 90.0);
    let reasons = seen.body["decision_reasons"].to_string();
    assert!(
        reasons.contains("Face Liveness Detection did not run"),
        "{reasons}"
    );
    assert!(!reasons.contains("Face Recognition"), "{reasons}");

    app.sees(Scene::of(&[12.0; 8]));
    let seen = process_video(&app, &[("X-User-Fullname", "Ana")]).await;
    assert_eq!(seen.body["data"]["Face Recognition"]["code"], 4);
    assert_eq!(seen.body["scoring_result"], "fail");
    let nobody = process_video(&app, &[("X-User-Fullname", "Eve")]).await;
    assert_eq!(nobody.body["data"], json!({}));
    assert_eq!(nobody.body["scoring_result"], "refer");
}

#[tokio::test(flavor = "multi_thread")]
async fn by_the_default_rules_a_recognition_without_liveness_is_never_a_pass() {
    let app = TestApp::start().await;
    enrol(&app, "Ana", Shown::person(1)).await;
    let seen = process_video(&app, &[("X-User-Fullname", "Ana")]).await;
    assert_eq!(seen.body["data"]["Face Recognition"]["code"], 0);
    assert_eq!(seen.body["scoring_result"], "refer");
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_a_live_person_was_filmed_is_told_where_a_pack_tells_it() {
    let app = TestApp::start().await;
    enrol(&app, "Ana", Shown::person(1)).await;
    let live = |live| Scene {
        live: Some(live),
        ..Scene::of(&[90.0; 8])
    };
    app.sees(live(97.123));
    let seen = process_video(&app, &[("X-User-Fullname", "Ana")]).await;
    assert_eq!(
        seen.body["data"]["Face Liveness Detection"],
        json!({ "code": 0, "description": "A live person is shown", "result": true, "score": 97.12 })
    );
    assert_eq!(seen.body["scoring_result"], "pass");
    // Over half, and still less than the rules ask for.
    for doubtful in [3.0, 60.0] {
        app.sees(live(doubtful));
        let seen = process_video(&app, &[("X-User-Fullname", "Ana")]).await;
        let told = &seen.body["data"]["Face Liveness Detection"];
        assert_eq!((&told["code"], &told["result"]), (&json!(1), &json!(false)));
        assert_eq!(seen.body["scoring_result"], "refer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_tells_people_of_one_name_apart() {
    let app = TestApp::start().await;
    enrol(&app, "Ana", Shown::person(1)).await;
    let session = app.start_biometry_session().await;
    let form = Form::new().part("face", Part::bytes(Shown::person(15).png()));
    let request = app.post("/api-gateway/enroll/face").multipart(form);
    let request = request
        .header("X-User-Fullname", "Ana")
        .header("X-Session-ID", &session);
    subject(&app.see(request).await);
    let headers = [
        ("X-User-Fullname", "Ana"),
        ("X-Session-ID", session.as_str()),
    ];
    let seen = process_video(&app, &headers).await;
    assert_eq!(
        seen.body["data"]["Face Recognition"]["code"], 0,
        "{}",
        seen.body
    );
    // The session goes on: its video serves a match as before.
    let form = Form::new().part("image", Part::bytes(Shown::person(15).png()));
    let request = app.match_faces(form).header("X-Session-ID", &session);
    let seen = app
        .see(request.header("X-Use-Prefilled-Video", "true"))
        .await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_enrolments_are_refused_in_the_vendors_shape_and_keep_nothing() {
    let app = TestApp::start().await;
    let form = || Form::new().part("face", Part::bytes(Shown::person(1).png()));
    let post = || app.post("/api-gateway/enroll/face");
    let unnamed = app.see(post().multipart(form())).await;
    assert!(error(&unnamed, StatusCode::BAD_REQUEST).contains("X-User-Fullname"));
    let named = || post().header("X-User-Fullname", "Ana");
    let empty = app
        .see(named().multipart(Form::new().text("is_document", "true")))
        .await;
    assert!(error(&empty, StatusCode::BAD_REQUEST).contains("face"));
    let text = Form::new().part("face", Part::bytes(b"no picture".to_vec()));
    let text = app.see(named().multipart(text)).await;
    assert!(error(&text, StatusCode::BAD_REQUEST).contains("JPEG"));
    let unknown = named().header("X-Session-ID", "sess_0190d0a0-0000-7000-8000-000000000000");
    let unknown = app.see(unknown.multipart(form())).await;
    error(&unknown, StatusCode::NOT_FOUND);
    app.set_project(|settings| settings.consent = ConsentPolicy::Required)
        .await;
    let refused = app.see(named().multipart(form())).await;
    assert!(error(&refused, StatusCode::FORBIDDEN).contains("consent"));
    let consent = json!({ "is_consent_given": true, "user_fullname": "Ana" });
    for path in ["/api-consent/consent", "/api-consent/strg-consent"] {
        let given = app.send(reqwest::Method::POST, path, &consent).await;
        assert_eq!(given.status, StatusCode::OK);
    }
    subject(&app.see(named().multipart(form())).await);
    app.set_project(|settings| settings.quotas.faces = Some(1))
        .await;
    error(
        &enrol(&app, "Ben", Shown::person(5)).await,
        StatusCode::FORBIDDEN,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn services_that_are_not_offered_say_so() {
    let app = TestApp::start().await;
    for path in ["/api-gateway/enroll/voice", "/api-gateway/docauth/check"] {
        let seen = app.send(reqwest::Method::POST, path, &Value::Null).await;
        assert!(error(&seen, StatusCode::FORBIDDEN).contains("not enabled"));
        let stranger = app.see(app.client.post(app.url(path))).await;
        error(&stranger, StatusCode::UNAUTHORIZED);
    }
}
