//! The numbers that a value may take, from the lowest to the highest; either end may be open.

use std::fmt;

/// All numbers from `low` to `high`, both included; an infinite end is open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    /// Every number there is.
    pub const ANY: Self = Self::new(f64::NEG_INFINITY, f64::INFINITY);

    /// The numbers from `low` to `high`.
    pub const fn new(low: f64, high: f64) -> Self {
        Self { low, high }
    }

    /// One number alone.
    pub const fn point(value: f64) -> Self {
        Self::new(value, value)
    }

    /// Whether the number is one of them.
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Whether it is one number alone.
    pub fn is_point(self) -> bool {
        self.low >= self.high
    }

    /// The numbers of either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::new(self.low.min(other.low), self.high.max(other.high))
    }

    /// What negating its numbers gives.
    #[must_use]
    pub fn negated(self) -> Self {
        Self::new(-self.high, -self.low)
    }

    /// What adding a number of each gives.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self::new(self.low + other.low, self.high + other.high)
    }

    /// What subtracting a number of the other gives.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.plus(other.negated())
    }

    /// What multiplying a number of each gives.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        Self::around([
            self.low * other.low,
            self.low * other.high,
            self.high * other.low,
            self.high * other.high,
        ])
    }

    /// What dividing by a number of the other gives; by numbers around zero that may be anything.
    #[must_use]
    pub fn divided_by(self, other: Self) -> Self {
        if other.contains(0.0) {
            return Self::ANY;
        }
        Self::around([
            self.low / other.low,
            self.low / other.high,
            self.high / other.low,
            self.high / other.high,
        ])
    }

    /// How a table writes it: `0–100`, `0 and up`.
    pub fn written(self) -> String {
        match (self.low.is_finite(), self.high.is_finite()) {
            (true, true) if self.low < 0.0 => format!("{} to {}", self.low, self.high),
            (true, true) => format!("{}–{}", self.low, self.high),
            (true, false) => format!("{} and up", self.low),
            (false, true) => format!("{} and down", self.high),
            (false, false) => "any number".to_owned(),
        }
    }

    /// The narrowest interval that holds the four corners of a product or a quotient.
    fn around(corners: [f64; 4]) -> Self {
        // Zero times an open end is no number; what is really reached there is zero.
        let corners = corners.map(|corner| if corner.is_nan() { 0.0 } else { corner });
        Self::new(
            corners.into_iter().fold(f64::INFINITY, f64::min),
            corners.into_iter().fold(f64::NEG_INFINITY, f64::max),
        )
    }
}

/// What a sentence says of a value in it: `lies between 0 and 100`.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.low.is_finite(), self.high.is_finite()) {
            (true, true) if self.is_point() => write!(f, "is {}", self.low),
            (true, true) => write!(f, "lies between {} and {}", self.low, self.high),
            (true, false) => write!(f, "is {} or more", self.low),
            (false, true) => write!(f, "is {} or less", self.high),
            (false, false) => f.write_str("may be any number"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERCENT: Interval = Interval::new(0.0, 100.0);
    const OPEN: Interval = Interval::new(0.0, f64::INFINITY);

    #[test]
    fn arithmetic_reaches_what_its_numbers_reach() {
        assert_eq!(PERCENT.plus(PERCENT), Interval::new(0.0, 200.0));
        assert_eq!(PERCENT.minus(PERCENT), Interval::new(-100.0, 100.0));
        assert_eq!(
            Interval::point(100.0).minus(PERCENT),
            Interval::new(0.0, 100.0)
        );
        assert_eq!(
            PERCENT.times(Interval::point(-2.0)),
            Interval::new(-200.0, 0.0)
        );
        assert_eq!(OPEN.times(PERCENT), OPEN);
        assert_eq!(PERCENT.divided_by(PERCENT), Interval::ANY);
        assert_eq!(
            PERCENT.divided_by(Interval::new(2.0, f64::INFINITY)),
            Interval::new(0.0, 50.0)
        );
        assert_eq!(OPEN.minus(OPEN), Interval::ANY);
    }

    #[test]
    fn it_is_written_as_a_reader_would_say_it() {
        assert_eq!(PERCENT.written(), "0–100");
        assert_eq!(OPEN.written(), "0 and up");
        assert_eq!(Interval::new(-90.0, 90.0).written(), "-90 to 90");
        assert_eq!(PERCENT.to_string(), "lies between 0 and 100");
        assert_eq!(OPEN.to_string(), "is 0 or more");
    }
}
