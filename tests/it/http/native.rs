//! The native API: sessions, evidence, examinations, timelines.

use likeness::session::defect::Defect;
use likeness::session::examination::CaptureCode;
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use crate::helpers::{Scene, TestApp, body, document, native_error, video};

crate::ground::also_on_shared_ground! {
    a_session_goes_from_open_to_judged_with_its_timeline
    what_nothing_examined_refers_and_says_so
    an_examination_is_a_job_to_come_back_for
    an_examination_without_evidence_is_refused
    an_ended_session_takes_nothing_more
    sessions_survive_a_restart
    pages_of_sessions_follow_one_another_and_leave_none_out
    a_bad_body_names_what_is_wrong
    what_is_not_there_is_not_found
    every_answer_keeps_to_the_description
    what_is_wrong_with_a_capture_is_told_by_code_and_the_list_says_what_to_tell
    an_address_that_nobody_knows_is_a_404_with_a_body
}

#[actix_web::test]
async fn a_session_goes_from_open_to_judged_with_its_timeline() {
    let app = TestApp::start().await;
    let answer = app
        .post("/v1/sessions")
        .json(
            &json!({"reference": "case 7", "metadata": {"branch": 3}, "subject_name": "John Doe"}),
        )
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    let session = body(answer).await;
    assert_eq!(session["status"], "open");
    assert_eq!(session["reference"], "case 7");
    assert_eq!(session["metadata"], json!({"branch": 3}));

    let id = app.session_with_evidence().await;
    let answer = app
        .post(&format!("/v1/sessions/{id}/examinations?wait=20"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let examination = body(answer).await;
    assert_eq!(examination["status"], "done");
    assert_eq!(examination["result"]["pack"], "fake");
    let row = &examination["result"]["timeline"][2];
    assert_eq!(row["time_ms"], 1000);
    assert_eq!(row["percentage"], json!(90.0));
    assert_eq!(row["faces"], 1);
    assert_eq!(
        row["face"]["box"],
        json!({"left": 100.0, "top": 120.0, "width": 160.0, "height": 200.0})
    );

    assert_eq!(row["defects"], json!([]));
    assert_eq!(row["face"]["mask"], json!(0.02));
    assert_eq!(examination["result"]["document"]["defects"], json!([]));

    let thumbnail = app
        .get(row["thumbnail"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(thumbnail.status(), StatusCode::OK);
    assert_eq!(thumbnail.headers()["content-type"], "image/jpeg");
    assert_eq!(thumbnail.headers()["cache-control"], "no-store");
    assert_eq!(thumbnail.bytes().await.unwrap()[..2], [0xFF, 0xD8]);

    let detail = body(app.get(&format!("/v1/sessions/{id}")).send().await.unwrap()).await;
    assert_eq!(detail["status"], "judged");
    assert_eq!(detail["document"]["media_type"], "image/jpeg");
    assert_eq!(detail["video"]["media_type"], "video/mp4");
    assert_eq!(detail["document"]["bytes"], json!(document().len()));
}

#[actix_web::test]
async fn what_nothing_examined_refers_and_says_so() {
    let app = TestApp::start().await;
    let id = app.session_with_evidence().await;
    let done = body(
        app.post(&format!("/v1/sessions/{id}/examinations?wait=20"))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(done["verdict"], "refer");
    assert_eq!(
        done["failed_refer_conditions"],
        json!(["Live person: liveness was not examined"])
    );
    assert_eq!(done["result"]["liveness_examined"], json!(false));
}

#[actix_web::test]
async fn an_examination_is_a_job_to_come_back_for() {
    let app = TestApp::start().await;
    app.hold();
    let id = app.session_with_evidence().await;
    let answer = app
        .post(&format!("/v1/sessions/{id}/examinations"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let job = body(answer).await;
    assert_eq!(job["status"], "queued");
    assert_eq!(job["verdict"], json!(null));

    let session = body(app.get(&format!("/v1/sessions/{id}")).send().await.unwrap()).await;
    assert_eq!(session["status"], "examining");
    let again = app
        .post(&format!("/v1/sessions/{id}/examinations"))
        .send()
        .await
        .unwrap();
    let (code, message) = native_error(again, StatusCode::CONFLICT).await;
    assert_eq!(
        (code.as_str(), message.contains("examining")),
        ("wrong_state", true)
    );
    let evidence = app
        .post(&format!("/v1/sessions/{id}/document"))
        .multipart(Form::new().part("document", Part::bytes(document())))
        .send()
        .await
        .unwrap();
    native_error(evidence, StatusCode::CONFLICT).await;
    let end = app
        .post(&format!("/v1/sessions/{id}/end"))
        .send()
        .await
        .unwrap();
    native_error(end, StatusCode::CONFLICT).await;

    app.release();
    let path = format!(
        "/v1/sessions/{id}/examinations/{}",
        job["id"].as_str().unwrap()
    );
    app.operations_finish(&id, &job).await;
    let done = body(app.get(&path).send().await.unwrap()).await;
    assert_eq!(done["status"], "done");
}

#[actix_web::test]
async fn an_examination_without_evidence_is_refused() {
    let app = TestApp::start().await;
    let session = body(app.post("/v1/sessions").send().await.unwrap()).await;
    let id = session["id"].as_str().unwrap();
    let answer = app
        .post(&format!("/v1/sessions/{id}/examinations"))
        .send()
        .await
        .unwrap();
    let (code, message) = native_error(answer, StatusCode::CONFLICT).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("conflict", "the session has no document yet")
    );
}

#[actix_web::test]
async fn an_ended_session_takes_nothing_more() {
    let app = TestApp::start().await;
    let id = app.session_with_evidence().await;
    let end = || app.post(&format!("/v1/sessions/{id}/end")).send();
    assert_eq!(end().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(
        end().await.unwrap().status(),
        StatusCode::NO_CONTENT,
        "ending twice changes nothing"
    );
    let examine = app
        .post(&format!("/v1/sessions/{id}/examinations"))
        .send()
        .await
        .unwrap();
    native_error(examine, StatusCode::CONFLICT).await;
}

#[actix_web::test]
async fn sessions_survive_a_restart() {
    let app = TestApp::start().await;
    app.sees(Scene::of(&[91.0; 8]));
    let id = app.session_with_evidence().await;
    let path = format!("/v1/sessions/{id}");
    app.post(&format!("{path}/examinations?wait=20"))
        .send()
        .await
        .unwrap();
    let before = body(app.get(&path).send().await.unwrap()).await;
    let thumbnail = before["examinations"][0]["result"]["timeline"][0]["thumbnail"]
        .as_str()
        .unwrap()
        .to_owned();
    let token = app.token.clone();

    let app = app.restart().await;
    let after = app
        .client
        .get(app.url(&path))
        .bearer_auth(&token)
        .send()
        .await
        .unwrap();
    assert_eq!(body(after).await, before);
    let picture = app
        .client
        .get(app.url(&thumbnail))
        .bearer_auth(&token)
        .send()
        .await
        .unwrap();
    assert_eq!(picture.status(), StatusCode::OK);
}

#[actix_web::test]
async fn pages_of_sessions_follow_one_another_and_leave_none_out() {
    let app = TestApp::start().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(app.start_biometry_session().await);
    }
    made.reverse();
    let mut read = Vec::new();
    let mut path = "/v1/sessions?limit=2".to_owned();
    loop {
        let page = body(app.get(&path).send().await.unwrap()).await;
        read.extend(
            page["sessions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|s| s["id"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/sessions?limit=2&before={next}"),
            None => break,
        }
    }
    assert_eq!(read, made);
    let judged = body(app.get("/v1/sessions?status=judged").send().await.unwrap()).await;
    assert_eq!(judged["sessions"], json!([]));
    for bad in ["limit=0", "limit=201", "limit=x", "before=x", "status=x"] {
        let answer = app
            .get(&format!("/v1/sessions?{bad}"))
            .send()
            .await
            .unwrap();
        native_error(answer, StatusCode::BAD_REQUEST).await;
    }
}

#[actix_web::test]
async fn a_bad_body_names_what_is_wrong() {
    let app = TestApp::start().await;
    for bad in [
        r#"{"refrence": "x"}"#,
        r#"{"metadata": [1]}"#,
        "{",
        r#"{"reference": "a\u0000b"}"#,
    ] {
        let answer = app.post("/v1/sessions").body(bad).send().await.unwrap();
        native_error(answer, StatusCode::BAD_REQUEST).await;
    }
    let long = format!(r#"{{"reference": "{}"}}"#, "x".repeat(70_000));
    let answer = app.post("/v1/sessions").body(long).send().await.unwrap();
    let (code, _) = native_error(answer, StatusCode::PAYLOAD_TOO_LARGE).await;
    assert_eq!(code, "too_large");
    app.assert_nothing_stored().await;
}

#[actix_web::test]
async fn what_is_not_there_is_not_found() {
    let app = TestApp::start().await;
    for path in [
        "/v1/nothing",
        "/v1/sessions/x",
        "/v1/sessions/sess_01890a5d-ac96-774b-bcce-b302099a8057",
    ] {
        let answer = app.get(path).send().await.unwrap();
        native_error(answer, StatusCode::NOT_FOUND).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_keeps_to_the_description() {
    let app = TestApp::start().await;
    let opened = app
        .see(
            app.post("/v1/sessions")
                .json(&json!({ "reference": "case 7" })),
        )
        .await;
    assert_eq!(opened.status, StatusCode::CREATED);
    let session = format!("/v1/sessions/{}", opened.body["id"].as_str().unwrap());
    for (kind, bytes) in [("document", document()), ("video", video())] {
        let form = Form::new().part(kind, Part::bytes(bytes));
        let request = app.post(&format!("{session}/{kind}")).multipart(form);
        assert_eq!(app.see(request).await.status, StatusCode::CREATED);
    }
    let consent = json!({ "given": true });
    let consent = app.post(&format!("{session}/consent")).json(&consent);
    let consent = app.see(consent).await;
    assert!(consent.status.is_success(), "{}", consent.body);
    let asked = app.post(&format!("{session}/examinations?wait=20"));
    let examined = app.see(asked).await;
    assert_eq!(examined.status, StatusCode::OK, "{}", examined.body);
    let examination = examined.body["id"].as_str().unwrap();
    let examination = format!("{session}/examinations/{examination}");
    for (path, status) in [
        ("/v1/models", StatusCode::OK),
        ("/v1/usage", StatusCode::OK),
        ("/v1/calls", StatusCode::OK),
        ("/v1/sessions", StatusCode::OK),
        (session.as_str(), StatusCode::OK),
        (examination.as_str(), StatusCode::OK),
        (
            "/v1/sessions/sess_0190d0a0-0000-7000-8000-000000000000",
            StatusCode::NOT_FOUND,
        ),
    ] {
        assert_eq!(app.see(app.get(path)).await.status, status, "{path}");
        let stranger = app.see(app.client.get(app.url(path))).await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let again = app.see(app.post(&format!("{session}/examinations"))).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let ended = app.see(app.post(&format!("{session}/end"))).await;
    assert!(ended.status.is_success(), "{}", ended.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_capture_is_told_by_code_and_the_list_says_what_to_tell() {
    let app = TestApp::start().await;
    let mut scene = Scene::of(&[90.0; 3]);
    scene.percentages[1] = None;
    scene.document = CaptureCode::NoUsableFace;
    app.sees(scene);
    let session = app.session_with_evidence().await;
    let asked = app.post(&format!("/v1/sessions/{session}/examinations?wait=20"));
    let examined = app.see(asked).await;
    assert_eq!(examined.status, StatusCode::OK, "{}", examined.body);
    let result = &examined.body["result"];
    assert_eq!(result["timeline"][0]["defects"], json!([]));
    assert_eq!(result["timeline"][1]["defects"], json!(["FACE_NOT_FOUND"]));
    assert_eq!(result["document"]["defects"], json!(["FACE_NOT_FOUND"]));

    let list = app.see(app.client.get(app.url("/v1/defects"))).await;
    assert_eq!(list.status, StatusCode::OK);
    let listed: Vec<&str> = list
        .body
        .as_array()
        .unwrap()
        .iter()
        .map(|defect| defect["code"].as_str().unwrap())
        .collect();
    assert_eq!(listed.len(), Defect::ALL.len());
    assert_eq!(listed[0], "FACE_NOT_FOUND");
    assert_eq!(
        list.body[0]["applicant_text"],
        "Please make sure that your whole face can be seen."
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_nobody_knows_is_a_404_with_a_body() {
    let app = TestApp::start().await;
    for path in ["/", "/nothing", "/v3/face/match"] {
        let answer = app.get(path).send().await.unwrap();
        let (code, _) = native_error(answer, StatusCode::NOT_FOUND).await;
        assert_eq!(code, "not_found");
    }
}
