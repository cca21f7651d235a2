//! Which way an expression over one reading moves when that reading rises.

use crate::scoring::expression::{Calculation, Comparison, Number, Truth};

/// What a higher reading does to an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// It raises a number and never breaks a truth.
    Rising,
    /// It lowers a number and never mends a truth.
    Falling,
    /// Nothing.
    Flat,
    /// Either, or nobody can tell.
    Unknown,
}

impl Direction {
    /// The way of its negation.
    #[must_use]
    pub fn flipped(self) -> Self {
        match self {
            Self::Rising => Self::Falling,
            Self::Falling => Self::Rising,
            Self::Flat => Self::Flat,
            Self::Unknown => Self::Unknown,
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Flat, way) | (way, Self::Flat) => way,
            (one, other) if one == other => one,
            _ => Self::Unknown,
        }
    }
}

impl Number {
    /// Which way it moves.
    pub fn direction(&self) -> Direction {
        match self {
            Self::Literal(_) => Direction::Flat,
            Self::Reading(_) => Direction::Rising,
            Self::Negated(number) => number.direction().flipped(),
            Self::Calculated(calculation, pair) => {
                let (left, right) = (&pair.0, &pair.1);
                match calculation {
                    Calculation::Plus => left.direction().and(right.direction()),
                    Calculation::Minus => left.direction().and(right.direction().flipped()),
                    Calculation::Times => match (left, right) {
                        (Self::Literal(factor), other) | (other, Self::Literal(factor)) => {
                            other.scaled(*factor)
                        }
                        _ => Direction::Unknown,
                    },
                    Calculation::DividedBy => match right {
                        Self::Literal(divisor) => left.scaled(*divisor),
                        Self::Reading(_)
                        | Self::Negated(_)
                        | Self::Calculated(..)
                        | Self::Chosen(_) => Direction::Unknown,
                    },
                }
            }
            Self::Chosen(_) => Direction::Unknown,
        }
    }

    fn scaled(&self, factor: f64) -> Direction {
        if factor > 0.0 {
            self.direction()
        } else if factor < 0.0 {
            self.direction().flipped()
        } else {
            Direction::Flat
        }
    }
}

impl Truth {
    /// Which way it moves.
    pub fn direction(&self) -> Direction {
        match self {
            Self::Literal(_) => Direction::Flat,
            Self::Compared(comparison, pair) => {
                let excess = pair.0.direction().and(pair.1.direction().flipped());
                match comparison {
                    Comparison::More | Comparison::AtLeast => excess,
                    Comparison::Less | Comparison::AtMost => excess.flipped(),
                    Comparison::Equal | Comparison::NotEqual => Direction::Unknown,
                }
            }
            Self::Not(truth) => truth.direction().flipped(),
            Self::Both(pair) | Self::Either(pair) => pair.0.direction().and(pair.1.direction()),
            Self::Chosen(_) => Direction::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::expression::Expression;

    #[test]
    fn the_way_is_told_where_it_can_be() {
        for (text, expected) in [
            ("score", Direction::Rising),
            ("100 - score", Direction::Falling),
            ("-score * -2 + score / 4", Direction::Rising),
            ("score * score", Direction::Unknown),
            ("100 / score", Direction::Unknown),
            ("score >= 80", Direction::Rising),
            ("!(80 <= score)", Direction::Falling),
            ("score < 20 || score < 10", Direction::Falling),
            ("score > 20 && score < 80", Direction::Unknown),
            ("score == 80", Direction::Unknown),
        ] {
            let found = match Expression::parse(text).unwrap() {
                Expression::Number(number) => number.direction(),
                Expression::Truth(truth) => truth.direction(),
            };
            assert_eq!(found, expected, "{text}");
        }
    }
}
