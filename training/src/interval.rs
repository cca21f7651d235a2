//! A share with how far chance may have moved it.

use std::fmt;

use statrs::distribution::{Beta, ContinuousCDF};

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) hits: u64,
    pub(crate) of: u64,
}

impl Share {
    pub(crate) fn count(hits: impl IntoIterator<Item = bool>) -> Self {
        let mut share = Self::default();
        for hit in hits {
            share.of += 1;
            share.hits += u64::from(hit);
        }
        share
    }

    pub(crate) fn value(self) -> f64 {
        if self.of == 0 {
            return 0.0;
        }
        self.hits as f64 / self.of as f64
    }

    /// The exact interval of Clopper and Pearson that holds the true share 95 times of 100.
    pub(crate) fn interval(self) -> (f64, f64) {
        let (hits, misses) = (self.hits as f64, (self.of - self.hits) as f64);
        let quantile = |a: f64, b: f64, p: f64| Beta::new(a, b).map(|beta| beta.inverse_cdf(p));
        let low = quantile(hits, misses + 1.0, 0.025).unwrap_or(0.0);
        let high = quantile(hits + 1.0, misses, 0.975).unwrap_or(1.0);
        (low, high)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = self.interval();
        write!(
            f,
            "{:.2} % ({} of {}; {:.2}–{:.2} %)",
            self.value() * 100.0,
            self.hits,
            self.of,
            low * 100.0,
            high * 100.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the table in Clopper and Pearson's own way of asking: the tails of the binomial.
    #[test]
    fn the_interval_leaves_a_fortieth_on_either_side() {
        let share = Share { hits: 7, of: 50 };
        let (low, high) = share.interval();
        let tail = |p: f64, from: u64, to: u64| -> f64 {
            (from..=to)
                .map(|hits| {
                    let ways =
                        (0..hits).fold(1.0, |ways, i| ways * (50 - i) as f64 / (i + 1) as f64);
                    ways * p.powi(hits as i32) * (1.0 - p).powi(50 - hits as i32)
                })
                .sum()
        };
        assert!((tail(low, 7, 50) - 0.025).abs() < 1e-6);
        assert!((tail(high, 0, 7) - 0.025).abs() < 1e-6);
    }

    #[test]
    fn none_and_all_end_at_the_edges() {
        assert!(Share { hits: 0, of: 20 }.interval().0.abs() < 1e-12);
        assert!((Share { hits: 20, of: 20 }.interval().1 - 1.0).abs() < 1e-12);
    }
}
