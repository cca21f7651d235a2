//! Holds the table of endpoints in `docs/dialects` against the description of the API and against the tests.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::helpers::TestApp;

/// Tags of the description whose endpoints are no vendor's.
const OWN: [&str; 2] = ["Native", "Health"];

struct Row {
    endpoint: String,
    tests: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_vendors_endpoint_is_in_the_table_and_every_row_has_its_test() {
    let rows = rows(&read("docs/dialects/README.md"));
    let tests = tests();
    for row in &rows {
        assert!(!row.tests.is_empty(), "{} has no test", row.endpoint);
        for test in &row.tests {
            assert!(tests.contains(test), "{}: there is no {test}", row.endpoint);
        }
    }
    let listed: BTreeSet<String> = rows.into_iter().map(|row| row.endpoint).collect();
    let described = described().await;
    let unlisted: Vec<_> = described.difference(&listed).collect();
    let undescribed: Vec<_> = listed.difference(&described).collect();
    assert!(unlisted.is_empty(), "not in the table: {unlisted:#?}");
    assert!(
        undescribed.is_empty(),
        "not in the description: {undescribed:#?}"
    );
}

#[test]
fn every_test_that_a_dialects_page_names_is_there() {
    let tests = tests();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/dialects");
    let mut named = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        // The last column of every table with a row's tests.
        let cells = text.lines().filter_map(|line| line.rsplit('|').nth(1));
        let named_here = cells.flat_map(|cell| cell.split('`'));
        for name in named_here.filter(|word| is_test_name(word)) {
            assert!(
                tests.contains(name),
                "{}: there is no {name}",
                path.display()
            );
            named += 1;
        }
    }
    assert!(named > 50, "only {named} tests are named");
}

/// The endpoints of the vendors' APIs. NEO's address repeats RisetAI's.
async fn described() -> BTreeSet<String> {
    let app = TestApp::start().await;
    let answer = app.client.get(app.url("/openapi.json")).send().await;
    let description: Value = answer.unwrap().json().await.unwrap();
    let mut endpoints = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let tag = operation["tags"][0].as_str().unwrap_or_default();
            assert!(!tag.is_empty(), "{method} {path} belongs to nobody");
            if !OWN.contains(&tag) && !path.starts_with("/risetai/") {
                endpoints.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    endpoints
}

fn rows(text: &str) -> Vec<Row> {
    let table = text.split("## Every endpoint").nth(1).unwrap();
    table
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let endpoint = cells.get(2)?.strip_prefix('`')?.strip_suffix('`')?;
            let tests = cells.get(3)?.split('`').filter(|word| is_test_name(word));
            Some(Row {
                endpoint: endpoint.to_owned(),
                tests: tests.map(str::to_owned).collect(),
            })
        })
        .collect()
}

/// Longer than the name of a field, and made of words.
fn is_test_name(word: &str) -> bool {
    word.matches('_').count() >= 3
        && word
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}

/// The name of every function below the folders that hold tests of the doors.
fn tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = BTreeSet::new();
    for folder in ["tests/it", "src/http/dialects"] {
        collect(&root.join(folder), &mut names);
    }
    names
}

fn collect(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, names);
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        for after in text.split("fn ").skip(1) {
            names.extend(after.split_once('(').map(|(name, _)| name.to_owned()));
        }
    }
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}
