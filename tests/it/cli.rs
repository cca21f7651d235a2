//! The command line as a user types it: the built binary, its output and its exit status.

use std::path::Path;
use std::process::{Command, Output};

use likeness::store::Store;
use likeness::store::options::StoreOptions;
use serde_json::Value;

use crate::helpers::sample;
use crate::weights;

/// The binary, with the repository as its folder and nothing of the caller's settings.
fn likeness(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_likeness"));
    command
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LIKENESS_")) {
        command.env_remove(name);
    }
    command.output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn help_of_every_command_says_what_it_is_for() {
    for command in [
        "serve",
        "match",
        "compare",
        "embed",
        "eval",
        "models",
        "rules",
        "tokens",
        "projects",
        "bench",
        "recall",
        "replay",
        "audit",
        "sessions",
        "webhooks",
        "officers",
        "galleries",
    ] {
        let help = likeness(&[command, "--help"]);
        assert!(help.status.success(), "{command}");
        let first = stdout(&help).lines().next().unwrap().to_owned();
        assert!(
            first.len() > 15 && first.chars().any(|c| c == ' '),
            "{command}: {first:?}"
        );
    }
}

#[test]
fn a_new_token_stands_alone_on_stdout_and_its_project_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let data = path(folder.path());
    let made = likeness(&["tokens", "create", "--project", "acme", "--data", data]);
    assert!(made.status.success(), "{}", stderr(&made));
    let token = stdout(&made);
    assert_eq!(token.lines().count(), 1);
    assert!(token.trim().len() > 40);

    let listed = likeness(&["tokens", "list", "--project", "acme", "--data", data]);
    let line: Value = serde_json::from_str(&stdout(&listed)).unwrap();
    assert!(!stdout(&listed).contains(token.trim()));
    let id = line["id"].as_str().unwrap();
    let revoke = || likeness(&["tokens", "revoke", id, "--data", data]);
    assert!(revoke().status.success());
    assert_eq!(revoke().status.code(), Some(1), "it is revoked already");
    let unknown = likeness(&["tokens", "list", "--project", "nobody", "--data", data]);
    assert_eq!(stderr(&unknown), "error: there is no such project\n");
}

#[test]
fn a_project_keeps_what_is_set_and_refuses_what_makes_no_sense() {
    let folder = tempfile::tempdir().unwrap();
    let data = path(folder.path());
    let set = |arguments: &[&str]| {
        likeness(&[&["projects", "set", "acme", "--data", data], arguments].concat())
    };
    let changed = set(&[
        "--frames",
        "12",
        "--consent",
        "required",
        "--numeric-result",
        "true",
        "--decisions-by-two",
        "true",
        "--checklist",
        "true",
        "--undo-seconds",
        "0",
        "--review-within-minutes",
        "60",
        "--review-fails",
        "true",
        "--seed-percent",
        "5",
    ]);
    let line: Value = serde_json::from_str(&stdout(&changed)).unwrap();
    assert_eq!(line["frames"], 12);
    assert_eq!(line["consent"], "required");
    assert_eq!(line["numeric_result"], true);
    for (name, value) in [
        ("decisions_by_two", Value::Bool(true)),
        ("checklist", Value::Bool(true)),
        ("undo_seconds", 0.into()),
        ("review_within_minutes", 60.into()),
        ("review_fails", Value::Bool(true)),
        ("seed_percent", 5.into()),
    ] {
        assert_eq!(line[name], value, "{name}");
    }
    for refused in [
        ["--undo-seconds", "61"],
        ["--seed-percent", "51"],
        ["--review-within-minutes", "0"],
    ] {
        assert_eq!(set(&refused).status.code(), Some(1), "{refused:?}");
    }
    assert_eq!(set(&["--frames", "65"]).status.code(), Some(1));
    assert_eq!(set(&["--match-threshold", "101"]).status.code(), Some(1));
    let list = likeness(&["projects", "list", "--data", data]);
    let kept: Value = serde_json::from_str(&stdout(&list)).unwrap();
    assert_eq!(kept, line);
}

#[test]
fn the_audit_log_is_exported_and_verified_and_a_changed_row_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = path(folder.path());
    for project in ["acme", "other"] {
        let made = likeness(&["tokens", "create", "--project", project, "--data", data]);
        assert!(made.status.success(), "{}", stderr(&made));
    }
    let audit = |arguments: &[&str]| likeness(&[&["audit", "--data", data], arguments].concat());
    let head = stdout(&audit(&["head"])).trim().to_owned();
    assert!(head.starts_with("4:"), "{head}");
    let unbroken = format!("4 rows, unbroken; the log ends at {head}\n");
    for verified in [audit(&["verify"]), audit(&["verify", "--head", &head])] {
        assert!(verified.status.success(), "{}", stderr(&verified));
        assert_eq!(stdout(&verified), unbroken);
    }

    let export = stdout(&audit(&["export"]));
    let actions: Vec<String> = export
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["action"].to_string())
        .collect();
    let made = ["\"project.created\"", "\"token.created\""];
    assert_eq!(actions, [made, made].concat());
    let file = folder.path().join("log.jsonl");
    let verify = |text: &str, more: &[&str]| {
        std::fs::write(&file, text).unwrap();
        let verify = ["audit", "verify", "--file", path(&file)];
        likeness(&[&verify, more].concat())
    };
    assert_eq!(stdout(&verify(&export, &["--head", &head])), unbroken);

    let broken = |text: &str, more: &[&str], fault: &str| {
        let refused = verify(text, more);
        assert_eq!(refused.status.code(), Some(1), "{fault}");
        assert!(stderr(&refused).contains(fault), "{}", stderr(&refused));
    };
    let altered = export.replacen("token.created", "token.revoked", 1);
    broken(&altered, &[], "row 2 was altered");
    let lines: Vec<&str> = export.lines().collect();
    let without = |gone: usize| {
        let mut left = lines.clone();
        left.remove(gone);
        left.join("\n")
    };
    broken(&without(1), &[], "row 2 is missing");
    broken(&without(3), &["--head", &head], "row 4 was the last");
    let swapped = [lines[0], lines[2], lines[1], lines[3]].join("\n");
    broken(&swapped, &[], "row 2 is missing: row 3 follows row 1");
    broken("{}\n", &[], "line 1 is no row of an audit log");

    let of_one = stdout(&audit(&["export", "--project", "other"]));
    assert_eq!(of_one.lines().collect::<Vec<_>>(), lines[2..]);
    let from = stdout(&audit(&["export", "--from", "4"]));
    assert_eq!(from.lines().collect::<Vec<_>>(), lines[3..]);
}

#[test]
fn sessions_are_listed_held_and_erased_by_an_operator() {
    let folder = tempfile::tempdir().unwrap();
    let data = path(folder.path());
    let officer = ["--scopes", "decide", "--officer", "Olga"];
    let made = ["tokens", "create", "--project", "acme", "--data", data];
    let made = likeness(&[made.as_slice(), &officer].concat());
    assert!(made.status.success(), "{}", stderr(&made));
    let session = a_session(folder.path());
    let sessions =
        |arguments: &[&str]| likeness(&[&["sessions", "--data", data], arguments].concat());
    let listed = || -> Value {
        serde_json::from_str(&stdout(&sessions(&["list", "--project", "acme"]))).unwrap()
    };
    assert_eq!(listed()["id"], session.as_str());
    assert_eq!(listed()["status"], "open");
    assert!(!listed().to_string().contains("Ørsted"));

    assert!(
        sessions(&["hold", &session, "--as", "Olga"])
            .status
            .success()
    );
    let held = sessions(&["erase", &session]);
    assert_eq!(held.status.code(), Some(1));
    assert!(stderr(&held).contains("legal hold"), "{}", stderr(&held));
    assert!(sessions(&["release", &session]).status.success());
    let nobody = sessions(&["erase", &session, "--as", "Ogla"]);
    assert!(stderr(&nobody).contains("no officer of that name"));
    assert_eq!(listed()["status"], "open");
    for _ in 0..2 {
        assert!(
            sessions(&["erase", &session, "--as", "Olga"])
                .status
                .success()
        );
    }
    assert_eq!(listed()["status"], "erased");
    let log = stdout(&likeness(&["audit", "export", "--data", data]));
    let deeds: Vec<(bool, Value)> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|row| row["target"] == session.as_str())
        .map(|mut row| (row["actor"] == "operator", row["action"].take()))
        .collect();
    assert_eq!(
        deeds,
        [
            (false, "session.held".into()),
            (true, "session.released".into()),
            (false, "session.erased".into())
        ]
    );
}

/// A session of the only project in a data folder.
fn a_session(data: &Path) -> String {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Store::open(&StoreOptions::in_folder(data)).await.unwrap();
        let project = store.projects().await.unwrap().remove(0);
        let session = crate::store::fixture::session(project.id);
        store.insert_session(&session).await.unwrap();
        store.close().await.unwrap();
        session.id.to_string()
    })
}

#[test]
fn a_rule_file_is_checked_with_the_place_of_its_fault() {
    let good = likeness(&["rules", "check", "scoring-rules/default.json"]);
    assert!(good.status.success());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.json");
    std::fs::write(
        &file,
        r#"{"name": "t", "facematch_conditions": [{"name": "a"}]}"#,
    )
    .unwrap();
    let bad = likeness(&["rules", "check", path(&file)]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(
        stderr(&bad).contains("at /facematch_conditions/0: "),
        "{}",
        stderr(&bad)
    );

    let data = folder.path().join("data");
    let mut serve = Command::new(env!("CARGO_BIN_EXE_likeness"));
    let refused = serve
        .args(["serve", "--listen", "127.0.0.1:0", "--data", path(&data)])
        .env("LIKENESS_RULES", &file)
        .output()
        .unwrap();
    assert_eq!(
        refused.status.code(),
        Some(1),
        "the service does not start on it"
    );
    assert!(stderr(&refused).contains("/facematch_conditions/0"));
    assert!(!data.exists(), "and leaves nothing behind");
}

#[test]
fn every_problem_of_a_rule_file_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.json");
    std::fs::write(
        &file,
        r#"{"name": "t", "quality_conditions": [
            {"name": "a", "signal": "scroe", "operator": ">=", "pass": 80},
            {"name": "a", "expression": "score >= 800"}]}"#,
    )
    .unwrap();
    let bad = likeness(&["rules", "check", path(&file)]);
    assert_eq!(bad.status.code(), Some(1));
    let lines: Vec<String> = stderr(&bad).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    for (line, place) in lines.iter().zip(["0/signal", "1/expression", "1/name"]) {
        assert!(
            line.contains(&format!("at /quality_conditions/{place}: ")),
            "{line}"
        );
    }
}

#[test]
fn what_rules_may_say_is_printed_as_it_is_kept() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (what, file) in [
        ("schema", "scoring-rules/schema.json"),
        ("docs", "docs/rules.md"),
    ] {
        let printed = likeness(&["rules", what]);
        assert!(printed.status.success());
        let kept = std::fs::read_to_string(root.join(file)).unwrap();
        assert!(stdout(&printed) == kept, "{file}");
    }
    let hints: Value = serde_json::from_str(&stdout(&likeness(&["rules", "vocabulary"]))).unwrap();
    assert_eq!(hints["signals"][0]["name"], "score");
    assert_eq!(hints["frame_signals"][0]["name"], "frames.percentage");
}

#[test]
fn the_exit_status_of_match_is_the_verdict() {
    if !weights::are_here("cli::the_exit_status_of_match_is_the_verdict") {
        return;
    }
    let document = sample("genuine/document.jpg");
    let judge = |video: &str, rules: &str| {
        let video = sample(video);
        let arguments = [
            "match",
            "--image",
            path(&document),
            "--video",
            path(&video),
            "--rules",
            rules,
        ];
        likeness(&arguments)
    };
    let only = "scoring-rules/match-only.json";
    for (video, status, verdict) in [
        ("genuine/video.mp4", 0, "pass"),
        ("poor/video.mp4", 10, "refer"),
        ("impostor/video.mp4", 20, "fail"),
    ] {
        let judged = judge(video, only);
        assert_eq!(
            judged.status.code(),
            Some(status),
            "{video}: {}",
            stderr(&judged)
        );
        let report: Value = serde_json::from_str(&stdout(&judged)).unwrap();
        assert_eq!(report["verdict"], verdict);
        assert_eq!(report["liveness"], "not examined");
        assert_eq!(report["percentages"].as_array().unwrap().len(), 8);
    }
    let whole = judge("genuine/video.mp4", "scoring-rules/default.json");
    assert_eq!(whole.status.code(), Some(10), "nothing unexamined passes");
    let broken = judge("genuine/document.jpg", only);
    assert_eq!(broken.status.code(), Some(1));
    assert_eq!(stderr(&broken).lines().count(), 1, "{}", stderr(&broken));
}

#[test]
fn an_embedder_without_a_calibration_decides_nothing() {
    if !weights::are_here("cli::an_embedder_without_a_calibration_decides_nothing") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("models/manifest.json")).unwrap();
    let mut manifest: Value = serde_json::from_str(&text).unwrap();
    for pack in manifest["packs"].as_array_mut().unwrap() {
        pack["calibration"] = Value::Null;
    }
    std::fs::write(folder.path().join("manifest.json"), manifest.to_string()).unwrap();
    std::os::unix::fs::symlink(root.join("models/cache"), folder.path().join("cache")).unwrap();
    let card = sample("genuine/document.jpg");
    let refused = Command::new(env!("CARGO_BIN_EXE_likeness"))
        .args(["compare", path(&card), path(&card)])
        .env("LIKENESS_MODELS", folder.path())
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        stderr(&refused).contains("has no calibration"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn two_pictures_are_compared_and_a_picture_is_embedded() {
    if !weights::are_here("cli::two_pictures_are_compared_and_a_picture_is_embedded") {
        return;
    }
    let (card, other) = (
        sample("genuine/document.jpg"),
        sample("another-card/document.jpg"),
    );
    let compare = |a: &Path, b: &Path| -> Value {
        serde_json::from_str(&stdout(&likeness(&["compare", path(a), path(b)]))).unwrap()
    };
    let same = compare(&card, &card);
    assert_eq!(same["match"], true);
    assert!(same["percentage"].as_f64().unwrap() > 99.9);
    assert_eq!(compare(&card, &other)["match"], false);
    let turned = compare(&card, &sample("sideways-document/document.jpg"));
    assert_eq!(
        turned["match"], true,
        "the same card photographed sideways: {turned}"
    );

    let embedded = likeness(&["embed", path(&card), "README.md"]);
    assert_eq!(
        embedded.status.code(),
        Some(1),
        "one of the two is no picture"
    );
    let lines: Vec<Value> = stdout(&embedded)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let vector = lines[0]["vector"].as_array().unwrap();
    let length: f64 = vector.iter().map(|v| v.as_f64().unwrap().powi(2)).sum();
    assert!((length - 1.0).abs() < 1e-3);
    assert!(lines[1]["error"].as_str().unwrap().contains("README.md"));
}
