//! A lead's way with rules: written with the words at hand, tried on what was examined, put to judging.

use likeness::session::account::Role;

use crate::browser::axe;
use crate::browser::driver::{Driver, is_here};
use crate::browser::service::Service;
use crate::weights;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_written_backtested_and_activated() {
    let test = "browser::rules::rules_are_written_backtested_and_activated";
    if !is_here(test) || !weights::are_here(test) {
        return;
    }
    let service = Service::start().await;
    let driver = Driver::start();
    let before = service.examine("genuine", "B-1").await;
    let browser = driver.browser(&service.address).await;
    let lea = service
        .enrol(&browser, "Lea Baz", ("bank", Role::Lead))
        .await;
    service.sign_in(&browser, &lea).await;
    assert!(
        !browser.text().await.contains("Project"),
        "a lead owns no project"
    );

    browser.go("/console/rules").await;
    axe::check(&browser, "rules").await;
    browser.click("a.button.primary").await;
    axe::check(&browser, "rules-editor").await;

    // What is wrong is said while somebody types; so is that nothing is.
    let rules = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/scoring-rules/match-only.json"
    ))
    .unwrap();
    write(&browser, &rules.replace("\"score\"", "\"scoer\"")).await;
    browser
        .until("document.querySelector('#rules-problems').innerText.includes('scoer')")
        .await;
    browser.picture("rules-problem").await;
    write(&browser, &rules).await;
    browser
        .until("document.querySelector('#rules-state').innerText.includes('Nothing is wrong')")
        .await;
    browser.fill("#note", "The match alone").await;
    browser.click("#rules-form button.primary").await;
    browser
        .until("location.pathname === '/console/rules/1'")
        .await;
    axe::check(&browser, "rules-version").await;

    // Judged again, the session that was referred would have passed.
    browser.go("/console/rules/1/backtest").await;
    browser.click("#backtest-form button.primary").await;
    browser
        .until("document.querySelector('[data-cell=\"refer-pass\"]')?.innerText.trim() === '1'")
        .await;
    axe::check(&browser, "rules-backtest").await;
    assert!(
        browser
            .run("return document.querySelector('#backtest-changes a').getAttribute('href')")
            .await
            .as_str()
            .unwrap()
            .ends_with(&before)
    );
    browser
        .go(&format!("/console/rules/1/try?session={before}"))
        .await;
    browser.see("pass").await;
    axe::check(&browser, "rules-trial").await;
    browser.go("/console/rules/diff?from=default&to=1").await;
    axe::check(&browser, "rules-diff").await;

    browser.go("/console/rules/1").await;
    browser.click("form[action$='/activate'] button").await;
    browser.accept().await;
    let after = service.examine("rotated-phone", "B-2").await;
    let session = service.read(&format!("/v1/sessions/{after}")).await;
    assert_eq!(session["examinations"][0]["verdict"], "pass", "{session:#}");
    let audit = service.operations.audit_rows(0).await.unwrap();
    let activated = audit.iter().find(|row| row.action == "rules.activated");
    assert!(activated.unwrap().actor.starts_with("off_"));

    // What it all came to, and how well people review.
    for (path, name) in [
        ("/console/overview", "overview"),
        ("/console/quality", "quality"),
        ("/console/quality/seeds", "quality-seeds"),
    ] {
        browser.go(path).await;
        axe::check(&browser, name).await;
    }
    browser.close().await;
}

/// Writes rules as if somebody had typed them.
async fn write(browser: &crate::browser::driver::Browser, rules: &str) {
    let text = serde_json::Value::from(rules);
    browser
        .run(&format!(
            "const area = document.querySelector('#rules-text'); area.value = {text}; area.dispatchEvent(new Event('input', {{bubbles: true}}))"
        ))
        .await;
}
