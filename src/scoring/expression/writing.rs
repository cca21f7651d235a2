//! How an expression is written in a sentence about it.

use std::fmt;

use crate::scoring::expression::{Calculation, Comparison, Number, Truth};

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(value) => write!(f, "{value}"),
            Self::Reading(reading) => write!(f, "{reading}"),
            Self::Negated(number) => write!(f, "-{}", Within(number.as_ref(), number.is_plain())),
            Self::Calculated(calculation, pair) => write!(
                f,
                "{} {} {}",
                Within(&pair.0, pair.0.is_plain()),
                calculation.sign(),
                Within(&pair.1, pair.1.is_plain())
            ),
            Self::Chosen(choice) => write!(
                f,
                "{} ? {} : {}",
                Within(&choice.0, choice.0.is_plain()),
                Within(&choice.1, choice.1.is_plain()),
                Within(&choice.2, choice.2.is_plain())
            ),
        }
    }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pair = |f: &mut fmt::Formatter<'_>, sign: &str, pair: &(Self, Self)| {
            write!(
                f,
                "{} {sign} {}",
                Within(&pair.0, pair.0.is_plain()),
                Within(&pair.1, pair.1.is_plain())
            )
        };
        match self {
            Self::Literal(value) => write!(f, "{value}"),
            Self::Compared(comparison, pair) => {
                let no_choice = |side: &Number| !matches!(side, Number::Chosen(_));
                write!(
                    f,
                    "{} {} {}",
                    Within(&pair.0, no_choice(&pair.0)),
                    comparison.sign(),
                    Within(&pair.1, no_choice(&pair.1))
                )
            }
            Self::Not(truth) => write!(f, "!{}", Within(truth.as_ref(), false)),
            Self::Both(both) => pair(f, "&&", both),
            Self::Either(either) => pair(f, "||", either),
            Self::Chosen(choice) => write!(
                f,
                "{} ? {} : {}",
                Within(&choice.0, choice.0.is_plain()),
                Within(&choice.1, choice.1.is_plain()),
                Within(&choice.2, choice.2.is_plain())
            ),
        }
    }
}

/// A part of an expression, in brackets unless it is plain.
struct Within<'a, T>(&'a T, bool);

impl<T: fmt::Display> fmt::Display for Within<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1 {
            self.0.fmt(f)
        } else {
            write!(f, "({})", self.0)
        }
    }
}

impl Number {
    fn is_plain(&self) -> bool {
        matches!(self, Self::Literal(_) | Self::Reading(_))
    }
}

impl Truth {
    fn is_plain(&self) -> bool {
        matches!(self, Self::Literal(_) | Self::Compared(..) | Self::Not(_))
    }
}

impl Calculation {
    fn sign(self) -> &'static str {
        match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::DividedBy => "/",
        }
    }
}

impl Comparison {
    fn sign(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
        }
    }
}
