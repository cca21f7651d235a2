//! Rules by version through the door: saving, activating, four eyes, the shadow.

use likeness::operations::manage_tokens::NewToken;
use likeness::scoring::rules::content_hash;
use likeness::session::actor::Actor;
use likeness::session::project::Scope;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::contract::Seen;
use crate::helpers::{Scene, TestApp, document};

crate::ground::also_on_shared_ground! {
    saving_keeps_a_version_and_changes_no_verdict
    new_verdicts_follow_the_active_version_and_queued_ones_keep_theirs
    under_four_eyes_the_author_does_not_activate
    rules_that_make_no_sense_are_refused_with_the_place_and_not_kept
    a_key_that_stands_twice_is_refused_and_nothing_is_kept
    a_rule_file_can_be_looked_at_without_keeping_it
    a_version_in_the_shadow_is_reported_and_changes_nothing
    only_who_owns_a_projects_rules_changes_them_and_others_do_not_see_them
    a_version_that_cannot_judge_any_more_is_not_activated_and_harms_nobody_in_the_shadow
}

pub(crate) const RULES: &str = "/v1/projects/demo/rules";

/// Rules that pass from this score on and refer from ten below.
pub(crate) fn rules(pass: f64) -> Value {
    json!({
        "name": format!("from {pass}"),
        "facematch_conditions": [
            { "name": "Match score", "signal": "score", "operator": ">=", "pass": pass, "refer": pass - 10.0 }
        ]
    })
}

impl TestApp {
    /// A token of a person who owns rules and examines.
    pub(crate) async fn officer(&self, name: &str) -> String {
        let scopes = vec![Scope::Submit, Scope::Read, Scope::Rules];
        self.officer_with(name, scopes).await
    }

    pub(crate) async fn officer_with(&self, name: &str, scopes: Vec<Scope>) -> String {
        let project = self.operations.ensure_project("demo").await.unwrap();
        let officer = self
            .operations
            .ensure_officer(project.id, name, Actor::Operator)
            .await
            .unwrap();
        let new = NewToken {
            project: "demo".to_owned(),
            scopes,
            label: String::new(),
            lifetime_ms: None,
            parent: None,
            officer: Some(officer.id),
            by: Actor::Operator,
        };
        let secret = self.operations.create_token(new).await.unwrap();
        secret.reveal().to_owned()
    }

    pub(crate) async fn call(&self, token: &str, method: Method, path: &str, body: &Value) -> Seen {
        let request = self.client.request(method, self.url(path)).json(body);
        self.see(request.bearer_auth(token)).await
    }

    pub(crate) async fn asks(&self, token: &str, path: &str) -> Seen {
        let request = self.client.get(self.url(path));
        self.see(request.bearer_auth(token)).await
    }

    /// Saves rules and returns their number.
    pub(crate) async fn saves(&self, token: &str, rules: &Value) -> u64 {
        let body = json!({ "rules": rules, "note": "a test" });
        let saved = self.call(token, Method::POST, RULES, &body).await;
        assert_eq!(saved.status, StatusCode::CREATED, "{}", saved.body);
        saved.body["version"].as_u64().unwrap()
    }

    pub(crate) async fn puts(&self, token: &str, version: u64, role: &str) -> Seen {
        let path = format!("{RULES}/{version}/{role}");
        self.call(token, Method::POST, &path, &json!({})).await
    }

    pub(crate) async fn activates(&self, token: &str, version: u64) {
        let active = self.puts(token, version, "activate").await;
        assert_eq!(active.status, StatusCode::OK, "{}", active.body);
        assert_eq!(active.body["active"], version);
    }

    /// The examination of a new session that shows this score.
    pub(crate) async fn examines(&self, score: f64) -> Value {
        let session = self.session_with_evidence().await;
        self.examines_again(&session, score).await
    }

    pub(crate) async fn examines_again(&self, session: &str, score: f64) -> Value {
        self.sees(Scene::of(&[score; 8]));
        let path = format!("/v1/sessions/{session}/examinations?wait=20");
        let done = self.see(self.post(&path)).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.body);
        done.body
    }

    /// Opens a judged session for another attempt.
    pub(crate) async fn adds_document(&self, session: &str) {
        let form = Form::new().part("document", Part::bytes(document()));
        let request = self.post(&format!("/v1/sessions/{session}/document"));
        let added = self.see(request.multipart(form)).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.body);
    }
}

fn code(seen: &Seen) -> &str {
    seen.body["error"]["code"].as_str().unwrap()
}

#[actix_web::test]
async fn saving_keeps_a_version_and_changes_no_verdict() {
    let app = TestApp::start().await;
    let ann = app.officer("Ann").await;
    let body = json!({ "rules": rules(95.0), "note": "stricter\nfor a while" });
    let saved = app.call(&ann, Method::POST, RULES, &body).await;
    assert_eq!(saved.status, StatusCode::CREATED);
    let saved = saved.body;
    assert_eq!(saved["version"], 1);
    assert_eq!(saved["rules"], rules(95.0));
    assert_eq!(saved["note"], "stricter\nfor a while");
    assert_eq!(saved["author"]["name"], "Ann");
    assert_eq!(
        (&saved["active"], &saved["shadow"]),
        (&json!(false), &json!(false))
    );
    let text = saved["text"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), rules(95.0));
    let hash = likeness::scoring::rules::content_hash(text);
    assert_eq!(saved["hash"], hash);

    assert_eq!(app.asks(&ann, &format!("{RULES}/1")).await.body, saved);
    assert_eq!(app.saves(&ann, &rules(96.0)).await, 2);
    assert_eq!(
        app.saves(&ann, &rules(96.0)).await,
        3,
        "every save is a version"
    );
    let page = app.asks(&ann, &format!("{RULES}?limit=2")).await.body;
    let numbers = |page: &Value| -> Vec<u64> {
        let versions = page["versions"].as_array().unwrap().iter();
        versions
            .map(|version| version["version"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(numbers(&page), [3, 2]);
    let rest = app
        .asks(&ann, &format!("{RULES}?limit=2&before={}", page["next"]))
        .await
        .body;
    assert_eq!((numbers(&rest), &rest["next"]), (vec![1], &Value::Null));

    let own = app.asks(&ann, &format!("{RULES}/default")).await.body;
    assert_eq!(
        (&own["version"], &own["active"]),
        (&Value::Null, &json!(true))
    );
    assert_eq!(own["rules"]["name"], "default");
    let examined = app.examines(99.0).await;
    assert_eq!(examined["rules"]["version"], Value::Null);
    assert_eq!(examined["rules"]["hash"], own["hash"]);
    let changes = app.asks(&ann, &format!("{RULES}/activations")).await.body;
    assert_eq!(changes["activations"], json!([]));
}

#[actix_web::test]
async fn new_verdicts_follow_the_active_version_and_queued_ones_keep_theirs() {
    let app = TestApp::start().await;
    let ann = app.officer("Ann").await;
    let loose = app.saves(&ann, &rules(80.0)).await;
    let strict = app.saves(&ann, &rules(95.0)).await;
    app.activates(&ann, loose).await;
    let before = app.examines(90.0).await;
    assert_eq!(
        (&before["verdict"], &before["rules"]["version"]),
        (&json!("pass"), &json!(loose))
    );
    assert_eq!(before["rules"]["name"], "from 80");
    let rests_on = &before["provenance"];
    assert_eq!(rests_on["packs"][0]["name"], "fake");
    assert_eq!(rests_on["document_sha256"].as_str().unwrap().len(), 64);

    // One waits while the rules change.
    app.hold();
    let waiting = app.session_with_evidence().await;
    let job = app
        .see(app.post(&format!("/v1/sessions/{waiting}/examinations")))
        .await
        .body;
    app.activates(&ann, strict).await;
    app.release();
    app.operations_finish(&waiting, &job).await;
    let path = format!(
        "/v1/sessions/{waiting}/examinations/{}",
        job["id"].as_str().unwrap()
    );
    let kept = app.see(app.get(&path)).await.body;
    assert_eq!(
        (&kept["verdict"], &kept["rules"]["version"]),
        (&json!("pass"), &json!(loose))
    );

    let after = app.examines(90.0).await;
    assert_eq!(
        (&after["verdict"], &after["rules"]["version"]),
        (&json!("refer"), &json!(strict))
    );

    // Rolling back is activating an old one; activating what is active changes nothing.
    app.activates(&ann, loose).await;
    let again = app.puts(&ann, loose, "activate").await;
    assert_eq!(again.body["changed"], false);
    assert_eq!(app.examines(90.0).await["verdict"], "pass");
    let own = app
        .call(
            &ann,
            Method::POST,
            &format!("{RULES}/default/activate"),
            &json!({}),
        )
        .await;
    assert_eq!(
        (&own.body["active"], &own.body["changed"]),
        (&Value::Null, &json!(true))
    );
    let changes = app.asks(&ann, &format!("{RULES}/activations")).await.body;
    let changes: Vec<_> = changes["activations"].as_array().unwrap().iter().collect();
    let versions: Vec<&Value> = changes.iter().map(|change| &change["version"]).collect();
    assert_eq!(
        versions,
        [&Value::Null, &json!(loose), &json!(strict), &json!(loose)]
    );
    assert_eq!(changes[0]["by"]["name"], "Ann");

    // What was judged can be judged again whatever is active now.
    let session = before["session_id"].as_str().unwrap().parse().unwrap();
    let replayed = app.operations.replay(session).await.unwrap();
    assert!(replayed[0].holds() && replayed[0].byte_equal);
}

#[actix_web::test]
async fn under_four_eyes_the_author_does_not_activate() {
    let app = TestApp::start().await;
    app.set_project(|settings| settings.four_eyes = true).await;
    let (ann, bob) = (app.officer("Ann").await, app.officer("Bob").await);
    let version = app.saves(&ann, &rules(95.0)).await;
    let anns_other_token = app.officer("Ann").await;
    for token in [&ann, &anns_other_token] {
        let refused = app.puts(token, version, "activate").await;
        assert_eq!(
            (refused.status, code(&refused)),
            (StatusCode::FORBIDDEN, "refused")
        );
        let message = refused.body["error"]["message"].as_str().unwrap();
        assert!(message.contains("four eyes"), "{message}");
    }
    let shadow = app.puts(&ann, version, "shadow").await;
    assert_eq!(
        shadow.body["shadow"], version,
        "the shadow needs no second person"
    );
    let project = app.asks(&ann, "/v1/projects/demo").await.body;
    assert_eq!(
        (&project["four_eyes"], &project["active_rules"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(project["shadow_rules"], version);
    app.activates(&bob, version).await;

    // Whoever runs the machine is nobody in particular, unless they say who they are.
    let nobody = app.operations.rule_owner("demo", None).await.unwrap();
    let somebody = app
        .operations
        .rule_owner("demo", Some("Bob"))
        .await
        .unwrap();
    let ann = app
        .operations
        .rule_owner("demo", Some("Ann"))
        .await
        .unwrap();
    assert!(app.operations.activate_rules(&nobody, None).await.is_err());
    assert!(
        app.operations
            .activate_rules(&somebody, None)
            .await
            .unwrap()
    );
    assert!(
        app.operations.activate_rules(&ann, Some(1)).await.is_err(),
        "an old one neither"
    );
    assert!(
        app.operations
            .activate_rules(&somebody, Some(1))
            .await
            .unwrap()
    );
}

#[actix_web::test]
async fn rules_that_make_no_sense_are_refused_with_the_place_and_not_kept() {
    let app = TestApp::start().await;
    let ann = app.officer("Ann").await;
    let mut unknown = rules(95.0);
    unknown["facematch_conditions"][0]["signal"] = json!("scroe");
    let body = json!({ "rules": unknown, "note": "a test" });
    let refused = app.call(&ann, Method::POST, RULES, &body).await;
    assert_eq!(
        (refused.status, code(&refused)),
        (StatusCode::BAD_REQUEST, "invalid_rules")
    );
    let problem = &refused.body["error"]["problems"][0];
    assert_eq!(problem["pointer"], "/facematch_conditions/0/signal");
    assert!(problem["reason"].as_str().unwrap().contains("scroe"));

    let good = rules(95.0);
    for (body, wanted) in [
        (json!({ "rules": [1], "note": "x" }), "invalid_rules"),
        (
            json!({ "rules": { "name": "x".repeat(300_000) }, "note": "x" }),
            "invalid_rules",
        ),
        (json!({ "note": "x" }), "invalid_request"),
        (json!({ "rules": good }), "invalid_request"),
        (json!({ "rules": good, "note": "" }), "invalid_request"),
        (json!({ "rules": good, "note": 7 }), "invalid_request"),
        (json!({ "rules": good, "note": "a\tb" }), "invalid_request"),
        (
            json!({ "rules": good, "note": "x".repeat(501) }),
            "invalid_request",
        ),
        (json!([good]), "invalid_request"),
    ] {
        let refused = app.call(&ann, Method::POST, RULES, &body).await;
        assert_eq!(
            (refused.status, code(&refused)),
            (StatusCode::BAD_REQUEST, wanted)
        );
    }
    let huge = json!({ "rules": good, "note": "x".repeat(2_000_000) });
    let refused = app.call(&ann, Method::POST, RULES, &huge).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(app.asks(&ann, RULES).await.body["versions"], json!([]));

    for (role, version, status) in [
        ("activate", "1", StatusCode::NOT_FOUND),
        ("activate", "one", StatusCode::NOT_FOUND),
        ("shadow", "1", StatusCode::NOT_FOUND),
        ("shadow", "default", StatusCode::BAD_REQUEST),
    ] {
        let path = format!("{RULES}/{version}/{role}");
        let answer = app.call(&ann, Method::POST, &path, &json!({})).await;
        assert_eq!(answer.status, status, "{path}");
    }
    for query in ["limit=0", "limit=201", "limit=x", "before=x"] {
        let answer = app.asks(&ann, &format!("{RULES}?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[actix_web::test]
async fn a_key_that_stands_twice_is_refused_and_nothing_is_kept() {
    let app = TestApp::start().await;
    let ann = app.officer("Ann").await;
    let file = rules(80.0)
        .to_string()
        .replace("\"pass\"", "\"pass\":1,\"pass\"");
    let saves = async |body: String| {
        let request = app.client.post(app.url(RULES)).bearer_auth(&ann);
        app.see(request.body(body)).await
    };
    let problem = json!({
        "pointer": "/facematch_conditions/0/pass", "reason": "the key `pass` stands twice"
    });
    let refused = saves(format!(r#"{{"rules": {file}, "note": "x"}}"#)).await;
    assert_eq!(
        (refused.status, code(&refused)),
        (StatusCode::BAD_REQUEST, "invalid_rules")
    );
    assert_eq!(refused.body["error"]["problems"], json!([problem]));
    let good = rules(80.0);
    for body in [
        format!(r#"{{"rules": {good}, "note": "x", "note": "y"}}"#),
        format!(r#"{{"rules": {{}}, "rules": {good}, "note": "x"}}"#),
    ] {
        let refused = saves(body).await;
        assert_eq!(
            (refused.status, code(&refused)),
            (StatusCode::BAD_REQUEST, "invalid_request")
        );
    }
    assert_eq!(app.asks(&ann, RULES).await.body["versions"], json!([]));
    let checked = app.see(app.post("/v1/rules/check").body(file)).await.body;
    assert_eq!(checked["problems"], json!([problem]));
}

#[actix_web::test]
async fn a_rule_file_can_be_looked_at_without_keeping_it() {
    let app = TestApp::start().await;
    let check = "/v1/rules/check";
    let good = app.send(Method::POST, check, &rules(80.0)).await.body;
    assert_eq!(
        good,
        json!({ "valid": true, "problems": [], "conditions": ["Match score"] })
    );
    let mut bad = rules(80.0);
    bad["facematch_conditions"][0]["signal"] = json!("scroe");
    let bad = app.send(Method::POST, check, &bad).await.body;
    assert_eq!(bad["valid"], false);
    assert_eq!(
        bad["problems"][0]["pointer"],
        "/facematch_conditions/0/signal"
    );
    let broken = app.see(app.post(check).body("{")).await.body;
    assert_eq!(broken["valid"], false);
    let stranger = app.see(app.client.post(app.url(check))).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    let huge = app.see(app.post(check).body("x".repeat(2_000_000))).await;
    assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[actix_web::test]
async fn a_version_in_the_shadow_is_reported_and_changes_nothing() {
    let app = TestApp::start().await;
    let ann = app.officer("Ann").await;
    let loose = app.saves(&ann, &rules(80.0)).await;
    let strict = app.saves(&ann, &rules(95.0)).await;
    app.activates(&ann, loose).await;
    app.examines(90.0).await;
    let shadow = app.puts(&ann, strict, "shadow").await.body;
    assert_eq!(
        (&shadow["active"], &shadow["shadow"]),
        (&json!(loose), &json!(strict))
    );

    let mut judged = Vec::new();
    for score in [99.0, 90.0, 75.0, 81.0] {
        let examined = app.examines(score).await;
        judged.push(examined["verdict"].as_str().unwrap().to_owned());
        app.clock.advance(1_000);
    }
    assert_eq!(
        judged,
        ["pass", "pass", "refer", "pass"],
        "the active version judges"
    );
    // One is examined again, better this time: it counts once, by the newer examination.
    let twice = app.examines(81.0).await;
    let twice = twice["session_id"].as_str().unwrap();
    app.clock.advance(1_000);
    app.adds_document(twice).await;
    let newest = app.examines_again(twice, 86.0).await;

    let path = format!("{RULES}/{strict}/shadow");
    let report = app.asks(&ann, &path).await.body;
    assert_eq!(
        (&report["sessions"], &report["changed"]),
        (&json!(5), &json!(4))
    );
    assert_eq!(
        report["table"]["pass"],
        json!({ "pass": 1, "refer": 2, "fail": 1 })
    );
    assert_eq!(
        report["table"]["refer"],
        json!({ "pass": 0, "refer": 0, "fail": 1 })
    );
    let first = &report["differences"][0];
    assert_eq!(first["session_id"], twice);
    assert_eq!(
        (&first["verdict"], &first["shadow"]),
        (&json!("pass"), &json!("refer"))
    );
    assert!(
        first["failed_refer_conditions"][0]
            .as_str()
            .unwrap()
            .contains("Match score")
    );

    // Page by page every difference comes once.
    let (mut read, mut page_path) = (Vec::new(), format!("{path}?limit=3"));
    loop {
        let page = app.asks(&ann, &page_path).await.body;
        let found = page["differences"].as_array().unwrap().clone();
        read.extend(found);
        match page["next"].as_str() {
            Some(next) => page_path = format!("{path}?limit=3&before={next}"),
            None => break,
        }
    }
    assert_eq!(json!(read), report["differences"]);
    let since = newest["finished_at"].as_str().unwrap();
    let late = app.asks(&ann, &format!("{path}?since={since}")).await.body;
    assert_eq!(late["sessions"], 1);
    let early = app.asks(&ann, &format!("{path}?until={since}")).await.body;
    assert_eq!(
        early["table"]["pass"]["fail"], 2,
        "and by the older one before that"
    );

    let of_one = |token: String, id: String| {
        let path = format!("/v1/sessions/{twice}/examinations/{id}/shadow");
        let app = &app;
        async move { app.asks(&token, &path).await }
    };
    let id = newest["id"].as_str().unwrap().to_owned();
    let kept = of_one(ann.clone(), id.clone()).await.body;
    assert_eq!(kept["shadow"][0]["version"], strict);
    assert_eq!(kept["shadow"][0]["verdict"], "refer");
    let refused = of_one(app.token.clone(), id).await;
    assert_eq!(
        refused.status,
        StatusCode::FORBIDDEN,
        "the shadow is for those who own rules"
    );

    let ended = app
        .call(&ann, Method::DELETE, &format!("{RULES}/shadow"), &json!({}))
        .await
        .body;
    assert_eq!(
        (&ended["shadow"], &ended["changed"]),
        (&Value::Null, &json!(true))
    );
    app.examines(90.0).await;
    assert_eq!(app.asks(&ann, &path).await.body["sessions"], 5);
    for bad in ["since=yesterday", "before=x", "limit=0"] {
        let answer = app.asks(&ann, &format!("{path}?{bad}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}");
    }
}

#[actix_web::test]
async fn only_who_owns_a_projects_rules_changes_them_and_others_do_not_see_them() {
    let app = TestApp::start().await;
    let ann = app.officer("Ann").await;
    let version = app.saves(&ann, &rules(95.0)).await;
    let id = app.asks(&ann, "/v1/projects/demo").await.body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let by_id = app
        .asks(&ann, &format!("/v1/projects/{id}/rules/{version}"))
        .await;
    assert_eq!(by_id.status, StatusCode::OK);

    // Whoever reads sessions may read what judged them, and no more.
    let stranger = app.token_for("other").await;
    let submitter = app.token_with("demo", vec![Scope::Submit], None).await;
    let owner_of_rules_alone = app.officer_with("Bob", vec![Scope::Rules]).await;
    let save = json!({ "rules": rules(95.0), "note": "x" });
    for (method, path, reads) in [
        (Method::GET, String::new(), true),
        (Method::GET, "/rules".to_owned(), true),
        (Method::GET, format!("/rules/{version}"), true),
        (Method::GET, "/rules/default".to_owned(), true),
        (Method::GET, "/rules/activations".to_owned(), true),
        (Method::POST, "/rules".to_owned(), false),
        (Method::POST, format!("/rules/{version}/activate"), false),
        (Method::POST, format!("/rules/{version}/shadow"), false),
        (Method::POST, format!("/rules/{version}/backtest"), false),
        (Method::GET, format!("/rules/{version}/shadow"), false),
        (Method::DELETE, "/rules/shadow".to_owned(), false),
    ] {
        let path = format!("/v1/projects/demo{path}");
        let ask = async |token: &str| app.call(token, method.clone(), &path, &save).await.status;
        let read = if reads {
            StatusCode::OK
        } else {
            StatusCode::FORBIDDEN
        };
        assert_eq!(ask(&app.token).await, read, "{method} {path}");
        assert_eq!(
            ask(&submitter).await,
            StatusCode::FORBIDDEN,
            "{method} {path}"
        );
        assert_eq!(
            ask("lk_none").await,
            StatusCode::UNAUTHORIZED,
            "{method} {path}"
        );
        if reads {
            assert_eq!(
                ask(&stranger).await,
                StatusCode::NOT_FOUND,
                "{method} {path}"
            );
            assert_eq!(
                ask(&owner_of_rules_alone).await,
                StatusCode::OK,
                "{method} {path}"
            );
        }
    }
    let other = "/v1/projects/other/rules";
    for (method, path) in [
        (Method::POST, other.to_owned()),
        (Method::DELETE, format!("{other}/shadow")),
    ] {
        let answer = app.call(&ann, method, &path, &save).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(
        app.asks(&ann, RULES).await.body["versions"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[actix_web::test]
async fn a_version_that_cannot_judge_any_more_is_not_activated_and_harms_nobody_in_the_shadow() {
    let app = TestApp::start().await;
    let ann = app.officer("Ann").await;
    let good = app.saves(&ann, &rules(80.0)).await;
    app.activates(&ann, good).await;
    // As another program would have saved it.
    let (text, hash) = (r#"{"name": 7}"#, content_hash(r#"{"name": 7}"#));
    let sql = format!(
        "INSERT INTO rule_versions (project_id, number, text, hash, author, note, created_at) \
         SELECT project_id, 2, '{text}', '{hash}', author, note, created_at FROM rule_versions"
    );
    assert_eq!(app.tampers(&sql).await, 1);
    for verb in ["activate", "shadow", "backtest"] {
        let refused = app.puts(&ann, 2, verb).await;
        assert_eq!(
            (refused.status, code(&refused)),
            (StatusCode::CONFLICT, "conflict"),
            "{verb}"
        );
    }
    let sql = "INSERT INTO rule_activations (project_id, role, number, actor, at) \
         SELECT project_id, 'shadow', 2, actor, at FROM rule_activations";
    assert_eq!(app.tampers(sql).await, 1);
    assert_eq!(app.examines(90.0).await["verdict"], "pass");
    let report = app.asks(&ann, &format!("{RULES}/2/shadow")).await.body;
    assert_eq!(report["sessions"], 0);
}
