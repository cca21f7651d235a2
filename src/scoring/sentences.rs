//! What a verdict says of a condition that did not hold, in words with the numbers.

use crate::scoring::condition::{Bounds, Condition, Operator, Test};
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
pub(super) fn does_not_hold(condition: &Condition, signals: &Signals) -> String {
    let values: Vec<String> = condition
        .readings
        .iter()
        .filter_map(|reading| Some(format!("{reading} is {}", number(reading.value(signals)?))))
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
