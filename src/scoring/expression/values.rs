//! What an expression comes to over one examination's signals.

use crate::scoring::expression::{Calculation, Comparison, Number, Truth};
use crate::scoring::signals::Signals;

impl Number {
    /// Its value, or `None` where something was not measured or the result is no number.
    pub fn value(&self, signals: &Signals) -> Option<f64> {
        let value = match self {
            Self::Literal(value) => *value,
            Self::Reading(reading) => reading.value(signals)?,
            Self::Negated(number) => -number.value(signals)?,
            Self::Calculated(calculation, pair) => {
                let (left, right) = (pair.0.value(signals)?, pair.1.value(signals)?);
                match calculation {
                    Calculation::Plus => left + right,
                    Calculation::Minus => left - right,
                    Calculation::Times => left * right,
                    Calculation::DividedBy => left / right,
                }
            }
            Self::Chosen(choice) => {
                if choice.0.holds(signals)? {
                    choice.1.value(signals)?
                } else {
                    choice.2.value(signals)?
                }
            }
        };
        value.is_finite().then_some(value)
    }
}

impl Truth {
    /// Whether it holds, or `None` where either side has no value: `||` does not excuse one.
    pub fn holds(&self, signals: &Signals) -> Option<bool> {
        match self {
            Self::Literal(value) => Some(*value),
            Self::Compared(comparison, pair) => {
                Some(comparison.holds(pair.0.value(signals)?, pair.1.value(signals)?))
            }
            Self::Not(truth) => Some(!truth.holds(signals)?),
            Self::Both(pair) => {
                let (left, right) = (pair.0.holds(signals)?, pair.1.holds(signals)?);
                Some(left && right)
            }
            Self::Either(pair) => {
                let (left, right) = (pair.0.holds(signals)?, pair.1.holds(signals)?);
                Some(left || right)
            }
            Self::Chosen(choice) => {
                if choice.0.holds(signals)? {
                    choice.1.holds(signals)
                } else {
                    choice.2.holds(signals)
                }
            }
        }
    }
}

impl Comparison {
    #[expect(
        clippy::float_cmp,
        reason = "a rule that asks for equality gets it to the last bit"
    )]
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
            Self::Equal => left == right,
            Self::NotEqual => left != right,
        }
    }
}
