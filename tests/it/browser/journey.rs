//! An officer's day: sign in, take a case from the queue, look, decide by keyboard, and find it on record.

use std::time::Duration;

use likeness::session::account::Role;
use serde_json::Value;

use crate::browser::axe;
use crate::browser::driver::{Browser, Driver, is_here};
use crate::browser::service::{Service, UNDO_SECONDS};
use crate::weights;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_goes_from_the_queue_to_the_record() {
    let test = "browser::journey::a_case_goes_from_the_queue_to_the_record";
    if !is_here(test) || !weights::are_here(test) {
        return;
    }
    let service = Service::start().await;
    let driver = Driver::start();
    let genuine = service.examine("genuine", "A-1001").await;
    let second = service.examine("rotated-phone", "A-1002").await;
    service.examine("impostor", "A-1003").await;
    let browser = driver.browser(&service.address).await;

    browser.go("/console").await;
    axe::check(&browser, "sign-in").await;
    let ada = service
        .enrol(&browser, "Ada Quux", ("bank", Role::Admin))
        .await;
    service.sign_in(&browser, &ada).await;

    // The queue has what needs a person, and finds it by reference.
    browser.see("A-1001").await;
    axe::check(&browser, "queue").await;
    browser.fill("#f-search", "A-1001").await;
    browser.press("\n").await;
    browser.until("location.search.includes('A-1001')").await;
    assert!(!browser.text().await.contains("A-1002"));

    // Opening a case takes nothing; a key does.
    browser.click("a.row").await;
    browser.see("Take this case").await;
    assert!(browser.path().await.ends_with(&genuine));
    browser.press("t").await;
    browser.see("Give back").await;
    browser.until("[...document.querySelectorAll('.lens img')].every((it) => it.complete && it.naturalWidth > 0)").await;
    axe::check(&browser, "session").await;

    // A point of the timeline shows its frame, and the video goes there.
    browser
        .until("document.querySelector('#video').readyState > 0")
        .await;
    browser.run("document.querySelector('.point[data-frame=\"5\"]').dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))").await;
    browser.until("!document.querySelector('#frame-5').hidden && document.querySelector('#frame-0').hidden").await;
    browser
        .until("document.querySelector('#video').currentTime > 0")
        .await;
    browser.until("document.querySelector('#frame-5 .face-box') && document.querySelectorAll('#frame-5 .landmark').length === 5").await;

    // Somebody else sees that it is held.
    let other = driver.browser(&service.address).await;
    let ben = service
        .enrol(&other, "Ben Frob", ("bank", Role::Officer))
        .await;
    service.sign_in(&other, &ben).await;
    other.go(&format!("/console/sessions/{genuine}")).await;
    other.see("Held by Ada Quux").await;
    assert!(!other.text().await.contains("Take this case"));

    // Their queue follows what others do, without being loaded anew.
    other.go("/console/queue").await;
    other.see("A-1001").await;

    // Two keys decide, one takes it back, two decide again.
    browser.press("a").await;
    browser.press("\n").await;
    browser.see("It is carried out in").await;
    browser.picture("session-undo").await;
    browser.press("u").await;
    browser.see("Give back").await;
    let decisions = service
        .read(&format!("/v1/sessions/{genuine}/decisions"))
        .await;
    assert_eq!(decisions["decisions"], Value::Array(vec![]));
    browser.press("a").await;
    browser.press("\n").await;
    browser.see("It is carried out in").await;
    service.clock.advance(i64::from(UNDO_SECONDS) + 1);
    until_decided(&service, &genuine, "approve").await;
    other
        .until("!document.querySelector('#cases').innerText.includes('A-1001')")
        .await;
    browser.go(&format!("/console/sessions/{genuine}")).await;
    browser.see("decided: approve").await;
    axe::check(&browser, "session-decided").await;
    let audit = service.operations.audit_rows(0).await.unwrap();
    let decided = audit
        .iter()
        .find(|row| row.action == "session.decided")
        .unwrap();
    assert_eq!(decided.target, genuine);
    assert!(decided.actor.starts_with("off_"), "{}", decided.actor);
    assert!(
        audit
            .iter()
            .any(|row| row.action == "evidence.read" && row.target == genuine)
    );

    reject_the_next(&service, &browser, &second).await;

    browser.go("/console/sessions").await;
    browser.see("A-1003").await;
    axe::check(&browser, "sessions").await;
    browser
        .click("header form[action='/console/sign-out'] button")
        .await;
    browser.see("Sign in").await;
    browser.go("/console/queue").await;
    browser.until("location.pathname === '/console'").await;
    browser.close().await;
    other.close().await;
}

/// The next case: rejected for a reason, in three keys.
async fn reject_the_next(service: &Service, browser: &Browser, second: &str) {
    browser.go("/console/queue").await;
    browser.press("j").await;
    browser.see("Give back").await;
    assert!(browser.path().await.ends_with(second));
    browser.press("r").await;
    browser.press("1").await;
    browser.press("\n").await;
    browser.see("It is carried out in").await;
    service.clock.advance(i64::from(UNDO_SECONDS) + 1);
    until_decided(service, second, "reject").await;
}

/// Waits until the decision stands in the API.
async fn until_decided(service: &Service, session: &str, kind: &str) {
    let mut answer = Value::Null;
    for _ in 0..400 {
        answer = service
            .read(&format!("/v1/sessions/{session}/decisions"))
            .await;
        if answer["decisions"][0]["decision"] == kind {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{session} was never decided: {kind}, but: {answer:#}");
}
