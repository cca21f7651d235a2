//! The shipped rules' own tests: `scoring-rules/cases/*.json`, signals in, verdict out.

use std::path::{Path, PathBuf};

use likeness::scoring::rules::{Check, Rules, SCHEMA};
use likeness::scoring::signals::Signals;
use likeness::scoring::verdict::{Outcome, judge};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Case {
    rules: String,
    checks: Vec<String>,
    signals: Signals,
    expect: Expected,
}

#[derive(Deserialize)]
struct Expected {
    outcome: Outcome,
    failed: Vec<String>,
    referred: Vec<String>,
}

#[test]
fn every_case_comes_out_as_written() {
    let cases = files("scoring-rules/cases");
    assert!(cases.len() >= 10, "{} cases", cases.len());
    for file in cases {
        let name = file.display();
        let case: Case = serde_json::from_str(&std::fs::read_to_string(&file).unwrap())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let rules = Rules::parse(&read(&format!("scoring-rules/{}", case.rules))).unwrap();
        let checks: Vec<Check> = case.checks.iter().map(|check| check_of(check)).collect();
        let verdict = judge(&rules, &case.signals, &checks);
        assert_eq!(verdict.outcome, case.expect.outcome, "{name}");
        assert_eq!(
            names(&verdict.failed_conditions),
            case.expect.failed,
            "{name}"
        );
        assert_eq!(
            names(&verdict.failed_refer_conditions),
            case.expect.referred,
            "{name}"
        );
    }
}

#[test]
fn every_shipped_rule_file_is_valid_and_every_condition_has_a_case() {
    let cases: String = files("scoring-rules/cases")
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    for file in files("scoring-rules") {
        if file.file_name().is_some_and(|name| name == "schema.json") {
            continue;
        }
        let rules = Rules::parse(&std::fs::read_to_string(&file).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for condition in Check::ALL.iter().flat_map(|check| rules.conditions(*check)) {
            assert!(
                cases.contains(&format!("{:?}", condition.name)),
                "{}",
                condition.name
            );
        }
    }
}

#[test]
fn the_default_judges_the_match_as_match_only_does() {
    let part = |file: &str| -> Value {
        let text: Value = serde_json::from_str(&read(file)).unwrap();
        text["facematch_conditions"].clone()
    };
    assert_eq!(
        part("scoring-rules/default.json"),
        part("scoring-rules/match-only.json")
    );
}

#[test]
fn the_schema_is_of_the_draft_it_names() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
}

#[test]
fn the_documentation_lists_every_signal() {
    let page = read("docs/rules.md");
    for (_, facts) in likeness::scoring::signals::VOCABULARY {
        let row = format!(
            "| `{}` | {} | {} | {} |",
            facts.name, facts.unit, facts.range, facts.meaning
        );
        assert!(page.contains(&row), "docs/rules.md lacks the row\n{row}");
    }
}

fn check_of(name: &str) -> Check {
    match name {
        "facematch" => Check::FaceMatch,
        "liveness" => Check::Liveness,
        "document" => Check::Document,
        "quality" => Check::Quality,
        other => panic!("no check is called {other}"),
    }
}

/// What stands before the colon of each sentence.
fn names(sentences: &[String]) -> Vec<String> {
    sentences
        .iter()
        .map(|sentence| sentence.split(": ").next().unwrap().to_owned())
        .collect()
}

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    files
}
