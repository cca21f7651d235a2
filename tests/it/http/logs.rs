//! Logs name and show nobody, at any level: a whole flow runs in a process of its own, and all that it logs is looked through.

use std::io::Write;
use std::process::Command;
use std::sync::{Arc, Mutex};

use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::faces::{Shown, base64, percentage, person};
use crate::helpers::{Scene, TestApp, document_and_video};
use crate::http::decisions::{decide, with_olga};

const NAME: &str = "Josephine Quuxington";
const REFERENCE: &str = "reference-of-quux-4711";
const METADATA: &str = "branch-of-quux";
const DEVICE: &str = "telephone-of-quux";
const NOTE: &str = "smells of a forgery by quux";
const LABEL: &str = "label-of-quux";

#[test]
fn what_is_logged_names_and_shows_nobody_at_any_level() {
    let whole_flow = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "http::logs::a_whole_flow_in_a_process_of_its_own",
        ])
        .args(["--ignored", "--nocapture"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&whole_flow.stdout);
    let complained = String::from_utf8_lossy(&whole_flow.stderr);
    assert!(whole_flow.status.success(), "{told}\n{complained}");
    assert!(told.contains("1 passed"), "the flow did not run: {told}");
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Run by the test above: what logs is one for a whole process.
#[actix_web::test]
#[ignore = "is run in a process of its own by another test"]
async fn a_whole_flow_in_a_process_of_its_own() {
    let lines = Lines::default();
    // Everything that anybody logs, but the test's own client.
    let filter = EnvFilter::new("trace,reqwest=off,hyper=off,hyper_util=off");
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(lines.clone())
        .init();
    let app = with_olga().await;
    let id = flow(&app).await;
    let logged = lines.0.lock().unwrap().clone();
    let logged = String::from_utf8_lossy(&logged);
    assert!(
        logged.contains("TRACE") && logged.contains(&id),
        "all is logged"
    );
    assert!(logged.contains("the examination broke off"), "faults too");

    let picture = base64(&Shown::person(1).png());
    // Of the template of that person, as it would be written.
    let vector = format!("{}", (percentage(1, 0) / 100.0) as f32);
    let document = base64(&crate::helpers::document());
    for (what, secret) in [
        ("the name", NAME),
        ("the name's key", "josephine quuxington"),
        ("the reference", REFERENCE),
        ("the metadata", METADATA),
        ("the device", DEVICE),
        ("the note", NOTE),
        ("the label", LABEL),
        ("the picture", &picture[40..80]),
        ("the document", &document[40..80]),
        ("a template", &vector[..7]),
        ("the token", app.token.as_str()),
        ("the master key", master_key(&app).as_str()),
    ] {
        let line = logged.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{what} is logged: {line:?}");
    }
}

fn master_key(app: &TestApp) -> String {
    let file = app.files("").into_iter();
    let mut file = file.filter(|file| file.ends_with("master.key"));
    let text = std::fs::read_to_string(file.next().unwrap()).unwrap();
    text.trim().to_owned()
}

/// Opens, fills, examines, decides, enrols, searches, compares, fails in every way, withdraws and erases.
async fn flow(app: &TestApp) -> String {
    let opened =
        json!({"reference": REFERENCE, "subject_name": NAME, "metadata": {"at": METADATA}});
    let opened = app.send(Method::POST, "/v1/sessions", &opened).await;
    let id = opened.body["id"].as_str().unwrap().to_owned();
    let matched = app
        .match_faces(document_and_video())
        .header("X-User-Fullname", NAME)
        .header("X-Device-Info", DEVICE);
    assert_eq!(app.see(matched).await.status, StatusCode::OK);
    let form = document_and_video();
    let again = app
        .match_faces(form)
        .header("X-Session-ID", &id)
        .header("X-User-Fullname", NAME);
    assert_eq!(app.see(again).await.status, StatusCode::OK);
    let noted = decide(app, &id, json!({"decision": "note", "note": NOTE})).await;
    assert_eq!(noted.status, StatusCode::CREATED);
    enrolments(app, &id).await;

    // Faults of the service, of the caller and of the evidence.
    app.sees(Scene {
        fault: true,
        ..Scene::of(&[90.0])
    });
    let fault = app
        .match_faces(document_and_video())
        .header("X-User-Fullname", NAME);
    // Not held against the description: faults of the service are none of what a route promises.
    let fault = fault.send().await.unwrap();
    assert_eq!(fault.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let stranger = app.client.get(app.url("/v1/sessions"));
    let stranger = stranger.bearer_auth(format!("{}x", app.token));
    assert_eq!(app.see(stranger).await.status, StatusCode::UNAUTHORIZED);
    let form = Form::new().part("document", Part::bytes(NAME.as_bytes()));
    let path = format!("/v1/sessions/{id}/document");
    let unreadable = app.see(app.post(&path).multipart(form)).await;
    assert_eq!(unreadable.status, StatusCode::BAD_REQUEST);
    let nonsense = json!({"image": NAME});
    let nonsense = app.send(Method::POST, "/v1/embeddings", &nonsense).await;
    assert!(nonsense.status.is_client_error());

    let path = format!("/v1/sessions/{id}/consent");
    let withdrawn = app.client.delete(app.url(&path)).bearer_auth(&app.token);
    assert_eq!(app.see(withdrawn).await.status, StatusCode::NO_CONTENT);
    let path = format!("/v1/subjects/{REFERENCE}");
    let erased = app.client.delete(app.url(&path)).bearer_auth(&app.token);
    assert_eq!(app.see(erased).await.status, StatusCode::OK);
    id
}

async fn enrolments(app: &TestApp, id: &str) {
    let form = Form::new().part("face", Part::bytes(Shown::person(1).png()));
    let enrolled = app
        .post("/api-gateway/enroll/face")
        .multipart(form)
        .header("X-Session-ID", id)
        .header("X-User-Fullname", NAME);
    assert_eq!(app.see(enrolled).await.status, StatusCode::OK);
    let body =
        json!({"image": person(1), "keyspace": "default", "additional_params": {"face_id": LABEL}});
    let enrolled = app.send(Method::POST, "/v1/face/enrollment", &body).await;
    assert_eq!(enrolled.status, StatusCode::OK, "{}", enrolled.body);
    let pair = json!({"image_a": {"content": person(1)}, "image_b": {"content": person(2)}});
    let compared = app.send(Method::POST, "/v1/face/match", &pair).await;
    assert_eq!(compared.status, StatusCode::OK);
    let embedded = json!({"image": person(1)});
    let embedded = app.send(Method::POST, "/v1/embeddings", &embedded).await;
    assert_eq!(embedded.status, StatusCode::OK);
}
