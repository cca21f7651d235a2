//! Liveness through the running service with the real networks, where their pack was fetched.

use std::io::Cursor;
use std::sync::Arc;

use image::imageops::FilterType;
use image::{ImageFormat, ImageReader};
use likeness::app::{App, Instruments, SystemClock};
use likeness::config::Config;
use likeness::operations::manage_tokens::NewToken;
use likeness::session::actor::Actor;
use likeness::session::project::Scope;
use reqwest::StatusCode;
use serde_json::json;

use crate::faces::base64;
use crate::helpers::{body, decoder};
use crate::weights::{self, root};

/// A face of about 270 pixels with room around it.
fn picture() -> Vec<u8> {
    let path = root().join("tests/fixtures/vision/mtcnn/astronaut.png");
    let small = ImageReader::open(path).unwrap().decode().unwrap();
    let large = small.resize(750, 750, FilterType::CatmullRom);
    let mut bytes = Cursor::new(Vec::new());
    large.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[actix_web::test]
async fn a_picture_gets_its_score_from_the_real_networks() {
    let name = "passive::a_picture_gets_its_score_from_the_real_networks";
    let Some(pack) = weights::liveness(name) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        data: folder.path().join("data"),
        models: root().join("models"),
        decoder: decoder(),
        ..Config::default()
    };
    let app = App::build(&config, Arc::new(SystemClock), Instruments::Packs)
        .await
        .unwrap();
    let models = app.operations().models();
    assert_eq!(models.liveness.as_deref(), Some("minifasnet"));
    let hash = models.hashes.iter().find(|hash| hash.name == "minifasnet");
    assert_eq!(hash.unwrap().sha256, pack.fingerprint());
    let token = app
        .operations()
        .create_token(NewToken {
            project: "passive".to_owned(),
            scopes: vec![Scope::Submit],
            label: String::new(),
            lifetime_ms: None,
            parent: None,
            officer: None,
            by: Actor::Operator,
        })
        .await
        .unwrap();
    let address = app.address();
    let running = tokio::spawn(async move { app.run().await });
    let client = crate::helpers::client().build().unwrap();
    let ready = format!("http://{address}/readyz");
    while client.get(&ready).send().await.unwrap().status() != StatusCode::OK {
        tokio::task::yield_now().await;
    }
    let asked = client
        .post(format!("http://{address}/liveness"))
        .header("x-api-key", token.reveal())
        .json(&json!({ "os": "DESKTOP", "image": base64(&picture()) }));
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let score = body(answer).await["liveness_score"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&score), "{score}");
    running.abort();
}
