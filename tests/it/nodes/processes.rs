//! Two processes of the program on PostgreSQL and a bucket: one is killed, or sleeps, in the middle of its work.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::multipart::{Form, Part};
use reqwest::{Client, StatusCode};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::helpers::{body, document, video};
use crate::postgres;
use crate::s3::{BUCKET, KEY_ID, MASTER_KEY, S3Server, SECRET};
use crate::weights;

/// Short, so that a dead worker's examination is soon another's.
const LEASE_SECONDS: u32 = 3;

/// How long anything may take on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_mins(4);

/// What the nodes share.
struct Ground {
    folder: TempDir,
    server: String,
    database: String,
    s3: S3Server,
    connection: DatabaseConnection,
    client: Client,
}

impl Ground {
    async fn new(test: &str) -> Option<Self> {
        if !weights::are_here(test) {
            return None;
        }
        let server = postgres::address(test)?;
        let database = postgres::in_new_schema(&server).await;
        Some(Self {
            folder: TempDir::new().unwrap(),
            connection: postgres::connect(&database).await,
            client: crate::helpers::client().timeout(PATIENCE).build().unwrap(),
            server,
            database,
            s3: S3Server::start(),
        })
    }

    fn command(&self, name: &str) -> Command {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_likeness"));
        command
            .env("LIKENESS_DATA", self.folder.path().join(name))
            .env("LIKENESS_MODELS", root.join("models"))
            .env("LIKENESS_RULES", root.join("scoring-rules/match-only.json"))
            .env("LIKENESS_DATABASE_URL", &self.database)
            // Nodes of one database need one master key.
            .env(
                "LIKENESS_MASTER_KEY",
                "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            )
            .env("LIKENESS_BLOBS_URL", format!("s3://{BUCKET}/nodes"))
            .env("LIKENESS_S3_ENDPOINT", self.s3.endpoint())
            .env("LIKENESS_S3_KEY_ID", KEY_ID)
            .env("LIKENESS_S3_SECRET", SECRET)
            .env("LIKENESS_MASTER_KEY", MASTER_KEY)
            .env("LIKENESS_LEASE_SECONDS", LEASE_SECONDS.to_string())
            .env("LIKENESS_WORKERS", "1")
            .env("LIKENESS_CALLBACK_HOSTS", "127.0.0.1");
        command
    }

    /// Starts a node and returns once it would examine.
    async fn start(&self, name: &str) -> Node {
        let mut child = self
            .command(name)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().expect("the node ended").unwrap();
            if let Some((_, rest)) = line.split_once("listens on ") {
                break rest.split(';').next().unwrap().to_owned();
            }
        };
        // What it says from now on is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        let node = Node { child, address };
        let ready = format!("{}/readyz", node.address);
        until("a node is ready", || async {
            let answer = self.client.get(&ready).send().await;
            answer.is_ok_and(|answer| answer.status() == StatusCode::OK)
        })
        .await;
        node
    }

    fn token(&self) -> String {
        let mut command = self.command("operator");
        let made = command
            .args(["tokens", "create", "--project", "demo"])
            .output();
        let made = made.unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    }

    async fn count(&self, statement: &str) -> i64 {
        let backend = self.connection.get_database_backend();
        let statement = Statement::from_string(backend, statement);
        let counted = self.connection.query_one_raw(statement).await.unwrap();
        counted.unwrap().try_get_by_index::<i64>(0).unwrap()
    }

    async fn clean_up(self) {
        self.connection.close().await.unwrap();
        postgres::drop_schema(&self.server, &self.database).await;
    }
}

struct Node {
    child: Child,
    address: String,
}

impl Node {
    fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, signal).unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something is so, and says what never was.
async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    waited.unwrap_or_else(|_| panic!("it never came about that {what}"));
}

/// A session with both pieces of evidence, whose examination is asked for at a node.
async fn submit(ground: &Ground, node: &Node, token: &str) -> String {
    let post = |path: String| {
        let request = ground.client.post(format!("{}{path}", node.address));
        request.bearer_auth(token)
    };
    let opened = body(post("/v1/sessions".to_owned()).send().await.unwrap()).await;
    let id = opened["id"].as_str().unwrap().to_owned();
    for (kind, bytes) in [("document", document()), ("video", video())] {
        let form = Form::new().part(kind, Part::bytes(bytes));
        let sent = post(format!("/v1/sessions/{id}/{kind}")).multipart(form);
        let answer = sent.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
    }
    let asked = post(format!("/v1/sessions/{id}/examinations"))
        .send()
        .await
        .unwrap();
    assert!(asked.status().is_success(), "{:#}", body(asked).await);
    id
}

const RUNNING: &str = "SELECT count(*) FROM examinations WHERE status = 'running'";
const ENDED: &str = "SELECT count(*) FROM examinations WHERE status IN ('done', 'failed')";

/// Everything that an examination leaves behind is there once.
async fn is_done_once(ground: &Ground, sessions: i64) {
    for (what, statement, expected) in [
        (
            "examinations",
            "SELECT count(*) FROM examinations",
            sessions,
        ),
        (
            "of them done with a verdict",
            "SELECT count(*) FROM examinations WHERE status = 'done' AND verdict_json IS NOT NULL",
            sessions,
        ),
        (
            "waits that are counted",
            "SELECT count(*) FROM examinations WHERE wait_bin IS NOT NULL",
            sessions,
        ),
        (
            "verdicts in the audit log",
            "SELECT count(*) FROM audit WHERE action = 'session.judged'",
            sessions,
        ),
        (
            "sessions that were judged",
            "SELECT count(*) FROM sessions WHERE status = 'judged'",
            sessions,
        ),
    ] {
        assert_eq!(ground.count(statement).await, expected, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_node_examined_the_other_finishes_once() {
    let name = "nodes::processes::what_a_killed_node_examined_the_other_finishes_once";
    let Some(ground) = Ground::new(name).await else {
        return;
    };
    let one = ground.start("one").await;
    let token = ground.token();
    let session = submit(&ground, &one, &token).await;
    until("the first node examines", || async {
        ground.count(RUNNING).await == 1
    })
    .await;
    one.signal(rustix::process::Signal::KILL);

    let other = ground.start("other").await;
    until("the examination ends", || async {
        ground.count(ENDED).await == 1
    })
    .await;
    is_done_once(&ground, 1).await;
    assert_eq!(
        ground
            .count("SELECT CAST(attempts AS bigint) FROM examinations")
            .await,
        2
    );
    let read = ground
        .client
        .get(format!("{}/v1/sessions/{session}", other.address));
    let read = body(read.bearer_auth(&token).send().await.unwrap()).await;
    assert_eq!(read["examinations"][0]["verdict"], "pass", "{read:#}");
    drop((one, other));
    ground.clean_up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_slept_past_its_lease_finishes_nothing_a_second_time() {
    let name = "nodes::processes::a_node_that_slept_past_its_lease_finishes_nothing_a_second_time";
    let Some(ground) = Ground::new(name).await else {
        return;
    };
    let one = ground.start("one").await;
    let token = ground.token();
    submit(&ground, &one, &token).await;
    until("the first node examines", || async {
        ground.count(RUNNING).await == 1
    })
    .await;
    one.signal(rustix::process::Signal::STOP);

    let other = ground.start("other").await;
    until("the examination ends", || async {
        ground.count(ENDED).await == 1
    })
    .await;
    let finished = "SELECT finished_at FROM examinations";
    let finished_at = ground.count(finished).await;
    one.signal(rustix::process::Signal::CONT);
    // It works on as ever: the next examination is its own, as the other node is gone.
    drop(other);
    submit(&ground, &one, &token).await;
    until("it examines the next one", || async {
        ground.count(ENDED).await == 2
    })
    .await;
    is_done_once(&ground, 2).await;
    let first = format!("{finished} ORDER BY queued_at LIMIT 1");
    assert_eq!(ground.count(&first).await, finished_at);
    drop(one);
    ground.clean_up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_is_posted_once_by_whichever_node() {
    let name = "nodes::processes::a_result_is_posted_once_by_whichever_node";
    let Some(ground) = Ground::new(name).await else {
        return;
    };
    let nodes = [ground.start("one").await, ground.start("other").await];
    let token = ground.token();
    let (address, mut posts) = receiver();
    let picture = crate::faces::base64(&document());
    let calls: i64 = 6;
    for index in 0..calls {
        let node = &nodes[index as usize % 2];
        let sent = ground
            .client
            .post(format!("{}/modules/compare", node.address))
            .header("x-api-key", &token)
            .json(&serde_json::json!({
                "originFace": picture, "targetFace": picture, "callbackUrl": address,
            }));
        let answer = sent.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{:#}", body(answer).await);
    }
    for _ in 0..calls {
        tokio::time::timeout(PATIENCE, posts.recv())
            .await
            .unwrap()
            .unwrap();
    }
    let taken = "SELECT count(*) FROM callbacks WHERE state = 'taken' AND attempts = 1";
    until("all are taken", || async {
        ground.count(taken).await == calls
    })
    .await;
    assert!(posts.try_recv().is_err(), "one came twice");
    drop(nodes);
    ground.clean_up().await;
}

/// Takes every post and tells of it.
fn receiver() -> (String, mpsc::UnboundedReceiver<Value>) {
    use actix_web::{App, HttpResponse, HttpServer, web};
    let (sender, posts) = mpsc::unbounded_channel();
    let server = HttpServer::new(move || {
        let sender = sender.clone();
        App::new().default_service(web::to(move |body: web::Bytes| {
            let sender = sender.clone();
            async move {
                sender.send(serde_json::from_slice(&body).unwrap()).unwrap();
                HttpResponse::NoContent().finish()
            }
        }))
    })
    .workers(1)
    .bind(("127.0.0.1", 0))
    .unwrap();
    let address = format!("http://{}/hook", server.addrs()[0]);
    tokio::spawn(server.run());
    (address, posts)
}
