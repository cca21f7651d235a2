//! How the percentages that a pack's calibration gives spread over the listed pairs.

use serde::Serialize;

/// The shipped rules pass a score from here.
pub const PASS: f64 = 80.0;
/// They refer from here and fail below.
pub const REFER: f64 = 65.0;

/// The percentages of one kind of pairs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    pub pairs: u64,
    pub at_least_80: u64,
    pub from_65_to_80: u64,
    pub below_65: u64,
    pub lowest: f64,
    pub fifth_percentile: f64,
    pub median: f64,
    pub ninety_fifth_percentile: f64,
    pub highest: f64,
}

/// Both kinds; only pairs with a face on either side are in it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Percentages {
    pub same: Option<Spread>,
    pub different: Option<Spread>,
}

impl Spread {
    /// None without a pair.
    pub fn of(mut percentages: Vec<f64>) -> Option<Self> {
        percentages.sort_by(f64::total_cmp);
        let count = |holds: &dyn Fn(f64) -> bool| {
            percentages.iter().filter(|value| holds(**value)).count() as u64
        };
        let last = percentages.len().checked_sub(1)?;
        let at = |share: f64| percentages[(share * last as f64).round() as usize];
        Some(Self {
            pairs: percentages.len() as u64,
            at_least_80: count(&|value| value >= PASS),
            from_65_to_80: count(&|value| (REFER..PASS).contains(&value)),
            below_65: count(&|value| value < REFER),
            lowest: at(0.0),
            fifth_percentile: at(0.05),
            median: at(0.5),
            ninety_fifth_percentile: at(0.95),
            highest: at(1.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_counts_both_bounds_upwards() {
        let spread = Spread::of(vec![64.9, 80.0, 65.0, 79.9, 100.0]).unwrap();
        let counts = (spread.below_65, spread.from_65_to_80, spread.at_least_80);
        assert_eq!(counts, (1, 2, 2));
        assert!((spread.median - 79.9).abs() < 1e-9);
        assert!((spread.lowest - 64.9).abs() < 1e-9 && (spread.highest - 100.0).abs() < 1e-9);
        assert_eq!(Spread::of(Vec::new()), None);
    }
}
