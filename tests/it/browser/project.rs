//! An admin's way with a project: a token is made, a program uses it, and what was posted is posted again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use likeness::session::account::Role;
use reqwest::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::browser::axe;
use crate::browser::driver::{Driver, is_here};
use crate::browser::service::Service;
use crate::helpers::sample;
use crate::weights;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_gets_a_token_and_its_results_are_posted_again() {
    let test = "browser::project::a_project_gets_a_token_and_its_results_are_posted_again";
    if !is_here(test) || !weights::are_here(test) {
        return;
    }
    let service = Service::start().await;
    let driver = Driver::start();
    let (address, posts) = receiver().await;
    let browser = driver.browser(&service.address).await;
    let ada = service
        .enrol(&browser, "Ada Quux", ("bank", Role::Admin))
        .await;
    service.sign_in(&browser, &ada).await;

    browser.go("/console/projects").await;
    axe::check(&browser, "project").await;
    browser.fill("#undo_seconds", "12").await;
    browser
        .click("form:has(#undo_seconds) button.primary")
        .await;
    browser.see("Saved").await;
    let settings = service
        .operations
        .find_project("bank")
        .await
        .unwrap()
        .settings;
    assert_eq!(settings.undo_seconds, 12);

    browser.go("/console/projects/tokens").await;
    browser.fill("#label", "the app").await;
    browser.click("input[name=scope][value=submit]").await;
    browser.click("form:has(#label) button.primary").await;
    let token = browser.text_of("#token-secret").await;
    axe::check(&browser, "project-token").await;
    browser.go("/console/projects/tokens").await;
    browser.see("the app").await;
    assert!(
        !browser.text().await.contains(&token),
        "a secret is shown once"
    );

    // The program uses it, and asks for its result to be posted.
    let picture = std::fs::read(sample("genuine/document.jpg")).unwrap();
    let picture = base64::engine::general_purpose::STANDARD.encode(picture);
    let answer = crate::helpers::client()
        .build()
        .unwrap()
        .post(format!("{}/modules/compare", service.address))
        .header("x-api-key", &token)
        .json(&json!({"originFace": picture, "targetFace": picture, "callbackUrl": address}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    until_posted(&posts, 1).await;

    browser.go("/console/projects/webhooks").await;
    browser.see("taken").await;
    axe::check(&browser, "project-webhooks").await;
    browser.click("form[action$='/replay'] button").await;
    browser.accept().await;
    until_posted(&posts, 2).await;

    browser.go("/console/projects/officers").await;
    axe::check(&browser, "project-officers").await;
    browser.go("/console/projects/usage").await;
    axe::check(&browser, "project-usage").await;
    browser.close().await;
}

/// Takes whatever is posted to it, and counts.
async fn receiver() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/hook", listener.local_addr().unwrap());
    let posts = Arc::new(AtomicUsize::new(0));
    let counted = posts.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            // A result ends with the object that it is.
            while !request.ends_with(b"}") {
                let mut part = [0; 4096];
                match stream.read(&mut part).await {
                    Ok(read) if read > 0 => request.extend_from_slice(&part[..read]),
                    _ => break,
                }
            }
            counted.fetch_add(1, Ordering::SeqCst);
            let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(answer).await;
        }
    });
    (address, posts)
}

async fn until_posted(posts: &AtomicUsize, times: usize) {
    for _ in 0..600 {
        if posts.load(Ordering::SeqCst) == times {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("posted {} times, not {times}", posts.load(Ordering::SeqCst));
}
