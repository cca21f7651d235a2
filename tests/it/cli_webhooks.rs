//! `likeness webhooks` as an operator types it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn webhooks(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_likeness"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LIKENESS_")) {
        command.env_remove(name);
    }
    command.env("LIKENESS_DATA", data);
    command.args(arguments).output().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(output.status.success(), "{output:?}");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_webhook_is_made_listed_rotated_tried_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| webhooks(folder.path(), arguments);
    assert!(
        run(&["tokens", "create", "--project", "acme"])
            .status
            .success()
    );
    let url = "https://93.184.216.34/hook";
    let made = run(&[
        "webhooks",
        "create",
        "--project",
        "acme",
        "--url",
        url,
        "--events",
        "session.judged,session.erased",
    ]);
    let made = lines(&made).pop().unwrap();
    let (id, secret) = (
        made["id"].as_str().unwrap(),
        made["secret"].as_str().unwrap(),
    );
    assert!(id.starts_with("whe_") && secret.starts_with("whsec_"));

    let listed = run(&["webhooks", "list", "--project", "acme"]);
    let line = lines(&listed).pop().unwrap();
    assert_eq!(line["id"], id);
    assert_eq!(line["url"], url);
    assert_eq!(
        line["events"],
        serde_json::json!(["session.judged", "session.erased"])
    );
    assert!(!line.to_string().contains("whsec_"));

    let rotated = run(&["webhooks", "rotate", id, "--project", "acme"]);
    let new = String::from_utf8(rotated.stdout).unwrap();
    assert!(new.starts_with("whsec_") && new.trim() != secret);
    let line = lines(&run(&["webhooks", "list", "--project", "acme"]))
        .pop()
        .unwrap();
    assert!(line["old_secret_until_ms"].is_i64());
    assert!(
        run(&["webhooks", "test", id, "--project", "acme"])
            .status
            .success()
    );
    assert!(
        run(&["webhooks", "remove", id, "--project", "acme"])
            .status
            .success()
    );
    assert!(lines(&run(&["webhooks", "list", "--project", "acme"])).is_empty());
    let again = run(&["webhooks", "remove", id, "--project", "acme"]);
    assert_eq!(again.status.code(), Some(1));
    let inside = run(&[
        "webhooks",
        "create",
        "--project",
        "acme",
        "--url",
        "http://10.0.0.1/",
    ]);
    assert_eq!(inside.status.code(), Some(1));
    let told = String::from_utf8(inside.stderr).unwrap();
    assert!(
        told.contains("private") && told.lines().count() == 1,
        "{told}"
    );
}
