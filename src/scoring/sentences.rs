//! What a verdict says of a condition that did not hold, in words with the numbers.

use crate::scoring::condition::{Bounds, Condition, Operator, Test};
use crate::scoring::expression::Truth;
use crate::scoring::reading::Reading;
use crate::scoring::signals::Signals;

/// Of a condition whose number is not within its bound.
pub(super) fn out_of_bounds(condition: &Condition, bounds: &Bounds, value: f64) -> String {
    let limit = match bounds.operator {
        Operator::AtLeast => "at least",
        Operator::AtMost => "at most",
    };
    let refer = bounds
        .refer
        .map(|bound| format!(", refer {limit} {}", number(bound)))
        .unwrap_or_default();
    let Condition { name, label, .. } = condition;
    let pass = number(bounds.pass);
    let rounded = number(value);
    // Rounding may not put a value on the bound that it missed.
    let misleads = rounded == pass || bounds.refer.map(number).as_ref() == Some(&rounded);
    let value = if misleads { value.to_string() } else { rounded };
    with_message(
        condition,
        format!("{name}: {label} is {value}, pass needs {limit} {pass}{refer}"),
    )
}

/// Of a condition that does not hold.
pub(super) fn does_not_hold(condition: &Condition, truth: &Truth, signals: &Signals) -> String {
    let exact = |reading: Reading| reading.value(signals);
    let rounded = |reading: Reading| number(exact(reading)?).parse().ok();
    // Rounding may not show a comparison coming out otherwise than it did.
    let misleads = !truth.compares_alike(&exact, &rounded);
    let written = |value: f64| {
        if misleads {
            value.to_string()
        } else {
            number(value)
        }
    };
    let values: Vec<String> = condition
        .readings
        .iter()
        .filter_map(|reading| Some(format!("{reading} is {}", written(exact(*reading)?))))
        .collect();
    let Condition { name, label, .. } = condition;
    let values = values.join(", ");
    with_message(
        condition,
        format!("{name}: {label} does not hold ({values})"),
    )
}

/// Of a condition over something that was not measured.
pub(super) fn not_examined(condition: &Condition, missing: &[Reading]) -> String {
    let Condition {
        name,
        label,
        test,
        readings,
        ..
    } = condition;
    let sentence = match (missing, test) {
        ([], _) => format!("{name}: {label} has no value for these signals"),
        // A condition over one signal alone is named as the file names it.
        ([_], Test::Within(..)) if readings.len() == 1 && !label.starts_with('`') => {
            format!("{name}: {label} was not examined")
        }
        ([one], _) => format!("{name}: {one} was not examined"),
        (several, _) => {
            let names: Vec<String> = several.iter().map(ToString::to_string).collect();
            format!("{name}: {} were not examined", names.join(", "))
        }
    };
    with_message(condition, sentence)
}

fn with_message(condition: &Condition, sentence: String) -> String {
    match &condition.message {
        Some(message) => format!("{sentence}. {message}"),
        None => sentence,
    }
}

/// Two decimals at most, none when the number is whole.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scoring::rules::{Check, Rules};
    use crate::scoring::verdict::judge;

    /// What is said of an expression that does not hold at this score.
    fn said(expression: &str, score: f64) -> String {
        let condition = json!({ "name": "It", "expression": expression });
        let file = json!({ "name": "t", "facematch_conditions": [condition] });
        let rules = Rules::parse(&file.to_string()).unwrap();
        let signals = Signals {
            percentages: vec![score],
            liveness: Some(50.0),
            ..Signals::default()
        };
        let [sentence] = judge(&rules, &signals, &[Check::FaceMatch])
            .failed_conditions
            .try_into()
            .unwrap();
        sentence
    }

    #[test]
    fn rounding_does_not_show_a_comparison_as_it_did_not_come_out() {
        for (expression, score, written) in [
            ("score >= 80", 79.9996, "79.9996"),
            ("score >= 80", 79.123_456, "79.12"),
            ("score * 2 >= 160", 79.9996, "79.9996"),
            ("score >= 80 && liveness >= 70", 79.9996, "79.9996"),
            ("!(score < 80 || liveness < 70)", 79.9996, "79.9996"),
            ("score > 80", 80.0, "80"),
        ] {
            let sentence = said(expression, score);
            let wanted = format!("score is {written}");
            let values = sentence.split(['(', ')', ',']);
            assert!(
                values.into_iter().any(|value| value == wanted),
                "{sentence}"
            );
        }
    }
}
