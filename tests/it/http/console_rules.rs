//! The console's pages of rules: read, compared, written, tried, put to judging.

use likeness::session::account::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::helpers::TestApp;
use crate::http::console::Browser;
use crate::http::rules::rules;

/// Rules as somebody types them, in a browser's own line ends.
fn typed(pass: f64) -> String {
    format!("{:#}", rules(pass)).replace('\n', "\r\n")
}

impl Browser<'_> {
    /// Saves rules and returns the address of their version.
    async fn saves(&self, pass: f64) -> String {
        let text = typed(pass);
        let fields = [("text", text.as_str()), ("note", "higher,\r\nsee case 12")];
        self.done("/console/rules", &fields).await
    }
}

#[actix_web::test]
async fn a_version_is_saved_shown_and_put_to_judging() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Lead).await;
    let list = ann.get("/console/rules").await;
    assert!(list.says("The service's own rules judge now"));

    let first = ann.saves(80.0).await;
    assert_eq!(first, "/console/rules/1");
    let page = ann.get(&first).await;
    for words in [
        "Version 1",
        "By Ann Lee",
        "higher, see case 12",
        "Match score",
        "is at least 80",
        "a person decides where it is at least 70; else fails",
        "\"name\": \"from 80\"",
    ] {
        assert!(page.says(words), "{words}: {}", page.words());
    }
    let project = app.operations.find_project("demo").await.unwrap();
    let owner = app
        .operations
        .rule_owner("demo", Some("Ann Lee"))
        .await
        .unwrap();
    let kept = app
        .operations
        .rule_version(&owner.reader(), 1)
        .await
        .unwrap();
    assert_eq!(kept.version.text, format!("{:#}", rules(80.0)), "line ends");

    assert_eq!(ann.done("/console/rules/1/activate", &[]).await, first);
    assert!(ann.get(&first).await.says("Version 1 judges"));
    assert_eq!(ann.saves(95.0).await, "/console/rules/2");
    ann.done("/console/rules/2/shadow", &[]).await;
    let list = ann.get("/console/rules").await.words();
    assert!(list.contains("2 in the shadow"), "{list}");
    assert!(list.contains("1 judges"), "{list}");
    ann.done("/console/rules/shadow/end", &[]).await;
    ann.done("/console/rules/default/activate", &[]).await;
    let list = ann.get("/console/rules").await.words();
    assert!(!list.contains("in the shadow") && list.contains("default judges"));

    let actor = app.operations.officers(project.id).await.unwrap()[0]
        .id
        .to_string();
    let rows = app.audit_rows().await;
    for (action, count) in [
        ("rules.saved", 2),
        ("rules.activated", 2),
        ("rules.shadowed", 2),
    ] {
        let of = rows
            .iter()
            .filter(|row| row["action"] == action && row["actor"] == *actor);
        assert_eq!(of.count(), count, "{action}");
    }
    for missing in [
        "/console/rules/3",
        "/console/rules/x",
        "/console/rules/default/shadow",
    ] {
        assert_eq!(
            ann.get(missing).await.status,
            StatusCode::NOT_FOUND,
            "{missing}"
        );
    }
}

#[actix_web::test]
async fn four_eyes_are_told_in_a_sentence() {
    let app = TestApp::start().await;
    app.set_project(|settings| settings.four_eyes = true).await;
    let ann = app.signs_in("Ann Lee", Role::Lead).await;
    let bob = app.signs_in("Bob Day", Role::Lead).await;
    ann.saves(80.0).await;
    let refused = ann.post("/console/rules/1/activate", &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.says("who saved a version may not be who activates it"));
    assert!(refused.says("Version 1"), "the page itself is there");
    bob.done("/console/rules/1/activate", &[]).await;
    assert!(ann.get("/console/rules/1").await.says("It judges now"));
}

#[actix_web::test]
async fn what_is_wrong_is_said_while_it_is_written_and_nothing_is_kept() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Lead).await;
    let wrong = typed(80.0).replace("\"score\"", "\"scroe\"");
    let checked = ann.post("/console/rules/check", &[("text", &wrong)]).await;
    assert_eq!(checked.status, StatusCode::OK);
    let found: Value = serde_json::from_str(&checked.text).unwrap();
    let problem = &found["problems"][0];
    assert_eq!(problem["place"], "/facematch_conditions/0/signal");
    assert_eq!(problem["line"], 6, "{wrong}");
    assert!(problem["reason"].as_str().unwrap().contains("scroe"));
    let fine = ann
        .post("/console/rules/check", &[("text", &typed(80.0))])
        .await;
    let fine: Value = serde_json::from_str(&fine.text).unwrap();
    assert_eq!(fine, json!({ "problems": [], "conditions": 1 }));

    let fields = [("text", wrong.as_str()), ("note", "<why>")];
    let back = ann.post("/console/rules", &fields).await;
    assert_eq!(back.status, StatusCode::BAD_REQUEST);
    assert!(back.says("Line 6:") && back.says("\"scroe\"") && back.says("<why>"));
    let back = ann
        .post("/console/rules", &[("text", &typed(80.0)), ("note", " ")])
        .await;
    assert_eq!(back.status, StatusCode::BAD_REQUEST);
    assert!(back.says("The note says why") && back.says("from 80"));
    // As long a file as there may be comes through, and a longer one is told so.
    let long = format!("{{\"name\": \"{}\"}}", "ä".repeat(200_000));
    let back = ann
        .post("/console/rules", &[("text", &long), ("note", "x")])
        .await;
    assert!(
        back.says("at most 262144 bytes"),
        "{}",
        &back.words()[..500]
    );
    let list = ann.get("/console/rules").await;
    assert!(!list.text.contains("/console/rules/1"), "nothing was saved");
}

#[actix_web::test]
async fn the_editor_starts_from_a_version_or_a_shipped_file_with_all_words_at_hand() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Lead).await;
    ann.saves(83.5).await;
    let page = ann.get("/console/rules/new?from=1").await;
    assert!(page.says("\"from 83.5\""));
    for word in [
        "min_percentage",
        "frames.yaw",
        "quantile(p)",
        "FACE_MISMATCH",
    ] {
        let button = format!("data-inserts=\"{word}\"");
        let known = page.text.contains(&button) || page.says(word);
        assert!(known, "{word}");
    }
    let page = ann.get("/console/rules/new?template=strict.json").await;
    assert!(page.says("\"name\": \"strict\""), "{}", page.words());
    for missing in ["?template=../Cargo.toml", "?from=9", "?from=x"] {
        let page = ann.get(&format!("/console/rules/new{missing}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{missing}");
    }
}

#[actix_web::test]
async fn two_versions_are_compared_line_by_line() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Lead).await;
    ann.saves(80.0).await;
    ann.saves(95.0).await;
    let page = ann.get("/console/rules/diff?from=1&to=2").await;
    assert!(page.says("3 lines added, 3 removed"), "{}", page.words());
    assert!(
        page.says("− removed \"name\": \"from 80\","),
        "{}",
        page.words()
    );
    assert!(page.says("+ added \"name\": \"from 95\","));
    let page = ann.get("/console/rules/diff?from=2&to=2").await;
    assert!(page.says("They say the same"));
    // Without a word: what judges against the newest.
    ann.done("/console/rules/1/activate", &[]).await;
    assert!(ann.get("/console/rules/diff").await.says("3 lines added"));
    let page = ann.get("/console/rules/diff?from=7").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn a_session_is_judged_by_a_version_beside_what_it_got() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Lead).await;
    ann.saves(80.0).await;
    ann.saves(95.0).await;
    ann.done("/console/rules/1/activate", &[]).await;
    let examined = app.examines(90.0).await;
    let session = examined["session_id"].as_str().unwrap();
    let page = ann
        .get(&format!("/console/rules/2/try?session={session}"))
        .await;
    assert_eq!(page.status, StatusCode::OK);
    for words in [
        "It got pass",
        "By: Version 1",
        "Every condition holds.",
        "It would get refer",
        "Match score: score is 90, pass needs at least 95, refer at least 85",
        "FACE_MISMATCH",
    ] {
        assert!(page.says(words), "{words}: {}", page.words());
    }
    let rows = app.audit_rows().await;
    assert_eq!(
        rows.iter()
            .filter(|row| row["action"] == "session.judged")
            .count(),
        1
    );

    let other = app.signs_in_to("other", "Eve Fox", Role::Lead).await;
    let page = other
        .get(&format!("/console/rules/default/try?session={session}"))
        .await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.says("There is no such session"));
    let fresh = app.session_with_evidence().await;
    let page = ann
        .get(&format!("/console/rules/2/try?session={fresh}"))
        .await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.says("has no verdict yet"));
}

#[actix_web::test]
async fn a_backtest_is_told_as_a_page_and_as_lines() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Lead).await;
    ann.saves(80.0).await;
    ann.saves(95.0).await;
    ann.done("/console/rules/1/activate", &[]).await;
    let mut sessions = Vec::new();
    for score in [99.0, 90.0, 60.0] {
        let examined = app.examines(score).await;
        sessions.push(examined["session_id"].as_str().unwrap().to_owned());
        app.clock.advance(1_000);
    }
    let page = ann.get("/console/rules/2/backtest").await;
    assert!(
        page.text.contains("id=\"backtest-result\" hidden"),
        "{}",
        page.text
    );
    let page = ann
        .post("/console/rules/2/backtest", &[("last", "10")])
        .await;
    assert!(page.says("3 sessions judged again") && page.says("1 would change"));
    assert_eq!(page.between("data-cell=\"pass-refer\">", "<"), "1");
    assert_eq!(page.between("data-cell=\"pass-pass\">", "<"), "1");
    assert_eq!(page.between("data-cell=\"fail-fail\">", "<"), "1");
    assert!(
        page.text
            .contains(&format!("href=\"/console/sessions/{}\"", sessions[1]))
    );
    assert!(!page.text.contains(&sessions[0]));

    let lines = ann
        .post_for_lines("/console/rules/2/backtest", &[("last", "10")])
        .await;
    assert_eq!(lines.content_type, "application/x-ndjson");
    let last = lines.text.lines().last().unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!(last["result"]["table"]["pass"]["refer"], 1);

    let refused = ann
        .post("/console/rules/2/backtest", &[("last", "0")])
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.says("A backtest takes the last 1 to 1000000 sessions."));
}

#[actix_web::test]
async fn the_shadow_is_reported() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Lead).await;
    ann.saves(80.0).await;
    ann.saves(95.0).await;
    ann.done("/console/rules/1/activate", &[]).await;
    ann.done("/console/rules/2/shadow", &[]).await;
    let same = app.examines(99.0).await;
    let other = app.examines(90.0).await;
    let page = ann.get("/console/rules/2/shadow").await;
    assert!(
        page.says("2 sessions seen, 1 judged otherwise"),
        "{}",
        page.words()
    );
    assert!(page.text.contains(other["session_id"].as_str().unwrap()));
    assert!(!page.text.contains(same["session_id"].as_str().unwrap()));
}

#[actix_web::test]
async fn another_projects_versions_do_not_exist() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Lead).await;
    ann.saves(80.0).await;
    let eve = app.signs_in_to("other", "Eve Fox", Role::Lead).await;
    for path in ["1", "1/backtest", "1/shadow", "diff?from=1"] {
        let page = eve.get(&format!("/console/rules/{path}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["1/activate", "1/shadow"] {
        let page = eve.post(&format!("/console/rules/{path}"), &[]).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
    }
    let page = eve
        .post("/console/rules/1/backtest", &[("last", "5")])
        .await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(!eve.get("/console/rules").await.says("Ann Lee"));
}
