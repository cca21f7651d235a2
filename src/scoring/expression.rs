//! The language of conditions: numbers and truths over readings, closed and total.
//!
//! CEL's grammar (crate `cel`) reads the text; `lower` keeps of it what this tree can say and
//! refuses the rest. The tree has no loop, no text and no list, so that its cost is its size.

pub mod direction;
mod guard;
mod lower;
mod ranges;
mod values;
mod writing;

use crate::scoring::reading::Reading;

/// An expression that makes sense.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    Number(Number),
    Truth(Truth),
}

/// An expression that comes to a number.
#[derive(Clone, Debug, PartialEq)]
pub enum Number {
    Literal(f64),
    Reading(Reading),
    Negated(Box<Self>),
    Calculated(Calculation, Box<(Self, Self)>),
    /// The second where the first holds, else the third.
    Chosen(Box<(Truth, Self, Self)>),
}

/// An expression that holds or does not.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    Literal(bool),
    Compared(Comparison, Box<(Number, Number)>),
    Not(Box<Self>),
    Both(Box<(Self, Self)>),
    Either(Box<(Self, Self)>),
    /// The second where the first holds, else the third.
    Chosen(Box<(Self, Self, Self)>),
}

/// What is calculated of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calculation {
    Plus,
    Minus,
    Times,
    DividedBy,
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    NotEqual,
}

/// Why an expression was refused, in words for whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(String);

impl Refusal {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl Expression {
    /// Most characters of an expression's text.
    pub const MOST_CHARACTERS: usize = 500;

    /// Reads an expression and checks its types, its names and its ranges.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        guard::check(text)?;
        let parsed = cel::parser::PrattParser::new()
            .parse(text)
            .map_err(|errors| guard::refusal(&errors))?;
        let expression = lower::expression(&parsed)?;
        if expression.readings().is_empty() {
            return Err(Refusal::new("the expression names no signal"));
        }
        Ok(expression)
    }

    /// Everything that it reads, each once, in the order of the text.
    pub fn readings(&self) -> Vec<Reading> {
        let mut readings = Vec::new();
        match self {
            Self::Number(number) => number.collect(&mut readings),
            Self::Truth(truth) => truth.collect(&mut readings),
        }
        readings
    }
}

impl Number {
    fn collect(&self, readings: &mut Vec<Reading>) {
        match self {
            Self::Literal(_) => {}
            Self::Reading(reading) => {
                if !readings.contains(reading) {
                    readings.push(*reading);
                }
            }
            Self::Negated(number) => number.collect(readings),
            Self::Calculated(_, pair) => {
                pair.0.collect(readings);
                pair.1.collect(readings);
            }
            Self::Chosen(choice) => {
                choice.0.collect(readings);
                choice.1.collect(readings);
                choice.2.collect(readings);
            }
        }
    }
}

impl Truth {
    fn collect(&self, readings: &mut Vec<Reading>) {
        match self {
            Self::Literal(_) => {}
            Self::Compared(_, pair) => {
                pair.0.collect(readings);
                pair.1.collect(readings);
            }
            Self::Not(truth) => truth.collect(readings),
            Self::Both(pair) | Self::Either(pair) => {
                pair.0.collect(readings);
                pair.1.collect(readings);
            }
            Self::Chosen(choice) => {
                choice.0.collect(readings);
                choice.1.collect(readings);
                choice.2.collect(readings);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_named_once_in_the_order_of_the_text() {
        let text = "liveness > 3 ? score >= 80 : frames.yaw.max() + score > 40";
        let readings: Vec<String> = Expression::parse(text)
            .unwrap()
            .readings()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(readings, ["liveness", "score", "frames.yaw.max()"]);
    }
}
