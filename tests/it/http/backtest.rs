//! Backtests through the door: what would have changed is what does change.

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode};
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};

use crate::helpers::TestApp;
use crate::http::rules::{RULES, rules};

/// A backtest's lines by their names.
struct Told {
    changes: BTreeMap<String, Value>,
    progress: Vec<Value>,
    result: Value,
}

impl TestApp {
    async fn backtests(&self, token: &str, version: &str, order: Value) -> Told {
        let path = format!("{RULES}/{version}/backtest");
        let seen = self.call(token, Method::POST, &path, &order).await;
        assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
        assert_eq!(seen.content_type, "application/x-ndjson");
        let lines: Vec<Value> = seen
            .body
            .as_str()
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        self.check_lines(&lines).await;
        let named = |name: &str| -> Vec<Value> {
            lines
                .iter()
                .filter_map(|line| line.get(name).cloned())
                .collect()
        };
        let result = lines.last().unwrap()["result"].clone();
        assert!(result.is_object(), "{lines:?}");
        assert_eq!(named("result").len(), 1);
        let changes = named("change").into_iter().map(|change| {
            let session = change["session_id"].as_str().unwrap().to_owned();
            (session, change)
        });
        Told {
            changes: changes.collect(),
            progress: named("progress"),
            result,
        }
    }

    /// Every line keeps to its description.
    async fn check_lines(&self, lines: &[Value]) {
        let description = self
            .client
            .get(self.url("/openapi.json"))
            .send()
            .await
            .unwrap();
        let description: Value = description.json().await.unwrap();
        let schema = json!({
            "components": description["components"],
            "$ref": "#/components/schemas/native.BacktestLine",
        });
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        for line in lines {
            assert!(validator.is_valid(line), "{line}");
        }
    }

    /// Changes rows behind the service's back.
    pub(crate) async fn tampers(&self, sql: &str) -> u64 {
        let database = Database::connect(self.database()).await.unwrap();
        database
            .execute_unprepared(sql)
            .await
            .unwrap()
            .rows_affected()
    }
}

fn table(result: &Value) -> BTreeMap<(String, String), u64> {
    let mut counts = BTreeMap::new();
    for (before, row) in result["table"].as_object().unwrap() {
        for (after, count) in row.as_object().unwrap() {
            counts.insert((before.clone(), after.clone()), count.as_u64().unwrap());
        }
    }
    counts
}

#[actix_web::test]
async fn a_backtest_tells_what_examining_again_would() {
    let app = TestApp::start().await;
    let ann = app.officer("Ann").await;
    let loose = app.saves(&ann, &rules(80.0)).await;
    let strict = app.saves(&ann, &rules(95.0)).await;
    app.activates(&ann, loose).await;
    let mut before = Vec::new();
    for score in [99.0, 90.0, 90.0, 84.0, 72.0, 60.0] {
        let examined = app.examines(score).await;
        before.push((score, examined));
        app.clock.advance(1_000);
    }
    let told = app.backtests(&ann, &strict.to_string(), json!({})).await;
    assert_eq!(
        (&told.result["sessions"], &told.result["skipped"]),
        (&json!(6), &json!(0))
    );
    assert_eq!(
        told.progress.last().unwrap(),
        &json!({ "done": 6, "at_most": 6 })
    );

    app.activates(&ann, strict).await;
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut changed = 0;
    for (score, examined) in &before {
        let session = examined["session_id"].as_str().unwrap();
        app.adds_document(session).await;
        let after = app.examines_again(session, *score).await;
        let [was, is] = [examined, &after].map(|one| one["verdict"].as_str().unwrap().to_owned());
        if was != is {
            changed += 1;
            let change = &told.changes[session];
            assert_eq!(change["examination_id"], examined["id"]);
            assert_eq!(
                (&change["before"], &change["after"]),
                (&json!(was), &json!(is))
            );
            assert_eq!(change["failed_conditions"], after["failed_conditions"]);
            assert_eq!(
                change["failed_refer_conditions"],
                after["failed_refer_conditions"]
            );
        }
        *counts.entry((was, is)).or_default() += 1;
    }
    assert!(changed >= 3, "the scores were chosen so that some change");
    assert_eq!(told.changes.len(), changed);
    assert_eq!(told.result["changed"], changed);
    for (cell, count) in table(&told.result) {
        assert_eq!(count, counts.get(&cell).copied().unwrap_or(0), "{cell:?}");
    }

    // Every session has two verdicts now, and counts by the newer one.
    let told = app.backtests(&ann, &strict.to_string(), json!({})).await;
    assert_eq!(
        (&told.result["sessions"], &told.result["changed"]),
        (&json!(6), &json!(0))
    );
    let own = app.backtests(&ann, "default", json!({ "last": 10 })).await;
    assert_eq!(
        own.result["table"]["pass"]["pass"], 0,
        "nothing examined liveness"
    );
}

#[actix_web::test]
async fn a_backtest_looks_where_it_is_told_to() {
    let app = TestApp::start().await;
    let ann = app.officer("Ann").await;
    let loose = app.saves(&ann, &rules(80.0)).await;
    let strict = app.saves(&ann, &rules(95.0)).await.to_string();
    app.activates(&ann, loose).await;
    let mut ended = Vec::new();
    for score in [99.0, 90.0, 60.0] {
        let examined = app.examines(score).await;
        ended.push(examined["finished_at"].as_str().unwrap().to_owned());
        app.clock.advance(60_000);
    }
    // Another project's, which is never counted.
    let stranger = app.token_for("other").await;
    let form = crate::helpers::document_and_video();
    let request = app.client.post(app.url("/api-gateway/match-faces"));
    let answer = request
        .bearer_auth(stranger)
        .multipart(form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);

    for (order, sessions, changed) in [
        (json!({}), 3, 1),
        (json!({ "last": 1 }), 1, 0),
        (json!({ "last": 2 }), 2, 1),
        (json!({ "last": 1_000_000 }), 3, 1),
        (json!({ "from": ended[1] }), 2, 1),
        (json!({ "to": ended[1] }), 1, 0),
        (json!({ "from": ended[1], "to": ended[2] }), 1, 1),
        (
            json!({ "from": "2000-01-01T00:00:00Z", "to": "2000-01-02T00:00:00Z" }),
            0,
            0,
        ),
    ] {
        let told = app.backtests(&ann, &strict, order.clone()).await;
        assert_eq!(told.result["sessions"], sessions, "{order}");
        assert_eq!(told.result["changed"], changed, "{order}");
        assert_eq!(told.changes.len() as u64, changed, "{order}");
    }
    for bad in [
        json!({ "last": 0 }),
        json!({ "last": 1_000_001 }),
        json!({ "last": -1 }),
        json!({ "last": 5, "from": ended[0] }),
        json!({ "from": "2026-11-01" }),
        json!({ "from": ended[1], "to": ended[1] }),
        json!({ "from": 7 }),
        json!([]),
    ] {
        let path = format!("{RULES}/{strict}/backtest");
        let refused = app.call(&ann, Method::POST, &path, &bad).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    let path = format!("{RULES}/99/backtest");
    let unknown = app.call(&ann, Method::POST, &path, &json!({})).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn a_session_without_signals_is_left_out_and_told_of() {
    let app = TestApp::start().await;
    let ann = app.officer("Ann").await;
    let version = app.saves(&ann, &rules(80.0)).await;
    app.activates(&ann, version).await;
    let gone = app.examines(90.0).await;
    app.examines(90.0).await;
    let id = gone["id"].as_str().unwrap().trim_start_matches("exam_");
    let sql = format!("UPDATE examinations SET signals_json = NULL WHERE id = '{id}'");
    assert_eq!(app.tampers(&sql).await, 1);
    let told = app
        .backtests(&ann, &version.to_string(), json!({ "last": 5 }))
        .await;
    assert_eq!(
        (&told.result["sessions"], &told.result["skipped"]),
        (&json!(1), &json!(1))
    );

    // What cannot be read ends it with a line that says so, and tells nothing of what it is.
    let sql = format!("UPDATE examinations SET signals_json = 'secret' WHERE id = '{id}'");
    assert_eq!(app.tampers(&sql).await, 1);
    let path = format!("{RULES}/{version}/backtest");
    let request = app.client.post(app.url(&path)).bearer_auth(&ann);
    let broken = crate::helpers::body(request.send().await.unwrap()).await;
    app.check_lines(std::slice::from_ref(&broken)).await;
    assert_eq!(broken["error"]["code"], "internal");
    assert!(!broken.to_string().contains("secret"));
}

#[actix_web::test]
async fn a_backtest_of_many_pages_counts_everybody_once_and_tells_how_far_it_is() {
    let app = TestApp::start().await;
    let ann = app.officer("Ann").await;
    let version = app.saves(&ann, &rules(80.0)).await;
    let strict = app.saves(&ann, &rules(95.0)).await.to_string();
    app.activates(&ann, version).await;
    app.examines(90.0).await;
    // The one session 9 000 times more, ten of them at every moment.
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)";
    let id = |kind: u32| format!("printf('0{kind}90d0a0-0000-7000-8000-%012d', i)");
    let (session, examination) = (id(1), id(2));
    let sql = format!(
        "{numbers} INSERT INTO sessions (id, project_id, status, origin, created_at, updated_at) \
         SELECT {session}, project_id, status, origin, created_at, updated_at FROM sessions, n"
    );
    assert_eq!(app.tampers(&sql).await, 9_000);
    let sql = format!(
        "{numbers} INSERT INTO examinations (id, session_id, project_id, status, order_json, \
         queued_at, finished_at, attempts, verdict_json, scope, outcome, signals_json) \
         SELECT {examination}, {session}, project_id, status, order_json, queued_at, \
         finished_at - i / 10, attempts, verdict_json, scope, outcome, signals_json \
         FROM examinations, n"
    );
    assert_eq!(app.tampers(&sql).await, 9_000);
    let told = app
        .backtests(&ann, &strict, json!({ "last": 100_000 }))
        .await;
    assert_eq!(
        (&told.result["sessions"], &told.result["changed"]),
        (&json!(9_001), &json!(9_001))
    );
    assert_eq!(told.changes.len(), 9_001);
    let done: Vec<u64> = told
        .progress
        .iter()
        .map(|line| line["done"].as_u64().unwrap())
        .collect();
    assert!(done.len() > 2 && done.is_sorted(), "{done:?}");
    let told = app.backtests(&ann, &strict, json!({ "last": 5_000 })).await;
    assert_eq!(told.result["sessions"], 5_000);
}
