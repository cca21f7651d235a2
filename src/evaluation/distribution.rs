//! How many similarities lie where: a fine histogram, so that billions of pairs need no more memory than a few.

/// The width of a bin is 2/2¹⁸ < 8·10⁻⁶, far below any difference between pictures that matters.
const BINS: usize = 1 << 18;

/// Counts of similarities from −1 to 1. Thresholds it gives are edges of bins, so that the counts
/// at or above them are exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    counts: Vec<u64>,
    total: u64,
}

/// A threshold, and how many similarities reach it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    pub similarity: f64,
    pub reached_by: u64,
}

impl Default for Distribution {
    fn default() -> Self {
        Self {
            counts: vec![0; BINS],
            total: 0,
        }
    }
}

impl Distribution {
    /// Counts one similarity; rounding may carry a cosine a hair beyond −1 or 1.
    pub fn add(&mut self, similarity: f32) {
        let place = (f64::from(similarity) + 1.0) * (BINS / 2) as f64;
        let bin = (place.max(0.0) as usize).min(BINS - 1);
        self.counts[bin] += 1;
        self.total += 1;
    }

    /// Both counts in one; the order does not matter.
    #[must_use]
    pub fn merge(mut self, other: &Self) -> Self {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
        self
    }

    pub fn total(&self) -> u64 {
        self.total
    }

    /// The lowest threshold that at most `allowed` similarities reach; none when more than that lie
    /// at the very top or nothing was counted.
    pub fn threshold_for(&self, allowed: u64) -> Option<Threshold> {
        if self.total == 0 {
            return None;
        }
        let mut reached_by = 0;
        let mut lowest = None;
        for bin in (0..BINS).rev() {
            if reached_by + self.counts[bin] > allowed {
                break;
            }
            reached_by += self.counts[bin];
            lowest = Some(bin);
        }
        lowest.map(|bin| Threshold {
            similarity: edge(bin),
            reached_by,
        })
    }

    /// The middle of the bin that holds the median.
    pub fn median(&self) -> Option<f64> {
        let half = self.total.div_ceil(2);
        let mut below = 0;
        for (bin, count) in self.counts.iter().enumerate() {
            below += count;
            if *count > 0 && below >= half {
                return Some(middle(bin));
            }
        }
        None
    }

    /// Every filled bin at or above `threshold`, from low to high: its middle and its count.
    pub fn from(&self, threshold: f64) -> impl Iterator<Item = (f64, u64)> + '_ {
        let filled = self
            .counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0);
        filled
            .map(|(bin, count)| (middle(bin), *count))
            .filter(move |(middle, _)| *middle >= threshold)
    }
}

fn edge(bin: usize) -> f64 {
    bin as f64 * 2.0 / BINS as f64 - 1.0
}

fn middle(bin: usize) -> f64 {
    (bin as f64 + 0.5) * 2.0 / BINS as f64 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f32]) -> Distribution {
        let mut distribution = Distribution::default();
        for value in values {
            distribution.add(*value);
        }
        distribution
    }

    #[test]
    fn a_threshold_is_reached_by_exactly_the_values_it_says() {
        let values = [-0.5, 0.0, 0.25, 0.25, 0.5, 1.0];
        let distribution = of(&values);
        for (allowed, reached_by) in [(1, 1), (2, 2), (3, 2), (4, 4), (5, 5), (6, 6)] {
            let threshold = distribution.threshold_for(allowed).unwrap();
            assert_eq!(threshold.reached_by, reached_by);
            let reaching = values
                .iter()
                .filter(|v| f64::from(**v) >= threshold.similarity);
            assert_eq!(reaching.count() as u64, reached_by);
        }
        assert!(of(&[1.0, 1.0]).threshold_for(1).is_none());
        assert!(of(&[]).threshold_for(1).is_none());
    }

    #[test]
    fn the_threshold_lies_just_above_the_next_value() {
        let threshold = of(&[0.1, 0.9]).threshold_for(1).unwrap().similarity;
        assert!(
            threshold > f64::from(0.1_f32) && threshold < 0.100_01,
            "{threshold}"
        );
    }

    #[test]
    fn the_median_is_that_of_the_values() {
        assert!((of(&[0.3, 0.1, 0.2]).median().unwrap() - 0.2).abs() < 1e-5);
        assert!((of(&[0.3, 0.1]).median().unwrap() - 0.1).abs() < 1e-5);
        assert_eq!(of(&[]).median(), None);
    }

    #[test]
    fn merging_is_adding_and_the_ends_hold_what_rounding_pushes_out() {
        let both = of(&[-1.000_001, 0.2]).merge(&of(&[1.000_001]));
        assert_eq!(both, of(&[-1.0, 0.2, 1.0]));
        assert_eq!(both.total(), 3);
        assert_eq!(both.from(0.1).map(|(_, count)| count).sum::<u64>(), 2);
    }
}
