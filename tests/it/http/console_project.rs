//! The console's pages of a project: settings, tokens, officers, webhooks, usage.

use likeness::operations::deliveries::KEPT_MS;
use likeness::operations::manage_tokens::NewToken;
use likeness::operations::post_results::longest_wait_ms;
use likeness::session::account::Role;
use likeness::session::actor::Actor;
use likeness::session::project::{ConsentPolicy, Dialect, ProjectSettings, Scope};
use reqwest::StatusCode;
use serde_json::Value;

use crate::helpers::TestApp;
use crate::http::console::{Browser, Page};

const SETTINGS: &str = "/console/projects";
const TOKENS: &str = "/console/projects/tokens";
const OFFICERS: &str = "/console/projects/officers";
const WEBHOOKS: &str = "/console/projects/webhooks";

/// What the settings form sends when nothing is touched, with some fields typed anew.
async fn form(ann: &Browser<'_>, typed: &[(&str, &str)]) -> Vec<(String, String)> {
    let page = ann.get(SETTINGS).await;
    let plain = [
        ("frames", "8"),
        ("max_examinations", ""),
        ("masks", "required"),
        ("review_within_minutes", "240"),
        ("undo_seconds", "8"),
        ("seed_percent", "0"),
        ("match_threshold", "80"),
        ("fremis_threshold", "80"),
        ("risetai_threshold", "75"),
        ("opencv_fr_threshold", "70"),
        ("max_calls", ""),
        ("max_faces", ""),
        ("max_galleries", ""),
        ("retention_days", ""),
        ("consent", "by_contract"),
        ("consent_text", ""),
    ];
    let mut fields: Vec<(String, String)> = plain
        .iter()
        .filter(|(name, _)| !typed.iter().any(|(other, _)| other == name))
        .chain(typed)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let seen = page.between("name=\"seen\" value=\"", "\"").to_owned();
    fields.push(("seen".to_owned(), seen));
    fields
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

impl Browser<'_> {
    async fn sets(&self, typed: &[(&str, &str)]) -> Page {
        let fields = form(self, typed).await;
        self.post(SETTINGS, &borrowed(&fields)).await
    }
}

async fn settings(app: &TestApp) -> ProjectSettings {
    app.operations.find_project("demo").await.unwrap().settings
}

async fn rows(app: &TestApp, action: &str) -> Vec<Value> {
    let rows = app.audit_rows().await.into_iter();
    rows.filter(|row| row["action"] == action).collect()
}

#[actix_web::test]
async fn settings_are_changed_under_the_admins_name() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Admin).await;
    let nothing = ann.sets(&[]).await;
    assert_eq!(nothing.status, StatusCode::SEE_OTHER);
    assert_eq!(settings(&app).await, ProjectSettings::default());
    assert_eq!(rows(&app, "project.changed").await.len(), 0);

    let changed = ann
        .sets(&[
            ("frames", "12"),
            ("match_threshold", "82.5"),
            ("retention_days", " 90 "),
            ("four_eyes", "true"),
            ("consent", "required"),
            ("disabled", "fremis"),
            ("disabled", "argos"),
            ("max_faces", "1000"),
        ])
        .await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.words());
    let mut expected = ProjectSettings {
        frames: 12,
        match_threshold: 82.5,
        retention_days: Some(90),
        four_eyes: true,
        consent: ConsentPolicy::Required,
        disabled: vec![Dialect::Fremis, Dialect::Argos],
        ..ProjectSettings::default()
    };
    expected.quotas.faces = Some(1000);
    assert_eq!(settings(&app).await, expected);
    let row = &rows(&app, "project.changed").await[0];
    assert!(row["actor"].as_str().unwrap().starts_with("off_"));
    assert_eq!(row["details"]["frames"], 12);
    let page = ann.get(SETTINGS).await;
    assert!(page.text.contains("value=\"82.5\""));
}

#[actix_web::test]
async fn bad_settings_come_back_as_they_were_typed_with_a_sentence_at_the_field() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Admin).await;
    for (field, typed, sentence) in [
        ("frames", "65", "This lies between 1 and 64."),
        ("frames", "many", "This is a whole number."),
        ("match_threshold", "101", "This lies between 0 and 100."),
        ("risetai_threshold", "NaN", "This lies between 0 and 100."),
        (
            "retention_days",
            "0",
            "This lies between 1 and 36500, or is none.",
        ),
        ("max_calls", "-1", "This is a whole number, or empty."),
        ("consent", "whatever", "This is none of the list."),
    ] {
        let back = ann.sets(&[(field, typed), ("max_galleries", "7")]).await;
        assert_eq!(back.status, StatusCode::BAD_REQUEST, "{field}");
        assert!(
            back.says("Nothing was saved") && back.says(sentence),
            "{}",
            back.words()
        );
        assert!(back.text.contains("name=\"max_galleries\"") && back.text.contains("value=\"7\""));
        if field != "consent" {
            assert!(back.text.contains(&format!("value=\"{typed}\"")), "{field}");
        }
    }
    let long = "x".repeat(10_001);
    let back = ann.sets(&[("consent_text", &long)]).await;
    assert!(back.says("This has 10000 characters at most"));
    assert_eq!(settings(&app).await, ProjectSettings::default());
}

#[actix_web::test]
async fn settings_that_somebody_changed_meanwhile_are_not_written_over() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Admin).await;
    let fields = form(&ann, &[("frames", "9")]).await;
    app.set_project(|settings| settings.suspended = true).await;
    let refused = ann.post(SETTINGS, &borrowed(&fields)).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(settings(&app).await.suspended);
    assert!(ann.get(SETTINGS).await.says("The project is suspended"));
    // Nor does an admin lift what the operator said.
    assert_eq!(
        ann.sets(&[("suspended", "false")]).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(settings(&app).await.suspended);
}

#[actix_web::test]
async fn the_text_of_a_consent_has_versions_and_the_log_its_hash_alone() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Admin).await;
    assert!(ann.get(SETTINGS).await.says("The project keeps none here."));
    for (text, version) in [
        ("I agree.\r\nReally <so>.", 1),
        ("I agree.", 2),
        ("I agree.", 2),
    ] {
        let saved = ann.sets(&[("consent_text", text)]).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.words());
        let settings = settings(&app).await;
        assert_eq!(settings.consent_version, version);
        assert_eq!(settings.consent_text, text.replace("\r\n", "\n"));
    }
    let hash = likeness::scoring::rules::content_hash("I agree.");
    let page = ann.get(SETTINGS).await;
    assert!(
        page.says(&format!("Version 2, SHA-256 {hash}")),
        "{}",
        page.words()
    );
    let rows = rows(&app, "project.changed").await;
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1]["details"]["consent_text"], hash.as_str());
    assert_eq!(rows[1]["details"]["consent_version"], 2);
    assert!(!rows.iter().any(|row| row.to_string().contains("agree")));
}

#[actix_web::test]
async fn a_token_is_made_shown_once_and_revoked() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Admin).await;
    let fields = [
        ("label", "the app"),
        ("scope", "submit"),
        ("scope", "read"),
        ("days", "30"),
        ("officer", ""),
    ];
    let made = ann.post(TOKENS, &fields).await;
    assert_eq!(made.status, StatusCode::OK);
    let secret = made
        .between("<code id=\"token-secret\">", "</code>")
        .to_owned();
    let calls = async || {
        let request = app.client.get(app.url("/v1/sessions"));
        request.bearer_auth(&secret).send().await.unwrap().status()
    };
    assert_eq!(calls().await, StatusCode::OK);
    let list = ann.get(TOKENS).await;
    assert!(!list.text.contains(&secret), "it is shown once");
    assert!(list.says("the app submit, read"), "{}", list.words());

    let tokens = app.operations.list_tokens("demo").await.unwrap();
    let id = tokens
        .iter()
        .find(|token| token.label == "the app")
        .unwrap()
        .id;
    let row = rows(&app, "token.created").await.pop().unwrap();
    assert!(row["actor"].as_str().unwrap().starts_with("off_"));
    ann.done(&format!("{TOKENS}/{id}/revoke"), &[]).await;
    assert_eq!(calls().await, StatusCode::UNAUTHORIZED);
    assert!(ann.get(TOKENS).await.says("revoked"));
    let again = ann.post(&format!("{TOKENS}/{id}/revoke"), &[]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn a_token_for_decisions_is_for_whoever_makes_it() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Admin).await;
    let eve = app.signs_in_to("other", "Eve Fox", Role::Admin).await;
    let before = app.operations.list_tokens("demo").await.unwrap().len();
    for (fields, sentence) in [
        (vec![("scope", "decide")], "is made for a person"),
        (vec![], "one scope at least"),
        (vec![("scope", "manage")], "People alone manage a project"),
        (vec![("scope", "fly")], "A scope is none of the list"),
        (
            vec![("scope", "read"), ("days", "0")],
            "lasts 1 to 36500 days",
        ),
        (vec![("scope", "read"), ("days", "soon")], "a whole number"),
        (
            vec![("scope", "read"), ("officer", "Ann")],
            "The officer is none of the list",
        ),
    ] {
        let refused = ann.post(TOKENS, &fields).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{fields:?}");
        assert!(refused.says(sentence), "{sentence}: {}", refused.words());
    }
    let officer = async |project: &str, name: &str| {
        let project = app.operations.find_project(project).await.unwrap();
        let made = app
            .operations
            .ensure_officer(project.id, name, Actor::Operator);
        made.await.unwrap().id.to_string()
    };
    let here = officer("demo", "Ann Lee").await;
    let beside = officer("demo", "Bob Day").await;
    let there = officer("other", "Eve Fox").await;
    for other in [&beside, &there] {
        let refused = ann
            .post(TOKENS, &[("scope", "decide"), ("officer", other)])
            .await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(
        app.operations.list_tokens("demo").await.unwrap().len(),
        before
    );
    let made = ann
        .post(TOKENS, &[("scope", "decide"), ("officer", &here)])
        .await;
    assert!(made.text.contains("token-secret"), "{}", made.words());

    let mine = app.operations.list_tokens("demo").await.unwrap()[0].id;
    let foreign = eve.post(&format!("{TOKENS}/{mine}/revoke"), &[]).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    assert!(!eve.get(TOKENS).await.text.contains(&mine.to_string()));
}

#[actix_web::test]
async fn officers_are_added_by_a_link_changed_and_removed() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Admin).await;
    let added = ann
        .post(OFFICERS, &[("name", "Bob Day"), ("role", "lead")])
        .await;
    assert_eq!(added.status, StatusCode::OK);
    let link = added
        .between("<code id=\"member-link\">", "</code>")
        .to_owned();
    let (address, secret) = link.split_once('#').unwrap();
    assert_eq!(address, app.url("/console/enrol"));
    let list = ann.get(OFFICERS).await;
    assert!(!list.text.contains(secret), "it is shown once");
    assert!(list.says("Bob Day no password yet"), "{}", list.words());

    let key = app.enrols(secret).await;
    let bob = app.signs_in_with("Bob Day", &key).await;
    assert_eq!(bob.get("/console/rules").await.status, StatusCode::OK);
    let list = ann.get(OFFICERS).await;
    let account = list
        .between("/console/projects/officers/acc_", "/role")
        .to_owned();
    let here = format!("{OFFICERS}/acc_{account}");
    ann.done(&format!("{here}/role"), &[("role", "officer")])
        .await;
    assert_eq!(
        bob.get("/console/rules").await.status,
        StatusCode::FORBIDDEN
    );
    let project = app.operations.find_project("demo").await.unwrap().id;
    let bobs = app
        .operations
        .ensure_officer(project, "Bob Day", Actor::Operator)
        .await
        .unwrap();
    let token = NewToken {
        project: "demo".to_owned(),
        scopes: vec![Scope::Read, Scope::Decide],
        label: String::new(),
        lifetime_ms: None,
        parent: None,
        officer: Some(bobs.id),
        by: Actor::Operator,
    };
    let token = app.operations.create_token(token).await.unwrap();
    ann.done(&format!("{here}/remove"), &[]).await;
    assert!(
        app.operations.authenticate(token.reveal()).await.is_err(),
        "a token in the name of somebody who was taken out"
    );
    assert_eq!(
        bob.get("/console/rules").await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        ann.post(&format!("{here}/remove"), &[]).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(rows(&app, "officer.changed").await.len(), 4);

    for (name, role) in [("", "lead"), ("Bob", "root"), ("a\u{7}b", "lead")] {
        let refused = ann.post(OFFICERS, &[("name", name), ("role", role)]).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{name} {role}");
        assert!(refused.text.contains("role=\"alert\""));
    }
}

#[actix_web::test]
async fn nobody_changes_their_own_role_or_another_projects_people() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Admin).await;
    let eve = app.signs_in_to("other", "Eve Fox", Role::Admin).await;
    let project = app.operations.find_project("demo").await.unwrap();
    let members = app
        .operations
        .members_for_operator(&project.name)
        .await
        .unwrap();
    let own = format!("{OFFICERS}/{}", members[0].0.id);
    for (path, fields) in [("role", vec![("role", "officer")]), ("remove", vec![])] {
        let refused = ann.post(&format!("{own}/{path}"), &fields).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert!(refused.says("Nobody changes their own role"));
        let foreign = eve.post(&format!("{own}/{path}"), &fields).await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    }
    // Nor by being added anew.
    let refused = ann
        .post(OFFICERS, &[("name", " ann lee "), ("role", "officer")])
        .await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(ann.get(OFFICERS).await.status, StatusCode::OK);
}

#[actix_web::test]
async fn no_project_gets_a_link_for_somebody_whom_another_one_invited() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Admin).await;
    let eve = app.signs_in_to("other", "Eve Fox", Role::Admin).await;
    let invited = ann
        .post(OFFICERS, &[("name", "Bob Day"), ("role", "admin")])
        .await;
    let link = invited
        .between("<code id=\"member-link\">", "</code>")
        .to_owned();
    let taken = eve
        .post(OFFICERS, &[("name", "bob day"), ("role", "officer")])
        .await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert!(!taken.text.contains("member-link"));
    // A lost link is made anew by those who made it, and the first one works no more.
    let again = ann
        .post(OFFICERS, &[("name", "Bob Day"), ("role", "admin")])
        .await;
    let secret = again.between("<code id=\"member-link\">", "</code>");
    let first = link.split_once('#').unwrap().1;
    let old = app
        .stranger_posts("/console/enrol", &[("invitation", first)])
        .await;
    assert_eq!(old.status, StatusCode::NOT_FOUND);
    app.enrols(secret.split_once('#').unwrap().1).await;
    // A name is no person: with a password too, whoever has it elsewhere is let in by the operator alone.
    let taken = eve
        .post(OFFICERS, &[("name", "Bob Day"), ("role", "officer")])
        .await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    let other = app.operations.find_project("other").await.unwrap().id;
    let link = app
        .operations
        .add_member(other, "Bob Day", Role::Officer, Actor::Operator)
        .await;
    assert!(link.unwrap().is_none(), "a password that is there is kept");
    assert!(eve.get(OFFICERS).await.says("Bob Day"));
}

#[actix_web::test]
async fn four_eyes_are_not_switched_off_by_whom_they_bind() {
    let app = TestApp::start().await;
    app.set_project(|settings| {
        settings.decisions_by_two = true;
        settings.four_eyes = true;
    })
    .await;
    let ann = app.signs_in("Ann Lee", Role::Admin).await;
    let refused = ann.sets(&[("frames", "6")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.says("is switched off by the operator alone"));
    assert!(settings(&app).await.decisions_by_two);
    let both = [
        ("frames", "6"),
        ("decisions_by_two", "true"),
        ("four_eyes", "true"),
    ];
    assert_eq!(ann.sets(&both).await.status, StatusCode::SEE_OTHER);
    assert_eq!(settings(&app).await.frames, 6);
}

#[actix_web::test]
async fn a_token_ends_with_the_role_that_it_needs() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Admin).await;
    let project = app.operations.find_project("demo").await.unwrap().id;
    let add = async |role| {
        let added = app
            .operations
            .add_member(project, "Bob Day", role, Actor::Operator);
        added.await.unwrap();
    };
    add(Role::Lead).await;
    let bob = app
        .operations
        .ensure_officer(project, "Bob Day", Actor::Operator);
    let bob = bob.await.unwrap().id;
    let token = async |scopes: Vec<Scope>| {
        let new = NewToken {
            project: "demo".to_owned(),
            scopes,
            label: String::new(),
            lifetime_ms: None,
            parent: None,
            officer: Some(bob),
            by: Actor::Operator,
        };
        app.operations.create_token(new).await.unwrap()
    };
    let rules = token(vec![Scope::Rules]).await;
    let decides = token(vec![Scope::Decide, Scope::Submit]).await;
    let list = ann.get(OFFICERS).await;
    let account = list.between("/console/projects/officers/acc_", "/role");
    let path = format!("{OFFICERS}/acc_{account}/role");
    ann.done(&path, &[("role", "officer")]).await;
    assert!(app.operations.authenticate(rules.reveal()).await.is_err());
    assert!(app.operations.authenticate(decides.reveal()).await.is_ok());
}

#[actix_web::test]
async fn what_was_posted_is_listed_without_secrets_and_posted_again() {
    let app =
        TestApp::start_with(|config| "127.0.0.1".clone_into(&mut config.callback_hosts)).await;
    let caller = app.operations.authenticate(&app.token).await.unwrap();
    // Nobody listens there.
    let address = "http://127.0.0.1:9/hook?key=secret";
    let body = "{\"secret\":1}".to_owned();
    app.operations
        .queue_callback(&caller, address, body)
        .await
        .unwrap();
    let waiting = async || {
        let now = app.clock_now();
        app.operations.callbacks_waiting(now).await.unwrap().0
    };
    let given_up = async || {
        // The service's own loop and this one try by turns.
        while waiting().await > 0 {
            app.clock.advance(longest_wait_ms(9).unwrap());
            app.operations.post_next_result().await.unwrap();
        }
    };
    given_up().await;
    let ann = app.signs_in("Ann Lee", Role::Admin).await;
    let page = ann.get(WEBHOOKS).await;
    for words in ["127.0.0.1:9", "given up", "could not be reached"] {
        assert!(page.says(words), "{words}: {}", page.words());
    }
    assert!(!page.text.contains("secret"));

    let id = page
        .between("/console/projects/webhooks/cb_", "/replay")
        .to_owned();
    let replay = format!("{WEBHOOKS}/cb_{id}/replay");
    let eve = app.signs_in_to("other", "Eve Fox", Role::Admin).await;
    assert_eq!(eve.post(&replay, &[]).await.status, StatusCode::NOT_FOUND);
    assert!(eve.get(WEBHOOKS).await.says("Nothing was posted."));
    assert_eq!(waiting().await, 0);
    ann.done(&replay, &[]).await;
    assert_eq!(waiting().await, 1);
    let row = rows(&app, "delivery.replayed").await.pop().unwrap();
    assert_eq!(row["target"], format!("cb_{id}"));
    assert!(row["actor"].as_str().unwrap().starts_with("off_"));

    given_up().await;
    app.clock.advance(KEPT_MS - 60_000);
    app.operations.expire_sessions().await.unwrap();
    let ann = app.signs_in("Ann Two", Role::Admin).await;
    assert!(
        ann.get(WEBHOOKS).await.says("given up"),
        "a week is not over"
    );
    app.clock.advance(120_000);
    app.operations.expire_sessions().await.unwrap();
    assert!(ann.get(WEBHOOKS).await.says("Nothing was posted."));
}

#[actix_web::test]
async fn usage_is_shown_against_the_quotas_and_day_by_day() {
    let app = TestApp::start().await;
    app.set_project(|settings| settings.quotas.calls = Some(10))
        .await;
    for _ in 0..2 {
        app.start_biometry_session().await;
    }
    app.clock.advance(24 * 60 * 60 * 1000);
    app.start_biometry_session().await;
    let ann = app.signs_in("Ann Lee", Role::Admin).await;
    let page = ann.get("/console/projects/usage").await;
    assert!(page.says("Calls 3 10 30 %"), "{}", page.words());
    assert!(page.says("Enrolled faces 0 no limit"));
    assert!(page.says("3 calls in 30 days, 2 on the day with most of them"));
    assert!(
        page.says("2023-11-15 0 1 0 0 0 0 1 2023-11-14 0 2 0 0 0 0 2"),
        "{}",
        page.words()
    );
    assert!(page.text.contains("<title>2023-11-14: 2</title>"));
    let eve = app.signs_in_to("other", "Eve Fox", Role::Admin).await;
    let page = eve.get("/console/projects/usage").await;
    assert!(page.says("0 calls in 30 days"));
}
