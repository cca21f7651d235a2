//! The rule files that are shipped, and how they hang together.

use likeness::scoring::condition::OnMissing;
use likeness::scoring::rules::{Check, Rules};
use likeness::scoring::templates::TEMPLATES;
use serde_json::Value;

use super::{files, read};

#[test]
fn every_rule_file_in_the_folder_is_shipped_valid_and_described() {
    let mut there: Vec<String> = files("scoring-rules")
        .iter()
        .map(|file| file.file_name().unwrap().to_string_lossy().into_owned())
        .filter(|name| name != "schema.json")
        .collect();
    let mut shipped: Vec<String> = TEMPLATES.map(|template| template.file.to_owned()).to_vec();
    there.sort();
    shipped.sort();
    assert_eq!(there, shipped);
    for template in TEMPLATES {
        let rules = Rules::parse(template.text)
            .unwrap_or_else(|error| panic!("{}: {error}", template.file));
        assert_eq!(format!("{}.json", rules.name), template.file);
        assert!(rules.description.len() > 20);
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
fn nothing_shipped_passes_what_was_not_examined() {
    for template in TEMPLATES {
        let rules = Rules::parse(template.text).unwrap();
        let conditions = Check::ALL.iter().flat_map(|check| rules.conditions(*check));
        for condition in conditions {
            // What was not asked for is not missing.
            let asked_for = ["challenge".to_owned()];
            if condition
                .readings
                .iter()
                .map(ToString::to_string)
                .eq(asked_for)
            {
                continue;
            }
            assert_ne!(
                condition.on_missing,
                OnMissing::Ignore,
                "{}",
                condition.name
            );
        }
    }
}
