//! A number that a sample gives, with the 95 % interval that the sample carries: what may be called a difference.

use crate::session::histogram::Histogram;

/// The two-sided 95 % point of the normal distribution.
pub const Z95: f64 = 1.959_963_984_540_054;

/// Fewer than these carry no interval of a median: its ends would be the sample's own.
const LEAST: u64 = 6;

/// A number and the interval around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
    /// How many it rests on.
    pub sample: u64,
}

/// What lies between two estimates, the later less the earlier.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

impl Difference {
    /// Whether chance alone hardly makes it: the interval holds no zero.
    pub fn is_real(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// Wilson's score interval for `hits` of `total` (E. B. Wilson, 1927), as shares from 0 to 1; none of none.
pub fn wilson(hits: u64, total: u64) -> Option<(f64, f64)> {
    if total == 0 || hits > total {
        return None;
    }
    let n = total as f64;
    let share = hits as f64 / n;
    let z2 = Z95 * Z95;
    let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z95 / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    // At the ends the formula misses them by a rounding error.
    let low = if hits == 0 {
        0.0
    } else {
        (centre - half).max(0.0)
    };
    let high = if hits == total {
        1.0
    } else {
        (centre + half).min(1.0)
    };
    Some((low, high))
}

/// The share in per cent, with Wilson's interval.
pub fn share(hits: u64, total: u64) -> Option<Estimate> {
    let (low, high) = wilson(hits, total)?;
    Some(Estimate {
        value: hits as f64 / total as f64 * 100.0,
        low: low * 100.0,
        high: high * 100.0,
        sample: total,
    })
}

/// The median of percentages. Its interval is between two of them, chosen by their places: it holds whatever they are
/// spread like.
pub fn median(percentages: &Histogram) -> Option<Estimate> {
    let sample = percentages.total();
    if sample < LEAST {
        return None;
    }
    let half = Z95 / (2.0 * (sample as f64).sqrt());
    Some(Estimate {
        value: percentages.percent_at(0.5)?,
        low: percentages.percent_at(0.5 - half)?,
        high: percentages.percent_at(0.5 + half)?,
        sample,
    })
}

/// The difference of two independent estimates, with the interval that theirs give (R. G. Newcombe, 1998, method 10;
/// for numbers other than shares G. Y. Zou and A. Donner, 2008).
pub fn difference(now: &Estimate, before: &Estimate) -> Difference {
    let value = now.value - before.value;
    let below = (now.value - now.low).hypot(before.high - before.value);
    let above = (now.high - now.value).hypot(before.value - before.low);
    Difference {
        value,
        low: value - below,
        high: value + above,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_of_shares_is_newcombes() {
        // The example (a) of Newcombe's paper: 56/70 against 48/80, 0.0524 to 0.3339 by his tenth method.
        let (now, before) = (share(56, 70).unwrap(), share(48, 80).unwrap());
        let found = difference(&now, &before);
        assert!((found.value - 20.0).abs() < 1e-9);
        assert!((found.low - 5.24).abs() < 0.01, "{found:?}");
        assert!((found.high - 33.39).abs() < 0.01, "{found:?}");
        assert!(found.is_real());
    }

    #[test]
    fn what_few_say_is_within_chance() {
        let found = difference(&share(3, 10).unwrap(), &share(1, 10).unwrap());
        assert!(!found.is_real(), "{found:?}");
        assert_eq!(share(0, 0), None);
        assert_eq!(wilson(2, 1), None);
    }

    #[test]
    fn a_median_of_many_is_narrow_and_one_of_few_is_none() {
        let histogram = |each: u64| {
            let mut histogram = Histogram::new();
            for bin in 0..100 {
                histogram.add(bin, each);
            }
            histogram
        };
        let (some, many) = (
            median(&histogram(1)).unwrap(),
            median(&histogram(1_000)).unwrap(),
        );
        assert!((many.value - 50.0).abs() < 0.01);
        assert!(many.low > 49.0 && many.high < 51.0, "{many:?}");
        assert!(some.low < 41.0 && some.high > 59.0, "{some:?}");
        let mut few = Histogram::new();
        few.add(50, 5);
        assert_eq!(median(&few), None);
    }
}
