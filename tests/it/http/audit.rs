//! The audit log as deeds leave it: what is in it, who it names, and that it holds under a crowd.

use likeness::session::audit::AuditRow;
use reqwest::{Method, StatusCode};
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};

use crate::faces::person;
use crate::helpers::{TestApp, keys};
use crate::http::decisions::{decide, judged, with_olga};

crate::ground::also_on_shared_ground! {
    every_deed_about_a_session_leaves_one_row
    changed_settings_are_named_with_their_new_values
    thumbnails_and_deletions_of_people_leave_a_row_in_every_dialect
    a_crowd_of_deeds_leaves_a_chain_that_holds
}

/// The rows that came since the last look.
async fn news(app: &TestApp, seen: &mut i64) -> Vec<AuditRow> {
    let rows = app.operations.audit_rows(*seen).await.unwrap();
    *seen = rows.last().map_or(*seen, |row| row.seq);
    rows
}

/// The one row that came: its action, target and details. It was Olga's.
async fn row(app: &TestApp, seen: &mut i64, olga: &str) -> (String, String, Value) {
    let before = *seen;
    let mut rows = news(app, seen).await;
    assert_eq!(rows.len(), 1, "after row {before}: {rows:?}");
    let row = rows.remove(0);
    assert_eq!(row.actor, olga, "{row:?}");
    let details = serde_json::from_str(&row.details).unwrap();
    (row.action, row.target, details)
}

async fn call(app: &TestApp, method: Method, path: &str) -> StatusCode {
    let request = app.client.request(method, app.url(path));
    app.see(request.bearer_auth(&app.token)).await.status
}

async fn officer(app: &TestApp) -> String {
    let project = app.operations.find_project("demo").await.unwrap().id;
    let officers = app.operations.officers(project).await.unwrap();
    officers[0].id.to_string()
}

#[actix_web::test]
async fn every_deed_about_a_session_leaves_one_row() {
    let app = with_olga().await;
    let olga = officer(&app).await;
    let (id, examination) = judged(&app).await;
    let mut seen = 0;
    let made: Vec<String> = news(&app, &mut seen)
        .await
        .into_iter()
        .map(|row| row.action)
        .collect();
    assert_eq!(
        made,
        [
            "project.created",
            "token.created",
            "officer.added",
            "token.created",
            "session.judged"
        ]
    );

    let path = format!("/v1/sessions/{id}/examinations/{examination}/frames/1/thumbnail");
    let picture = app.get(&path).send().await.unwrap();
    assert_eq!(picture.status(), StatusCode::OK);
    let read = row(&app, &mut seen, &olga).await;
    let thumbnail = json!({"examination": examination, "picture": "thumbnail-1"});
    assert_eq!(read, ("evidence.read".to_owned(), id.clone(), thumbnail));
    let missing = path.replace("/1/", "/77/");
    assert_eq!(
        call(&app, Method::GET, &missing).await,
        StatusCode::NOT_FOUND
    );

    let body = json!({"decision": "reject", "reasons": ["OTHER"], "note": "names Mr Quux"});
    let decided = decide(&app, &id, body).await;
    let (action, target, details) = row(&app, &mut seen, &olga).await;
    assert_eq!((action.as_str(), &target), ("session.decided", &id));
    assert_eq!(
        keys(&details),
        [
            "decision",
            "kind",
            "reasons",
            "examination",
            "sealed_note_sha256"
        ]
    );
    assert_eq!(details["decision"], decided.body["id"]);
    assert_eq!(details["kind"], "reject");
    assert_eq!(details["reasons"], json!(["OTHER"]));
    assert_eq!(details["examination"], examination);
    assert_eq!(details["sealed_note_sha256"].as_str().unwrap().len(), 64);
    assert!(!details.to_string().contains("Quux"));
    let refused = decide(&app, &id, json!({"decision": "approve"})).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);

    let hold = format!("/v1/sessions/{id}/hold");
    for (method, action) in [
        (Method::POST, "session.held"),
        (Method::DELETE, "session.released"),
    ] {
        // The second time there is nothing to do, and nothing to tell of.
        for _ in 0..2 {
            assert_eq!(
                call(&app, method.clone(), &hold).await,
                StatusCode::NO_CONTENT
            );
        }
        let held = row(&app, &mut seen, &olga).await;
        assert_eq!(held, (action.to_owned(), id.clone(), json!({})));
    }
    let session = format!("/v1/sessions/{id}");
    for _ in 0..2 {
        assert_eq!(call(&app, Method::DELETE, &session).await, StatusCode::OK);
    }
    let mut erased = row(&app, &mut seen, &olga).await;
    let receipt = erased.2.as_object_mut().unwrap().remove("receipt_sha256");
    assert_eq!(receipt.unwrap().as_str().unwrap().len(), 64);
    let counts = json!({"blobs": 28, "notes": 1});
    assert_eq!(erased, ("session.erased".to_owned(), id, counts));
    app.operations.verify_audit(None).await.unwrap().unwrap();
}

#[actix_web::test]
async fn changed_settings_are_named_with_their_new_values() {
    let app = with_olga().await;
    let mut seen = 0;
    news(&app, &mut seen).await;
    app.set_project(|settings| {
        settings.max_examinations = Some(3);
        settings.suspended = true;
    })
    .await;
    app.set_project(|settings| settings.suspended = true).await;
    let project = app.operations.find_project("demo").await.unwrap().id;
    let (action, target, details) = row(&app, &mut seen, "operator").await;
    assert_eq!(action, "project.changed");
    assert_eq!(target, project.to_string());
    assert_eq!(details, json!({"suspended": true, "max_examinations": 3}));
}

#[tokio::test(flavor = "multi_thread")]
async fn thumbnails_and_deletions_of_people_leave_a_row_in_every_dialect() {
    let app = with_olga().await;
    let olga = officer(&app).await;
    let mut seen = 0;
    news(&app, &mut seen).await;
    let opencv = async |method: Method, path: &str, body: Value| {
        let request = app.client.request(method, app.url(path)).json(&body);
        let answer = app.see(request.header("x-api-key", &app.token)).await;
        assert!(answer.status.is_success(), "{path} {}", answer.body);
        answer.body
    };
    let form = |id: &str, collections: Value| {
        json!({
            "images": [person(3)], "id": id, "name": "Quux", "collections": collections,
        })
    };

    // OpenCV FR hands out a thumbnail with everything it says of a person.
    opencv(Method::POST, "/person", form("ana", json!([]))).await;
    let (action, subject, details) = row(&app, &mut seen, &olga).await;
    assert_eq!(action, "evidence.read");
    assert!(subject.starts_with("subj_"));
    assert_eq!(keys(&details), ["thumbnails"]);
    let search = json!({"images": [person(3)], "min_score": 0.7});
    let found = opencv(Method::POST, "/search", search).await;
    assert_eq!(found[0]["thumbnails"].as_array().unwrap().len(), 1);
    let searched = row(&app, &mut seen, &olga).await;
    assert_eq!(searched, (action, subject.clone(), details));
    opencv(Method::DELETE, "/person/ana", json!({})).await;
    let (action, target, details) = row(&app, &mut seen, &olga).await;
    assert_eq!((action.as_str(), target), ("person.erased", subject));
    assert_eq!(keys(&details), ["receipt_sha256"]);

    let collection = json!({"name": "staff", "description": null});
    let collection = opencv(Method::POST, "/collection", collection).await;
    let id = collection["id"].as_str().unwrap().to_owned();
    opencv(Method::POST, "/person", form("ben", json!([id]))).await;
    news(&app, &mut seen).await;
    opencv(Method::DELETE, &format!("/collection/{id}"), json!({})).await;
    let (action, target, details) = row(&app, &mut seen, &olga).await;
    assert_eq!(action, "gallery.erased");
    assert!(target.starts_with("gal_"), "{target}");
    assert_eq!(
        details,
        json!({"people": 0, "receipt_sha256": null}),
        "ben is in the register still"
    );

    // FREMIS and RisetAI.
    let bearer = async |method: Method, path: &str, body: Value| {
        let seen = app.send(method, path, &body).await;
        assert_eq!(seen.status, StatusCode::OK, "{path} {}", seen.body);
    };
    let enrolment = json!({
        "image": person(5), "keyspace": "default", "additional_params": {"face_id": "cid"},
    });
    bearer(Method::POST, "/v1/face/enrollment", enrolment).await;
    assert_eq!(news(&app, &mut seen).await, [], "nothing was handed out");
    let gone = json!({"face_ids": ["cid"], "keyspace": "default"});
    bearer(Method::POST, "/v1/face/delete-enrollment", gone).await;
    assert_eq!(row(&app, &mut seen, &olga).await.0, "person.erased");

    let risetai = async |method: Method, path: &str, body: Value| {
        let request = app.client.request(method, app.url(path)).json(&body);
        let answer = app.see(request.header("Accesstoken", &app.token)).await;
        assert_eq!(answer.body["status"], "200", "{path} {}", answer.body);
    };
    let gallery = json!({"facegallery_id": "visitors"});
    let at = "/face-api/facegallery";
    risetai(
        Method::POST,
        &format!("{at}/create-facegallery"),
        gallery.clone(),
    )
    .await;
    let user = |number| {
        json!({
            "user_id": format!("u{number}"), "user_name": "Quux", "facegallery_id": "visitors",
            "image": person(number), "trx_id": "t",
        })
    };
    for number in [7, 20] {
        risetai(Method::POST, &format!("{at}/enroll-face"), user(number)).await;
    }
    let one = json!({"user_id": "u7", "facegallery_id": "visitors", "trx_id": "t"});
    risetai(Method::DELETE, &format!("{at}/delete-face"), one).await;
    assert_eq!(row(&app, &mut seen, &olga).await.0, "person.erased");
    risetai(Method::DELETE, &format!("{at}/delete-facegallery"), gallery).await;
    let (action, _, details) = row(&app, &mut seen, &olga).await;
    assert_eq!(
        (action.as_str(), &details["people"]),
        ("gallery.erased", &json!(1))
    );
    assert_eq!(keys(&details), ["people", "receipt_sha256"]);

    let all = app.operations.audit_rows(0).await.unwrap();
    let text = serde_json::to_string(&all).unwrap();
    for name in ["Quux", "ana", "staff", "visitors", "Olga"] {
        assert!(!text.contains(name), "{name}");
    }
    app.operations.verify_audit(None).await.unwrap().unwrap();
}

#[actix_web::test]
async fn what_cannot_be_recorded_is_not_done() {
    let app = with_olga().await;
    let (id, examination) = judged(&app).await;
    let mut files = app.files("").into_iter();
    let file = files.find(|file| file.ends_with("likeness.db")).unwrap();
    let connection = Database::connect(format!("sqlite://{}", file.display()))
        .await
        .unwrap();
    let gone = "ALTER TABLE audit RENAME TO elsewhere";
    connection.execute_unprepared(gone).await.unwrap();

    let frame = format!("/v1/sessions/{id}/examinations/{examination}/frames/1/thumbnail");
    let picture = app.get(&frame).send().await.unwrap();
    assert_eq!(picture.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(picture.headers()["content-type"] == "application/json");
    let decision = app.post(&format!("/v1/sessions/{id}/decisions"));
    let decision = decision.json(&json!({"decision": "note", "note": "x"}));
    let erasure = app.client.delete(app.url(&format!("/v1/sessions/{id}")));
    for deed in [decision, erasure.bearer_auth(&app.token)] {
        let answer = deed.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
    let back = "ALTER TABLE elsewhere RENAME TO audit";
    connection.execute_unprepared(back).await.unwrap();
    let kept = app
        .see(app.get(&format!("/v1/sessions/{id}/decisions")))
        .await;
    assert_eq!(kept.body["decisions"], json!([]));
    assert_eq!(
        crate::http::decisions::session(&app, &id).await["status"],
        "judged"
    );
    assert_eq!(app.files("blobs").len(), 28);
    app.operations.verify_audit(None).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_deeds_leaves_a_chain_that_holds() {
    let app = with_olga().await;
    let (id, _) = judged(&app).await;
    let before = app.operations.audit_head().await.unwrap().seq;
    let path = format!("/v1/sessions/{id}/decisions");
    let crowd = (0..50).map(|number| {
        let body = json!({"decision": "note", "note": format!("note {number}")});
        app.post(&path).json(&body).send()
    });
    for answer in futures_util::future::join_all(crowd).await {
        assert_eq!(answer.unwrap().status(), StatusCode::CREATED);
    }
    let end = app.operations.verify_audit(None).await.unwrap().unwrap();
    assert_eq!(end.seq, before + 50);
    let kept = app.see(app.get(&path)).await;
    assert_eq!(kept.body["decisions"].as_array().unwrap().len(), 50);
}
