//! A generalised Pareto tail fitted to the highest similarities of impostors, to reach a little beyond the data.

use crate::evaluation::distribution::{Distribution, Threshold};

/// Fewer exceedances than this do not settle two parameters.
const LEAST_EXCEEDANCES: u64 = 300;

/// The tail above `start`, where the share `share` of all similarities lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tail {
    pub start: f64,
    pub share: f64,
    pub scale: f64,
    /// Never above 0: a similarity ends at 1, so its tail cannot be heavier than exponential.
    pub shape: f64,
}

impl Tail {
    /// Fits what lies at or above `start` by probability-weighted moments (Hosking and Wallis, 1987),
    /// which a few mislabelled pairs at the very top disturb less than they do maximum likelihood.
    pub fn fit(similarities: &Distribution, start: Threshold) -> Result<Self, String> {
        let n = start.reached_by;
        if n < LEAST_EXCEEDANCES {
            return Err(format!(
                "the tail holds {n} similarities, and a fit needs {LEAST_EXCEEDANCES}"
            ));
        }
        let count = n as f64;
        let (mut mean, mut weighted, mut below) = (0.0, 0.0, 0.0);
        for (value, times) in similarities.from(start.similarity) {
            let (excess, times) = (value - start.similarity, times as f64);
            mean += excess * times / count;
            // The sum of (n − rank) over the ranks that this bin's values take.
            let weights = times * (count - below) - times * (times + 1.0) / 2.0;
            weighted += excess * weights / (count - 1.0) / count;
            below += times;
        }
        let spread = mean - 2.0 * weighted;
        if spread <= mean * 1e-9 {
            return Err("the similarities at the top do not differ".to_owned());
        }
        let shape = 2.0 - mean / spread;
        let (scale, shape) = if shape > 0.0 {
            (mean, 0.0)
        } else {
            (2.0 * mean * weighted / spread, shape)
        };
        Ok(Self {
            start: start.similarity,
            share: count / similarities.total() as f64,
            scale,
            shape,
        })
    }

    /// The similarity that a share `rate` of impostors reaches; `rate` is at most the tail's share.
    pub fn similarity_at(&self, rate: f64) -> f64 {
        let fold = self.share / rate;
        let excess = if self.shape.abs() < 1e-9 {
            self.scale * fold.ln()
        } else {
            self.scale / self.shape * (fold.powf(self.shape) - 1.0)
        };
        self.start + excess
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `count` values at the even quantiles of a tail that starts at 0.
    fn quantiles(count: u32, value: impl Fn(f64) -> f64) -> Distribution {
        let mut distribution = Distribution::default();
        for k in 0..count {
            let above = 1.0 - (f64::from(k) + 0.5) / f64::from(count);
            distribution.add(value(above) as f32);
        }
        distribution
    }

    fn fit(distribution: &Distribution, allowed: u64) -> Tail {
        Tail::fit(distribution, distribution.threshold_for(allowed).unwrap()).unwrap()
    }

    #[test]
    fn an_exponential_tail_is_recovered_and_carried_on() {
        let tail = fit(&quantiles(100_000, |above| -0.03 * above.ln()), 1_000);
        assert!(tail.shape > -0.02, "{tail:?}");
        assert!((tail.scale - 0.03).abs() < 0.001, "{tail:?}");
        // One in a million of an exponential with mean 0.03 lies at 0.03·ln(10⁶) = 0.4145.
        assert!(
            (tail.similarity_at(1e-6) - 0.4145).abs() < 0.015,
            "{tail:?}"
        );
    }

    #[test]
    fn a_bounded_tail_is_recovered_and_ends_at_its_bound() {
        // Shape −0.25 and scale 0.1 end at 0.4.
        let value = |above: f64| 0.4 * (1.0 - above.powf(0.25));
        let tail = fit(&quantiles(100_000, value), 2_000);
        assert!((tail.shape + 0.25).abs() < 0.02, "{tail:?}");
        assert!(
            (tail.similarity_at(1e-6) - value(1e-6)).abs() < 0.003,
            "{tail:?}"
        );
        assert!(tail.similarity_at(1e-12) < 0.41);
    }

    #[test]
    fn a_heavy_tail_is_taken_for_an_exponential_one() {
        // A Pareto tail of shape 0.3, which no similarity can have.
        let tail = fit(
            &quantiles(50_000, |above| 0.01 * (above.powf(-0.3) - 1.0)),
            5_000,
        );
        assert!(tail.shape.abs() < f64::EPSILON, "{tail:?}");
    }

    #[test]
    fn a_thin_or_flat_tail_is_refused() {
        let spread = quantiles(100_000, |above| 1.0 - above);
        let reason = Tail::fit(&spread, spread.threshold_for(299).unwrap()).unwrap_err();
        assert!(reason.contains("299"), "{reason}");
        let flat = quantiles(1_000, |_| 0.5);
        let reason = Tail::fit(&flat, flat.threshold_for(1_000).unwrap()).unwrap_err();
        assert!(reason.contains("do not differ"), "{reason}");
    }
}
