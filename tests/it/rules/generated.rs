//! What is made from the vocabulary: the schema, the page, and the hints for editors.

use likeness::scoring::functions::FUNCTIONS;
use likeness::scoring::handbook;
use likeness::scoring::reasons::ReasonCode;
use likeness::scoring::rules::Rules;
use likeness::scoring::schema::{SCHEMA, vocabulary};
use likeness::scoring::vocabulary::VOCABULARY;

use super::read;

#[test]
fn the_schema_is_of_the_draft_it_names_and_printed_as_it_is_used() {
    assert_eq!(
        SCHEMA["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    assert!(jsonschema::draft202012::meta::is_valid(&SCHEMA));
    let printed = serde_json::to_string_pretty(&*SCHEMA).unwrap() + "\n";
    assert!(
        read("scoring-rules/schema.json") == printed,
        "scoring-rules/schema.json is not what `likeness rules schema` prints"
    );
}

#[test]
fn the_page_is_printed_as_it_stands() {
    assert!(
        read("docs/rules.md") == handbook::page(),
        "docs/rules.md is not what `likeness rules docs` prints"
    );
    assert!(!handbook::page().contains("{{"));
}

#[test]
fn the_page_and_the_hints_have_every_name() {
    let page = read("docs/rules.md");
    let hints = vocabulary();
    for signal in &VOCABULARY {
        assert!(page.contains(&format!("| `{}` |", signal.name)));
    }
    for function in &FUNCTIONS {
        assert!(page.contains(&format!("| `{}` |", function.call())));
    }
    for code in ReasonCode::ALL {
        assert!(page.contains(&format!("| `{}` |", code.name())));
    }
    let count = |list: &str| hints[list].as_array().unwrap().len();
    assert_eq!(count("signals") + count("frame_signals"), VOCABULARY.len());
    assert_eq!(count("functions"), FUNCTIONS.len());
    assert_eq!(count("reasons"), ReasonCode::ALL.len());
}

#[test]
fn whatever_an_editor_completes_is_a_signal() {
    let forms = SCHEMA
        .pointer("/$defs/condition/properties/signal/anyOf")
        .unwrap();
    let mut tried = 0;
    for name in forms.as_array().unwrap() {
        let Some(name) = name["const"].as_str() else {
            continue;
        };
        tried += 1;
        let text = format!(
            r#"{{"name": "t", "quality_conditions": [
                {{"name": "a", "signal": "{name}", "operator": ">=", "pass": 0.5}}]}}"#
        );
        assert!(Rules::parse(&text).is_ok(), "{name}");
    }
    assert!(tried > 60, "{tried}");
}

#[test]
fn the_example_of_the_page_is_a_rule_file() {
    let page = read("docs/rules.md");
    let example = page.split("```json").nth(1).unwrap();
    let example = example.split("```").next().unwrap();
    let rules = Rules::parse(example).unwrap();
    assert_eq!(rules.name, "match-only");
}
