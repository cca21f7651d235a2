//! Says what is wrong with a rule file and where, before anybody keeps it.

use crate::scoring::rules::{Check, Rules, RulesError};

/// The longest text of a rule file, in bytes.
pub const MAX_RULES: usize = 256 * 1024;

/// What is wrong at one place of a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleProblem {
    /// A JSON pointer; empty where the whole file is meant.
    pub pointer: String,
    pub reason: String,
}

/// A rule file that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedRules {
    /// Nothing is wrong where there are none.
    pub problems: Vec<RuleProblem>,
    /// The names of what it asks for, in the order in which it is judged.
    pub conditions: Vec<String>,
}

/// Looks at a rule file's text.
pub fn check_rules(text: &str) -> CheckedRules {
    match read_rules(text) {
        Ok(rules) => CheckedRules {
            problems: Vec::new(),
            conditions: Check::ALL
                .iter()
                .flat_map(|check| rules.conditions(*check))
                .map(|condition| condition.name.clone())
                .collect(),
        },
        Err(problems) => CheckedRules {
            problems,
            conditions: Vec::new(),
        },
    }
}

pub(crate) fn read_rules(text: &str) -> Result<Rules, Vec<RuleProblem>> {
    if text.len() > MAX_RULES {
        return Err(vec![RuleProblem {
            pointer: String::new(),
            reason: format!("a rule file has {MAX_RULES} bytes at most"),
        }]);
    }
    Rules::parse(text).map_err(|error| problems(&error))
}

/// The message of a refusal names the place where there is one.
fn problems(error: &RulesError) -> Vec<RuleProblem> {
    let message = error.to_string();
    let (pointer, reason) = message
        .strip_prefix("at ")
        .and_then(|rest| rest.split_once(": "))
        .unwrap_or(("", &message));
    vec![RuleProblem {
        pointer: pointer.to_owned(),
        reason: reason.to_owned(),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_its_place_and_a_good_file_its_conditions() {
        let good = r#"{"name": "t", "facematch_conditions": [
            {"name": "Match", "signal": "score", "operator": ">=", "pass": 80}]}"#;
        let checked = check_rules(good);
        assert_eq!(checked.conditions, ["Match"]);
        assert_eq!(checked.problems, []);

        let checked = check_rules(&good.replace("score", "scroe"));
        assert_eq!(checked.problems.len(), 1);
        assert_eq!(
            checked.problems[0].pointer,
            "/facematch_conditions/0/signal"
        );
        assert!(checked.problems[0].reason.contains("scroe"));

        assert!(!check_rules("{").problems.is_empty());
        let long = format!("{{\"name\": \"{}\"}}", "x".repeat(MAX_RULES));
        assert!(check_rules(&long).problems[0].reason.contains("262144"));
    }
}
