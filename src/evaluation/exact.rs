//! Exact bounds for shares of few trials (Clopper and Pearson, 1934), and how many trials a claim takes.

use statrs::function::beta::beta_reg;

/// One in twenty samples would be as kind by chance.
const DOUBT: f64 = 0.05;
/// Halvings of the interval: more than a double's digits.
const HALVINGS: u32 = 60;

/// The share that `hits` of `trials` do not rule out: with 95 % confidence the true one is not above it.
pub fn upper_bound(hits: u64, trials: u64) -> f64 {
    if hits >= trials {
        return 1.0;
    }
    // The chance of so few hits falls as the true share grows; where it falls to the doubt is the bound.
    let chance = |share: f64| beta_reg((trials - hits) as f64, hits as f64 + 1.0, 1.0 - share);
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if chance(middle) > DOUBT {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// Trials without a single hit that a share below this takes to be claimed.
pub fn trials_for(share: f64) -> u64 {
    (DOUBT.ln() / (1.0 - share).ln()).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_hit_the_bound_is_the_root_of_the_doubt() {
        for trials in [1_u64, 3, 59, 300] {
            let expected = 1.0 - DOUBT.powf(1.0 / trials as f64);
            assert!((upper_bound(0, trials) - expected).abs() < 1e-9);
        }
        assert!((upper_bound(0, 59) - 0.0495).abs() < 1e-4);
        assert_eq!(trials_for(0.05), 59);
        assert_eq!(trials_for(0.01), 299);
    }

    /// Figures of published tables: 1 of 10 and 5 of 50, one-sided.
    #[test]
    fn with_hits_the_bound_is_the_tables() {
        assert!((upper_bound(1, 10) - 0.394).abs() < 1e-3);
        assert!((upper_bound(5, 50) - 0.1995).abs() < 2e-3);
        assert!((upper_bound(4, 4) - 1.0).abs() < f64::EPSILON);
    }
}
