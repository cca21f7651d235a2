//! A disk that is full, or may only be read, and a bucket that does not answer: said in every dialect, nothing half kept,
//! and all well again once there is room.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use likeness::config::DatabaseUrl;
use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::faces::person;
use crate::helpers::{TestApp, body, document, document_and_video};
use crate::postgres::Line;

/// A small disk of its own, in memory; unmounted when it is dropped.
struct Disk {
    folder: TempDir,
}

impl Disk {
    /// Mounts it; where that is not permitted the test is listed as skipped.
    fn mount(test: &str, megabytes: u32) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let size = format!("size={megabytes}m");
        let mounted = mount(
            &["-t", "tmpfs", "-o", &size, "likeness-test"],
            folder.path(),
        );
        if let Err(why) = mounted {
            let mut stderr = std::io::stderr().lock();
            writeln!(
                stderr,
                "skipped: {test}: no disk can be mounted here: {why}"
            )
            .unwrap();
            return None;
        }
        Some(Self { folder })
    }

    fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Writes until there is no room left.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.filling()).unwrap();
        for size in [1 << 20, 1 << 12, 1] {
            while file.write_all(&vec![1; size]).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.filling()).unwrap();
    }

    fn filling(&self) -> PathBuf {
        self.folder.path().join("filling")
    }

    fn remount(&self, how: &str) {
        mount(&["-o", how], self.folder.path()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("-l")
            .arg(self.folder.path())
            .status();
    }
}

fn mount(arguments: &[&str], folder: &Path) -> Result<(), String> {
    let ran = Command::new("mount").args(arguments).arg(folder).output();
    match ran {
        Ok(ran) if ran.status.success() => Ok(()),
        Ok(ran) => Err(String::from_utf8_lossy(&ran.stderr).trim().to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// A session, and the gallery that the doors below enrol into.
async fn open(app: &TestApp) -> String {
    crate::http::risetai::staff(app).await;
    let opened = body(app.post("/v1/sessions").send().await.unwrap()).await;
    opened["id"].as_str().unwrap().to_owned()
}

fn send_document(app: &TestApp, session: &str) -> RequestBuilder {
    let form = Form::new().part("document", Part::bytes(document()));
    app.post(&format!("/v1/sessions/{session}/document"))
        .multipart(form)
}

fn enrol(app: &TestApp) -> RequestBuilder {
    app.post("/v1/face/enrollment").json(&json!({
        "image": person(1), "keyspace": "default", "additional_params": { "face_id": "one" },
    }))
}

/// What a request that cannot be kept is answered, by status.
async fn is_refused(request: RequestBuilder, status: StatusCode) -> Value {
    let answer = request.send().await.unwrap();
    let hint = answer.headers().get("retry-after").is_some();
    assert_eq!(answer.status(), status);
    assert_eq!(hint, status == StatusCode::SERVICE_UNAVAILABLE);
    let told = body(answer).await;
    let text = told.to_string();
    for hidden in ["os error", "tmpfs", "/tmp", "scratch", "blobs/"] {
        assert!(!text.contains(hidden), "{text}");
    }
    told
}

/// Every kind of door, each in its own shape.
async fn every_door_refuses(app: &TestApp, session: &str, status: StatusCode) {
    let code = match status {
        StatusCode::INSUFFICIENT_STORAGE => "no_room",
        _ => "unavailable",
    };
    let native = is_refused(send_document(app, session), status).await;
    assert_eq!(native["error"]["code"], code);
    let biometry = is_refused(app.match_faces(document_and_video()), status).await;
    assert_eq!(biometry["error"], native["error"]["message"]);
    let message = native["error"]["message"].as_str().unwrap();
    let fremis = is_refused(enrol(app), status).await;
    assert_eq!(fremis["code"], status.as_str());
    assert_eq!(fremis["description"], message);
    let opencv = app
        .client
        .post(app.url("/person"))
        .json(&json!({ "images": [person(1)], "id": "one", "collections": [] }));
    let opencv = is_refused(opencv.header("x-api-key", &app.token), status).await;
    let code = match status {
        StatusCode::INSUFFICIENT_STORAGE => "ERR_INSUFFICIENT_STORAGE",
        _ => "ERR_DATABASE_ERROR",
    };
    assert_eq!(opencv["code"], code);
    // RisetAI answers everything with HTTP's 200, and what came of it in the body.
    let risetai = app
        .client
        .post(app.url("/face-api/facegallery/enroll-face"))
        .json(&json!({
            "user_id": "budi", "user_name": "Budi", "facegallery_id": "staff", "image": person(1),
        }));
    let answer = risetai
        .header("Accesstoken", &app.token)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let hint = answer.headers().get("retry-after").is_some();
    assert_eq!(hint, status == StatusCode::SERVICE_UNAVAILABLE);
    let risetai = body(answer).await;
    assert_eq!(risetai["status"], "500");
    let told = risetai["status_message"].as_str().unwrap();
    assert!(told.ends_with(message), "{told}");
}

#[actix_web::test]
async fn a_full_disk_is_507_keeps_nothing_and_is_used_again_once_there_is_room() {
    let name = "disk::a_full_disk_is_507_keeps_nothing_and_is_used_again_once_there_is_room";
    let Some(disk) = Disk::mount(name, 24) else {
        return;
    };
    let blobs = format!("file://{}", disk.path().join("blobs").display());
    let app = TestApp::start_with(|config| config.blobs_url = blobs).await;
    let session = open(&app).await;
    // So that the gallery is there, and no row but the person's own is missing.
    disk.fill();
    every_door_refuses(&app, &session, StatusCode::INSUFFICIENT_STORAGE).await;
    let kept = app.sessions().await;
    assert_eq!(kept.len(), 1, "the session that was opened before");
    assert_eq!(kept[0]["id"], session.as_str());
    assert_eq!(files(&disk), 0, "nothing is half kept");

    disk.free();
    assert_eq!(
        send_document(&app, &session).send().await.unwrap().status(),
        StatusCode::CREATED
    );
    assert_eq!(app.good_match().await.status(), StatusCode::OK);
    assert_eq!(enrol(&app).send().await.unwrap().status(), StatusCode::OK);
}

/// Files among the blobs, complete or not.
fn files(disk: &Disk) -> usize {
    let mut count = 0;
    let mut folders = vec![disk.path().join("blobs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                count += 1;
            }
        }
    }
    count
}

#[actix_web::test]
async fn with_everything_on_the_full_disk_calls_are_507_until_there_is_room() {
    let name = "disk::with_everything_on_the_full_disk_calls_are_507_until_there_is_room";
    let Some(disk) = Disk::mount(name, 32) else {
        return;
    };
    let data = disk.path().join("data");
    let app = TestApp::start_with(|config| config.data.clone_from(&data)).await;
    let session = open(&app).await;
    disk.fill();
    let told = is_refused(
        send_document(&app, &session),
        StatusCode::INSUFFICIENT_STORAGE,
    )
    .await;
    assert_eq!(told["error"]["code"], "no_room");
    disk.free();
    assert_eq!(app.sessions().await.len(), 1);
    assert_eq!(
        send_document(&app, &session).send().await.unwrap().status(),
        StatusCode::CREATED
    );
    assert_eq!(app.good_match().await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_examination_waits_for_room_however_long_and_is_not_given_up() {
    let name = "disk::an_examination_waits_for_room_however_long_and_is_not_given_up";
    let Some(disk) = Disk::mount(name, 24) else {
        return;
    };
    let blobs = format!("file://{}", disk.path().join("blobs").display());
    let app = TestApp::start_with(|config| config.blobs_url = blobs).await;
    app.hold();
    let session = app.session_with_evidence().await;
    let path = format!("/v1/sessions/{session}/examinations");
    let job = body(app.post(&path).send().await.unwrap()).await;
    app.until_looking().await;
    disk.fill();
    app.release();
    // It is taken again once its moment has come: the longest wait is five minutes.
    let clock = app.clock.clone();
    let hours = tokio::spawn(async move {
        loop {
            clock.advance(5 * 60 * 1000);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    });
    // More often than it may be tried where the service is at fault.
    while app.examined() < 4 {
        tokio::task::yield_now().await;
    }
    disk.free();
    app.operations_finish(&session, &job).await;
    hours.abort();
    let done = body(
        app.get(&format!("/v1/sessions/{session}"))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(done["examinations"][0]["status"], "done", "{done:#}");
}

#[actix_web::test]
async fn a_disk_that_may_only_be_read_is_503_and_is_used_again_once_it_may_be_written() {
    let name = "disk::a_disk_that_may_only_be_read_is_503_and_is_used_again_once_it_may_be_written";
    let Some(disk) = Disk::mount(name, 24) else {
        return;
    };
    let blobs = format!("file://{}", disk.path().join("blobs").display());
    let app = TestApp::start_with(|config| config.blobs_url = blobs).await;
    let session = open(&app).await;
    disk.remount("remount,ro");
    every_door_refuses(&app, &session, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(app.sessions().await.len(), 1);
    disk.remount("remount,rw");
    assert_eq!(files(&disk), 0);
    assert_eq!(
        send_document(&app, &session).send().await.unwrap().status(),
        StatusCode::CREATED
    );
    assert_eq!(app.good_match().await.status(), StatusCode::OK);
}

async fn a_bucket_that_does_not_answer_is_503_and_is_used_again_once_it_does() {
    let app = TestApp::start().await;
    let session = open(&app).await;
    app.s3().stop();
    every_door_refuses(&app, &session, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(app.sessions().await.len(), 1);
    app.s3().start_again();
    assert_eq!(
        send_document(&app, &session).send().await.unwrap().status(),
        StatusCode::CREATED
    );
    assert_eq!(app.good_match().await.status(), StatusCode::OK);
}

/// What another node says of a database that went away and came back.
async fn a_database_that_does_not_answer_is_503_and_is_used_again_once_it_does() {
    let ground = TestApp::start().await;
    let line = Line::to(&ground.database());
    let app = ground
        .another_node(|config| config.database_url = DatabaseUrl(line.address()))
        .await;
    let session = open(&app).await;
    line.cut().await;
    let away = StatusCode::SERVICE_UNAVAILABLE;
    let argos = app
        .client
        .post(app.url("/modules/compare"))
        .json(&json!({ "originFace": person(1), "targetFace": person(1) }));
    let (told, argos) = tokio::join!(
        is_refused(send_document(&app, &session), away),
        is_refused(argos.header("x-api-key", &app.token), away)
    );
    assert_eq!(told["error"]["code"], "unavailable");
    assert_eq!(argos["statusCode"], away.as_u16());
    assert_eq!(argos["message"], told["error"]["message"]);
    let ready = app.get("/readyz").send().await.unwrap();
    assert_eq!(ready.status(), away);
    line.mend();
    assert_eq!(ground.sessions().await.len(), 1);
    assert_eq!(
        send_document(&app, &session).send().await.unwrap().status(),
        StatusCode::CREATED
    );
    assert_eq!(app.good_match().await.status(), StatusCode::OK);
}

mod on_shared_ground {
    #[test]
    fn a_bucket_that_does_not_answer_is_503_and_is_used_again_once_it_does() {
        let name = concat!(module_path!(), "::a_bucket");
        crate::ground::shared(name, || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(
                super::a_bucket_that_does_not_answer_is_503_and_is_used_again_once_it_does(),
            );
        });
    }

    #[test]
    fn a_database_that_does_not_answer_is_503_and_is_used_again_once_it_does() {
        let name = concat!(module_path!(), "::a_database");
        crate::ground::shared(name, || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(
                super::a_database_that_does_not_answer_is_503_and_is_used_again_once_it_does(),
            );
        });
    }
}
