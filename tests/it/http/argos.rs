//! ARGOS as its callers use it: the comparison, every number of the page, and the callback.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use actix_web::{App, HttpResponse, HttpServer, web};
use likeness::operations::post_results::longest_wait_ms;
use likeness::session::project::Dialect;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::contract::Seen;
use crate::faces::{Shown, base64, percentage, person};
use crate::helpers::{Scene, TestApp, keys};

crate::ground::also_on_shared_ground! {
    a_comparison_answers_the_pages_fields
    no_face_is_not_available_and_no_error
    two_images_are_required
    what_cannot_be_processed_is_1003_and_several_faces_are_1002
    keys_and_workspaces_that_are_closed
    a_callback_is_needed_only_where_the_project_is_asynchronous
    an_address_inside_is_refused_before_anything_is_compared
    the_answer_is_posted_to_the_callback_until_it_is_taken
}

async fn compare(app: &TestApp, body: &Value) -> Seen {
    let request = app.client.post(app.url("/modules/compare")).json(body);
    app.see(request.header("x-api-key", &app.token)).await
}

fn pair(origin: &str, target: &str) -> Value {
    json!({ "originFace": origin, "targetFace": target })
}

/// An error with the page's number; answers the message.
fn refused(seen: &Seen, status: StatusCode, number: Option<u16>) -> String {
    assert_eq!(seen.status, status, "{}", seen.body);
    assert_eq!(
        keys(&seen.body),
        ["statusCode", "apiType", "errorCode", "message"]
    );
    assert_eq!(seen.body["statusCode"], status.as_u16());
    assert_eq!(seen.body["apiType"], "compare_face");
    assert_eq!(seen.body["errorCode"], json!(number));
    seen.body["message"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_answers_the_pages_fields() {
    let app = TestApp::start().await;
    let seen = compare(&app, &pair(&person(3), &person(5))).await;
    assert_eq!(seen.status, StatusCode::OK);
    assert_eq!(
        keys(&seen.body),
        ["statusCode", "apiType", "transactionId", "result"]
    );
    assert_eq!(seen.body["statusCode"], 200);
    assert_eq!(seen.body["apiType"], "compare_face");
    let transaction = seen.body["transactionId"].as_str().unwrap();
    assert!(transaction.starts_with("txn_"), "{transaction}");
    let result = &seen.body["result"];
    assert_eq!(keys(result), ["face", "faceMatch"]);
    assert_eq!(keys(&result["face"]), ["isAvailable", "boundingBox"]);
    assert_eq!(
        keys(&result["faceMatch"]),
        ["isAvailable", "similarity", "confidence", "boundingBox"]
    );
    let bounds = json!({ "Width": 0.45, "Height": 0.6, "Left": 0.25, "Top": 0.2 });
    assert_eq!(result["face"]["boundingBox"], bounds, "180 of 400 by 300");
    assert_eq!(result["faceMatch"]["boundingBox"], bounds);
    assert_eq!(result["face"]["isAvailable"], true);
    let similarity = result["faceMatch"]["similarity"].as_f64().unwrap();
    assert!(
        (similarity - percentage(3, 5)).abs() < 1e-4,
        "0–100: {similarity}"
    );
    let confidence = result["faceMatch"]["confidence"].as_f64().unwrap();
    assert!((confidence - 99.0).abs() < 1e-4, "0–100: {confidence}");

    let calls = app
        .see(app.get(&format!("/v1/calls?reference={transaction}")))
        .await;
    assert_eq!(calls.body["calls"][0]["endpoint"], "POST /modules/compare");
    assert_eq!(calls.body["calls"][0]["outcome"], "200");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_face_is_not_available_and_no_error() {
    let app = TestApp::start().await;
    let nobody = base64(&Shown::nobody().png());
    let small = Shown {
        side: 40,
        ..Shown::person(1)
    };
    for missing in [nobody, base64(&small.png())] {
        let seen = compare(&app, &pair(&missing, &person(1))).await;
        assert_eq!(seen.status, StatusCode::OK);
        let result = &seen.body["result"];
        assert_eq!(
            result["face"],
            json!({ "isAvailable": false, "boundingBox": null })
        );
        assert_eq!(result["faceMatch"]["isAvailable"], true);
        assert_eq!(result["faceMatch"]["similarity"], 0.0);
        let seen = compare(&app, &pair(&person(1), &missing)).await;
        assert_eq!(
            seen.body["result"]["faceMatch"],
            json!({ "isAvailable": false, "similarity": 0.0, "confidence": 0.0, "boundingBox": null })
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_images_are_required() {
    let app = TestApp::start().await;
    let good = person(1);
    for body in [
        json!({}),
        json!({ "originFace": good }),
        json!({ "targetFace": good }),
        json!({ "originFace": good, "targetFace": null }),
        json!({ "originFace": "", "targetFace": good }),
        json!({ "originFace": 5, "targetFace": good }),
    ] {
        let seen = compare(&app, &body).await;
        let message = refused(&seen, StatusCode::BAD_REQUEST, Some(1000));
        assert_eq!(message, "Two Images are Required");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_processed_is_1003_and_several_faces_are_1002() {
    let app = TestApp::start().await;
    let webp = b"RIFF\x24\0\0\0WEBPVP8 ".to_vec();
    for (bad, why) in [
        ("no base64!".to_owned(), "not base64"),
        (base64(b"%PDF-1.7 not a picture"), "not a JPEG, PNG or BMP"),
        (base64(&webp), "not a JPEG, PNG or BMP"),
        (base64(&Shown::person(1).png()[..60]), "damaged"),
        (base64(&vec![0; 6_000_000]), "larger"),
    ] {
        for body in [pair(&bad, &person(1)), pair(&person(1), &bad)] {
            let seen = compare(&app, &body).await;
            let message = refused(&seen, StatusCode::BAD_REQUEST, Some(1003));
            assert!(message.contains(why), "{message}");
        }
    }
    let broken = app.client.post(app.url("/modules/compare")).body("[");
    let seen = app.see(broken.header("x-api-key", &app.token)).await;
    refused(&seen, StatusCode::BAD_REQUEST, Some(1003));
    let several = Shown {
        faces: 3,
        ..Shown::person(1)
    };
    let seen = compare(&app, &pair(&person(1), &base64(&several.png()))).await;
    refused(&seen, StatusCode::BAD_REQUEST, Some(1002));
    app.sees(Scene {
        fault: true,
        ..Scene::of(&[])
    });
    let seen = compare(&app, &pair(&person(1), &person(1))).await;
    let message = refused(&seen, StatusCode::INTERNAL_SERVER_ERROR, Some(1002));
    assert_eq!(message, "Failed to compare face");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_workspaces_that_are_closed() {
    let app = TestApp::start().await;
    let body = pair(&person(1), &person(1));
    let without = app.client.post(app.url("/modules/compare")).json(&body);
    let seen = app.see(without.try_clone().unwrap()).await;
    let message = refused(&seen, StatusCode::FORBIDDEN, None);
    assert_eq!(message, "API Key is required");
    let seen = app.see(without.header("x-api-key", "lk_wrong")).await;
    let message = refused(&seen, StatusCode::FORBIDDEN, None);
    assert_eq!(message, "Access Denied: API Key is unavailable");
    for change in [
        |settings: &mut likeness::session::project::ProjectSettings| settings.suspended = true,
        |settings: &mut likeness::session::project::ProjectSettings| {
            settings.suspended = false;
            settings.disabled = vec![Dialect::Argos];
        },
    ] {
        app.set_project(change).await;
        let seen = compare(&app, &body).await;
        let message = refused(&seen, StatusCode::FORBIDDEN, Some(1001));
        assert_eq!(message, "Workspace is unavailable");
    }
    app.set_project(|settings| {
        settings.disabled.clear();
        settings.quotas.calls = Some(0);
    })
    .await;
    refused(&compare(&app, &body).await, StatusCode::FORBIDDEN, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_is_needed_only_where_the_project_is_asynchronous() {
    let app = TestApp::start().await;
    app.set_project(|settings| settings.argos_asynchronous = true)
        .await;
    let seen = compare(&app, &pair(&person(1), &person(1))).await;
    let message = refused(&seen, StatusCode::BAD_REQUEST, Some(1010));
    assert_eq!(message, "callbackUrl is required");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_inside_is_refused_before_anything_is_compared() {
    let app = TestApp::start().await;
    for address in [
        "http://127.0.0.1:9/x",
        "http://localhost:9/x",
        "http://169.254.169.254/latest",
        "http://[::1]/x",
        "http://10.0.0.1/x",
        "ftp://93.184.216.34/x",
        "no address",
    ] {
        let mut body = pair(&person(1), &person(1));
        body["callbackUrl"] = json!(address);
        let message = refused(
            &compare(&app, &body).await,
            StatusCode::BAD_REQUEST,
            Some(1003),
        );
        assert!(message.contains("callback address"), "{message}");
    }
    assert_eq!(app.files("blobs"), Vec::<PathBuf>::new());
}

/// A receiver on a port of its own; it answers with the status it is told.
struct Receiver {
    address: String,
    status: Arc<AtomicU16>,
    posts: mpsc::UnboundedReceiver<(String, Value)>,
    handle: actix_web::dev::ServerHandle,
}

impl Receiver {
    fn start() -> Self {
        let (sender, posts) = mpsc::unbounded_channel();
        let status = Arc::new(AtomicU16::new(200));
        let answered = status.clone();
        let server = HttpServer::new(move || {
            let (sender, status) = (sender.clone(), answered.clone());
            App::new().default_service(web::to(
                move |request: actix_web::HttpRequest, body: web::Bytes| {
                    let (sender, status) = (sender.clone(), status.clone());
                    async move {
                        let kind = request.headers().get("content-type").unwrap();
                        let kind = kind.to_str().unwrap().to_owned();
                        sender
                            .send((kind, serde_json::from_slice(&body).unwrap()))
                            .unwrap();
                        let status = status.load(Ordering::SeqCst);
                        HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap())
                            .finish()
                    }
                },
            ))
        })
        .workers(1)
        .bind(("127.0.0.1", 0))
        .unwrap();
        let address = format!("http://{}/hook?x=1", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            address,
            status,
            posts,
            handle,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_posted_to_the_callback_until_it_is_taken() {
    let app =
        TestApp::start_with(|config| "127.0.0.1".clone_into(&mut config.callback_hosts)).await;
    let mut receiver = Receiver::start();
    receiver.status.store(500, Ordering::SeqCst);
    let mut body = pair(&person(3), &person(5));
    body["callbackUrl"] = json!(receiver.address);
    let seen = compare(&app, &body).await;
    assert_eq!(seen.status, StatusCode::OK);
    let (kind, posted) = receiver.posts.recv().await.unwrap();
    assert_eq!(kind, "application/json");
    assert_eq!(posted, seen.body);

    // Not taken: it comes again on the first rung of the ladder, once the try itself is over.
    let first_rung = app.clock_now().plus(longest_wait_ms(1).unwrap());
    while app.operations.callbacks_waiting(first_rung).await.unwrap() != (1, 1) {
        tokio::task::yield_now().await;
    }
    receiver.status.store(204, Ordering::SeqCst);
    app.clock.advance(longest_wait_ms(1).unwrap());
    app.operations.post_next_result().await.unwrap();
    assert_eq!(receiver.posts.recv().await.unwrap().1, seen.body);
    while app
        .operations
        .callbacks_waiting(app.clock_now())
        .await
        .unwrap()
        != (0, 0)
    {
        tokio::task::yield_now().await;
    }
    assert!(
        receiver.posts.try_recv().is_err(),
        "once taken, never again"
    );
    receiver.handle.stop(false).await;
}
