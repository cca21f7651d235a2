//! A service that is told to stop: it finishes what it has begun, within its time, unless it is told again.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use likeness::app::Ended;
use reqwest::{Client, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::helpers::{TestApp, body, document_and_video};
use crate::weights;

#[tokio::test(flavor = "multi_thread")]
async fn it_answers_what_it_has_begun_and_takes_nothing_new() {
    let app = TestApp::start().await;
    app.hold();
    let begun = tokio::spawn(app.match_faces(document_and_video()).send());
    app.until_looking().await;
    app.tell().await;
    let address = app.address;
    // The listener closes; until then a connection may still be made and is not answered.
    while TcpStream::connect(address).is_ok() {
        tokio::task::yield_now().await;
    }
    app.release();
    assert_eq!(begun.await.unwrap().unwrap().status(), StatusCode::OK);
    assert_eq!(app.ended().await, Ended::InOrder);
}

#[tokio::test(flavor = "multi_thread")]
async fn told_again_it_stops_at_once() {
    let app = TestApp::start().await;
    app.hold();
    let begun = tokio::spawn(app.match_faces(document_and_video()).send());
    app.until_looking().await;
    app.tell().await;
    app.tell().await;
    assert_eq!(app.ended().await, Ended::AtOnce);
    drop(begun);
}

#[tokio::test(flavor = "multi_thread")]
async fn its_time_to_stop_is_bounded() {
    let app = TestApp::start_with(|config| config.stop_seconds = 1).await;
    app.hold();
    let begun = tokio::spawn(app.match_faces(document_and_video()).send());
    app.until_looking().await;
    app.tell().await;
    assert_eq!(app.ended().await, Ended::OutOfTime);
    drop(begun);
}

/// The built program, serving.
struct Served {
    process: Child,
    address: String,
}

impl Served {
    fn start(data: &Path) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut process = Command::new(env!("CARGO_BIN_EXE_likeness"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .current_dir(root)
            .env_clear()
            .env("LIKENESS_LEASE_SECONDS", "1")
            .env("LIKENESS_RULES", "scoring-rules/match-only.json")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map(Result::unwrap)
            .find_map(|line| {
                let (_, rest) = line.split_once("likeness listens on ")?;
                Some(rest.split_once(';')?.0.to_owned())
            })
            .unwrap();
        // Read on, so that the program never waits for a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address }
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.process.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    async fn code(mut self) -> Option<i32> {
        let waited = tokio::task::spawn_blocking(move || self.process.wait().unwrap());
        waited.await.unwrap().code()
    }

    async fn until_ready(&self, client: &Client) {
        let address = format!("{}/readyz", self.address);
        while client.get(&address).send().await.unwrap().status() != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    }
}

/// The status of every session's newest examination.
async fn examinations(client: &Client, address: &str, token: &str) -> Vec<Value> {
    let get = |path: String| {
        client
            .get(format!("{address}{path}"))
            .bearer_auth(token)
            .send()
    };
    let list = body(get("/v1/sessions".to_owned()).await.unwrap()).await;
    let mut found = Vec::new();
    for session in list["sessions"].as_array().unwrap() {
        let path = format!("/v1/sessions/{}", session["id"].as_str().unwrap());
        let detail = body(get(path).await.unwrap()).await;
        found.extend(detail["examinations"].as_array().unwrap().iter().cloned());
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_drains_at_a_signal_and_goes_on_after_a_second_one() {
    if weights::detector("stopping the program").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_likeness"))
        .args(["tokens", "create", "--project", "demo", "--data"])
        .arg(folder.path())
        .env_clear()
        .output()
        .unwrap();
    let token = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let client = crate::helpers::client().build().unwrap();
    let matching = |served: &Served| {
        let request = client.post(format!("{}/api-gateway/match-faces", served.address));
        let request = request.bearer_auth(&token).multipart(document_and_video());
        tokio::spawn(request.send())
    };
    let until_running = async |served: &Served| loop {
        let found = examinations(&client, &served.address, &token).await;
        if found.iter().any(|one| one["status"] == "running") {
            break;
        }
    };

    for signal in [Signal::TERM, Signal::INT] {
        let served = Served::start(folder.path());
        served.until_ready(&client).await;
        let begun = matching(&served);
        until_running(&served).await;
        served.signal(signal);
        assert_eq!(begun.await.unwrap().unwrap().status(), StatusCode::OK);
        assert_eq!(served.code().await, Some(0), "{signal:?}");
    }

    let served = Served::start(folder.path());
    served.until_ready(&client).await;
    let begun = matching(&served);
    until_running(&served).await;
    served.signal(Signal::TERM);
    served.signal(Signal::INT);
    assert_eq!(served.code().await, Some(1));
    drop(begun);

    let served = Served::start(folder.path());
    loop {
        let found = examinations(&client, &served.address, &token).await;
        assert_eq!(found.len(), 3);
        if found.iter().all(|one| one["status"] == "done") {
            break;
        }
    }
    served.signal(Signal::TERM);
    assert_eq!(served.code().await, Some(0));
}
