//! The real program's log lines and traces: what a request caused can be found by its id, and nothing tells who somebody is.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use reqwest::StatusCode;
use serde_json::Value;

use crate::helpers::document_and_video;
use crate::helpers::hex;
use crate::receiver::{Post, Receiver};
use crate::weights;

const REQUEST: &str = "order-17/part:2";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// The program as an operator starts it; it is killed when this is dropped.
struct Program {
    child: Child,
    lines: BufReader<ChildStderr>,
    address: String,
}

fn command(data: &Path, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_likeness"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LIKENESS_")) {
        command.env_remove(name);
    }
    command.env("LIKENESS_DATA", data);
    command.envs(settings.iter().copied());
    command
}

impl Program {
    fn start(data: &Path, settings: &[(&str, &str)]) -> Self {
        let mut child = command(data, settings)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert!(lines.read_line(&mut line).unwrap() > 0, "it did not start");
            if let Some(rest) = line.strip_prefix("likeness listens on ") {
                break rest.split(';').next().unwrap().to_owned();
            }
        };
        Self {
            child,
            lines,
            address,
        }
    }

    /// Stops it as an operator does, and returns what it has written since it started.
    fn stop(mut self) -> String {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success(), "{rest}");
        rest
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The id of the request that a line belongs to.
fn request_of(line: &Value) -> Option<&str> {
    let spans = line["spans"].as_array()?;
    spans.iter().find_map(|span| span["request_id"].as_str())
}

fn spans(posts: &[Post]) -> Vec<Span> {
    let mut all = Vec::new();
    for post in posts {
        assert_eq!(post.path, "/v1/traces");
        assert_eq!(post.header("content-type"), "application/x-protobuf");
        let sent = ExportTraceServiceRequest::decode(post.body.as_slice()).unwrap();
        let scopes = sent
            .resource_spans
            .into_iter()
            .flat_map(|it| it.scope_spans);
        all.extend(scopes.flat_map(|it| it.spans));
    }
    all
}

#[actix_web::test]
async fn a_request_is_found_in_every_line_and_in_one_trace() {
    let name = "telemetry::a_request_is_found_in_every_line_and_in_one_trace";
    if !weights::are_here(name) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let made = command(folder.path(), &[])
        .args([
            "tokens",
            "create",
            "--project",
            "Quirinius",
            "--scopes",
            "submit,read",
        ])
        .output()
        .unwrap();
    assert!(made.status.success());
    let token = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let mut collector = Receiver::start();
    collector.answers(200, None);
    let program = Program::start(
        folder.path(),
        &[
            ("LIKENESS_LOG", "info,likeness=trace"),
            ("LIKENESS_LOG_FORMAT", "json"),
            ("LIKENESS_OTLP_ENDPOINT", collector.address.as_str()),
        ],
    );
    let address = program.address.clone();
    let client = crate::helpers::client().build().unwrap();
    let ready = format!("{address}/readyz");
    while client.get(&ready).send().await.unwrap().status() != StatusCode::OK {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let answer = client
        .post(format!("{address}/api-gateway/match-faces"))
        .bearer_auth(&token)
        .header("x-request-id", REQUEST)
        .header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"))
        .multipart(document_and_video())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["x-request-id"], REQUEST);
    let odd = client.get(&ready).header("x-request-id", "two words");
    let odd = odd.send().await.unwrap();
    assert_ne!(odd.headers()["x-request-id"], "two words");
    let written = tokio::task::spawn_blocking(move || program.stop())
        .await
        .unwrap();

    in_every_line(&written, &token);
    in_one_trace(&spans(&collector.rest()), &token);
}

fn in_every_line(written: &str, token: &str) {
    let lines: Vec<Value> = written
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    let ours = |line: &Value| request_of(line) == Some(REQUEST);
    let first = lines.iter().position(ours).unwrap();
    let last = lines.iter().rposition(ours).unwrap();
    let mut messages = BTreeSet::new();
    for line in &lines[first..=last] {
        assert!(ours(line), "{line}");
        messages.insert(line["fields"]["message"].as_str().unwrap());
    }
    for message in ["examined", "answered"] {
        assert!(messages.contains(message), "{message}: {messages:?}");
    }
    for secret in [token, "Quirinius", "image.jpg"] {
        assert!(!written.contains(secret), "{secret}");
    }
}

fn in_one_trace(all: &[Span], token: &str) {
    let ours: Vec<&Span> = all
        .iter()
        .filter(|span| hex(&span.trace_id) == TRACE)
        .collect();
    let one = |name: &str| {
        let mut found = ours.iter().filter(|span| span.name == name);
        let span = found.next().unwrap_or_else(|| {
            let names: Vec<&str> = ours.iter().map(|span| span.name.as_str()).collect();
            panic!("{name} is not among {names:?}")
        });
        assert!(found.next().is_none(), "{name} is there once");
        *span
    };
    let request = one("POST /api-gateway/match-faces");
    assert_eq!(hex(&request.parent_span_id), "00f067aa0ba902b7");
    let (wait, examination) = (one("queue wait"), one("examination"));
    assert_eq!(wait.parent_span_id, request.span_id);
    assert_eq!(examination.parent_span_id, request.span_id);
    assert!(wait.start_time_unix_nano <= wait.end_time_unix_nano);
    for stage in ["fetch", "examine", "judge", "store"] {
        assert_eq!(one(stage).parent_span_id, examination.span_id, "{stage}");
    }
    let known = [
        "request_id",
        "route",
        "status",
        "examination",
        "session",
        "attempt",
        "busy_ns",
        "idle_ns",
        "level",
    ];
    for span in all {
        for attribute in &span.attributes {
            assert!(known.contains(&attribute.key.as_str()), "{attribute:?}");
        }
        let whole = format!("{span:?}");
        for secret in [token, "Quirinius", "image.jpg"] {
            assert!(!whole.contains(secret), "{secret}");
        }
        assert!(span.events.is_empty(), "log lines stay in the log");
    }
}
