//! Whose consent counts, and what a verdict keeps of it.

use likeness::session::project::ConsentPolicy;
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use crate::helpers::{TestApp, biometry_error, body, document_and_video, native_error, video};

crate::ground::also_on_shared_ground! {
    by_contract_is_the_default_and_every_verdict_keeps_its_basis
    an_explicit_refusal_stops_processing_under_either_policy
    where_consent_is_required_nothing_runs_without_it
    a_sessions_own_statement_beats_the_names
    storage_consent_is_recorded_and_is_no_consent_to_be_examined
    a_broken_statement_is_refused
    a_native_session_can_refuse_too
    a_statement_is_recorded_and_answered_both_ways
    a_refusal_is_not_escaped_by_spelling_the_name_otherwise
}

async fn state_consent(app: &TestApp, name: &str, given: bool, session: Option<&str>) {
    let mut request = app
        .post("/api-consent/consent")
        .json(&json!({"is_consent_given": given, "user_fullname": name}));
    if let Some(session) = session {
        request = request.header("X-Session-ID", session);
    }
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let answer = body(answer).await;
    assert_eq!(answer["is_consent_given"], json!(given), "flat");
    assert_eq!(answer["data"]["user_fullname"], json!(name), "and wrapped");
}

async fn match_as(app: &TestApp, name: &str) -> reqwest::Response {
    app.match_faces(document_and_video())
        .header("X-User-Fullname", name)
        .send()
        .await
        .unwrap()
}

async fn basis_of(app: &TestApp, answer: &reqwest::Response) -> String {
    let session = answer.headers()["x-session-id"].to_str().unwrap();
    let detail = body(
        app.get(&format!("/v1/sessions/{session}"))
            .send()
            .await
            .unwrap(),
    )
    .await;
    detail["examinations"][0]["consent_basis"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[actix_web::test]
async fn by_contract_is_the_default_and_every_verdict_keeps_its_basis() {
    let app = TestApp::start().await;
    let answer = match_as(&app, "John Doe").await;
    assert_eq!(basis_of(&app, &answer).await, "by_contract");
    state_consent(&app, "John Doe", true, None).await;
    let answer = match_as(&app, "John Doe").await;
    assert_eq!(basis_of(&app, &answer).await, "given");
}

#[actix_web::test]
async fn an_explicit_refusal_stops_processing_under_either_policy() {
    let app = TestApp::start().await;
    state_consent(&app, "John Doe", false, None).await;
    for policy in [ConsentPolicy::ByContract, ConsentPolicy::Required] {
        app.set_project(|settings| settings.consent = policy).await;
        let error = biometry_error(match_as(&app, "John Doe").await, StatusCode::FORBIDDEN).await;
        assert!(error.contains("is_consent_given was false"), "{error}");
    }
    app.assert_nothing_stored().await;
    state_consent(&app, "John Doe", true, None).await;
    assert_eq!(match_as(&app, "John Doe").await.status(), StatusCode::OK);
}

#[actix_web::test]
async fn where_consent_is_required_nothing_runs_without_it() {
    let app = TestApp::start().await;
    app.set_project(|settings| settings.consent = ConsentPolicy::Required)
        .await;
    let error = biometry_error(match_as(&app, "John Doe").await, StatusCode::FORBIDDEN).await;
    assert!(error.contains("requires the person's consent"), "{error}");
    let form = Form::new()
        .text("phrase", "one")
        .part("video", Part::bytes(video()));
    let video = app
        .post("/api-gateway/process-video")
        .multipart(form)
        .send()
        .await
        .unwrap();
    biometry_error(video, StatusCode::FORBIDDEN).await;
    app.assert_nothing_stored().await;

    state_consent(&app, "John Doe", true, None).await;
    assert_eq!(match_as(&app, "John Doe").await.status(), StatusCode::OK);
    assert_eq!(
        match_as(&app, "Jane Roe").await.status(),
        StatusCode::FORBIDDEN
    );
}

#[actix_web::test]
async fn a_sessions_own_statement_beats_the_names() {
    let app = TestApp::start().await;
    let id = app.start_biometry_session().await;
    state_consent(&app, "John Doe", true, None).await;
    state_consent(&app, "John Doe", false, Some(&id)).await;
    let answer = app
        .match_faces(document_and_video())
        .header("X-Session-ID", &id)
        .header("X-User-Fullname", "John Doe")
        .send()
        .await
        .unwrap();
    biometry_error(answer, StatusCode::FORBIDDEN).await;
    assert_eq!(match_as(&app, "John Doe").await.status(), StatusCode::OK);
}

#[actix_web::test]
async fn storage_consent_is_recorded_and_is_no_consent_to_be_examined() {
    let app = TestApp::start().await;
    app.set_project(|settings| settings.consent = ConsentPolicy::Required)
        .await;
    let answer = app
        .post("/api-consent/strg-consent")
        .json(&json!({"is_consent_given": true, "user_fullname": "John Doe"}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    biometry_error(match_as(&app, "John Doe").await, StatusCode::FORBIDDEN).await;
}

#[actix_web::test]
async fn a_broken_statement_is_refused() {
    let app = TestApp::start().await;
    for broken in [
        "{",
        "{}",
        r#"{"is_consent_given": "yes", "user_fullname": "x"}"#,
        r#"{"is_consent_given": true, "user_fullname": " "}"#,
    ] {
        let answer = app
            .post("/api-consent/consent")
            .body(broken)
            .send()
            .await
            .unwrap();
        biometry_error(answer, StatusCode::BAD_REQUEST).await;
    }
}

#[actix_web::test]
async fn a_native_session_can_refuse_too() {
    let app = TestApp::start().await;
    let id = app.session_with_evidence().await;
    let consent = |given: bool| {
        app.post(&format!("/v1/sessions/{id}/consent"))
            .json(&json!({"given": given}))
    };
    assert_eq!(
        consent(false).send().await.unwrap().status(),
        StatusCode::NO_CONTENT
    );
    let examine = || app.post(&format!("/v1/sessions/{id}/examinations?wait=20"));
    let (code, _) = native_error(examine().send().await.unwrap(), StatusCode::FORBIDDEN).await;
    assert_eq!(code, "refused");
    assert_eq!(
        consent(true).send().await.unwrap().status(),
        StatusCode::NO_CONTENT
    );
    let done = body(examine().send().await.unwrap()).await;
    assert_eq!(done["consent_basis"], "given");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_recorded_and_answered_both_ways() {
    let app = TestApp::start().await;
    for path in ["/api-consent/consent", "/api-consent/strg-consent"] {
        let statement = json!({ "is_consent_given": true, "user_fullname": "Ana" });
        let seen = app.send(reqwest::Method::POST, path, &statement).await;
        assert_eq!(seen.status, StatusCode::OK);
        assert_eq!(
            seen.body,
            json!({
                "is_consent_given": true,
                "user_fullname": "Ana",
                "data": statement,
                "message": "consent recorded",
            })
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_not_escaped_by_spelling_the_name_otherwise() {
    let app = TestApp::start().await;
    state_consent(&app, "José Quux", false, None).await;
    for spelling in ["José Quux", "josé quux", "JOSÉ  QUUX", "Jose\u{301} Quux"] {
        let refused = match_as(&app, spelling).await;
        biometry_error(refused, reqwest::StatusCode::FORBIDDEN).await;
    }
    let another = match_as(&app, "Jose Quux").await;
    assert_eq!(another.status(), reqwest::StatusCode::OK);
    let nul = json!({ "is_consent_given": true, "user_fullname": "a\u{0}" });
    let path = "/api-consent/consent";
    let refused = app.send(reqwest::Method::POST, path, &nul).await;
    assert_eq!(refused.status, reqwest::StatusCode::BAD_REQUEST);
}
