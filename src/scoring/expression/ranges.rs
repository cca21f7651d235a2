//! What an expression may come to, so that one which never changes its mind is refused at load.

use crate::scoring::expression::{Calculation, Comparison, Expression, Number, Refusal, Truth};
use crate::scoring::interval::Interval;

impl Number {
    /// The numbers that it may come to.
    pub fn range(&self) -> Interval {
        match self {
            Self::Literal(value) => Interval::point(*value),
            Self::Reading(reading) => reading.range(),
            Self::Negated(number) => number.range().negated(),
            Self::Calculated(calculation, pair) => {
                let (left, right) = (pair.0.range(), pair.1.range());
                match calculation {
                    Calculation::Plus => left.plus(right),
                    Calculation::Minus => left.minus(right),
                    Calculation::Times => left.times(right),
                    Calculation::DividedBy => left.divided_by(right),
                }
            }
            Self::Chosen(choice) => choice.1.range().or(choice.2.range()),
        }
    }

    /// The number as an expression, refused where it never has a value or always the same.
    pub(super) fn checked(self) -> Result<Expression, Refusal> {
        match &self {
            Self::Calculated(Calculation::DividedBy, pair)
                if pair.1.range() == Interval::point(0.0) =>
            {
                return Err(Refusal::new(format!("`{self}` divides by zero")));
            }
            Self::Chosen(choice) => always(&choice.0)?,
            Self::Literal(_) | Self::Reading(_) | Self::Negated(_) | Self::Calculated(..) => {}
        }
        let range = self.range();
        if range.low.is_nan() || range.high.is_nan() || range.is_point() && range.low.is_infinite()
        {
            return Err(Refusal::new(format!("`{self}` comes to no number")));
        }
        Ok(Expression::Number(self))
    }
}

/// Whether something can hold, and whether it can fail to.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Possible {
    yes: bool,
    no: bool,
}

impl Truth {
    /// The condition as an expression, refused where it always holds or never does.
    pub(super) fn checked(self) -> Result<Expression, Refusal> {
        if let Self::Chosen(choice) = &self {
            always(&choice.0)?;
        }
        always(&self)?;
        Ok(Expression::Truth(self))
    }

    fn possible(&self) -> Possible {
        match self {
            Self::Literal(value) => Possible {
                yes: *value,
                no: !value,
            },
            Self::Compared(comparison, pair) => comparison.possible(pair.0.range(), pair.1.range()),
            Self::Not(truth) => {
                let Possible { yes, no } = truth.possible();
                Possible { yes: no, no: yes }
            }
            Self::Both(pair) => {
                let (left, right) = (pair.0.possible(), pair.1.possible());
                Possible {
                    yes: left.yes && right.yes,
                    no: left.no || right.no,
                }
            }
            Self::Either(pair) => {
                let (left, right) = (pair.0.possible(), pair.1.possible());
                Possible {
                    yes: left.yes || right.yes,
                    no: left.no && right.no,
                }
            }
            Self::Chosen(choice) => {
                let (yes, no) = (choice.1.possible(), choice.2.possible());
                Possible {
                    yes: yes.yes || no.yes,
                    no: yes.no || no.no,
                }
            }
        }
    }
}

impl Comparison {
    fn possible(self, left: Interval, right: Interval) -> Possible {
        let swapped = |Possible { yes, no }| Possible { yes: no, no: yes };
        match self {
            Self::Less => Possible {
                yes: left.low < right.high,
                no: left.high >= right.low,
            },
            Self::AtMost => Possible {
                yes: left.low <= right.high,
                no: left.high > right.low,
            },
            Self::More => swapped(Self::AtMost.possible(left, right)),
            Self::AtLeast => swapped(Self::Less.possible(left, right)),
            Self::Equal => Possible {
                yes: left.low <= right.high && right.low <= left.high,
                no: !(left.is_point() && left == right),
            },
            Self::NotEqual => swapped(Self::Equal.possible(left, right)),
        }
    }
}

/// Refuses a condition that can only ever hold or only ever fail.
fn always(truth: &Truth) -> Result<(), Refusal> {
    let verb = match truth.possible() {
        Possible {
            yes: true,
            no: true,
        } => return Ok(()),
        Possible {
            yes: true,
            no: false,
        } => "always holds",
        Possible { yes: false, .. } => "can never hold",
    };
    let why = match truth {
        Truth::Compared(_, pair) => because(&pair.0, &pair.1),
        Truth::Literal(_)
        | Truth::Not(_)
        | Truth::Both(_)
        | Truth::Either(_)
        | Truth::Chosen(_) => String::new(),
    };
    Err(Refusal::new(format!("`{truth}` {verb}{why}")))
}

/// Between what the sides that are no plain numbers lie.
fn because(left: &Number, right: &Number) -> String {
    let sides: Vec<String> = [left, right]
        .into_iter()
        .filter(|side| !matches!(side, Number::Literal(_)))
        .map(|side| format!("`{side}` {}", side.range()))
        .collect();
    if sides.is_empty() {
        return String::new();
    }
    format!(": {}", sides.join(" and "))
}
