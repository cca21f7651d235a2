//! From CEL's syntax tree to our own: what the language has is kept and typed, the rest refused.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue, operators};

use crate::scoring::expression::{Calculation, Comparison, Expression, Number, Refusal, Truth};
use crate::scoring::functions::{Argument, FUNCTIONS, Function, FunctionFacts};
use crate::scoring::interval::Interval;
use crate::scoring::reading::Reading;
use crate::scoring::suggestion::did_you_mean;
use crate::scoring::vocabulary::{Signal, VOCABULARY};

/// Most steps within each other; evaluation goes no deeper either.
const MOST_DEPTH: usize = 64;

/// The series that `share_above(x)` alone means.
const SHORTHAND: &str = "frames.percentage";

/// Lowers a whole expression.
pub(super) fn expression(parsed: &IdedExpr) -> Result<Expression, Refusal> {
    lower(parsed, 0)
}

fn lower(parsed: &IdedExpr, depth: usize) -> Result<Expression, Refusal> {
    if depth > MOST_DEPTH {
        return Err(Refusal::new(format!(
            "the expression goes more than {MOST_DEPTH} steps deep"
        )));
    }
    let not_part = |what: &str| Err(Refusal::new(format!("{what} are not part of the language")));
    match &parsed.expr {
        Expr::Literal(value) => literal(value),
        Expr::Ident(_) | Expr::Select(_) => name(parsed),
        Expr::Call(call) => lower_call(call, depth + 1),
        Expr::Comprehension(_) => not_part("loops"),
        Expr::List(_) => not_part("lists"),
        Expr::Map(_) | Expr::Struct(_) => not_part("maps"),
        Expr::Unspecified => Err(Refusal::new("the expression cannot be read")),
    }
}

fn literal(value: &LiteralValue) -> Result<Expression, Refusal> {
    let refused = |what: &str| Err(Refusal::new(format!("{what} are not part of the language")));
    match value {
        LiteralValue::Boolean(value) => Ok(Expression::Truth(Truth::Literal(*value.inner()))),
        LiteralValue::Double(value) => Ok(Expression::Number(Number::Literal(*value.inner()))),
        LiteralValue::Int(value) => Ok(Expression::Number(Number::Literal(*value.inner() as f64))),
        LiteralValue::UInt(_) => refused("numbers with a letter"),
        LiteralValue::String(_) | LiteralValue::Bytes(_) => refused("texts"),
        LiteralValue::Null => refused("empty values (`null`)"),
    }
}

/// A signal by its name; a series wants a function.
fn name(parsed: &IdedExpr) -> Result<Expression, Refusal> {
    let name = dotted(parsed)?;
    let signal = find(&name)?;
    if signal.is_of_frames() {
        return Err(Refusal::new(format!(
            "`{name}` has a value for every frame: put a function over it, such as `{name}.median()`"
        )));
    }
    Ok(Expression::Number(Number::Reading(Reading::Signal(signal))))
}

fn lower_call(call: &CallExpr, depth: usize) -> Result<Expression, Refusal> {
    if let Some(target) = &call.target {
        return over_frames(&dotted(target)?, call);
    }
    let args = call.args.as_slice();
    match (call.func_name.as_str(), args) {
        (operators::NEGATE, [operand]) => {
            Ok(Expression::Number(negated(number("-", operand, depth)?)))
        }
        (operators::LOGICAL_NOT, [operand]) => {
            Truth::Not(Box::new(truth("!", operand, depth)?)).checked()
        }
        (operators::LOGICAL_AND, [left, right]) => {
            let pair = (truth("&&", left, depth)?, truth("&&", right, depth)?);
            Truth::Both(Box::new(pair)).checked()
        }
        (operators::LOGICAL_OR, [left, right]) => {
            let pair = (truth("||", left, depth)?, truth("||", right, depth)?);
            Truth::Either(Box::new(pair)).checked()
        }
        (operators::CONDITIONAL, [condition, yes, no]) => chosen(condition, yes, no, depth),
        (operator, [left, right])
            if calculation(operator).is_some() || comparison(operator).is_some() =>
        {
            between(operator, left, right, depth)
        }
        (operators::IN | "in", _) => Err(Refusal::new("`in` is not part of the language")),
        ("share_above", [_]) => over_frames(SHORTHAND, call),
        (operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT, _) => {
            Err(Refusal::new("lists are not part of the language"))
        }
        (name, _) => Err(unknown_function(name)),
    }
}

fn negated(number: Number) -> Number {
    match number {
        Number::Literal(value) => Number::Literal(-value),
        other @ (Number::Reading(_)
        | Number::Negated(_)
        | Number::Calculated(..)
        | Number::Chosen(_)) => Number::Negated(Box::new(other)),
    }
}

fn between(
    operator: &str,
    left: &IdedExpr,
    right: &IdedExpr,
    depth: usize,
) -> Result<Expression, Refusal> {
    let sign = operator.trim_matches('_');
    let pair = (number(sign, left, depth)?, number(sign, right, depth)?);
    if let Some(calculation) = calculation(operator) {
        return Number::Calculated(calculation, Box::new(pair)).checked();
    }
    let Some(comparison) = comparison(operator) else {
        return Err(unknown_function(operator));
    };
    Truth::Compared(comparison, Box::new(pair)).checked()
}

fn chosen(
    condition: &IdedExpr,
    yes: &IdedExpr,
    no: &IdedExpr,
    depth: usize,
) -> Result<Expression, Refusal> {
    let condition = truth("? :", condition, depth)?;
    match (lower(yes, depth)?, lower(no, depth)?) {
        (Expression::Number(yes), Expression::Number(no)) => {
            Number::Chosen(Box::new((condition, yes, no))).checked()
        }
        (Expression::Truth(yes), Expression::Truth(no)) => {
            Truth::Chosen(Box::new((condition, yes, no))).checked()
        }
        (Expression::Number(_), Expression::Truth(_))
        | (Expression::Truth(_), Expression::Number(_)) => Err(Refusal::new(
            "`? :` chooses between two numbers or between two conditions, not between one of each",
        )),
    }
}

fn number(operator: &str, parsed: &IdedExpr, depth: usize) -> Result<Number, Refusal> {
    match lower(parsed, depth)? {
        Expression::Number(number) => Ok(number),
        Expression::Truth(truth) => Err(Refusal::new(format!(
            "`{operator}` wants numbers, and `{truth}` is a condition"
        ))),
    }
}

fn truth(operator: &str, parsed: &IdedExpr, depth: usize) -> Result<Truth, Refusal> {
    match lower(parsed, depth)? {
        Expression::Truth(truth) => Ok(truth),
        Expression::Number(number) => Err(Refusal::new(format!(
            "`{operator}` wants conditions, and `{number}` is a number"
        ))),
    }
}

/// A function over a series: `frames.percentage.quantile(0.1)`.
fn over_frames(series: &str, call: &CallExpr) -> Result<Expression, Refusal> {
    let signal = find(series)?;
    let facts = FUNCTIONS
        .iter()
        .find(|facts| facts.name == call.func_name)
        .ok_or_else(|| unknown_function(&call.func_name))?;
    if !signal.is_of_frames() {
        return Err(Refusal::new(format!(
            "`{series}` is one number already; `{}` wants a signal of the frames",
            facts.name
        )));
    }
    let function = with_argument(facts, signal, &call.args)?;
    Ok(Expression::Number(Number::Reading(Reading::Frames(
        signal, function,
    ))))
}

fn with_argument(
    facts: &FunctionFacts,
    series: &Signal,
    args: &[IdedExpr],
) -> Result<Function, Refusal> {
    let range = match facts.argument {
        Argument::None if args.is_empty() => return Ok(facts.with(0.0)),
        Argument::None => {
            return Err(Refusal::new(format!("`{}` takes no number", facts.call())));
        }
        Argument::Share => Interval::new(0.0, 1.0),
        Argument::Value => series.range,
    };
    let [argument] = args else {
        return Err(Refusal::new(format!("`{}` takes one number", facts.call())));
    };
    let Some(value) = plain_number(argument) else {
        return Err(Refusal::new(format!(
            "what `{}` takes is written as a plain number",
            facts.call()
        )));
    };
    if !range.contains(value) {
        return Err(Refusal::new(format!(
            "what `{}` takes over `{}` {range}; this is {value}",
            facts.call(),
            series.name
        )));
    }
    Ok(facts.with(value))
}

/// The number that is written, with a minus or without; `None` where anything else is.
fn plain_number(argument: &IdedExpr) -> Option<f64> {
    if let Expr::Call(call) = &argument.expr
        && call.func_name == operators::NEGATE
        && let [operand] = call.args.as_slice()
    {
        return literal_number(operand).map(|value| -value);
    }
    literal_number(argument)
}

fn literal_number(parsed: &IdedExpr) -> Option<f64> {
    let Expr::Literal(value) = &parsed.expr else {
        return None;
    };
    match literal(value) {
        Ok(Expression::Number(Number::Literal(value))) => Some(value),
        Ok(_) | Err(_) => None,
    }
}

/// The name that identifiers and dots spell.
fn dotted(parsed: &IdedExpr) -> Result<String, Refusal> {
    let mut parts = Vec::new();
    let mut next = parsed;
    while let Expr::Select(select) = &next.expr {
        if select.test {
            return Err(Refusal::new("`has` is not part of the language"));
        }
        parts.push(select.field.as_str());
        next = &select.operand;
    }
    let Expr::Ident(first) = &next.expr else {
        return Err(Refusal::new(
            "a function stands after a signal of the frames, such as `frames.percentage.min()`",
        ));
    };
    parts.push(first);
    parts.reverse();
    Ok(parts.join("."))
}

fn find(name: &str) -> Result<&'static Signal, Refusal> {
    Signal::find(name).ok_or_else(|| {
        let near = did_you_mean(name, VOCABULARY.iter().map(|signal| signal.name));
        Refusal::new(format!("there is no signal `{name}`{near}"))
    })
}

fn unknown_function(name: &str) -> Refusal {
    let near = did_you_mean(name, FUNCTIONS.iter().map(|facts| facts.name));
    Refusal::new(format!("there is no function `{name}`{near}"))
}

fn calculation(operator: &str) -> Option<Calculation> {
    match operator {
        operators::ADD => Some(Calculation::Plus),
        operators::SUBSTRACT => Some(Calculation::Minus),
        operators::MULTIPLY => Some(Calculation::Times),
        operators::DIVIDE => Some(Calculation::DividedBy),
        _ => None,
    }
}

fn comparison(operator: &str) -> Option<Comparison> {
    match operator {
        operators::LESS => Some(Comparison::Less),
        operators::LESS_EQUALS => Some(Comparison::AtMost),
        operators::GREATER => Some(Comparison::More),
        operators::GREATER_EQUALS => Some(Comparison::AtLeast),
        operators::EQUALS => Some(Comparison::Equal),
        operators::NOT_EQUALS => Some(Comparison::NotEqual),
        _ => None,
    }
}
