//! Whether a rule file has the shape that the schema asks for.

use std::sync::LazyLock;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use crate::scoring::reasons::ReasonCode;
use crate::scoring::rules::{Problem, shortened};
use crate::scoring::schema::SCHEMA;
use crate::scoring::suggestion::did_you_mean;

/// Most faults of shape that are looked for.
const MOST: usize = 100;

/// Most characters of what is quoted from the file.
const MOST_QUOTED: usize = 60;

/// Every fault of the file's shape.
pub(super) fn problems(file: &Value) -> Vec<Problem> {
    static VALIDATOR: LazyLock<Result<Validator, String>> =
        LazyLock::new(|| jsonschema::draft202012::new(&SCHEMA).map_err(|error| error.to_string()));
    match VALIDATOR.as_ref() {
        Ok(validator) => {
            let errors = validator.iter_errors(file);
            let mut problems: Vec<Problem> = errors
                .filter(|error| !says_nothing(error))
                .take(MOST)
                .map(|error| problem(&error))
                .collect();
            // One field that is missing may be missed by several others.
            problems.dedup();
            problems
        }
        Err(broken) => vec![Problem::new(
            "",
            format!("the schema of rule files is itself broken: {broken}"),
        )],
    }
}

fn problem(error: &ValidationError<'_>) -> Problem {
    let path = error.instance_path().as_str();
    Problem::new(path, reason(error, path))
}

/// The reason in words; what the file says is quoted in part only, however long it is.
fn reason(error: &ValidationError<'_>, path: &str) -> String {
    let kind = error.kind();
    if let ValidationErrorKind::AdditionalProperties { unexpected } = kind {
        let fields: Vec<String> = unexpected
            .iter()
            .take(3)
            .map(|field| unknown_field(field, path))
            .collect();
        return fields.join("; ");
    }
    if matches!(kind, ValidationErrorKind::AnyOf { .. }) && path.is_empty() {
        return "a rule file has conditions of one check at least".to_owned();
    }
    if matches!(kind, ValidationErrorKind::MinItems { .. }) {
        return "a check that is there has one condition at least".to_owned();
    }
    if matches!(kind, ValidationErrorKind::AnyOf { .. }) {
        return "a signal is a name such as `score`, or one function over the frames such as \
                `frames.percentage.min()`"
            .to_owned();
    }
    if is_one_of(error) && path.ends_with("/reason") {
        let written = shortened(error.instance().as_str().unwrap_or("this"), MOST_QUOTED);
        let near = did_you_mean(&written, ReasonCode::of_rules().map(ReasonCode::name));
        return format!("`{written}` is no reason that a rule may give{near}");
    }
    if is_one_of(error) {
        return "a condition has exactly one of `signal` and `expression`".to_owned();
    }
    error.masked_with("this").to_string()
}

fn is_one_of(error: &ValidationError<'_>) -> bool {
    matches!(
        error.kind(),
        ValidationErrorKind::OneOfNotValid { .. } | ValidationErrorKind::OneOfMultipleValid { .. }
    )
}

/// Whether it adds nothing: what is no condition at all is told for its type already.
fn says_nothing(error: &ValidationError<'_>) -> bool {
    is_one_of(error)
        && !error.instance().is_object()
        && !error.instance_path().as_str().ends_with("/reason")
}

fn unknown_field(field: &str, path: &str) -> String {
    let field = shortened(field, MOST_QUOTED);
    let place = if path.is_empty() {
        ""
    } else {
        "/$defs/condition"
    };
    let known = SCHEMA.pointer(&format!("{place}/properties"));
    let known = known.and_then(Value::as_object).into_iter().flatten();
    let near = did_you_mean(&field, known.map(|(name, _)| name.as_str()));
    format!("there is no field `{field}`{near}")
}
