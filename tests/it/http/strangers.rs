//! What another project's token finds: nothing, whichever identifier it tries, and nothing that tells whether it is one.

use std::collections::BTreeMap;

use likeness::session::project::Scope;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::decisions::officer_token;
use super::walk::{filled, routes};
use crate::faces::person;
use crate::helpers::{TestApp, body, document, document_and_video, video};
use crate::soak::count;

const SEED: u64 = 17;

/// Real identifiers of another project, by what stands before an identifier of their kind in a path.
struct Foreign {
    sessions: Vec<String>,
    examination: String,
    people: Vec<String>,
    collections: Vec<String>,
    project: String,
}

async fn foreign(app: &TestApp) -> Foreign {
    let token = app.token_for("other").await;
    let post = |path: &str| app.client.post(app.url(path)).bearer_auth(&token);
    let matched = post("/api-gateway/match-faces").multipart(document_and_video());
    let matched = matched.send().await.unwrap();
    assert_eq!(matched.status(), StatusCode::OK);
    let examined = matched.headers()["x-session-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let mut sessions = vec![examined.clone()];
    for _ in 0..20 {
        let opened = body(post("/v1/sessions").send().await.unwrap()).await;
        sessions.push(opened["id"].as_str().unwrap().to_owned());
    }
    let get = |path: String| app.client.get(app.url(&path)).bearer_auth(&token).send();
    let detail = body(get(format!("/v1/sessions/{examined}")).await.unwrap()).await;
    let key = |request: RequestBuilder| request.header("x-api-key", &token).send();
    let named = json!({ "name": "theirs", "description": null });
    let collection = key(app.client.post(app.url("/collection")).json(&named));
    let collection = body(collection.await.unwrap()).await;
    let eve = json!({ "images": [person(5)], "id": "eve", "name": "Eve" });
    let eve = key(app.client.post(app.url("/person")).json(&eve))
        .await
        .unwrap();
    assert_eq!(eve.status(), StatusCode::CREATED);
    let project = app.operations.find_project("other").await.unwrap().id;
    Foreign {
        sessions,
        examination: detail["examinations"][0]["id"].as_str().unwrap().to_owned(),
        people: vec!["eve".to_owned()],
        collections: vec![collection["id"].as_str().unwrap().to_owned()],
        project: project.to_string(),
    }
}

impl Foreign {
    /// An identifier of a kind: a real one, or one that was never given.
    fn pick(&self, pattern: &str, chance: &mut StdRng) -> (String, bool) {
        let real = chance.random_bool(0.5);
        let uuid = Uuid::from_u128(chance.random());
        let any =
            |ids: &[String], chance: &mut StdRng| ids[chance.random_range(0..ids.len())].clone();
        let id = if pattern.contains("/sessions/") {
            if real {
                any(&self.sessions, chance)
            } else {
                format!("sess_{uuid}")
            }
        } else if pattern.contains("/projects/") {
            if real {
                self.project.clone()
            } else {
                format!("proj_{uuid}")
            }
        } else if pattern.starts_with("/person") {
            if real {
                any(&self.people, chance)
            } else {
                uuid.to_string()
            }
        } else if real {
            any(&self.collections, chance)
        } else {
            uuid.to_string()
        };
        (id, real)
    }
}

/// The path with a session, an examination of it, a version and a frame in their places.
fn path(pattern: &str, id: &str, examination: &str) -> String {
    let pattern = pattern
        .replace("{examination}", examination)
        .replace("{version}", "1")
        .replace("{frame}", "0");
    filled(&pattern, id)
}

/// The request as the route wants it, so that nothing but the identifier is wrong.
fn request(app: &TestApp, method: &Method, pattern: &str, path: &str) -> RequestBuilder {
    let request = app
        .client
        .request(method.clone(), app.url(path))
        .bearer_auth(&app.token)
        .header("x-api-key", &app.token);
    let form = |name: &'static str, bytes: Vec<u8>| Form::new().part(name, Part::bytes(bytes));
    if *method == Method::GET || *method == Method::DELETE {
        return request;
    }
    match pattern.rsplit('/').next().unwrap() {
        "document" => request.multipart(form("document", document())),
        "video" => request.multipart(form("video", video())),
        "consent" => request.json(&json!({ "given": true })),
        "decisions" => request.json(&json!({ "decision": "note", "note": "a" })),
        "rules" => request.json(&json!({ "rules": rules(), "note": "a" })),
        "hold" | "end" | "challenge" | "examinations" => request,
        _ => request.json(&json!({})),
    }
}

fn rules() -> Value {
    serde_json::from_str(likeness::scoring::rules::DEFAULT).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_projects_token_finds_nothing_and_learns_nothing() {
    let mut app = TestApp::start().await;
    app.token = officer_token(&app, "Olga", Scope::ALL.to_vec()).await;
    let foreign = foreign(&app).await;
    let own_sessions = app.sessions().await.len();
    let patterns: Vec<(Method, String)> = routes()
        .await
        .into_iter()
        .filter(|(_, path)| {
            path.contains('{') && !path.starts_with("/console") && !path.starts_with("/docs")
        })
        .map(|(method, path)| (method.parse().unwrap(), path))
        .collect();
    assert!(patterns.len() >= 25, "only {} routes", patterns.len());
    let mut chance = StdRng::seed_from_u64(SEED);
    // What each route says to an identifier, real or not.
    let mut said: BTreeMap<String, [Option<String>; 2]> = BTreeMap::new();
    let tries = count(500, 100_000).div_ceil(patterns.len());
    let mut wrong = Vec::new();
    for (method, pattern) in &patterns {
        for _ in 0..tries {
            let (id, real) = foreign.pick(pattern, &mut chance);
            let examination = if real {
                foreign.examination.clone()
            } else {
                format!("exam_{}", Uuid::from_u128(chance.random()))
            };
            let path = path(pattern, &id, &examination);
            let answer = request(&app, method, pattern, &path).send().await.unwrap();
            let status = answer.status();
            let text = answer.text().await.unwrap();
            if status != StatusCode::NOT_FOUND {
                wrong.push(format!("{method} {path} answers {status} {text}"));
                break;
            }
            let before =
                &mut said.entry(format!("{method} {pattern}")).or_default()[usize::from(real)];
            let before = before.get_or_insert_with(|| text.clone());
            assert_eq!(*before, text, "{method} {path}, seed {SEED}");
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (route, [unknown, foreign]) in &said {
        assert_eq!(
            unknown, foreign,
            "{route} tells one from the other, seed {SEED}"
        );
        assert!(unknown.is_some(), "{route} was not tried with both");
    }
    assert_eq!(app.sessions().await.len(), own_sessions);
    let untouched = "SELECT COUNT(*) FROM evidence";
    assert_eq!(
        app.number(untouched).await,
        2,
        "nothing was added to anybody's session"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_a_header_names_is_another_projects_or_none_alike() {
    let app = TestApp::start().await;
    let foreign = foreign(&app).await;
    let consent = json!({ "is_consent_given": true, "user_fullname": "A" });
    let mut said = Vec::new();
    for id in [
        foreign.sessions[0].clone(),
        format!("sess_{}", Uuid::now_v7()),
    ] {
        for path in ["/api-consent/consent", "/api-consent/strg-consent"] {
            let request = app.post(path).header("X-Session-ID", &id).json(&consent);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
            said.push(answer.text().await.unwrap());
        }
        let request = app
            .match_faces(document_and_video())
            .header("X-Session-ID", &id);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        said.push(answer.text().await.unwrap());
    }
    let (one, other) = said.split_at(3);
    assert_eq!(one, other);
}
