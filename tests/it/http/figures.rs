//! The overview, review quality and known answers, as officers and leads see them.

use likeness::operations::authenticate::Caller;
use likeness::operations::manage_members::Enrolled;
use likeness::operations::seed_cases::Draw;
use likeness::operations::sign_in::Attempt;
use likeness::session::account::Role;
use likeness::session::actor::Actor;
use likeness::session::ids::SessionId;
use likeness::session::known_answer::KnownAnswer;
use likeness::session::project::Scope;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::helpers::{Scene, TestApp};
use crate::http::decisions::{decide, judged, officer_token};

crate::ground::also_on_shared_ground! {
    the_overview_counts_what_came_out
    quality_is_for_leads
    a_known_case_is_marked_and_taken_off
    copies_come_at_the_rate_that_is_set_and_only_officers_see_them
    answers_to_known_cases_are_weighed
}

const PASSWORD: &str = "seven green boats";

/// Somebody who is signed in to the console.
struct Person<'a> {
    app: &'a TestApp,
    client: Client,
    cookie: String,
    caller: Caller,
}

async fn person<'a>(app: &'a TestApp, name: &str, role: Role) -> Person<'a> {
    let operations = &app.operations;
    let project = operations.ensure_project("demo").await.unwrap().id;
    let invited = operations.add_member(project, name, role, Actor::Operator);
    let secret = invited.await.unwrap().unwrap();
    let enrolment = operations.read_invitation(secret.reveal()).await.unwrap();
    let code = || {
        let totp = Builder::new()
            .with_secret(Secret::try_from_base32(&enrolment.device_key).unwrap())
            .with_account_name("anybody")
            .with_issuer(Some("likeness"))
            .build()
            .unwrap();
        totp.generate(app.clock_now().0 as u64 / 1_000).to_string()
    };
    let enrolled = Enrolled {
        password: PASSWORD.to_owned(),
        code: code(),
    };
    let used = operations.use_invitation(secret.reveal(), enrolled).await;
    used.unwrap();
    // A code opens once.
    app.clock.advance(30_000);
    let attempt = Attempt {
        name: name.to_owned(),
        password: PASSWORD.to_owned(),
        code: code(),
    };
    let cookie = operations.sign_in(attempt).await.unwrap();
    let visitor = operations.visitor(cookie.reveal(), true).await.unwrap();
    Person {
        app,
        client: crate::helpers::client()
            .redirect(Policy::none())
            .build()
            .unwrap(),
        cookie: format!("likeness_console={}", cookie.reveal()),
        caller: visitor.caller,
    }
}

impl Person<'_> {
    async fn sees(&self, path: &str) -> (StatusCode, String) {
        let request = self.client.get(self.app.url(path));
        let answer = request.header("cookie", &self.cookie).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    async fn page(&self, path: &str) -> String {
        let (status, text) = self.sees(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        text
    }

    async fn sends(&self, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let page = self.page("/console/quality/seeds").await;
        let (_, rest) = page.split_once("name=\"mark\" value=\"").unwrap();
        let mut all = vec![("mark", rest.split_once('"').unwrap().0)];
        all.extend(fields);
        let request = self.client.post(self.app.url(path));
        let request = request
            .header("cookie", &self.cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(serde_html_form::to_string(all).unwrap());
        let answer = request.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }
}

/// A service whose API caller is an officer, and which refers what it sees.
async fn service() -> TestApp {
    let mut app = TestApp::start().await;
    let scopes = vec![Scope::Submit, Scope::Read, Scope::Decide, Scope::Erase];
    app.token = officer_token(&app, "Olga", scopes).await;
    app.sees(Scene::of(&[75.0; 8]));
    app
}

/// What the default rules pass.
fn clear() -> Scene {
    Scene {
        live: Some(99.0),
        ..Scene::of(&[99.0; 8])
    }
}

/// A case that was settled by the officer of the API.
async fn settled(app: &TestApp, kind: &str) -> String {
    let (id, _) = judged(app).await;
    let decision = json!({"decision": kind, "note": "seen in person"});
    let seen = decide(app, &id, decision).await;
    assert_eq!(seen.status, StatusCode::CREATED, "{}", seen.body);
    id
}

async fn copies(app: &TestApp, lead: &Person<'_>, tries: u64) -> Vec<SessionId> {
    let mut random = StdRng::seed_from_u64(7);
    let mut made = Vec::new();
    for _ in 0..tries {
        let draw = Draw::by(&mut random);
        let mixed = app
            .operations
            .mix_in_known_answer(lead.caller.project.id, draw);
        made.extend(mixed.await.unwrap());
    }
    made
}

#[actix_web::test]
async fn the_overview_counts_what_came_out() {
    let app = service().await;
    judged(&app).await;
    app.sees(clear());
    judged(&app).await;
    let officer = person(&app, "Ada", Role::Officer).await;
    let page = officer.page("/console/overview").await;
    assert!(
        page.contains("In all: 1 pass, 1 refer, 0 fail, 0 no verdict"),
        "{page}"
    );
    assert!(page.contains("too few sessions"));
    assert!(
        !page.contains("style="),
        "the policy of the pages allows none"
    );
    for days in [7, 30, 90] {
        let page = officer
            .page(&format!("/console/overview?days={days}"))
            .await;
        assert!(
            page.contains("2 examinations ended in these days"),
            "{days}"
        );
    }
    for odd in ["0", "367", "-1", "x", ""] {
        let (status, _) = officer.sees(&format!("/console/overview?days={odd}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{odd}");
    }
    app.set_project(|settings| settings.retention_days = Some(20))
        .await;
    let page = officer.page("/console/overview?days=7").await;
    assert!(
        page.contains("erased after 20 days"),
        "the month before is not whole"
    );
}

#[actix_web::test]
async fn quality_is_for_leads() {
    let app = service().await;
    let officer = person(&app, "Ada", Role::Officer).await;
    for path in [
        "/console/quality",
        "/console/quality.csv",
        "/console/quality/decisions.csv",
        "/console/quality/seeds",
    ] {
        assert_eq!(officer.sees(path).await.0, StatusCode::FORBIDDEN, "{path}");
        let stranger = crate::helpers::client().redirect(Policy::none()).build();
        let answer = stranger.unwrap().get(app.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
    }
    let id = settled(&app, "reject").await.parse().unwrap();
    let marked = app
        .operations
        .mark_known_answer(&officer.caller, id, KnownAnswer::Reject)
        .await;
    assert!(marked.is_err());
    assert!(
        !officer
            .page("/console/overview")
            .await
            .contains("/console/quality")
    );
}

#[actix_web::test]
async fn a_known_case_is_marked_and_taken_off() {
    let app = service().await;
    let lead = person(&app, "Lea", Role::Lead).await;
    let id = settled(&app, "reject").await;
    let (waits, _) = judged(&app).await;
    app.sees(clear());
    let passed = settled(&app, "approve").await;
    let seeds = "/console/quality/seeds";
    for (session, said) in [
        (waits.as_str(), "nobody has settled"),
        (passed.as_str(), "that people look at"),
        ("sess_1", "no such session"),
    ] {
        let (status, text) = lead
            .sends(seeds, &[("session", session), ("answer", "reject")])
            .await;
        assert!(status.is_client_error(), "{session}: {status}");
        assert!(text.to_lowercase().contains(said), "{text}");
    }
    let (status, _) = lead
        .sends(seeds, &[("session", &id), ("answer", "perhaps")])
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, text) = lead
        .sends(seeds, &[("session", &id), ("answer", "reject")])
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{text}");
    let page = lead.page(seeds).await;
    assert!(
        page.contains(&id) && page.contains("None is mixed in"),
        "{page}"
    );
    let rows: Vec<Value> = app.audit_rows().await;
    let marked = rows
        .iter()
        .find(|row| row["action"] == "known_answer.marked");
    assert_ne!(
        marked.unwrap()["target"],
        id.as_str(),
        "the case's history does not tell"
    );
    let remove = "/console/quality/seeds/remove";
    assert_eq!(
        lead.sends(remove, &[("session", &id)]).await.0,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        lead.sends(remove, &[("session", &id)]).await.0,
        StatusCode::NOT_FOUND
    );
    assert!(!lead.page(seeds).await.contains(&id));
}

#[actix_web::test]
async fn copies_come_at_the_rate_that_is_set_and_only_officers_see_them() {
    let app = service().await;
    let lead = person(&app, "Lea", Role::Lead).await;
    for _ in 0..40 {
        let id = settled(&app, "reject").await.parse().unwrap();
        let operations = &app.operations;
        let marked = operations.mark_known_answer(&lead.caller, id, KnownAnswer::Reject);
        marked.await.unwrap();
    }
    assert_eq!(copies(&app, &lead, 40).await, []);
    app.set_project(|settings| settings.seed_percent = 50).await;
    let made = copies(&app, &lead, 40).await;
    assert!((12..=28).contains(&made.len()), "{} of 40", made.len());

    let copy = made[0].to_string();
    assert_eq!(app.sessions().await.len(), 40, "none of them is a visit");
    for path in [
        format!("/v1/sessions/{copy}"),
        format!("/v1/sessions/{copy}/decisions"),
    ] {
        let seen = app.see(app.get(&path)).await;
        assert!(seen.status.is_client_error(), "{path}: {}", seen.status);
    }
    let decision = json!({"decision": "reject", "note": "seen in person"});
    assert_eq!(
        decide(&app, &copy, decision).await.status,
        StatusCode::NOT_FOUND
    );

    let officer = person(&app, "Ada", Role::Officer).await;
    assert!(officer.page("/console/queue").await.contains(&copy));
    let page = officer.page(&format!("/console/sessions/{copy}")).await;
    for telling in ["seed", "known", "copy of"] {
        assert!(!page.contains(telling), "{telling}: {page}");
    }
    assert!(page.contains("/video?"), "its evidence is there");
    let overview = officer.page("/console/overview").await;
    assert!(overview.contains("In all: 0 pass, 40 refer"), "{overview}");
}

#[actix_web::test]
async fn answers_to_known_cases_are_weighed() {
    let app = service().await;
    app.set_project(|settings| {
        settings.seed_percent = 50;
        settings.undo_seconds = 0;
    })
    .await;
    let lead = person(&app, "Lea", Role::Lead).await;
    let officer = person(&app, "=Ada", Role::Officer).await;
    let id: SessionId = settled(&app, "reject").await.parse().unwrap();
    let operations = &app.operations;
    let marked = operations.mark_known_answer(&lead.caller, id, KnownAnswer::Reject);
    marked.await.unwrap();
    let made = copies(&app, &lead, 20).await;
    assert_eq!(made.len(), 1, "one copy of a case waits at a time");
    operations
        .claim_review(&officer.caller, made[0])
        .await
        .unwrap();
    app.clock.advance(9_000);
    let approval = likeness::operations::decide::NewDecision {
        session: made[0],
        kind: likeness::session::decision::DecisionKind::Approve,
        reasons: Vec::new(),
        note: Some("a private word".to_owned()),
        examination: None,
        checklist: None,
    };
    operations
        .decide_later(&officer.caller, approval)
        .await
        .unwrap();

    let page = lead.page("/console/quality").await;
    assert!(page.contains("=Ada") && page.contains("1 of 1"), "{page}");
    let figures = lead.page("/console/quality.csv").await;
    let row = figures.lines().find(|line| line.contains("Ada")).unwrap();
    assert!(row.starts_with("'=Ada,1,9000,9000,"), "{row}");
    let decisions = lead.page("/console/quality/decisions.csv").await;
    let row = decisions.lines().find(|line| line.contains("Ada")).unwrap();
    assert!(row.contains(&format!("{},approve,", made[0])), "{row}");
    assert!(row.ends_with(",9000,y"), "{row}");
    assert_eq!(decisions.matches(",n\n").count(), 1, "{decisions}");
    assert!(!decisions.contains("private"), "notes are not exported");

    operations
        .erase_session(&caller(&app).await, id, false)
        .await
        .unwrap();
    let page = officer
        .page(&format!("/console/sessions/{}", made[0]))
        .await;
    assert!(page.contains("was erased"), "the face goes with its case");
}

async fn caller(app: &TestApp) -> Caller {
    app.operations.authenticate(&app.token).await.unwrap()
}
