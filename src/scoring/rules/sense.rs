//! Whether the conditions of a rule file make sense, and what they come to.

use serde::Deserialize;
use serde_json::Value;

use crate::scoring::condition::{Bounds, Condition, OnMissing, Operator, Severity, Test};
use crate::scoring::expression::direction::Direction;
use crate::scoring::expression::{Expression, Number, Refusal};
use crate::scoring::reading::{Reading, Side};
use crate::scoring::reasons::ReasonCode;
use crate::scoring::rules::{Check, Problem, shortened, wording};
use crate::scoring::schema::MOST_CONDITIONS;

/// A condition as it stands in the file.
#[derive(Deserialize)]
struct Written {
    name: String,
    signal: Option<String>,
    expression: Option<String>,
    operator: Option<Operator>,
    pass: Option<f64>,
    refer: Option<f64>,
    #[serde(default)]
    severity: Severity,
    on_missing: Option<OnMissing>,
    message: Option<String>,
    reason: Option<ReasonCode>,
}

/// The conditions of one check. What makes no sense is added to the problems; a condition whose
/// shape is already among them is left alone.
pub(super) fn conditions(
    file: &Value,
    check: Check,
    problems: &mut Vec<Problem>,
) -> Vec<Condition> {
    let written = file.get(check.field()).and_then(Value::as_array);
    let mut conditions = Vec::new();
    for (index, value) in written
        .into_iter()
        .flatten()
        .take(MOST_CONDITIONS)
        .enumerate()
    {
        let pointer = format!("/{}/{index}", check.field());
        if problems
            .iter()
            .any(|problem| within(&problem.pointer, &pointer))
        {
            continue;
        }
        match Written::deserialize(value) {
            Ok(written) => conditions.extend(sensible(&pointer, written, problems)),
            Err(error) => problems.push(Problem::new(pointer, error.to_string())),
        }
    }
    conditions
}

/// What is wrong with the file's own name; that it has one is a matter of shape.
pub(super) fn name_of_file(file: &Value) -> Option<Problem> {
    let name = file.get("name").and_then(Value::as_str);
    let fault = wording::fault_of_name(name.filter(|name| !name.is_empty())?)?;
    Some(Problem::new("/name", fault))
}

/// Names that stand more than once.
pub(super) fn names_taken(file: &Value) -> Vec<Problem> {
    let mut taken: Vec<(String, String)> = Vec::new();
    let mut problems = Vec::new();
    for check in Check::ALL {
        let written = file.get(check.field()).and_then(Value::as_array);
        for (index, value) in written
            .into_iter()
            .flatten()
            .take(MOST_CONDITIONS)
            .enumerate()
        {
            let Some(name) = value.get("name").and_then(Value::as_str) else {
                continue;
            };
            // A name that is refused for itself is not quoted here.
            if wording::fault_of_name(name).is_some() {
                continue;
            }
            let pointer = format!("/{}/{index}", check.field());
            let read = wording::told_apart(name);
            match taken.iter().find(|(other, _)| *other == read) {
                Some((_, first)) => problems.push(Problem::new(
                    format!("{pointer}/name"),
                    format!("the name `{}` is taken by {first}", shortened(name, 100)),
                )),
                None => taken.push((read, pointer)),
            }
        }
    }
    problems
}

/// Whether a pointer is that place or lies in it.
fn within(pointer: &str, place: &str) -> bool {
    pointer
        .strip_prefix(place)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn sensible(pointer: &str, written: Written, problems: &mut Vec<Problem>) -> Option<Condition> {
    let before = problems.len();
    word_problems(pointer, &written, problems);
    severity_problems(pointer, &written, problems);
    let (expression, label) = match looked_at(&written) {
        Ok(found) => found,
        Err((field, refusal)) => {
            problems.push(Problem::new(
                format!("{pointer}/{field}"),
                refusal.to_string(),
            ));
            return None;
        }
    };
    let readings = expression.readings();
    let reason = written
        .reason
        .unwrap_or_else(|| derived(&expression, &readings, written.operator));
    let test = match expression {
        Expression::Number(number) => Test::Within(
            number.clone(),
            bounds(pointer, &number, &written, problems)?,
        ),
        Expression::Truth(truth) => {
            no_bounds(pointer, &written, problems);
            Test::Holds(truth)
        }
    };
    (problems.len() == before).then(|| Condition {
        name: written.name,
        label,
        test,
        severity: written.severity,
        on_missing: written.on_missing.unwrap_or_default(),
        message: written.message,
        reason,
        readings,
    })
}

/// What the condition looks at, and how sentences name it.
fn looked_at(written: &Written) -> Result<(Expression, String), (&'static str, Refusal)> {
    if let Some(text) = &written.expression {
        let expression = Expression::parse(text).map_err(|refusal| ("expression", refusal))?;
        return Ok((expression, format!("`{}`", text.trim())));
    }
    let text = written.signal.as_deref().unwrap_or_default();
    let expression = Expression::parse(text).map_err(|refusal| ("signal", refusal))?;
    let Expression::Number(Number::Reading(reading)) = expression else {
        let refusal = Refusal::new(
            "`signal` names one signal; what is calculated of signals is an `expression`",
        );
        return Err(("signal", refusal));
    };
    // The shorthand is named as it is written, in verdicts of old as in new ones.
    let label = match reading {
        Reading::Frames(_, function) if !text.contains('.') || text.starts_with("share_above") => {
            function.written()
        }
        Reading::Frames(..) | Reading::Signal(_) => reading.to_string(),
    };
    Ok((expression, label))
}

/// The reason that follows from the one reading and the side on which it falls short.
fn derived(
    expression: &Expression,
    readings: &[Reading],
    operator: Option<Operator>,
) -> ReasonCode {
    let [reading] = readings else {
        return ReasonCode::RuleNotMet;
    };
    let good_way = match (expression, operator) {
        (Expression::Truth(truth), _) => truth.direction(),
        (Expression::Number(number), Some(Operator::AtMost)) => number.direction().flipped(),
        (Expression::Number(number), _) => number.direction(),
    };
    match good_way {
        Direction::Rising => reading.reason(Side::TooLow),
        Direction::Falling => reading.reason(Side::TooHigh),
        Direction::Flat | Direction::Unknown => ReasonCode::RuleNotMet,
    }
}

fn bounds(
    pointer: &str,
    number: &Number,
    written: &Written,
    problems: &mut Vec<Problem>,
) -> Option<Bounds> {
    let (Some(operator), Some(pass)) = (written.operator, written.pass) else {
        problems.push(Problem::new(
            pointer,
            "an expression that comes to a number wants `operator` and `pass`",
        ));
        return None;
    };
    let range = number.range();
    for (field, bound) in [("pass", Some(pass)), ("refer", written.refer)] {
        if let Some(bound) = bound.filter(|bound| !range.contains(*bound)) {
            problems.push(Problem::new(
                format!("{pointer}/{field}"),
                format!("the bound {bound} is out of range: `{number}` {range}"),
            ));
        }
    }
    if range.contains(pass) && operator.always_holds(range, pass) {
        let reason = format!("the bound {pass} is always kept: `{number}` {range}");
        problems.push(Problem::new(format!("{pointer}/pass"), reason));
    }
    if let Some(refer) = written.refer {
        let place = format!("{pointer}/refer");
        if !operator.holds(pass, refer) {
            let reason = format!("the refer bound {refer} is stricter than the pass bound {pass}");
            problems.push(Problem::new(&place, reason));
        }
        if written.severity != Severity::Fail {
            let reason = "a `refer` bound says nothing where the `severity` never fails";
            problems.push(Problem::new(place, reason));
        }
    }
    Some(Bounds {
        operator,
        pass,
        refer: written.refer,
    })
}

/// Something that holds or does not has no bounds.
fn no_bounds(pointer: &str, written: &Written, problems: &mut Vec<Problem>) {
    for (field, there) in [
        ("operator", written.operator.is_some()),
        ("pass", written.pass.is_some()),
        ("refer", written.refer.is_some()),
    ] {
        if there {
            problems.push(Problem::new(
                format!("{pointer}/{field}"),
                format!("the expression holds or does not hold: it takes no `{field}`"),
            ));
        }
    }
}

/// The words are read by officers, in sentences beside others.
fn word_problems(pointer: &str, written: &Written, problems: &mut Vec<Problem>) {
    let message = written.message.as_deref().and_then(wording::fault);
    for (field, fault) in [
        ("name", wording::fault_of_name(&written.name)),
        ("message", message),
    ] {
        if let Some(fault) = fault {
            problems.push(Problem::new(format!("{pointer}/{field}"), fault));
        }
    }
}

/// What is said of something missing may not be worse than the worst that the condition may do.
fn severity_problems(pointer: &str, written: &Written, problems: &mut Vec<Problem>) {
    let (word, worst) = match (written.severity, written.on_missing) {
        (Severity::Refer, Some(OnMissing::Fail)) => ("fail", "refer"),
        (Severity::Note, Some(OnMissing::Fail)) => ("fail", "note"),
        (Severity::Note, Some(OnMissing::Refer)) => ("refer", "note"),
        (Severity::Fail | Severity::Refer | Severity::Note, _) => return,
    };
    problems.push(Problem::new(
        format!("{pointer}/on_missing"),
        format!("`{word}` is worse than the `severity` allows, which is `{worst}`"),
    ));
}
