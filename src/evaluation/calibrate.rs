//! Fits the points that turn a pack's similarity into a percentage with a meaning.

use thiserror::Error;

use crate::evaluation::distribution::Distribution;
use crate::evaluation::rates::{LEAST_FALSE_MATCHES, carried_threshold};
use crate::evaluation::tail::Tail;
use crate::packs::manifest::CalibrationPoint;

/// Which percentage stands for which false-match rate; 0 is the impostors' median, 100 the same vector.
pub const LADDER: [(f64, f64); 5] = [
    (50.0, 1e-2),
    (65.0, 1e-3),
    (80.0, 1e-4),
    (90.0, 1e-5),
    (95.0, 1e-6),
];

/// The shipped rules pass from 80, so that rate rests on data; only rarer ones may be fitted.
const RAREST_MEASURED: f64 = 1e-4;

/// The tail is fitted to the highest thousandth: far enough out to have the tail's form, and some
/// hundred pairs even in the smallest sample that is accepted.
const TAIL_SHARE: f64 = 1e-3;

/// Why a sample gives no calibration.
#[derive(Debug, Error)]
pub enum CalibrateError {
    #[error(
        "{pairs} pairs of two people are too few: {percentage} % stands for a false-match rate of {rate:e}, \
         which must rest on data, that is on {needed} pairs"
    )]
    TooFewPairs {
        pairs: u64,
        percentage: f64,
        rate: f64,
        needed: u64,
    },
    #[error("the tail beyond the data cannot be fitted: {0}")]
    NoTail(String),
    #[error("the similarities do not rise from {0} % to the next point")]
    NotRising(f64),
}

/// The points, rising in both numbers.
pub fn fit(impostors: &Distribution) -> Result<Vec<CalibrationPoint>, CalibrateError> {
    let needed = (LEAST_FALSE_MATCHES / RAREST_MEASURED).round() as u64;
    let median = impostors.median().filter(|_| impostors.total() >= needed);
    let median = median.ok_or(CalibrateError::TooFewPairs {
        pairs: impostors.total(),
        percentage: 80.0,
        rate: RAREST_MEASURED,
        needed,
    })?;
    let mut points = vec![point(0.0, median, false)];
    for (percentage, rate) in LADDER {
        points.push(match carried_threshold(impostors, rate) {
            Ok(threshold) => point(percentage, threshold.similarity, false),
            Err(reason) if rate >= RAREST_MEASURED => return Err(CalibrateError::NoTail(reason)),
            Err(_) => point(percentage, beyond(impostors, rate)?, true),
        });
    }
    points.push(point(100.0, 1.0, false));
    match points
        .windows(2)
        .find(|two| two[0].similarity >= two[1].similarity)
    {
        Some(two) => Err(CalibrateError::NotRising(two[0].percentage)),
        None => Ok(points),
    }
}

fn beyond(impostors: &Distribution, rate: f64) -> Result<f64, CalibrateError> {
    let start = carried_threshold(impostors, TAIL_SHARE).map_err(CalibrateError::NoTail)?;
    let tail = Tail::fit(impostors, start).map_err(CalibrateError::NoTail)?;
    Ok(tail.similarity_at(rate))
}

/// Six decimals are finer than the distribution's bins.
fn point(percentage: f64, similarity: f64, fitted: bool) -> CalibrationPoint {
    CalibrationPoint {
        percentage,
        similarity: (similarity * 1e6).round() / 1e6,
        fitted,
    }
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{ContinuousCDF, Normal};

    use super::*;

    /// The even quantiles of a normal distribution, as impostors have it.
    fn impostors(count: u32) -> Distribution {
        let normal = Normal::new(0.05, 0.1).unwrap();
        let mut distribution = Distribution::default();
        for k in 0..count {
            let share = (f64::from(k) + 0.5) / f64::from(count);
            distribution.add(normal.inverse_cdf(share) as f32);
        }
        distribution
    }

    #[test]
    fn a_known_distribution_gives_its_own_quantiles() {
        let points = fit(&impostors(1_000_000)).unwrap();
        let normal = Normal::new(0.05, 0.1).unwrap();
        assert!((points[0].similarity - 0.05).abs() < 1e-4);
        for (point, (percentage, rate)) in points[1..6].iter().zip(LADDER) {
            let truth = normal.inverse_cdf(1.0 - rate);
            assert!((point.percentage - percentage).abs() < 1e-9);
            // A million pairs carry 1e-4; beyond, the fit may miss by a sixth of a deviation.
            assert_eq!(point.fitted, rate < 5e-5, "{point:?}");
            let within = if point.fitted { 0.017 } else { 0.001 };
            assert!(
                (point.similarity - truth).abs() < within,
                "{point:?} {truth}"
            );
        }
        let last = points[6];
        assert!((last.similarity - 1.0).abs() < 1e-9 && !last.fitted);
    }

    #[test]
    fn where_data_reach_nothing_is_fitted() {
        let points = fit(&impostors(3_000_000)).unwrap();
        let fitted: Vec<bool> = points.iter().map(|point| point.fitted).collect();
        assert_eq!(fitted, [false, false, false, false, false, true, false]);
    }

    #[test]
    fn a_small_sample_is_refused_with_what_it_needs() {
        let reason = fit(&impostors(299_999)).unwrap_err().to_string();
        assert!(
            reason.contains("299999") && reason.contains("300000"),
            "{reason}"
        );
        assert!(fit(&Distribution::default()).is_err());
    }

    #[test]
    fn a_flat_sample_is_refused() {
        let mut flat = Distribution::default();
        (0..300_000).for_each(|_| flat.add(0.5));
        assert!(fit(&flat).is_err());
    }
}
