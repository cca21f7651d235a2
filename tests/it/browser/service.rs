//! The real service with real sessions in it, and officers who have passwords and devices.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use likeness::app::{App, Instruments, SystemClock};
use likeness::config::Config;
use likeness::operations::Operations;
use likeness::operations::clock::Clock;
use likeness::operations::manage_tokens::NewToken;
use likeness::session::account::Role;
use likeness::session::actor::Actor;
use likeness::session::project::Scope;
use likeness::session::time::Timestamp;
use reqwest::Client;
use reqwest::multipart::{Form, Part};
use serde_json::Value;
use tempfile::TempDir;

use crate::browser::driver::Browser;
use crate::helpers::{body, decoder, sample};

/// The system's clock, which a test may put forward: nobody waits for the next code.
#[derive(Debug, Default)]
pub(super) struct FastClock(AtomicI64);

impl FastClock {
    pub(super) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus(self.0.load(Ordering::SeqCst))
    }
}

/// How long a decision of the project `bank` can be undone.
pub(super) const UNDO_SECONDS: u8 = 60;

/// A person with a password and a device.
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) password: &'static str,
    key: String,
}

/// A running service.
pub(super) struct Service {
    pub(super) address: String,
    pub(super) operations: Operations,
    pub(super) clock: Arc<FastClock>,
    token: String,
    client: Client,
    running: tokio::task::JoinHandle<()>,
    _folder: TempDir,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl Service {
    /// A service with the default rules, which refer where no pack tells how live a face looks.
    pub(super) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let config = Config {
            listen: ([127, 0, 0, 1], 0).into(),
            data: folder.path().join("data"),
            models: root.join("models"),
            max_wait_seconds: 300,
            callback_hosts: "127.0.0.1".to_owned(),
            decoder: decoder(),
            ..Config::default()
        };
        let clock = Arc::new(FastClock::default());
        let app = App::build(&config, clock.clone(), Instruments::Packs)
            .await
            .unwrap();
        let operations = app.operations().clone();
        let token = operations
            .create_token(NewToken {
                project: "bank".to_owned(),
                scopes: vec![Scope::Submit, Scope::Read],
                label: "onboarding".to_owned(),
                lifetime_ms: None,
                parent: None,
                officer: None,
                by: Actor::Operator,
            })
            .await
            .unwrap();
        // A slow machine has the time to undo, too.
        let mut settings = operations.find_project("bank").await.unwrap().settings;
        settings.undo_seconds = UNDO_SECONDS;
        operations.set_project("bank", settings).await.unwrap();
        Self {
            address: format!("http://{}", app.address()),
            token: token.reveal().to_owned(),
            operations,
            clock,
            client: crate::helpers::client().build().unwrap(),
            running: tokio::spawn(async move { app.run().await.unwrap() }),
            _folder: folder,
        }
    }

    /// Examines a sample as an onboarding flow does, and gives back the session's identifier.
    pub(super) async fn examine(&self, name: &str, reference: &str) -> String {
        let (document, video) = files(name);
        let session = self
            .post("/v1/sessions")
            .json(&serde_json::json!({"reference": reference}));
        let session = body(session.send().await.unwrap()).await["id"]
            .as_str()
            .unwrap()
            .to_owned();
        for (kind, path) in [("document", document), ("video", video)] {
            let bytes = std::fs::read(path).unwrap();
            let form = Form::new().part(kind, Part::bytes(bytes));
            let sent = self.post(&format!("/v1/sessions/{session}/{kind}"));
            let answer = sent.multipart(form).send().await.unwrap();
            assert!(answer.status().is_success(), "{}", body(answer).await);
        }
        let asked = self.post(&format!("/v1/sessions/{session}/examinations?wait=300"));
        let answer = body(asked.send().await.unwrap()).await;
        assert_eq!(answer["status"], "done", "{answer:#}");
        session
    }

    /// What the API says.
    pub(super) async fn read(&self, path: &str) -> Value {
        let asked = self.client.get(format!("{}{path}", self.address));
        body(asked.bearer_auth(&self.token).send().await.unwrap()).await
    }

    fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.client
            .post(format!("{}{path}", self.address))
            .bearer_auth(&self.token)
    }

    /// Makes somebody an officer and has them set their password in the browser, by the link they get.
    pub(super) async fn enrol(
        &self,
        browser: &Browser,
        name: &'static str,
        (project, role): (&str, Role),
    ) -> Person {
        let project = self.operations.ensure_project(project).await.unwrap();
        let link = self
            .operations
            .add_member(project.id, name, role, Actor::Operator)
            .await
            .unwrap()
            .expect("who is new gets a link");
        let password = "seven green boats";
        browser
            .go(&format!("/console/enrol#{}", link.reveal()))
            .await;
        let key = browser.text_of(".device code").await;
        let person = Person {
            name,
            password,
            key,
        };
        browser.fill("#password", password).await;
        browser.fill("#again", password).await;
        browser.fill("#code", &self.code(&person)).await;
        browser.click("button.primary").await;
        browser.see("Your password is set").await;
        // A code opens once, and the one of now has been used.
        self.clock.advance(30);
        person
    }

    /// Signs somebody in.
    pub(super) async fn sign_in(&self, browser: &Browser, person: &Person) {
        browser.go("/console").await;
        browser.fill("#name", person.name).await;
        browser.fill("#password", person.password).await;
        browser.fill("#code", &self.code(person)).await;
        browser.click("button.primary").await;
        browser.see("Sign out").await;
        self.clock.advance(30);
    }

    fn code(&self, person: &Person) -> String {
        let secret = totp_rs::Secret::try_from_base32(&person.key).unwrap();
        let totp = totp_rs::Builder::new()
            .with_secret(secret)
            .with_account_name(person.name)
            .with_issuer(Some("likeness"))
            .build()
            .unwrap();
        let seconds = u64::try_from(self.clock.now().0 / 1000).unwrap();
        totp.generate(seconds).to_string()
    }
}

/// The document and the video of a sample.
fn files(name: &str) -> (PathBuf, PathBuf) {
    let index: Vec<Value> =
        serde_json::from_slice(&std::fs::read(sample("index.json")).unwrap()).unwrap();
    let entry = index.iter().find(|entry| entry["name"] == name).unwrap();
    let file = |key: &str| sample(entry[key].as_str().unwrap());
    (file("document"), file("video"))
}
