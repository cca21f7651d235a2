//! The samples through the running service with the real networks: each must get the verdict written beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use likeness::app::{App, Instruments, SystemClock};
use likeness::config::Config;
use likeness::operations::manage_tokens::NewToken;
use likeness::session::actor::Actor;
use likeness::session::project::Scope;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

use crate::helpers::{body, decoder, sample};
use crate::weights;

#[actix_web::test]
async fn every_sample_gets_its_verdict_from_the_real_networks() {
    let name = "samples::every_sample_gets_its_verdict_from_the_real_networks";
    if !weights::are_here(name) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        data: folder.path().join("data"),
        models: root().join("models"),
        rules: root().join("scoring-rules/match-only.json"),
        max_wait_seconds: 300,
        decoder: decoder(),
        ..Config::default()
    };
    let app = App::build(&config, Arc::new(SystemClock), Instruments::Packs)
        .await
        .unwrap();
    let token = app
        .operations()
        .create_token(NewToken {
            project: "samples".to_owned(),
            scopes: vec![Scope::Submit, Scope::Read],
            label: String::new(),
            lifetime_ms: None,
            parent: None,
            officer: None,
            by: Actor::Operator,
        })
        .await
        .unwrap();
    let url = format!("http://{}/api-gateway/match-faces", app.address());
    let running = tokio::spawn(async move { app.run().await });
    let client = crate::helpers::client().build().unwrap();
    let index: Vec<Value> =
        serde_json::from_slice(&std::fs::read(sample("index.json")).unwrap()).unwrap();
    assert!(index.len() >= 3);
    for entry in index {
        let file =
            |key: &str| Part::bytes(std::fs::read(sample(entry[key].as_str().unwrap())).unwrap());
        let form = Form::new()
            .part("image", file("document"))
            .part("video", file("video"));
        let answer = client
            .post(&url)
            .bearer_auth(token.reveal())
            .multipart(form)
            .send()
            .await
            .unwrap();
        let answer = body(answer).await;
        assert_eq!(
            answer["scoring_result"]["status"], entry["verdict"],
            "{}: {answer:#}",
            entry["name"]
        );
    }
    running.abort();
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
