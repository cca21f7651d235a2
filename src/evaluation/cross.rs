//! Compares every picture with every picture of another person, on all cores.

use rayon::prelude::*;

use crate::evaluation::distribution::Distribution;
use crate::evaluation::intervals::Share;

/// The pictures to compare: `identity[k]` is who picture `k` shows. The caller's `similarity`
/// answers for two of their places.
#[derive(Clone, Copy, Debug)]
pub struct Crossing<'a> {
    pub identity: &'a [usize],
}

impl Crossing<'_> {
    /// The similarities of all pairs of two people. Counts add up the same in any order, so the
    /// result does not depend on the number of cores.
    pub fn similarities(&self, similarity: impl Fn(usize, usize) -> f32 + Sync) -> Distribution {
        self.rows()
            .fold(Distribution::default, |mut counted, a| {
                self.others(a).for_each(|b| counted.add(similarity(a, b)));
                counted
            })
            .reduce(Distribution::default, |one, other| one.merge(&other))
    }

    /// For each threshold and each person: the pairs with another person that they are in, and how
    /// many of those reach the threshold.
    pub fn shares(
        &self,
        identities: usize,
        thresholds: &[f64],
        similarity: impl Fn(usize, usize) -> f32 + Sync,
    ) -> Vec<Vec<Share>> {
        let nothing = || vec![vec![Share::default(); identities]; thresholds.len()];
        self.rows()
            .fold(nothing, |mut counted, a| {
                for b in self.others(a) {
                    let similarity = f64::from(similarity(a, b));
                    for (shares, threshold) in counted.iter_mut().zip(thresholds) {
                        let hit = u64::from(similarity >= *threshold);
                        for who in [self.identity[a], self.identity[b]] {
                            shares[who].hits += hit;
                            shares[who].total += 1;
                        }
                    }
                }
                counted
            })
            .reduce(nothing, |mut one, other| {
                for (mine, more) in one.iter_mut().flatten().zip(other.into_iter().flatten()) {
                    mine.hits += more.hits;
                    mine.total += more.total;
                }
                one
            })
    }

    /// The first pictures have the most others, so the splits are many; a minimum keeps the
    /// histograms few.
    fn rows(&self) -> impl ParallelIterator<Item = usize> {
        (0..self.identity.len()).into_par_iter().with_min_len(64)
    }

    fn others(&self, a: usize) -> impl Iterator<Item = usize> {
        (a + 1..self.identity.len()).filter(move |b| self.identity[*b] != self.identity[a])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pair_of_two_people_is_counted_once_and_no_other() {
        let identity = [0, 0, 1, 2, 2];
        let crossing = Crossing {
            identity: &identity,
        };
        // 10 pairs in all, less one of person 0 and one of person 2.
        let counted = crossing.similarities(|a, b| (a * 5 + b) as f32 / 100.0);
        assert_eq!(counted.total(), 8);
        // Row 0 (2, 3, 4) lies at 0.02…0.04, row 1 at 0.07…0.09, row 2 at 0.13 and 0.14.
        let high = counted.threshold_for(2).unwrap();
        assert!((high.similarity - 0.09).abs() < 1e-4, "{high:?}");
    }

    #[test]
    fn shares_say_who_brings_the_hits() {
        let identity = [0, 0, 1, 2];
        let crossing = Crossing {
            identity: &identity,
        };
        let shares = crossing.shares(3, &[0.5], |a, b| f32::from((a, b) == (0, 2)));
        let expected = [(1, 4), (1, 3), (0, 3)].map(|(hits, total)| Share { hits, total });
        assert_eq!(shares, [expected]);
    }
}
