//! Privacy through the door: whole subjects, receipts, withdrawal, retention by kind, texts of consents, and the folder byte by byte.

use likeness::session::project::{ConsentPolicy, Scope};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::contract::Seen;
use crate::faces::{Shown, person};
use crate::helpers::{TestApp, body, document, document_and_video, native_error, video};
use crate::http::decisions::{examine, judged, refused, session, with_olga};

const REFERENCE: &str = "reference of quux 4711";
const NAME: &str = "Josephine Quuxington";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

async fn delete(app: &TestApp, path: &str) -> Seen {
    let request = app.client.delete(app.url(path)).bearer_auth(&app.token);
    app.see(request).await
}

/// A judged session of that reference, and a person who was enrolled from it.
async fn visit(app: &TestApp) -> String {
    let opened =
        json!({"reference": REFERENCE, "subject_name": NAME, "metadata": {"at": "branch-of-quux"}});
    let opened = app.send(Method::POST, "/v1/sessions", &opened).await;
    let id = opened.body["id"].as_str().unwrap().to_owned();
    let matched = app
        .match_faces(document_and_video())
        .header("X-Session-ID", &id)
        .header("X-User-Fullname", NAME);
    assert_eq!(app.see(matched).await.status, StatusCode::OK);
    id
}

async fn enrolled_from(app: &TestApp, session: &str) -> String {
    let form = Form::new().part("face", Part::bytes(Shown::person(1).png()));
    let enrolled = app
        .post("/api-gateway/enroll/face")
        .multipart(form)
        .header("X-Session-ID", session)
        .header("X-User-Fullname", NAME);
    let enrolled = app.see(enrolled).await;
    assert_eq!(enrolled.status, StatusCode::OK, "{}", enrolled.body);
    let person = enrolled.body["data"]["subject_id"].as_str().unwrap();
    person.to_owned()
}

/// Where any of these stretches of bytes lies in the folder of everything that is kept.
fn places(app: &TestApp, stretches: &[(&str, &[u8])]) -> Vec<String> {
    let mut places = Vec::new();
    for file in app.files("") {
        let bytes = std::fs::read(&file).unwrap();
        for (what, stretch) in stretches {
            if bytes.windows(stretch.len()).any(|some| some == *stretch) {
                places.push(format!("{what} in {}", file.display()));
            }
        }
    }
    places
}

#[actix_web::test]
async fn a_subject_goes_whole_and_no_byte_of_it_was_ever_there_to_be_read() {
    let app = with_olga().await;
    let first = visit(&app).await;
    let second = visit(&app).await;
    let enrolled = enrolled_from(&app, &first).await;
    let (other, _) = judged(&app).await;
    let (document, video, picture) = (document(), video(), Shown::person(1).png());
    let stretches: [(&str, &[u8]); 6] = [
        ("the document", &document[document.len() / 2..][..48]),
        ("the video", &video[video.len() / 2..][..48]),
        ("the enrolled picture", &picture[picture.len() / 2..][..48]),
        ("the reference", REFERENCE.as_bytes()),
        ("the name", NAME.as_bytes()),
        ("the metadata", b"branch-of-quux"),
    ];
    let control = app.files("")[0].parent().unwrap().join("control");
    std::fs::write(&control, &video).unwrap();
    let found = places(&app, &stretches);
    assert_eq!(found.len(), 1, "the scan finds what lies there: {found:?}");
    std::fs::remove_file(control).unwrap();
    assert_eq!(
        places(&app, &stretches),
        Vec::<String>::new(),
        "sealed at rest"
    );

    let path = format!("/v1/subjects/{}", REFERENCE.replace(' ', "%20"));
    let plain = app.token_for("demo").await;
    let stranger = app.token_with("another", vec![Scope::Erase], None).await;
    for (token, status, code) in [
        (plain, StatusCode::FORBIDDEN, "refused"),
        (stranger, StatusCode::NOT_FOUND, "not_found"),
    ] {
        let request = app.client.delete(app.url(&path)).bearer_auth(token);
        refused(&app.see(request).await, status, code);
    }
    let erased = delete(&app, &path).await;
    assert_eq!(erased.status, StatusCode::OK, "{}", erased.body);
    let payload = erased.body["payload"].as_str().unwrap();
    let told: Value = serde_json::from_str(payload).unwrap();
    assert_eq!(told["sessions"], json!([first, second]));
    assert_eq!(told["people"], json!([enrolled]));
    assert_eq!(told["keys_destroyed"].as_array().unwrap().len(), 3);
    assert_eq!(told["went"]["videos"], 2);
    assert_eq!(told["went"]["templates"], 1);
    refused(
        &delete(&app, &path).await,
        StatusCode::NOT_FOUND,
        "not_found",
    );

    assert_eq!(places(&app, &stretches), Vec::<String>::new());
    assert_eq!(app.files("blobs/faces"), Vec::<std::path::PathBuf>::new());
    for path in [
        format!("/v1/sessions/{first}/erasure"),
        format!("/v1/sessions/{second}/erasure"),
        format!("/v1/people/{enrolled}/erasure"),
    ] {
        let again = app.see(app.get(&path)).await;
        assert_eq!((again.status, &again.body), (StatusCode::OK, &erased.body));
    }
    let none = app.see(app.get(&format!("/v1/sessions/{other}/erasure")));
    refused(&none.await, StatusCode::NOT_FOUND, "not_found");
    let key = app.see(app.get("/v1/erasure-key")).await.body;
    assert_eq!(key["public_key"], erased.body["public_key"]);
    assert_eq!(session(&app, &other).await["status"], "judged");
    app.operations.verify_audit(None).await.unwrap().unwrap();
}

#[actix_web::test]
async fn people_go_with_their_session_where_it_is_asked_for() {
    let app = with_olga().await;
    let (stays, goes) = (visit(&app).await, visit(&app).await);
    let person = enrolled_from(&app, &goes).await;
    let kept = delete(&app, &format!("/v1/sessions/{stays}")).await;
    assert_eq!(kept.status, StatusCode::OK);
    assert!(!app.files("blobs/faces").is_empty());
    let path = format!("/v1/sessions/{goes}?people=true");
    let gone = delete(&app, &path).await;
    let told: Value = serde_json::from_str(gone.body["payload"].as_str().unwrap()).unwrap();
    assert_eq!(told["people"], json!([person]));
    assert_eq!(app.files("blobs/faces"), Vec::<std::path::PathBuf>::new());
    assert_eq!(
        delete(&app, &path).await.body,
        gone.body,
        "the same receipt again"
    );
}

#[actix_web::test]
async fn a_withdrawal_ends_what_is_under_way_and_whatever_comes_after() {
    let app = with_olga().await;
    let id = app.session_with_evidence().await;
    app.hold();
    let path = format!("/v1/sessions/{id}/examinations?wait=50");
    let waiting = tokio::spawn(app.post(&path).send());
    app.until_looking().await;
    let consent = format!("/v1/sessions/{id}/consent");
    assert_eq!(delete(&app, &consent).await.status, StatusCode::NO_CONTENT);
    let waited = body(waiting.await.unwrap().unwrap()).await;
    assert_eq!(waited["status"], "failed", "{waited}");
    assert!(waited.to_string().contains("CONSENT_WITHDRAWN"), "{waited}");
    app.release();

    let examine = || app.post(&path).send();
    let (code, _) = native_error(examine().await.unwrap(), StatusCode::FORBIDDEN).await;
    assert_eq!(code, "refused");
    let matched = app
        .match_faces(document_and_video())
        .header("X-Session-ID", &id);
    assert_eq!(app.see(matched).await.status, StatusCode::FORBIDDEN);
    let form = Form::new().part("face", Part::bytes(Shown::person(1).png()));
    let enrolled = app
        .post("/api-gateway/enroll/face")
        .multipart(form)
        .header("X-Session-ID", &id)
        .header("X-User-Fullname", NAME);
    assert_eq!(app.see(enrolled).await.status, StatusCode::FORBIDDEN);

    let again = app
        .send(Method::POST, &consent, &json!({"given": true}))
        .await;
    assert_eq!(again.status, StatusCode::NO_CONTENT);
    app.add_evidence(&id).await;
    let done = body(examine().await.unwrap()).await;
    assert_eq!(done["status"], "done", "{done}");
    let failed = session(&app, &id).await["examinations"][1].clone();
    assert_eq!(
        failed["status"], "failed",
        "what was found too late is not kept"
    );
}

#[actix_web::test]
async fn where_consent_is_required_no_api_works_without_it() {
    let app = TestApp::start().await;
    app.set_project(|settings| settings.consent = ConsentPolicy::Required)
        .await;
    let pair = json!({"image_a": {"content": person(1)}, "image_b": {"content": person(2)}});
    let enrol =
        json!({"image": person(1), "keyspace": "default", "additional_params": {"face_id": NAME}});
    for (path, call) in [
        ("/v1/face/match", &pair),
        ("/v1/embeddings", &json!({"image": person(1)})),
        ("/v1/face/enrollment", &enrol),
    ] {
        let seen = app.send(Method::POST, path, call).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{path} {}", seen.body);
    }
    app.assert_nothing_stored().await;
    let statement = json!({"is_consent_given": true, "user_fullname": NAME});
    for path in ["/api-consent/consent", "/api-consent/strg-consent"] {
        let given = app.send(Method::POST, path, &statement).await;
        assert_eq!(given.status, StatusCode::OK);
    }
    let seen = app.send(Method::POST, "/v1/face/enrollment", &enrol).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);

    // A word against it is one under either policy.
    app.set_project(|settings| settings.consent = ConsentPolicy::ByContract)
        .await;
    let statement = json!({"is_consent_given": false, "user_fullname": NAME});
    app.send(Method::POST, "/api-consent/consent", &statement)
        .await;
    let seen = app.send(Method::POST, "/v1/face/enrollment", &enrol).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN, "{}", seen.body);
}

#[actix_web::test]
async fn a_consent_names_the_text_that_was_shown() {
    let app = TestApp::start().await;
    for text in ["first", "second"] {
        app.set_project(|settings| text.clone_into(&mut settings.consent_text))
            .await;
    }
    let id = app.session_with_evidence().await;
    let consent = format!("/v1/sessions/{id}/consent");
    for (statement, status) in [
        (json!({"given": true}), StatusCode::NO_CONTENT),
        (
            json!({"given": true, "text_version": 1}),
            StatusCode::NO_CONTENT,
        ),
        (
            json!({"given": true, "text_version": 2}),
            StatusCode::NO_CONTENT,
        ),
        (
            json!({"given": true, "text_version": 3}),
            StatusCode::BAD_REQUEST,
        ),
        (
            json!({"given": true, "text_version": 0}),
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let seen = app.send(Method::POST, &consent, &statement).await;
        assert_eq!(seen.status, status, "{statement} {}", seen.body);
    }
}

#[actix_web::test]
async fn each_kind_of_data_goes_in_its_time() {
    let app = with_olga().await;
    let id = visit(&app).await;
    enrolled_from(&app, &id).await;
    let bare = id.trim_start_matches("sess_").to_owned();
    let folder = format!("blobs/sessions/{bare}");
    let pictures = || app.files(&format!("{folder}/frames")).len();
    let received = || app.files(&folder).len() - pictures();
    assert!(pictures() > 0);
    assert_eq!(received(), 2);
    app.set_project(|settings| {
        settings.keep_videos_days = Some(10);
        settings.keep_documents_days = Some(20);
        settings.keep_pictures_days = Some(30);
        settings.keep_people_days = Some(40);
    })
    .await;
    let after = async |days: i64| {
        app.clock.advance(days * DAY_MS);
        app.operations.expire_sessions().await.unwrap();
        (
            received(),
            pictures() > 0,
            !app.files("blobs/faces").is_empty(),
        )
    };
    assert_eq!(after(10).await, (2, true, true), "to the day");
    app.clock.advance(1);
    assert_eq!(after(0).await, (1, true, true), "the video");
    assert_eq!(after(10).await, (0, true, true), "the document");
    assert_eq!(after(10).await, (0, false, true), "the pictures");
    assert_eq!(after(10).await, (0, false, false), "the person");
    let left = session(&app, &id).await;
    assert_eq!(
        (&left["status"], &left["reference"]),
        (&json!("judged"), &json!(REFERENCE))
    );
    assert!(left["erased_at"].is_null());
    let asked = examine(&app, &id).await;
    refused(&asked, StatusCode::CONFLICT, "wrong_state");
    let rows = app.operations.audit_rows(0).await.unwrap();
    let told = |action: &str| rows.iter().filter(|row| row.action == action).count();
    assert_eq!((told("evidence.expired"), told("person.erased")), (3, 1));
}

#[actix_web::test]
async fn people_of_a_held_session_stay_with_it() {
    let app = with_olga().await;
    let id = visit(&app).await;
    let person = enrolled_from(&app, &id).await;
    let hold = format!("/v1/sessions/{id}/hold");
    let held = app.see(app.post(&hold)).await;
    assert_eq!(held.status, StatusCode::NO_CONTENT);
    app.set_project(|settings| settings.keep_people_days = Some(40))
        .await;
    app.clock.advance(41 * DAY_MS);
    assert!(!app.operations.expire_sessions().await.unwrap());
    // Their label is not the reference of any session, so that it is the person alone who is asked for.
    let subject = format!("/v1/subjects/{person}");
    let message = refused(
        &delete(&app, &subject).await,
        StatusCode::CONFLICT,
        "conflict",
    );
    assert!(message.contains("legal hold"), "{message}");
    assert!(!app.files("blobs/faces").is_empty());

    assert_eq!(delete(&app, &hold).await.status, StatusCode::NO_CONTENT);
    assert!(!app.operations.expire_sessions().await.unwrap());
    assert_eq!(app.files("blobs/faces"), Vec::<std::path::PathBuf>::new());
}

#[actix_web::test]
async fn a_person_who_cannot_be_erased_keeps_nobody_else() {
    let app = with_olga().await;
    let (first, second) = (visit(&app).await, visit(&app).await);
    let broken = enrolled_from(&app, &first).await;
    let form = Form::new().part("face", Part::bytes(Shown::person(9).png()));
    let other = app
        .post("/api-gateway/enroll/face")
        .multipart(form)
        .header("X-Session-ID", &second)
        .header("X-User-Fullname", "Somebody Else");
    assert_eq!(app.see(other).await.status, StatusCode::OK);
    let bare = broken.rsplit('_').next().unwrap();
    let spoil = format!("UPDATE templates SET keeping = 'what' WHERE subject_id = '{bare}'");
    assert_eq!(app.tamper(&spoil).await, 1);
    app.set_project(|settings| {
        settings.keep_people_days = Some(40);
        settings.keep_videos_days = Some(40);
    })
    .await;
    // One that nobody can even name.
    let spoil = "UPDATE evidence SET id = 'what' WHERE kind = 'video' AND session_id = \
        (SELECT MIN(id) FROM sessions)";
    assert_eq!(app.tamper(spoil).await, 1);
    app.clock.advance(41 * DAY_MS);
    app.operations.expire_sessions().await.unwrap();
    let left = "SELECT COUNT(*) FROM subjects";
    assert_eq!(app.number(left).await, 1, "the broken one alone");
    let videos = "SELECT COUNT(*) FROM evidence WHERE kind = 'video' AND erased_at IS NULL";
    assert_eq!(app.number(videos).await, 1, "the broken one alone");
}
