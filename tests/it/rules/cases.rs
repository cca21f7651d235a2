//! `scoring-rules/cases/*.json`: signals in; outcome, sentences and reasons out, to the letter.

use likeness::scoring::condition::Effect;
use likeness::scoring::rules::{Check, Rules};
use likeness::scoring::signals::Signals;
use likeness::scoring::verdict::{Outcome, Verdict, judge};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{files, read};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// A file of `scoring-rules`, or a rule file itself.
    rules: Value,
    checks: Vec<Check>,
    signals: Signals,
    expect: Expected,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    outcome: Outcome,
    failed: Vec<String>,
    referred: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    noted: Vec<String>,
    /// Code and effect, in the order of judging.
    reasons: Vec<String>,
}

impl Expected {
    fn of(verdict: Verdict) -> Self {
        let noted = verdict
            .reasons
            .iter()
            .filter(|reason| reason.outcome == Effect::Note);
        Self {
            outcome: verdict.outcome,
            noted: noted.map(|reason| reason.text.clone()).collect(),
            failed: verdict.failed_conditions,
            referred: verdict.failed_refer_conditions,
            reasons: verdict
                .reasons
                .iter()
                .map(|reason| format!("{} {}", reason.code.name(), reason.outcome.name()))
                .collect(),
        }
    }
}

#[test]
fn every_case_comes_out_as_written() {
    let cases = files("scoring-rules/cases");
    assert!(cases.len() >= 40, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for file in cases {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let case: Case = serde_json::from_str(&std::fs::read_to_string(&file).unwrap())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let text = match case.rules.as_str() {
            Some(shipped) => read(&format!("scoring-rules/{shipped}")),
            None => case.rules.to_string(),
        };
        let rules = Rules::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = Expected::of(judge(&rules, &case.signals, &case.checks));
        if found != case.expect {
            let found = serde_json::to_string_pretty(&found).unwrap();
            wrong.push(format!("{name} comes out as\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_condition_of_every_shipped_file_does_not_hold_in_some_case() {
    let mut failing: Vec<(String, String)> = Vec::new();
    for file in files("scoring-rules/cases") {
        let case: Case = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        if let Value::String(shipped) = &case.rules {
            let rules = Rules::parse(&read(&format!("scoring-rules/{shipped}"))).unwrap();
            let verdict = judge(&rules, &case.signals, &case.checks);
            let names = verdict.reasons.into_iter().map(|reason| reason.condition);
            failing.extend(names.map(|name| (shipped.clone(), name)));
        }
    }
    for template in likeness::scoring::templates::TEMPLATES {
        let rules = Rules::parse(template.text).unwrap();
        for condition in Check::ALL.iter().flat_map(|check| rules.conditions(*check)) {
            let looked_for = (template.file.to_owned(), condition.name.clone());
            assert!(failing.contains(&looked_for), "{looked_for:?}");
        }
    }
}

#[test]
fn a_verdict_is_kept_and_read_back_to_the_byte() {
    let rules = Rules::parse(&read("scoring-rules/default.json")).unwrap();
    let verdict = judge(&rules, &Signals::default(), &Check::ALL);
    let kept = serde_json::to_string(&verdict).unwrap();
    let again: Verdict = serde_json::from_str(&kept).unwrap();
    assert_eq!(again, verdict);
    let judged_again = judge(&rules, &Signals::default(), &Check::ALL);
    assert_eq!(serde_json::to_string(&judged_again).unwrap(), kept);
    let first: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(
        first["reasons"][0],
        serde_json::json!({
            "code": "FACE_MISMATCH",
            "check": "face_match",
            "condition": "Match score",
            "outcome": "fail",
            "text": "Match score: score is 0, pass needs at least 80, refer at least 65"
        })
    );
}

#[test]
fn a_verdict_from_before_there_were_reasons_is_read() {
    let older = r#"{"outcome":"refer","failed_conditions":[],"failed_refer_conditions":["Live person: liveness was not examined"]}"#;
    let verdict: Verdict = serde_json::from_str(older).unwrap();
    assert_eq!(verdict.outcome, Outcome::Refer);
    assert!(verdict.reasons.is_empty());
}
