//! Says what is wrong with a rule file and where, before anybody keeps it.

use crate::scoring::rules::{Check, Problem, Rules};

/// A rule file that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedRules {
    /// Nothing is wrong where there are none.
    pub problems: Vec<Problem>,
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

pub(crate) fn read_rules(text: &str) -> Result<Rules, Vec<Problem>> {
    Rules::parse(text).map_err(|error| error.problems().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::rules::MOST_BYTES;

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
        let long = format!("{{\"name\": \"{}\"}}", "x".repeat(MOST_BYTES));
        assert!(check_rules(&long).problems[0].reason.contains("262144"));
    }
}
