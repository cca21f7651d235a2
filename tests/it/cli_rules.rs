//! `likeness rules` as a compliance officer types it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for (name, pass) in [("loose.json", 80), ("strict.json", 95)] {
            let rules = json!({ "name": name, "facematch_conditions": [
                { "name": "Match score", "signal": "score", "operator": ">=", "pass": pass }
            ] });
            std::fs::write(desk.file(name), rules.to_string()).unwrap();
        }
        desk.runs(&["projects", "set", "acme", "--four-eyes", "true"]);
        desk
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn likeness(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_likeness"));
        let data = self.folder.path().join("data");
        command.args(arguments).arg("--data").arg(data);
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LIKENESS_")) {
            command.env_remove(name);
        }
        command.output().unwrap()
    }

    /// What a command prints that is carried out.
    fn runs(&self, arguments: &[&str]) -> String {
        let output = self.likeness(arguments);
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {complaint}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn rules(&self, arguments: &[&str]) -> Vec<Value> {
        let all = [&["rules"], arguments, &["--project", "acme"]].concat();
        let printed = self.runs(&all);
        printed
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// What a command complains of that is refused.
    fn refused(&self, arguments: &[&str]) -> String {
        let all = [&["rules"], arguments, &["--project", "acme"]].concat();
        let output = self.likeness(&all);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

#[test]
fn a_policy_goes_from_a_file_to_judging_with_two_people() {
    let desk = Desk::new();
    let save = |file: &str| {
        let file = desk.file(file);
        let saved = desk.rules(&["save", "--file", &file, "--note", "spring", "--as", "Ann"]);
        saved[0]["version"].clone()
    };
    assert_eq!(save("loose.json"), 1);
    assert_eq!(save("strict.json"), 2);

    let alone = desk.refused(&["activate", "2", "--as", "Ann"]);
    assert!(alone.contains("four eyes"), "{alone}");
    let nameless = desk.refused(&["activate", "2"]);
    assert!(nameless.contains("named officer"), "{nameless}");
    let shadow = desk.rules(&["shadow", "2", "--as", "Ann"]);
    assert_eq!(
        shadow,
        [json!({ "active": null, "shadow": 2, "changed": true })]
    );
    let active = desk.rules(&["activate", "2", "--as", "Bob"]);
    assert_eq!(
        active,
        [json!({ "active": 2, "shadow": 2, "changed": true })]
    );
    assert_eq!(desk.rules(&["shadow", "none"])[0]["shadow"], Value::Null);
    assert_eq!(
        desk.rules(&["activate", "1", "--as", "Bob"])[0]["active"],
        1
    );

    let listed = desk.rules(&["list"]);
    let facts: Vec<_> = listed
        .iter()
        .map(|one| (&one["version"], &one["active"], &one["name"]))
        .collect();
    let ann = json!("Ann");
    assert_eq!(
        facts,
        [
            (&json!(2), &json!(false), &ann),
            (&json!(1), &json!(true), &ann)
        ]
    );
    let history = desk.rules(&["activations"]);
    assert_eq!(history.len(), 4);
    assert_eq!(
        (&history[0]["version"], &history[0]["name"]),
        (&json!(1), &json!("Bob"))
    );

    let shown = desk.runs(&["rules", "show", "2", "--project", "acme"]);
    let file = std::fs::read_to_string(desk.file("strict.json")).unwrap();
    assert_eq!(shown.trim_end(), file, "a file is kept to the byte");
    let own = desk.runs(&["rules", "show", "default", "--project", "acme"]);
    assert_eq!(
        serde_json::from_str::<Value>(&own).unwrap()["name"],
        "default"
    );
}

#[test]
fn a_backtest_prints_its_table_for_people_and_for_programs() {
    let desk = Desk::new();
    let file = desk.file("strict.json");
    desk.rules(&["save", "--file", &file, "--note", "spring"]);
    let people = desk.runs(&["rules", "backtest", "1", "--project", "acme", "--changes"]);
    assert!(
        people.contains("refer") && people.contains("0 sessions"),
        "{people}"
    );
    let arguments = [
        "rules",
        "backtest",
        "default",
        "--project",
        "acme",
        "--json",
        "--from",
        "2026-01-01",
    ];
    let programs: Value = serde_json::from_str(&desk.runs(&arguments)).unwrap();
    assert_eq!(programs["table"]["pass"]["fail"], 0);
    assert_eq!(programs["sessions"], 0);
    let report = ["rules", "shadow-report", "1", "--project", "acme", "--json"];
    let report: Value = serde_json::from_str(&desk.runs(&report)).unwrap();
    assert_eq!(report["sessions"], 0);
    for (bad, why) in [
        (&["backtest", "7"][..], "version of the rules"),
        (&["backtest", "1", "--last", "0"], "1000000"),
        (&["shadow-report", "7"], "version of the rules"),
        (&["show", "7"], "version of the rules"),
        (&["shadow", "7"], "version of the rules"),
    ] {
        let said = desk.refused(bad);
        assert!(said.contains(why), "{bad:?}: {said}");
    }
    let both = [
        "rules",
        "backtest",
        "1",
        "--project",
        "acme",
        "--last",
        "3",
        "--to",
        "2026-01-01",
    ];
    assert_eq!(desk.likeness(&both).status.code(), Some(2));
}

#[test]
fn a_bad_file_is_refused_with_its_place() {
    let desk = Desk::new();
    let file = desk.file("bad.json");
    let rules = r#"{"name": "t", "facematch_conditions": [
        {"name": "a", "signal": "scroe", "operator": ">=", "pass": 80}]}"#;
    std::fs::write(&file, rules).unwrap();
    let said = desk.refused(&["save", "--file", &file, "--note", "x"]);
    assert!(said.contains("/facematch_conditions/0/signal"), "{said}");
    let silent = desk.refused(&["save", "--file", &desk.file("loose.json"), "--note", " "]);
    assert!(silent.contains("note"), "{silent}");
    assert_eq!(desk.rules(&["list"]), Vec::<Value>::new());
}
