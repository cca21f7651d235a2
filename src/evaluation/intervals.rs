//! Confidence intervals: Wilson's for shares of independent pairs, a jackknife by person for pairs that share people.

use serde::Serialize;

use crate::session::estimate::{self, Z95};

/// How an interval was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Wilson's score interval; right when the pairs are independent of each other.
    Wilson,
    /// Leaves one person out at a time; right when pairs depend on each other through people.
    JackknifeByIdentity,
}

/// A 95 % confidence interval for a share.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
    pub method: Method,
}

/// Wilson's score interval for `hits` of `total`; none for an empty sample.
pub fn wilson(hits: u64, total: u64) -> Option<Interval> {
    let (low, high) = estimate::wilson(hits, total)?;
    Some(Interval {
        low,
        high,
        method: Method::Wilson,
    })
}

/// What one person takes part in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    pub hits: u64,
    pub total: u64,
}

/// The interval of `whole`'s share when each pair joins two people, from what remains as each person
/// is left out in turn; on the logarithm, so that it stays above zero. None without a hit, or with
/// fewer than two people.
pub fn jackknife(whole: Share, of_identity: &[Share]) -> Option<Interval> {
    let taking_part = || of_identity.iter().filter(|share| share.total > 0);
    let people = taking_part().count();
    if whole.hits == 0 || people < 2 {
        return None;
    }
    let left_out = taking_part().map(|share| {
        let total = whole.total.saturating_sub(share.total);
        let hits = whole.hits.saturating_sub(share.hits);
        if total == 0 {
            0.0
        } else {
            hits as f64 / total as f64
        }
    });
    let left_out: Vec<f64> = left_out.collect();
    let mean = left_out.iter().sum::<f64>() / people as f64;
    let squares: f64 = left_out.iter().map(|share| (share - mean).powi(2)).sum();
    let error = (squares * (people - 1) as f64 / people as f64).sqrt();
    let share = whole.hits as f64 / whole.total as f64;
    let factor = (Z95 * error / share).exp();
    Some(Interval {
        low: share / factor,
        high: (share * factor).min(1.0),
        method: Method::JackknifeByIdentity,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(left: f64, right: f64, within: f64) -> bool {
        (left - right).abs() < within
    }

    #[test]
    fn wilson_agrees_with_the_formula_worked_by_hand() {
        // 8 of 10: centre (0.8 + 0.19207)/(1.38415) = 0.71674, half 0.22660.
        let interval = wilson(8, 10).unwrap();
        assert!(close(interval.low, 0.49016, 1e-4), "{interval:?}");
        assert!(close(interval.high, 0.94333, 1e-4), "{interval:?}");
        // 0 of n: high = z²/(n + z²).
        let interval = wilson(0, 100).unwrap();
        assert!(interval.low.abs() < f64::EPSILON);
        assert!(close(interval.high, 3.841_459 / 103.841_459, 1e-6));
        assert!(close(wilson(100, 100).unwrap().high, 1.0, f64::EPSILON));
    }

    #[test]
    fn an_empty_sample_has_no_interval() {
        assert_eq!(wilson(0, 0), None);
        assert_eq!(wilson(3, 2), None);
        assert_eq!(jackknife(Share::default(), &[]), None);
    }

    #[test]
    fn people_who_bring_all_the_hits_widen_the_jackknife() {
        // Ten people, every two compared once: 45 pairs, each person in 9 of them.
        let whole = Share { hits: 9, total: 45 };
        let one_wolf: Vec<Share> = (0..10)
            .map(|person| Share {
                hits: if person == 0 { 9 } else { 1 },
                total: 9,
            })
            .collect();
        let spread: Vec<Share> = (0..10)
            .map(|person| Share {
                hits: if person < 8 { 2 } else { 1 },
                total: 9,
            })
            .collect();
        let wolf = jackknife(whole, &one_wolf).unwrap();
        let even = jackknife(whole, &spread).unwrap();
        assert!(wolf.low < even.low && even.high < wolf.high);
        assert!(even.low < 0.2 && 0.2 < even.high);
        // By hand: leaving out the wolf gives 0/36, anybody else 8/36; mean 0.2, squares
        // 0.04 + 9·(1/45)² = 0.0444…, error √(0.0444…·0.9) = 0.2, factor e^1.96.
        assert!(close(wolf.low, 0.2 / Z95.exp(), 1e-9), "{wolf:?}");
    }
}
