//! Walks every route that the service has: who gets an answer without a token, what is too large, and what each says to
//! a browser. The routes come from the server's own table, so that none is forgotten.

use std::collections::BTreeSet;
use std::path::Path;

use actix_web::introspection::IntrospectionTree;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse};
use likeness::http::dialects::door::Door;
use likeness::http::metrics::Readers;
use likeness::http::routes;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::helpers::{TestApp, body};

/// What answers without anybody saying who they are.
const OPEN: [(&str, &str); 15] = [
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/openapi.json"),
    ("GET", "/docs/{_:.*}"),
    // What is the same for everybody and nobody's.
    ("GET", "/v1/defects"),
    ("GET", "/v1/rules/schema"),
    ("GET", "/v1/rules/vocabulary"),
    // FREMIS has its callers ask whether the service answers.
    ("GET", "/v1/healthcheck"),
    ("GET", "/console"),
    ("GET", "/console/"),
    ("POST", "/console/sign-in"),
    ("GET", "/console/assets/{name}"),
    // Whoever was invited has no account yet: the invitation says who they are.
    ("GET", "/console/enrol"),
    ("POST", "/console/enrol"),
    ("POST", "/console/enrol/finish"),
];

/// Every route of the server.
pub(crate) async fn routes() -> BTreeSet<(String, String)> {
    async fn report(tree: Data<IntrospectionTree>) -> HttpResponse {
        HttpResponse::Ok().body(tree.report_as_json())
    }
    let readers = Readers {
        token: "of the numbers".to_owned(),
    };
    let app = App::new()
        .configure(|all| routes::configure(all, &readers))
        .route("/its/own/routes", web::get().to(report));
    let app = actix_web::test::init_service(app).await;
    let request = actix_web::test::TestRequest::get().uri("/its/own/routes");
    let report = actix_web::test::call_and_read_body(&app, request.to_request()).await;
    let report: Value = serde_json::from_slice(&report).unwrap();
    let mut found = BTreeSet::new();
    for item in report.as_array().unwrap() {
        let path = item["full_path"].as_str().unwrap();
        for method in item["methods"].as_array().unwrap() {
            found.insert((method.as_str().unwrap().to_owned(), path.to_owned()));
        }
    }
    found.remove(&("GET".to_owned(), "/its/own/routes".to_owned()));
    found
}

/// The path with every place filled in.
pub(crate) fn filled(pattern: &str, id: &str) -> String {
    let mut path = String::new();
    let mut rest = pattern;
    while let Some((before, place)) = rest.split_once('{') {
        let (_, after) = place.split_once('}').unwrap();
        path.push_str(before);
        path.push_str(id);
        rest = after;
    }
    path.push_str(rest);
    path
}

#[actix_web::test]
async fn the_walk_meets_every_route_that_is_described_and_every_one_in_the_code() {
    let routes = routes().await;
    let app = TestApp::start().await;
    let description = app
        .client
        .get(app.url("/openapi.json"))
        .send()
        .await
        .unwrap();
    let description: Value = description.json().await.unwrap();
    let plain = |path: &str| filled(&path.replace(":.*", ""), "*");
    let walked: BTreeSet<_> = routes
        .iter()
        .map(|(method, path)| (method.clone(), plain(path)))
        .collect();
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let described = (method.to_uppercase(), plain(path));
            assert!(
                walked.contains(&described),
                "{described:?} is described and not walked"
            );
        }
    }
    // RisetAI's endpoints are written once and answer at two addresses.
    let wrapped = routes
        .iter()
        .filter(|(_, path)| path.starts_with("/risetai/"));
    let own: usize = routes.len() - wrapped.count();
    let generated = routes
        .iter()
        .filter(|(_, path)| path.starts_with("/docs") || path == "/openapi.json");
    assert_eq!(
        own - generated.count(),
        written(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
    );
}

/// How many routes the source has in it.
fn written(folder: &Path) -> usize {
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            count += written(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            count += ["get", "post", "put", "patch", "delete"]
                .map(|method| text.matches(&format!("web::{method}()")).count())
                .iter()
                .sum::<usize>();
        }
    }
    count
}

#[actix_web::test]
async fn without_a_token_only_what_is_meant_to_be_open_answers() {
    let numbers = "of the numbers".to_owned();
    let app = TestApp::start_with(|config| config.metrics_token.0 = numbers).await;
    let client = crate::helpers::client()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let mut refused = 0;
    let mut wrong = Vec::new();
    for (method, pattern) in routes().await {
        if OPEN.contains(&(method.as_str(), pattern.as_str())) {
            continue;
        }
        let mut path = filled(&pattern, "0198c0de-0000-7000-8000-000000000000");
        if path.starts_with("/console/evidence/") {
            path.push_str("?until=1&mark=a");
        }
        for token in [None, Some("nonsense")] {
            let method: Method = method.parse().unwrap();
            let request = client.request(method.clone(), app.url(&path));
            let request = if matches!(Door::of(&path), Door::Tokens) {
                request
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body("client_id=demo&password=nonsense")
            } else {
                request.json(&json!({}))
            };
            let request = match token {
                Some(token) => request
                    .bearer_auth(token)
                    .header("x-api-key", token)
                    .header("accesstoken", token)
                    .header("cookie", format!("likeness_console={token}")),
                None => request,
            };
            let answer = request.send().await.unwrap();
            let status = answer.status();
            if is_refused(Door::of(&path), &method, answer).await {
                refused += 1;
            } else {
                wrong.push(format!("{method} {pattern} with {token:?}: {status}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(refused > 150, "only {refused}");
}

/// Whether an answer tells nothing but that somebody has to say who they are.
async fn is_refused(door: Door, method: &Method, answer: Response) -> bool {
    let status = answer.status();
    match door {
        Door::Console => {
            let to = answer.headers().get(LOCATION).cloned();
            // A form that was sent from no page is refused before anybody looks who sent it.
            let foreign = *method == Method::POST && status == StatusCode::FORBIDDEN;
            foreign
                || status == StatusCode::UNAUTHORIZED
                || to.is_some_and(|to| {
                    status == StatusCode::SEE_OTHER && to.to_str().unwrap().starts_with("/console")
                })
        }
        Door::Api(likeness::session::project::Dialect::Risetai) | Door::Wrapped => {
            let seen = body(answer).await;
            let seen = seen.get("risetai").unwrap_or(&seen);
            status == StatusCode::OK && seen["status"] == "401"
        }
        Door::Api(_) | Door::Tokens | Door::Open => {
            status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN
        }
    }
}

#[actix_web::test]
async fn fremis_calls_without_a_token_are_a_projects_only_where_an_operator_says_so() {
    let closed = TestApp::start().await;
    let bound = TestApp::start_with(|config| config.fremis_project = "demo".to_owned()).await;
    for (method, pattern) in routes().await {
        let door = Door::of(&pattern);
        if door != Door::Api(likeness::session::project::Dialect::Fremis) {
            continue;
        }
        if pattern == "/v1/healthcheck" {
            continue;
        }
        let method: Method = method.parse().unwrap();
        let ask = |app: &TestApp| {
            let request = app.client.request(method.clone(), app.url(&pattern));
            request.json(&json!({})).send()
        };
        let refused = ask(&closed).await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{pattern}");
        let let_in = ask(&bound).await.unwrap();
        let expected = [StatusCode::OK, StatusCode::BAD_REQUEST];
        assert!(
            expected.contains(&let_in.status()),
            "{pattern} {}",
            let_in.status()
        );
    }
}

#[actix_web::test]
async fn no_route_takes_more_than_any_may() {
    let app = TestApp::start_with(|config| {
        config.max_json_bytes = 2_000;
        config.max_document_bytes = 1_000;
        config.max_video_bytes = 1_000;
    })
    .await;
    // More than the largest form, its texts and its parts.
    let large = vec![b' '; 600_000];
    for (method, pattern) in routes().await {
        let path = filled(&pattern, "0198c0de-0000-7000-8000-000000000000");
        let method: Method = method.parse().unwrap();
        let request = app.client.request(method.clone(), app.url(&path));
        let request = request
            .bearer_auth(&app.token)
            .header("x-api-key", &app.token)
            .header("accesstoken", &app.token)
            .header(CONTENT_TYPE, "application/json");
        let answer = request.body(large.clone()).send().await.unwrap();
        assert_eq!(
            answer.status(),
            StatusCode::PAYLOAD_TOO_LARGE,
            "{method} {pattern}"
        );
    }
}

#[actix_web::test]
async fn every_answer_is_closed_to_other_pages() {
    let app = TestApp::start().await;
    for (method, pattern) in routes().await {
        // One that is no secret and one with an error are looked at alike.
        let path = filled(&pattern, "console.css");
        let method: Method = method.parse().unwrap();
        let request = app.client.request(method.clone(), app.url(&path));
        let request = request
            .header("origin", "https://elsewhere.example")
            .bearer_auth(&app.token)
            .header("x-api-key", &app.token)
            .header("accesstoken", &app.token);
        let answer = request.send().await.unwrap();
        let headers = answer.headers();
        let said = |name: &str| {
            headers
                .get(name)
                .unwrap_or_else(|| panic!("{method} {pattern} says no {name}"))
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(said("x-content-type-options"), "nosniff");
        assert_eq!(said("x-frame-options"), "DENY");
        let policy = said("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{pattern}: {policy}");
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{pattern}: {policy}"
        );
        assert!(["no-referrer", "same-origin"].contains(&said("referrer-policy").as_str()));
        assert!(said("permissions-policy").contains("camera=()"));
        let kept = said("cache-control");
        let is_asset = pattern.starts_with("/console/assets");
        assert!(kept == "no-store" || is_asset, "{pattern}: {kept}");
        assert!(!headers.contains_key("server"), "{pattern}");
        assert!(
            !headers.contains_key("strict-transport-security"),
            "plain HTTP"
        );
        let cors = headers
            .keys()
            .find(|name| name.as_str().starts_with("access-control-"));
        assert!(cors.is_none(), "{pattern} says {cors:?}");
    }
    let preflight = app
        .client
        .request(Method::OPTIONS, app.url("/v1/sessions"))
        .header("origin", "https://elsewhere.example")
        .header("access-control-request-method", "POST");
    let preflight = preflight.send().await.unwrap();
    assert!(
        !preflight
            .headers()
            .contains_key("access-control-allow-origin")
    );
}
