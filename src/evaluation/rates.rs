//! True-accept rates at fixed false-match rates, stated only where the sample carries them.

use serde::Serialize;

use crate::evaluation::distribution::{Distribution, Threshold};
use crate::evaluation::intervals::{Interval, wilson};

/// The false-match rates asked for.
pub const FALSE_MATCH_RATES: [f64; 4] = [1e-2, 1e-3, 1e-4, 1e-5];

/// Doddington's rule of 30 (NIST, 1998): with 30 errors the true rate is within 30 % of the measured
/// one at 90 % confidence, if the trials are independent. With fewer, a rate is a guess.
pub const LEAST_FALSE_MATCHES: f64 = 30.0;

/// Below 30 pairs of one person even 100 % means no more than "above 89 %".
pub const LEAST_GENUINE_PAIRS: u64 = 30;

/// One line of the table: a rate with its interval, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RateRow {
    pub false_match_rate: f64,
    #[serde(flatten)]
    pub outcome: RateOutcome,
}

/// Either is what the sample has to say.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum RateOutcome {
    Stated(StatedRate),
    Refused { refused: String },
}

/// The share of pairs of one person that reach the threshold. A pair with a picture without a face
/// is among those that do not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StatedRate {
    pub threshold: f64,
    pub false_matches: u64,
    pub impostor_pairs: u64,
    pub false_match_interval: Option<Interval>,
    pub true_accept_rate: f64,
    pub true_accepts: u64,
    pub genuine_pairs: u64,
    pub true_accept_interval: Option<Interval>,
}

/// The threshold at a false-match rate, when enough false matches are to be expected at it.
pub fn carried_threshold(impostors: &Distribution, rate: f64) -> Result<Threshold, String> {
    let pairs = impostors.total();
    let expected = pairs as f64 * rate;
    // Multiplying by 1e-3 and the like must not lose a whole pair to rounding.
    if expected + 1e-9 < LEAST_FALSE_MATCHES {
        let needed = (LEAST_FALSE_MATCHES / rate).round();
        return Err(format!(
            "{pairs} pairs of two people let {expected:.1} false matches be expected; a rate needs {LEAST_FALSE_MATCHES}, \
             that is {needed} pairs"
        ));
    }
    let threshold = impostors.threshold_for((expected + 1e-9) as u64);
    threshold.ok_or_else(|| "too many pairs of two people are alike to the last digit".to_owned())
}

/// The row for one false-match rate. `genuine` holds the similarity of every listed pair of one
/// person, none where a picture shows no face.
pub fn rate_row(impostors: &Distribution, genuine: &[Option<f32>], rate: f64) -> RateRow {
    let outcome = match stated(impostors, genuine, rate) {
        Ok(stated) => RateOutcome::Stated(stated),
        Err(refused) => RateOutcome::Refused { refused },
    };
    RateRow {
        false_match_rate: rate,
        outcome,
    }
}

fn stated(
    impostors: &Distribution,
    genuine: &[Option<f32>],
    rate: f64,
) -> Result<StatedRate, String> {
    let threshold = carried_threshold(impostors, rate)?;
    let pairs = genuine.len() as u64;
    if pairs < LEAST_GENUINE_PAIRS {
        return Err(format!(
            "{pairs} pairs of one person are listed; a true-accept rate needs {LEAST_GENUINE_PAIRS}"
        ));
    }
    let accepted = genuine
        .iter()
        .filter(|value| value.is_some_and(|value| f64::from(value) >= threshold.similarity));
    let accepts = accepted.count() as u64;
    Ok(StatedRate {
        threshold: threshold.similarity,
        false_matches: threshold.reached_by,
        impostor_pairs: impostors.total(),
        false_match_interval: wilson(threshold.reached_by, impostors.total()),
        true_accept_rate: accepts as f64 / pairs as f64,
        true_accepts: accepts,
        genuine_pairs: pairs,
        true_accept_interval: wilson(accepts, pairs),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `count` similarities spread evenly over 0 to 1.
    fn even(count: u32) -> Distribution {
        let mut distribution = Distribution::default();
        (0..count).for_each(|k| distribution.add((k as f32 + 0.5) / count as f32));
        distribution
    }

    #[test]
    fn the_threshold_of_an_even_spread_is_its_quantile() {
        let impostors = even(30_000);
        let genuine: Vec<Option<f32>> = (0..100).map(|k| Some(0.98 + k as f32 / 5000.0)).collect();
        let row = rate_row(&impostors, &genuine, 1e-2);
        let RateOutcome::Stated(stated) = row.outcome else {
            panic!("{row:?}")
        };
        assert!((stated.threshold - 0.99).abs() < 1e-4, "{stated:?}");
        assert_eq!(stated.false_matches, 300);
        // 0.98, 0.9802 … 0.9998: half of the hundred reach 0.99.
        assert_eq!((stated.true_accepts, stated.genuine_pairs), (50, 100));
    }

    #[test]
    fn thirty_expected_false_matches_carry_a_rate_and_fewer_do_not() {
        assert_eq!(
            carried_threshold(&even(3_000), 1e-2).unwrap().reached_by,
            30
        );
        let reason = carried_threshold(&even(2_999), 1e-2).unwrap_err();
        assert!(
            reason.contains("29.99") || reason.contains("30.0"),
            "{reason}"
        );
        assert!(reason.contains("3000 pairs"), "{reason}");
        assert!(carried_threshold(&even(30_000), 1e-3).is_ok());
    }

    #[test]
    fn few_pairs_of_one_person_carry_no_true_accept_rate() {
        let row = rate_row(&even(3_000), &[Some(1.0); 29], 1e-2);
        let RateOutcome::Refused { refused } = row.outcome else {
            panic!("{row:?}")
        };
        assert!(refused.starts_with("29 pairs of one person"), "{refused}");
    }

    #[test]
    fn a_missing_face_is_no_true_accept() {
        let mut genuine = vec![Some(1.0_f32); 30];
        genuine.extend([None; 10]);
        let RateOutcome::Stated(stated) = rate_row(&even(3_000), &genuine, 1e-2).outcome else {
            panic!("the sample carries it")
        };
        assert!((stated.true_accept_rate - 0.75).abs() < 1e-9);
    }
}
