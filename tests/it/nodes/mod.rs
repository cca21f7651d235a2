//! Several nodes that share PostgreSQL and a bucket: what one of them does holds on all at once.

mod processes;

use likeness::operations::error::Error;
use likeness::operations::sign_in::Attempt;
use likeness::session::account::Role;
use likeness::session::actor::Actor;
use reqwest::StatusCode;
use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::Value;

use crate::helpers::{Scene, TestApp, body};
use crate::http::console::{PASSWORD, code_of};
use crate::http::rules::rules;

/// Runs tests on what nodes share.
macro_rules! on_shared_ground {
    ($($name:ident)*) => {
        mod on_shared_ground { $(
            #[test]
            fn $name() {
                let name = concat!(module_path!(), "::", stringify!($name));
                crate::ground::shared(name, || {
                    let runtime = tokio::runtime::Runtime::new().unwrap();
                    runtime.block_on(super::$name());
                });
            }
        )* }
    };
}

on_shared_ground! {
    a_token_that_is_revoked_on_one_node_is_refused_on_the_other_at_once
    rules_and_settings_of_one_node_hold_on_the_other_at_once
    a_request_is_answered_when_another_node_has_examined
    wrong_tries_are_counted_over_all_nodes_and_a_code_opens_once
    what_is_signed_out_on_one_node_is_signed_out_on_the_other
    a_case_that_is_taken_on_one_node_is_taken_on_the_other
    both_nodes_erase_what_is_kept_no_longer_and_each_session_goes_once
    a_worker_that_wakes_up_after_its_lease_finishes_nothing
    nodes_that_start_together_on_an_empty_database_all_start
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

async fn count(app: &TestApp, statement: &str) -> i64 {
    let connection = Database::connect(app.database()).await.unwrap();
    let backend = connection.get_database_backend();
    let counted = connection
        .query_one_raw(Statement::from_string(backend, statement))
        .await
        .unwrap();
    counted.unwrap().try_get_by_index::<i64>(0).unwrap()
}

async fn list_with(app: &TestApp, token: &str) -> StatusCode {
    let request = app.client.get(app.url("/v1/sessions"));
    request.bearer_auth(token).send().await.unwrap().status()
}

async fn a_token_that_is_revoked_on_one_node_is_refused_on_the_other_at_once() {
    let one = TestApp::start().await;
    let other = one.another_node(|_| ()).await;
    let token = one.token_for("demo").await;
    assert_eq!(list_with(&other, &token).await, StatusCode::OK);
    let listed = one.operations.list_tokens("demo").await.unwrap();
    // The newest is the one that was just made.
    let newest = listed.iter().max_by_key(|token| token.id.0).unwrap().id;
    one.operations
        .revoke_token(newest, Actor::Operator)
        .await
        .unwrap();
    assert_eq!(list_with(&other, &token).await, StatusCode::UNAUTHORIZED);
    assert_eq!(list_with(&other, &one.token).await, StatusCode::OK);
}

async fn rules_and_settings_of_one_node_hold_on_the_other_at_once() {
    let one = TestApp::start().await;
    let other = one.another_node(|_| ()).await;
    for app in [&one, &other] {
        app.sees(Scene::of(&[80.0; 8]));
    }
    let ann = one.officer("Ann Lee").await;
    let strict = one.saves(&ann, &rules(95.0)).await;
    let lenient = one.saves(&ann, &rules(50.0)).await;
    for (version, verdict) in [(strict, "fail"), (lenient, "pass"), (strict, "fail")] {
        one.activates(&ann, version).await;
        let judged = body(other.good_match().await).await;
        assert_eq!(judged["scoring_result"]["status"], verdict, "{judged:#}");
    }
    one.set_project(|settings| settings.suspended = true).await;
    let refused = other.good_match().await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
}

async fn a_request_is_answered_when_another_node_has_examined() {
    let one = TestApp::start().await;
    let door = one.another_cold_node().await;
    let answer = door.good_match().await;
    assert_eq!(answer.status(), StatusCode::OK, "{:#}", body(answer).await);
    assert_eq!(count(&one, "SELECT count(*) FROM examinations").await, 1);
}

async fn wrong_tries_are_counted_over_all_nodes_and_a_code_opens_once() {
    let one = TestApp::start().await;
    let other = one.another_node(|_| ()).await;
    let key = account(&one, "Ann Lee").await;
    for app in [&one, &other] {
        app.clock.advance(60_000);
    }
    let code = code_of(&key, one.clock_now());
    tries(&one, PASSWORD, &code).await.unwrap();
    let again = tries(&other, PASSWORD, &code).await;
    assert!(matches!(again, Err(Error::Refused { .. })), "{again:?}");

    // That was the first wrong try.
    for app in [&one, &other, &one, &other] {
        let refused = tries(app, "seven blue boats", "000000").await;
        assert!(matches!(refused, Err(Error::Refused { .. })));
    }
    for app in [&one, &other] {
        app.clock.advance(30_000);
        let code = code_of(&key, app.clock_now());
        let locked = tries(app, PASSWORD, &code).await;
        assert!(matches!(locked, Err(Error::Refused { .. })), "{locked:?}");
    }
    let rows = one.audit_rows().await;
    let locked = rows
        .iter()
        .filter(|row| row["action"] == "officer.locked_out");
    assert_eq!(locked.count(), 1);
    other.clock.advance(16 * 60_000);
    let code = code_of(&key, other.clock_now());
    tries(&other, PASSWORD, &code).await.unwrap();
}

async fn account(app: &TestApp, name: &str) -> String {
    let project = app.operations.ensure_project("demo").await.unwrap();
    let link = app
        .operations
        .add_member(project.id, name, Role::Admin, Actor::Operator)
        .await
        .unwrap()
        .unwrap();
    app.enrols(link.reveal()).await
}

async fn tries(app: &TestApp, password: &str, code: &str) -> Result<String, Error> {
    let attempt = Attempt {
        name: "Ann Lee".to_owned(),
        password: password.to_owned(),
        code: code.to_owned(),
    };
    let secret = app.operations.sign_in(attempt).await?;
    Ok(secret.reveal().to_owned())
}

async fn what_is_signed_out_on_one_node_is_signed_out_on_the_other() {
    let one = TestApp::start().await;
    let other = one.another_node(|_| ()).await;
    let key = account(&one, "Ann Lee").await;
    for app in [&one, &other] {
        app.clock.advance(60_000);
    }
    let secret = tries(&one, PASSWORD, &code_of(&key, one.clock_now()))
        .await
        .unwrap();
    assert!(other.operations.visitor(&secret, true).await.is_ok());
    one.operations.sign_out(&secret).await.unwrap();
    let gone = other.operations.visitor(&secret, true).await;
    assert!(matches!(gone, Err(Error::Unauthenticated)), "{gone:?}");
}

async fn a_case_that_is_taken_on_one_node_is_taken_on_the_other() {
    let one = TestApp::start().await;
    let other = one.another_node(|_| ()).await;
    one.sees(Scene::of(&[72.0; 8]));
    other.sees(Scene::of(&[72.0; 8]));
    let mut cases = Vec::new();
    for _ in 0..6 {
        let session = one.session_with_evidence().await;
        let done = one.examines_again(&session, 72.0).await;
        assert_eq!(done["verdict"], "refer", "{done:#}");
        cases.push(session);
    }
    let (ann, bob) = (
        reviewer(&one, "Ann Lee").await,
        reviewer(&one, "Bob Day").await,
    );
    // Each on a node of their own, both as fast as they can.
    let (hers, his) = tokio::join!(takes_all(&one, &ann), takes_all(&other, &bob));
    let mut taken: Vec<String> = hers.into_iter().chain(his).collect();
    taken.sort();
    cases.sort();
    assert_eq!(taken, cases);
}

async fn reviewer(app: &TestApp, name: &str) -> String {
    use likeness::session::project::Scope;
    app.officer_with(name, vec![Scope::Read, Scope::Decide])
        .await
}

/// The cases that somebody gets who takes one after the other.
async fn takes_all(app: &TestApp, token: &str) -> Vec<String> {
    let caller = app.operations.authenticate(token).await.unwrap();
    let mut taken = Vec::new();
    while let Some(session) = app.operations.next_case(&caller).await.unwrap() {
        taken.push(session.to_string());
    }
    taken
}

async fn both_nodes_erase_what_is_kept_no_longer_and_each_session_goes_once() {
    let one = TestApp::start().await;
    let other = one.another_node(|_| ()).await;
    for _ in 0..5 {
        assert_eq!(one.good_match().await.status(), StatusCode::OK);
    }
    one.set_project(|settings| settings.retention_days = Some(30))
        .await;
    for app in [&one, &other] {
        app.clock.advance(31 * DAY_MS);
    }
    let (first, second) = tokio::join!(
        one.operations.expire_sessions(),
        other.operations.expire_sessions()
    );
    first.unwrap();
    second.unwrap();
    assert_eq!(one.files("blobs"), Vec::<std::path::PathBuf>::new());
    let rows = one.audit_rows().await;
    let mut erased: Vec<&Value> = rows
        .iter()
        .filter(|row| row["action"] == "session.erased")
        .map(|row| &row["target"])
        .collect();
    assert_eq!(erased.len(), 5, "{rows:#?}");
    erased.dedup();
    assert_eq!(erased.len(), 5);
}

async fn a_worker_that_wakes_up_after_its_lease_finishes_nothing() {
    let one = TestApp::start().await;
    one.hold();
    let session = one.session_with_evidence().await;
    let path = format!("/v1/sessions/{session}/examinations");
    let job = body(one.post(&path).send().await.unwrap()).await;
    one.until_looking().await;

    let other = one.another_node(|_| ()).await;
    other.sees(Scene::of(&[91.0; 8]));
    other.clock.advance(60 * 60 * 1000);
    other.operations_finish(&session, &job).await;
    // Now the first one goes on, and comes to the end of what it thinks is its own.
    one.sees(Scene::of(&[12.0; 8]));
    one.release();
    one.stop().await;

    let done = body(
        other
            .get(&format!("/v1/sessions/{session}"))
            .send()
            .await
            .unwrap(),
    )
    .await;
    let examinations = done["examinations"].as_array().unwrap();
    assert_eq!(examinations.len(), 1, "{done:#}");
    assert_eq!(examinations[0]["result"]["score"], 91.0, "{done:#}");
    let rows = other.audit_rows().await;
    let judged = rows.iter().filter(|row| row["action"] == "session.judged");
    assert_eq!(judged.count(), 1);
    let attempts = "SELECT CAST(attempts AS bigint) FROM examinations";
    assert_eq!(count(&other, attempts).await, 2);
    // Where it stood in the queue is counted once, too.
    let waited = "SELECT count(*) FROM examinations WHERE wait_bin IS NOT NULL";
    assert_eq!(count(&other, waited).await, 1);
}

async fn nodes_that_start_together_on_an_empty_database_all_start() {
    use crate::ground::Ground;
    let ground = Ground::new().await;
    let nodes = ["one", "two", "three"].map(|node| TestApp::start_on(&ground, node));
    let [one, two, three] = nodes;
    let (one, two, three) = tokio::join!(one, two, three);
    for app in [&one, &two, &three] {
        assert_eq!(app.good_match().await.status(), StatusCode::OK);
        assert!(!app.sessions().await.is_empty());
    }
}
