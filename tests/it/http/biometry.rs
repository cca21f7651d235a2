//! The Biometry dialect, field for field.

use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use likeness::session::examination::CaptureCode;

use crate::helpers::{
    Scene, TestApp, biometry_error, body, document, document_and_video, keys, video,
};

crate::ground::also_on_shared_ground! {
    match_faces_answers_the_vendors_sample_to_the_letter
    percentages_have_two_decimals_and_the_score_is_their_mean
    the_result_follows_the_threshold_whatever_the_verdict
    a_project_may_ask_for_a_numeric_result
    no_usable_face_is_an_answer_not_an_error
    a_frame_without_a_face_is_a_null_row_and_no_percentage
    the_shipped_rules_want_a_face_in_six_of_eight_frames
    codes_say_what_is_wrong_with_the_capture
    a_call_without_a_session_makes_one_of_its_own
    a_session_groups_its_calls_and_keeps_every_attempt
    process_video_keeps_the_video_for_a_prefilled_match
    a_prefilled_match_needs_a_session_with_a_video
    process_video_without_a_phrase_is_refused_in_the_vendors_words
    a_bare_warm_up_is_accepted_too
    warm_up_and_device_are_accepted_and_kept
    a_later_call_fills_in_what_the_session_does_not_know
    only_the_face_match_is_judged_here
    a_session_is_started_and_ended
}

/// The percentages of the vendor's own sample.
const SAMPLE: [f64; 8] = [87.49, 84.12, 83.35, 81.35, 81.43, 84.94, 83.79, 82.17];

#[actix_web::test]
async fn match_faces_answers_the_vendors_sample_to_the_letter() {
    let app = TestApp::start().await;
    app.sees(Scene::of(&SAMPLE));
    let answer = app.good_match().await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.headers().contains_key("x-request-id"));
    assert_eq!(
        answer.headers()["x-model-pack"],
        "fake",
        "which pack decided"
    );
    let expected = json!({
        "data": {
            "anchor": {"code": 0, "description": "Successful check"},
            "code": 0,
            "description": "Successful check",
            "percentages": SAMPLE,
            "result": true,
            "score": 83.58,
            "target": {"code": 0, "description": "Successful check"}
        },
        "scoring_result": {
            "failed_conditions": [],
            "failed_refer_conditions": [],
            "status": "pass"
        },
        "score": 83.58,
        "message": "faces match result is here"
    });
    assert_eq!(body(answer).await, expected);
}

#[actix_web::test]
async fn percentages_have_two_decimals_and_the_score_is_their_mean() {
    let app = TestApp::start().await;
    app.sees(Scene::of(&[81.23456, 90.98765]));
    let answer = body(app.good_match().await).await;
    assert_eq!(answer["data"]["percentages"], json!([81.23, 90.99]));
    assert_eq!(answer["data"]["score"], json!(86.11));
}

#[actix_web::test]
async fn the_result_follows_the_threshold_whatever_the_verdict() {
    let app = TestApp::start().await;
    // Two frames of eight: the score is high, the rules refuse.
    app.sees(Scene::of(&[95.0, 95.0]));
    let answer = body(app.good_match().await).await;
    assert_eq!(answer["data"]["result"], json!(true));
    assert_eq!(answer["scoring_result"]["status"], "fail");

    app.set_project(|settings| settings.match_threshold = 96.0)
        .await;
    let answer = body(app.good_match().await).await;
    assert_eq!(answer["data"]["result"], json!(false));
}

#[actix_web::test]
async fn a_project_may_ask_for_a_numeric_result() {
    let app = TestApp::start().await;
    app.set_project(|settings| settings.numeric_result = true)
        .await;
    assert_eq!(
        body(app.good_match().await).await["data"]["result"],
        json!(1)
    );
    app.sees(Scene::of(&[10.0; 8]));
    assert_eq!(
        body(app.good_match().await).await["data"]["result"],
        json!(0)
    );
}

#[actix_web::test]
async fn no_usable_face_is_an_answer_not_an_error() {
    let app = TestApp::start().await;
    app.sees(Scene {
        percentages: vec![None; 8],
        document: CaptureCode::NoUsableFace,
        video: CaptureCode::NoUsableFace,
        live: None,
        fault: false,
    });
    let answer = app.good_match().await;
    assert_eq!(answer.status(), StatusCode::OK);
    let answer = body(answer).await;
    assert_eq!(answer["data"]["code"], 1);
    assert_eq!(answer["data"]["anchor"]["code"], 1);
    assert_eq!(answer["data"]["percentages"], json!([]));
    assert_eq!(answer["score"], json!(0.0));
    assert_eq!(answer["scoring_result"]["status"], "fail");
}

#[actix_web::test]
async fn a_frame_without_a_face_is_a_null_row_and_no_percentage() {
    let app = TestApp::start().await;
    let mut scene = Scene::of(&[90.0; 8]);
    scene.percentages[3] = None;
    app.sees(scene);
    let answer = app.good_match().await;
    let session = answer.headers()["x-session-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let answer = body(answer).await;
    assert_eq!(answer["data"]["percentages"].as_array().unwrap().len(), 7);
    assert_eq!(
        answer["scoring_result"]["status"], "pass",
        "7 of 8 are enough"
    );
    let detail = body(
        app.get(&format!("/v1/sessions/{session}"))
            .send()
            .await
            .unwrap(),
    )
    .await;
    let timeline = &detail["examinations"][0]["result"]["timeline"];
    assert_eq!(timeline.as_array().unwrap().len(), 8);
    assert_eq!(timeline[3]["face"], json!(null));
    assert_eq!(timeline[3]["percentage"], json!(null));
}

#[actix_web::test]
async fn the_shipped_rules_want_a_face_in_six_of_eight_frames() {
    let app = TestApp::start().await;
    for (without, status) in [(2, "pass"), (3, "refer"), (6, "fail")] {
        let mut scene = Scene::of(&[90.0; 8]);
        scene.percentages[..without].fill(None);
        app.sees(scene);
        let answer = body(app.good_match().await).await;
        assert_eq!(
            answer["scoring_result"]["status"], status,
            "{without} without a face"
        );
    }
}

#[actix_web::test]
async fn codes_say_what_is_wrong_with_the_capture() {
    let app = TestApp::start().await;
    for (code, number) in [(CaptureCode::SeveralFaces, 2), (CaptureCode::NotCentred, 3)] {
        app.sees(Scene {
            video: code,
            ..Scene::of(&[90.0; 8])
        });
        let answer = body(app.good_match().await).await;
        assert_eq!(answer["data"]["anchor"]["code"], 0);
        assert_eq!(answer["data"]["target"]["code"], number);
        assert_eq!(answer["data"]["code"], number);
    }
}

#[actix_web::test]
async fn a_call_without_a_session_makes_one_of_its_own() {
    let app = TestApp::start().await;
    let answer = app
        .match_faces(document_and_video())
        .header("X-User-Fullname", "John Doe")
        .header("X-Device-Info", r#"{"model":"x"}"#)
        .send()
        .await
        .unwrap();
    let id = answer.headers()["x-session-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let sessions = app.sessions().await;
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0]["id"], json!(id));
    assert_eq!(sessions[0]["origin"], "biometry");
    assert_eq!(sessions[0]["subject_name"], "John Doe");
    assert_eq!(sessions[0]["device_info"], r#"{"model":"x"}"#);
    assert_eq!(sessions[0]["status"], "judged");
}

#[actix_web::test]
async fn a_session_groups_its_calls_and_keeps_every_attempt() {
    let app = TestApp::start().await;
    let id = app.start_biometry_session().await;
    assert!(id.starts_with("sess_"));
    for _ in 0..2 {
        let answer = app
            .match_faces(document_and_video())
            .header("X-Session-ID", &id)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
    assert_eq!(app.sessions().await.len(), 1);
    let detail = body(app.get(&format!("/v1/sessions/{id}")).send().await.unwrap()).await;
    assert_eq!(detail["examinations"].as_array().unwrap().len(), 2);

    let ended = app
        .post(&format!("/api-gateway/sessions/end/{id}"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        body(ended).await,
        json!({"message": "session ended successfully"})
    );
    let late = app
        .match_faces(document_and_video())
        .header("X-Session-ID", &id)
        .send()
        .await
        .unwrap();
    let error = biometry_error(late, StatusCode::CONFLICT).await;
    assert!(error.contains("ended"), "{error}");
}

#[actix_web::test]
async fn process_video_keeps_the_video_for_a_prefilled_match() {
    let app = TestApp::start().await;
    let id = app.start_biometry_session().await;
    let form = Form::new()
        .text("phrase", "one two three")
        .part("video", Part::bytes(video()));
    let answer = app
        .post("/api-gateway/process-video")
        .header("X-Session-ID", &id)
        .multipart(form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let answer = body(answer).await;
    assert_eq!(answer["scoring_result"], "refer");
    assert_eq!(answer["data"], json!({}));
    let reasons = answer["decision_reasons"].to_string();
    assert!(
        reasons.contains("Face Liveness Detection did not run"),
        "{reasons}"
    );

    let matched = app
        .match_faces(Form::new().part("image", Part::bytes(document())))
        .header("X-Session-ID", &id)
        .header("X-Use-Prefilled-Video", "true")
        .send()
        .await
        .unwrap();
    assert_eq!(matched.status(), StatusCode::OK);
    assert_eq!(body(matched).await["scoring_result"]["status"], "pass");
}

#[actix_web::test]
async fn a_prefilled_match_needs_a_session_with_a_video() {
    let app = TestApp::start().await;
    let image = || Form::new().part("image", Part::bytes(document()));
    let without_session = app
        .match_faces(image())
        .header("X-Use-Prefilled-Video", "true")
        .send()
        .await
        .unwrap();
    biometry_error(without_session, StatusCode::BAD_REQUEST).await;
    app.assert_nothing_stored().await;

    let id = app.start_biometry_session().await;
    let without_video = app
        .match_faces(image())
        .header("X-Use-Prefilled-Video", "true")
        .header("X-Session-ID", id)
        .send()
        .await
        .unwrap();
    let error = biometry_error(without_video, StatusCode::BAD_REQUEST).await;
    assert!(error.contains("no video"), "{error}");
}

#[actix_web::test]
async fn process_video_without_a_phrase_is_refused_in_the_vendors_words() {
    let app = TestApp::start().await;
    let answer = app
        .post("/api-gateway/process-video")
        .multipart(Form::new().part("video", Part::bytes(video())))
        .send()
        .await
        .unwrap();
    let error = biometry_error(answer, StatusCode::BAD_REQUEST).await;
    assert_eq!(error, "'phrase' form value is required");
    app.assert_nothing_stored().await;
}

#[actix_web::test]
async fn a_bare_warm_up_is_accepted_too() {
    let app = TestApp::start().await;
    let answer = app
        .post("/api-gateway/sessions/start?warmup")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(app.sessions().await[0]["metadata"], json!({"warmup": true}));
}

#[actix_web::test]
async fn warm_up_and_device_are_accepted_and_kept() {
    let app = TestApp::start().await;
    let answer = app
        .post("/api-gateway/sessions/start?warmup=true")
        .header("X-Device-Info", r#"{"os":"y"}"#)
        .send()
        .await
        .unwrap();
    let started = body(answer).await;
    assert_eq!(keys(&started), ["data", "message"]);
    assert_eq!(started["message"], "session started successfully");
    let session = &app.sessions().await[0];
    assert_eq!(session["metadata"], json!({"warmup": true}));
    assert_eq!(session["device_info"], r#"{"os":"y"}"#);
}

#[actix_web::test]
async fn a_later_call_fills_in_what_the_session_does_not_know() {
    let app = TestApp::start().await;
    let id = app.start_biometry_session().await;
    for (name, device) in [("John Doe", "phone"), ("Jane Roe", "tablet")] {
        let answer = app
            .match_faces(document_and_video())
            .header("X-Session-ID", &id)
            .header("X-User-Fullname", name)
            .header("X-Device-Info", device)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
    let session = &app.sessions().await[0];
    assert_eq!(session["subject_name"], "John Doe");
    assert_eq!(session["device_info"], "phone");
}

#[actix_web::test]
async fn only_the_face_match_is_judged_here() {
    // The default rules hold a liveness condition; match-faces judges `facematch_conditions`.
    let app = TestApp::start().await;
    let answer = body(app.good_match().await).await;
    assert_eq!(answer["scoring_result"]["status"], "pass");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_started_and_ended() {
    let app = TestApp::start().await;
    let started = app
        .see(app.post("/api-gateway/sessions/start?warmup=true"))
        .await;
    assert_eq!(started.status, StatusCode::OK);
    assert_eq!(keys(&started.body), ["data", "message"]);
    assert_eq!(started.body["message"], "session started successfully");
    let session = started.body["data"].as_str().unwrap();
    assert!(session.starts_with("sess_"), "{session}");
    let path = format!("/api-gateway/sessions/end/{session}");
    let ended = app.see(app.post(&path)).await;
    assert_eq!(
        ended.body,
        json!({ "message": "session ended successfully" })
    );
    let again = app.see(app.post(&path)).await;
    assert_eq!(again.status, StatusCode::OK, "ending twice ends it once");
    let late = app
        .match_faces(document_and_video())
        .header("X-Session-ID", session);
    let late = app.see(late).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert_eq!(keys(&late.body), ["error"]);
    let unknown = "/api-gateway/sessions/end/sess_0190d0a0-0000-7000-8000-000000000000";
    assert_eq!(
        app.see(app.post(unknown)).await.status,
        StatusCode::NOT_FOUND
    );
}
