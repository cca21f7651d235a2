//! Who may call, and whose sessions they see.

use likeness::session::actor::Actor;
use likeness::session::project::Scope;
use reqwest::StatusCode;

use crate::helpers::{TestApp, biometry_error, document_and_video, native_error};

crate::ground::also_on_shared_ground! {
    a_missing_or_wrong_token_is_refused_in_each_dialects_shape
    a_token_ends_by_expiry_and_by_revocation
    a_scope_that_is_missing_is_named
    another_projects_session_does_not_exist
    no_secret_is_stored
}

#[actix_web::test]
async fn a_missing_or_wrong_token_is_refused_in_each_dialects_shape() {
    let app = TestApp::start().await;
    for token in [None, Some("lk_wrong"), Some("")] {
        let with = |request: reqwest::RequestBuilder| match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let vendor = with(app.client.post(app.url("/api-gateway/match-faces")))
            .multipart(document_and_video())
            .send()
            .await
            .unwrap();
        biometry_error(vendor, StatusCode::UNAUTHORIZED).await;
        let native = with(app.client.get(app.url("/v1/sessions")))
            .send()
            .await
            .unwrap();
        let (code, _) = native_error(native, StatusCode::UNAUTHORIZED).await;
        assert_eq!(code, "unauthenticated");
    }
    app.assert_nothing_stored().await;
}

#[actix_web::test]
async fn a_token_ends_by_expiry_and_by_revocation() {
    let app = TestApp::start().await;
    let scopes = vec![Scope::Submit, Scope::Read];
    let short = app.token_with("demo", scopes, Some(60_000)).await;
    let ask = |token: &str| {
        app.client
            .get(app.url("/v1/sessions"))
            .bearer_auth(token)
            .send()
    };
    assert_eq!(ask(&short).await.unwrap().status(), StatusCode::OK);
    app.clock.advance(60_000);
    assert_eq!(
        ask(&short).await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );

    // Two are live while one is rotated out.
    let next = app.token_for("demo").await;
    assert_eq!(ask(&app.token).await.unwrap().status(), StatusCode::OK);
    assert_eq!(ask(&next).await.unwrap().status(), StatusCode::OK);
    let oldest = app.operations.list_tokens("demo").await.unwrap();
    let oldest = oldest.iter().min_by_key(|token| token.id).unwrap();
    app.operations
        .revoke_token(oldest.id, Actor::Operator)
        .await
        .unwrap();
    assert_eq!(
        ask(&app.token).await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(ask(&next).await.unwrap().status(), StatusCode::OK);
}

#[actix_web::test]
async fn a_scope_that_is_missing_is_named() {
    let app = TestApp::start().await;
    let reader = app.token_with("demo", vec![Scope::Read], None).await;
    let answer = app
        .client
        .post(app.url("/api-gateway/match-faces"))
        .bearer_auth(&reader)
        .multipart(document_and_video())
        .send()
        .await
        .unwrap();
    let error = biometry_error(answer, StatusCode::FORBIDDEN).await;
    assert!(error.contains("`submit`"), "{error}");

    let writer = app.token_with("demo", vec![Scope::Submit], None).await;
    let answer = app
        .client
        .get(app.url("/v1/sessions"))
        .bearer_auth(writer)
        .send()
        .await
        .unwrap();
    let (_, message) = native_error(answer, StatusCode::FORBIDDEN).await;
    assert!(message.contains("`read`"), "{message}");
}

#[actix_web::test]
async fn another_projects_session_does_not_exist() {
    let app = TestApp::start().await;
    let id = app.start_biometry_session().await;
    let stranger = app.token_for("other").await;
    let read = app
        .client
        .get(app.url(&format!("/v1/sessions/{id}")))
        .bearer_auth(&stranger)
        .send()
        .await
        .unwrap();
    native_error(read, StatusCode::NOT_FOUND).await;
    let join = app
        .client
        .post(app.url("/api-gateway/match-faces"))
        .bearer_auth(&stranger)
        .header("X-Session-ID", &id)
        .multipart(document_and_video())
        .send()
        .await
        .unwrap();
    biometry_error(join, StatusCode::NOT_FOUND).await;
    let end = app
        .client
        .post(app.url(&format!("/api-gateway/sessions/end/{id}")))
        .bearer_auth(&stranger)
        .send()
        .await
        .unwrap();
    biometry_error(end, StatusCode::NOT_FOUND).await;
    assert_eq!(app.files("blobs").len(), 0);
}

#[actix_web::test]
async fn no_secret_is_stored() {
    let app = TestApp::start().await;
    for file in app.files("") {
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes
            .windows(app.token.len())
            .any(|window| window == app.token.as_bytes());
        assert!(!found, "{} holds the token", file.display());
    }
}
