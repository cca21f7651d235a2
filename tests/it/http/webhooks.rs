//! A project's events as a receiver sees them: signed, without a word about anybody, and once by their identifier.

use std::collections::BTreeSet;

use likeness::operations::authenticate::Caller;
use likeness::operations::manage_webhooks::Webmaster;
use likeness::operations::post_results::longest_wait_ms;
use likeness::session::delivery::{Delivery, DeliveryState};
use likeness::session::ids::EndpointId;
use likeness::session::project::Scope;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::helpers::{TestApp, keys};
use crate::http::decisions::{decide, judged, officer_token};
use crate::receiver::{Post, Receiver};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// A service that may post to this machine.
async fn start() -> TestApp {
    TestApp::start_with(|config| "127.0.0.1".clone_into(&mut config.callback_hosts)).await
}

/// Who manages the project's webhooks.
async fn manager(app: &TestApp) -> Caller {
    let token = app.token_with("demo", vec![Scope::Manage], None).await;
    app.operations.authenticate(&token).await.unwrap()
}

/// A webhook for some events, or for all; its id and its secret.
async fn webhook(app: &TestApp, url: &str, events: &[&str]) -> (EndpointId, String) {
    let token = app.token_with("demo", vec![Scope::Manage], None).await;
    let asked = app.client.post(app.url("/v1/webhooks")).bearer_auth(token);
    let seen = app
        .see(asked.json(&json!({ "url": url, "events": events })))
        .await;
    assert_eq!(seen.status, StatusCode::CREATED, "{}", seen.body);
    let text = |key: &str| seen.body[key].as_str().unwrap().to_owned();
    (text("id").parse().unwrap(), text("secret"))
}

async fn deliveries(app: &TestApp) -> Vec<Delivery> {
    let caller = manager(app).await;
    app.operations
        .list_deliveries(&caller, None, 100)
        .await
        .unwrap()
}

/// Returns once nothing waits any more.
async fn all_ended(app: &TestApp) -> Vec<Delivery> {
    loop {
        let all = deliveries(app).await;
        let waits = |delivery: &Delivery| delivery.state == DeliveryState::Waiting;
        if !all.iter().any(waits) {
            return all;
        }
        tokio::task::yield_now().await;
    }
}

fn ids(posts: &[Post]) -> BTreeSet<String> {
    posts.iter().map(Post::id).collect()
}

#[actix_web::test]
async fn a_verdict_is_posted_signed_and_says_nothing_of_anybody() {
    let app = start().await;
    let mut receiver = Receiver::start();
    let url = format!("{}/hook?key=k", receiver.address);
    let (_, secret) = webhook(&app, &url, &[]).await;
    let body = json!({ "reference": "Order of Quirinius", "metadata": {"note": "Quirinius"}, "subject_name": "Quirinius Fox" });
    let opened = app.send(Method::POST, "/v1/sessions", &body).await;
    assert_eq!(opened.status, StatusCode::CREATED, "{}", opened.body);
    let (session, examination) = judged(&app).await;

    let post = receiver.next().await;
    assert_eq!(post.path, "/hook");
    assert_eq!(post.header("content-type"), "application/json");
    assert_eq!(post.verify(&secret), (1, true));
    let seconds: i64 = post.header("webhook-timestamp").parse().unwrap();
    assert_eq!(seconds, app.clock_now().0 / 1000);
    assert!(
        !post.id().contains('.'),
        "it is what the signed text is split by"
    );
    let told = post.json();
    assert_eq!(keys(&told), ["type", "timestamp", "data"]);
    assert_eq!(told["type"], "session.judged");
    assert_eq!(
        told["data"],
        json!({ "session": session, "status": "judged", "examination": examination, "outcome": "refer" })
    );
    assert_eq!(all_ended(&app).await.len(), 1);
    assert!(receiver.rest().is_empty());
}

#[actix_web::test]
async fn every_event_is_told_in_ids_and_statuses_alone() {
    let mut app = start().await;
    let mut receiver = Receiver::start();
    let (_, secret) = webhook(&app, &receiver.address, &[]).await;
    let scopes = [Scope::Submit, Scope::Read, Scope::Decide, Scope::Erase];
    app.token = officer_token(&app, "Olga Quirinius", scopes.to_vec()).await;
    let (session, _) = judged(&app).await;
    let note = json!({ "decision": "note", "note": "Quirinius is a name" });
    assert_eq!(
        decide(&app, &session, note).await.status,
        StatusCode::CREATED
    );
    let approve = json!({ "decision": "approve", "note": "Quirinius it is" });
    let decided = decide(&app, &session, approve).await;
    assert_eq!(decided.status, StatusCode::CREATED, "{}", decided.body);
    let path = format!("/v1/sessions/{session}");
    let erased = app.client.delete(app.url(&path)).bearer_auth(&app.token);
    let erased = erased.send().await.unwrap();
    assert_eq!(erased.status(), StatusCode::OK);
    app.sees(crate::helpers::Scene {
        fault: true,
        ..crate::helpers::Scene::of(&[])
    });
    let other = app.session_with_evidence().await;
    let failed = app.post(&format!("/v1/sessions/{other}/examinations?wait=20"));
    failed.send().await.unwrap();

    let mut posts = Vec::new();
    while posts.len() < 4 {
        posts.push(receiver.next().await);
    }
    all_ended(&app).await;
    posts.extend(receiver.rest());
    let mut told: Vec<Value> = posts.iter().map(Post::json).collect();
    told.sort_by_key(|told| told["type"].as_str().unwrap().to_owned());
    let kinds: Vec<&str> = told
        .iter()
        .map(|told| told["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "session.decided",
            "session.erased",
            "session.failed",
            "session.judged"
        ],
        "a note is told to nobody"
    );
    assert_eq!(
        keys(&told[0]["data"]),
        ["session", "status", "examination", "decision", "kind"]
    );
    assert_eq!(told[0]["data"]["kind"], "approve");
    assert_eq!(
        told[1]["data"],
        json!({ "session": session, "status": "erased" })
    );
    assert_eq!(told[2]["data"]["session"], other);
    for post in &posts {
        assert_eq!(post.verify(&secret), (1, true));
        let text = post.text();
        for word in ["Quirinius", "Olga", "off_", "demo", "score", "90"] {
            let ids = ["sess_", "exam_", "dec_"];
            let told = text
                .split('"')
                .filter(|part| !ids.iter().any(|id| part.starts_with(id)) && !part.ends_with('Z'));
            assert!(
                !told.into_iter().any(|part| part.contains(word)),
                "{word}: {text}"
            );
        }
    }
}

#[actix_web::test]
async fn two_secrets_sign_while_one_is_rotated() {
    let app = start().await;
    let mut receiver = Receiver::start();
    let (id, old) = webhook(&app, &receiver.address, &["session.erased"]).await;
    let by = Webmaster::of(&manager(&app).await).unwrap();
    let new = app.operations.rotate_webhook(by, id, 24).await.unwrap();
    let new = new.reveal();
    assert_ne!(old, new);
    app.operations.test_webhook(by, id).await.unwrap();
    let post = receiver.next().await;
    assert_eq!(post.json()["type"], "webhook.test");
    assert_eq!(post.verify(&old), (2, true));
    assert_eq!(post.verify(&new), (2, true));
    app.clock.advance(24 * HOUR_MS);
    app.operations.test_webhook(by, id).await.unwrap();
    let post = receiver.next().await;
    assert_eq!(post.verify(&old), (1, false));
    assert_eq!(post.verify(&new), (1, true));
}

#[actix_web::test]
async fn a_receiver_that_was_down_for_six_hours_gets_everything_once() {
    const EVENTS: usize = 5;
    let app = start().await;
    let mut receiver = Receiver::start();
    receiver.answers(503, None);
    webhook(&app, &receiver.address, &[]).await;
    let began = app.clock_now();
    for _ in 0..EVENTS {
        assert_eq!(app.good_match().await.status(), StatusCode::OK);
    }
    let mut tried = BTreeSet::new();
    let mut round = 0;
    loop {
        round += 1;
        for _ in 0..EVENTS {
            tried.insert(receiver.next().await.id());
        }
        assert_eq!(
            tried.len(),
            EVENTS,
            "every try is under the same identifier"
        );
        let longest = longest_wait_ms(round).unwrap();
        if app.clock_now().0 + longest - began.0 > 6 * HOUR_MS {
            receiver.answers(204, None);
        }
        // What came of all of them is noted before the clock goes on: the next try lies on the next step.
        let now = app.clock_now();
        let (least, latest) = (now.plus(longest * 10 / 11), now.plus(longest));
        loop {
            let all = deliveries(&app).await;
            let noted = |it: &Delivery| {
                it.attempts == round
                    && it
                        .next_at
                        .is_some_and(|next| least <= next && next <= latest)
            };
            if all.len() == EVENTS && all.iter().all(noted) {
                break;
            }
            tokio::task::yield_now().await;
        }
        app.clock.advance(longest);
        while app.operations.post_next_result().await.unwrap() {}
        if app.clock_now().0 - began.0 > 6 * HOUR_MS {
            break;
        }
    }
    assert!(round >= 4, "it was tried again and again: {round}");
    let all = all_ended(&app).await;
    assert!(all.iter().all(|it| it.state == DeliveryState::Taken));
    let taken = receiver.rest();
    assert_eq!(taken.len(), EVENTS, "each is taken once");
    assert_eq!(ids(&taken), tried);
}

#[actix_web::test]
async fn what_was_sent_and_not_noted_is_sent_again_under_the_same_identifier() {
    let app = start().await;
    let mut receiver = Receiver::start();
    let (id, _) = webhook(&app, &receiver.address, &[]).await;
    receiver.hold();
    let by = Webmaster::of(&manager(&app).await).unwrap();
    app.operations.test_webhook(by, id).await.unwrap();
    let first = receiver.next().await;
    // Whoever posted it says nothing more, and its time is up.
    app.clock.advance(120_000);
    let operations = app.operations.clone();
    let again = tokio::spawn(async move { operations.post_next_result().await });
    let second = receiver.next().await;
    assert_eq!(first.id(), second.id());
    assert_eq!(first.body, second.body);
    receiver.release();
    again.await.unwrap().unwrap();
    let all = all_ended(&app).await;
    assert_eq!((all.len(), all[0].state), (1, DeliveryState::Taken));
    assert!(receiver.rest().is_empty());
}

#[actix_web::test]
async fn one_that_is_gone_is_posted_to_no_more_until_somebody_says_so() {
    let app = start().await;
    let mut receiver = Receiver::start();
    receiver.answers(410, None);
    let (id, secret) = webhook(&app, &receiver.address, &[]).await;
    app.good_match().await;
    let gone = receiver.next().await;
    let ended = all_ended(&app).await;
    assert_eq!(ended[0].state, DeliveryState::GivenUp);
    assert_eq!(ended[0].attempts, 1);
    app.good_match().await;
    assert_eq!(deliveries(&app).await.len(), 1, "nothing is kept for it");
    let caller = manager(&app).await;
    let by = Webmaster::of(&caller).unwrap();
    assert!(app.operations.test_webhook(by, id).await.is_err());
    let replay = app.operations.replay_delivery(&caller, ended[0].id).await;
    assert!(replay.is_err(), "nothing would be posted");

    receiver.answers(204, None);
    app.operations.enable_webhook(by, id).await.unwrap();
    app.operations
        .replay_delivery(&caller, ended[0].id)
        .await
        .unwrap();
    let again = receiver.next().await;
    assert_eq!(again.id(), gone.id(), "a replay is the same message");
    assert_eq!(again.body, gone.body);
    assert_eq!(again.verify(&secret), (1, true));
}

#[actix_web::test]
async fn one_that_asks_to_be_left_alone_is() {
    let app = start().await;
    let mut receiver = Receiver::start();
    receiver.answers(429, Some("3600"));
    webhook(&app, &receiver.address, &[]).await;
    app.good_match().await;
    receiver.next().await;
    let noted = loop {
        let all = deliveries(&app).await;
        if all[0].last_error.is_some() {
            break all;
        }
        tokio::task::yield_now().await;
    };
    let next = noted[0].next_at.unwrap();
    assert_eq!(next, app.clock_now().plus(HOUR_MS));
    assert_eq!(
        noted[0].last_error.as_deref(),
        Some("the receiver answered 429")
    );
}

#[actix_web::test]
async fn a_slow_receiver_holds_nobody_else_up() {
    const EVENTS: usize = 6;
    let app = start().await;
    let (mut slow, mut quick) = (Receiver::start(), Receiver::start());
    slow.hold();
    webhook(&app, &slow.address, &[]).await;
    webhook(&app, &quick.address, &[]).await;
    for _ in 0..EVENTS {
        app.good_match().await;
    }
    let mut taken = Vec::new();
    for _ in 0..EVENTS {
        taken.push(quick.next().await);
    }
    assert_eq!(ids(&taken).len(), EVENTS);
    let host = slow.address.strip_prefix("http://").unwrap().to_owned();
    let on_its_way = |it: &&Delivery| {
        it.host == host && it.attempts > 0 && it.last_error.is_none() && it.ended_at.is_none()
    };
    let all = deliveries(&app).await;
    let count = all.iter().filter(on_its_way).count();
    assert!(count <= 2, "no more are sent to one at a time: {count}");
    assert!(!slow.rest().is_empty());
    slow.release();
    let all = loop {
        let all = deliveries(&app).await;
        if all.iter().all(|it| it.state == DeliveryState::Taken) {
            break all;
        }
        // On a machine with too much to do the slow one was given up for this try, and is tried again.
        if !all.iter().any(|it| on_its_way(&it)) {
            app.clock.advance(longest_wait_ms(1).unwrap());
        }
        app.operations.post_next_result().await.unwrap();
        tokio::task::yield_now().await;
    };
    assert_eq!(all.len(), 2 * EVENTS);
    let every: BTreeSet<_> = all.iter().map(|it| it.id).collect();
    assert_eq!(every.len(), 2 * EVENTS, "no identifier is used twice");
}

#[actix_web::test]
async fn a_project_with_many_slow_receivers_holds_no_other_up() {
    const WEBHOOKS: usize = 8;
    let app = start().await;
    let (slow, mut quick) = (Receiver::start(), Receiver::start());
    slow.hold();
    let by = Webmaster::of(&manager(&app).await).unwrap();
    for _ in 0..WEBHOOKS {
        // Each has two places of its own: these alone would fill all there are.
        let (id, _) = webhook(&app, &slow.address, &[]).await;
        for _ in 0..2 {
            app.operations.test_webhook(by, id).await.unwrap();
        }
    }
    let now = app.clock_now();
    let half = (2 * WEBHOOKS as u64, WEBHOOKS as u64);
    while app.operations.callbacks_waiting(now).await.unwrap() != half {
        tokio::task::yield_now().await;
    }
    let other = app.token_with("other", vec![Scope::Manage], None).await;
    let asked = app.client.post(app.url("/v1/webhooks")).bearer_auth(other);
    let seen = app.see(asked.json(&json!({ "url": quick.address }))).await;
    let id = seen.body["id"].as_str().unwrap().parse().unwrap();
    let by = app.operations.webmaster("other").await.unwrap();
    app.operations.test_webhook(by, id).await.unwrap();
    quick.next().await;
    let on_its_way =
        |it: &&Delivery| it.attempts > 0 && it.last_error.is_none() && it.ended_at.is_none();
    let count = deliveries(&app).await.iter().filter(on_its_way).count();
    assert!(count <= WEBHOOKS, "half of the places, and not {count}");
    slow.release();
}

#[actix_web::test]
async fn an_event_asked_for_by_nobody_is_not_kept() {
    let app = start().await;
    let mut receiver = Receiver::start();
    webhook(&app, &receiver.address, &["session.erased"]).await;
    app.good_match().await;
    assert!(deliveries(&app).await.is_empty());
    let other = app.token_for("other").await;
    let form = crate::helpers::document_and_video();
    let matched = app.client.post(app.url("/api-gateway/match-faces"));
    matched
        .bearer_auth(other)
        .multipart(form)
        .send()
        .await
        .unwrap();
    assert!(deliveries(&app).await.is_empty());
    assert!(receiver.rest().is_empty());
}

#[actix_web::test]
async fn webhooks_are_managed_by_those_who_manage_the_project() {
    let app = TestApp::start().await;
    let body = json!({ "url": "https://93.184.216.34/hook?key=hidden" });
    let refused = app.send(Method::POST, "/v1/webhooks", &body).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let manager = app.token_with("demo", vec![Scope::Manage], None).await;
    let call = async |method: Method, path: &str, token: &str, body: &Value| {
        let asked = app.client.request(method, app.url(path)).bearer_auth(token);
        let answer = asked.json(body).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    };
    let (status, made) = call(Method::POST, "/v1/webhooks", &manager, &body).await;
    assert_eq!(status, StatusCode::CREATED);
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() > 40);
    let id = made["id"].as_str().unwrap();
    for bad in [
        json!({ "url": "http://127.0.0.1:9/x" }),
        json!({ "url": "ftp://93.184.216.34/" }),
        json!({ "url": "https://user:pass@93.184.216.34/" }),
        json!({ "url": format!("https://93.184.216.34/{}", "x".repeat(2_000)) }),
        json!({ "url": "https://93.184.216.34/", "events": ["session.imagined"] }),
        json!({ "url": "https://93.184.216.34/", "secret": "mine" }),
        json!({}),
    ] {
        let (status, error) = call(Method::POST, "/v1/webhooks", &manager, &bad).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}");
        assert_eq!(error["error"]["code"], "invalid_request");
    }
    let (_, list) = call(Method::GET, "/v1/webhooks", &manager, &Value::Null).await;
    assert_eq!(list["webhooks"][0]["id"], id);
    assert!(!list.to_string().contains("whsec_"));
    assert_eq!(list["webhooks"].as_array().unwrap().len(), 1);

    let strange = app.token_with("other", vec![Scope::Manage], None).await;
    let (path, empty) = (format!("/v1/webhooks/{id}"), json!({}));
    for (method, path) in [
        (Method::DELETE, path.clone()),
        (Method::POST, format!("{path}/rotate")),
        (Method::POST, format!("{path}/enable")),
        (Method::POST, format!("{path}/test")),
    ] {
        let (status, _) = call(method.clone(), &path, &strange, &empty).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{method} {path}");
        let (status, _) = call(method, &path, &app.token, &empty).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
    let rotate = format!("{path}/rotate");
    let (status, rotated) = call(
        Method::POST,
        &rotate,
        &manager,
        &json!({"overlap_hours": 1}),
    )
    .await;
    assert_eq!(status, StatusCode::OK);
    assert_ne!(rotated["secret"], made["secret"]);
    let (status, _) = call(
        Method::POST,
        &rotate,
        &manager,
        &json!({"overlap_hours": 721}),
    )
    .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, _) = call(Method::DELETE, &path, &manager, &empty).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = call(Method::DELETE, &path, &manager, &empty).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let told: Vec<Value> = app.audit_rows().await;
    let text = serde_json::to_string(&told).unwrap();
    for action in ["webhook.created", "webhook.rotated", "webhook.removed"] {
        assert!(text.contains(action), "{action}");
    }
    for hidden in ["whsec_", "hidden", "93.184"] {
        assert!(!text.contains(hidden), "{hidden}");
    }
}

#[actix_web::test]
async fn what_is_on_its_way_to_a_removed_webhook_is_given_up() {
    let app = start().await;
    let mut receiver = Receiver::start();
    receiver.answers(500, None);
    let (id, _) = webhook(&app, &receiver.address, &[]).await;
    app.good_match().await;
    receiver.next().await;
    let by = Webmaster::of(&manager(&app).await).unwrap();
    app.operations.remove_webhook(by, id).await.unwrap();
    let all = all_ended(&app).await;
    assert_eq!((all.len(), all[0].state), (1, DeliveryState::GivenUp));
    app.clock.advance(HOUR_MS);
    assert!(!app.operations.post_next_result().await.unwrap());
    assert!(receiver.rest().is_empty());
}

#[actix_web::test]
async fn the_console_shows_where_events_go_without_the_rest_of_the_address() {
    use likeness::session::account::Role;
    let app = start().await;
    let mut receiver = Receiver::start();
    webhook(
        &app,
        &format!("{}/hook?key=k-secret-k", receiver.address),
        &["session.judged"],
    )
    .await;
    app.good_match().await;
    receiver.next().await;
    all_ended(&app).await;
    let ann = app.signs_in("Ann Lee", Role::Admin).await;
    let page = ann.get("/console/projects/webhooks").await;
    let host = receiver.address.strip_prefix("http://").unwrap();
    for words in [host, "session.judged", "taken", "on"] {
        assert!(page.says(words), "{words}: {}", page.words());
    }
    for hidden in ["k-secret-k", "whsec_"] {
        assert!(!page.text.contains(hidden), "{hidden}");
    }
}
