//! What an expression comes to over one examination's signals.

use crate::scoring::expression::{Calculation, Comparison, Number, Truth};
use crate::scoring::reading::Reading;
use crate::scoring::signals::Signals;

/// What a reading comes to; `None` where it was not measured.
type Values<'a> = dyn Fn(Reading) -> Option<f64> + 'a;

impl Number {
    /// Its value, or `None` where something was not measured or the result is no number.
    pub fn value(&self, signals: &Signals) -> Option<f64> {
        self.over(&|reading| reading.value(signals))
    }

    fn over(&self, values: &Values<'_>) -> Option<f64> {
        let value = match self {
            Self::Literal(value) => *value,
            Self::Reading(reading) => values(*reading)?,
            Self::Negated(number) => -number.over(values)?,
            Self::Calculated(calculation, pair) => {
                let (left, right) = (pair.0.over(values)?, pair.1.over(values)?);
                match calculation {
                    Calculation::Plus => left + right,
                    Calculation::Minus => left - right,
                    Calculation::Times => left * right,
                    Calculation::DividedBy => left / right,
                }
            }
            Self::Chosen(choice) => {
                if choice.0.holds_over(values)? {
                    choice.1.over(values)?
                } else {
                    choice.2.over(values)?
                }
            }
        };
        value.is_finite().then_some(value)
    }
}

impl Truth {
    /// Whether it holds, or `None` where either side has no value: `||` does not excuse one.
    pub fn holds(&self, signals: &Signals) -> Option<bool> {
        self.holds_over(&|reading| reading.value(signals))
    }

    fn holds_over(&self, values: &Values<'_>) -> Option<bool> {
        match self {
            Self::Literal(value) => Some(*value),
            Self::Compared(comparison, pair) => {
                Some(comparison.holds(pair.0.over(values)?, pair.1.over(values)?))
            }
            Self::Not(truth) => Some(!truth.holds_over(values)?),
            Self::Both(pair) => {
                let (left, right) = (pair.0.holds_over(values)?, pair.1.holds_over(values)?);
                Some(left && right)
            }
            Self::Either(pair) => {
                let (left, right) = (pair.0.holds_over(values)?, pair.1.holds_over(values)?);
                Some(left || right)
            }
            Self::Chosen(choice) => {
                if choice.0.holds_over(values)? {
                    choice.1.holds_over(values)
                } else {
                    choice.2.holds_over(values)
                }
            }
        }
    }

    /// Whether each comparison in it comes out the same over the one values as over the others.
    pub fn compares_alike(&self, these: &Values<'_>, those: &Values<'_>) -> bool {
        match self {
            Self::Literal(_) => true,
            Self::Compared(..) => self.holds_over(these) == self.holds_over(those),
            Self::Not(truth) => truth.compares_alike(these, those),
            Self::Both(pair) | Self::Either(pair) => {
                pair.0.compares_alike(these, those) && pair.1.compares_alike(these, those)
            }
            Self::Chosen(choice) => {
                let (which, yes, no) = choice.as_ref();
                let parts = [which, yes, no];
                parts.iter().all(|part| part.compares_alike(these, those))
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
