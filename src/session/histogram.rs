//! Counts by bins, from which shares and quantiles are read: what a database adds up without sorting a million numbers.

use crate::session::time::Timestamp;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The bins of percentages: 0 up to 1, 1 up to 2 …, and 100 itself.
pub const PERCENT_BINS: usize = 101;

/// The bins of waits: each a hundredth to a tenth of what it measures.
pub const WAIT_BINS: usize = 370;

/// From where on waits are counted in steps of another length: the first bin, its start and the step, in milliseconds.
const STEPS: [(i64, i64, i64); 4] = [
    (0, 0, 100),
    (100, 10_000, 1_000),
    (190, 100_000, 10_000),
    (280, 1_000_000, 100_000),
];

/// The day of a moment, UTC, counted from 1970.
pub fn day_of(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY_MS)
}

/// When a day begins.
pub fn start_of(day: i64) -> Timestamp {
    Timestamp(day.saturating_mul(DAY_MS))
}

/// The bin of a percentage.
pub fn bin_of(percent: f64) -> i64 {
    percent.floor().clamp(0.0, 100.0) as i64
}

/// The bin of a wait in milliseconds; the last holds all that took longer than two and a half hours.
pub fn wait_bin_of(wait_ms: i64) -> i64 {
    let wait = wait_ms.max(0);
    let (first, from, step) = step_of(|(_, from, _)| wait >= from);
    (first + (wait - from) / step).min(WAIT_BINS as i64 - 1)
}

/// The shortest wait of a bin, in milliseconds.
fn wait_of(bin: usize) -> f64 {
    let bin = bin as i64;
    let (first, from, step) = step_of(|(first, _, _)| bin >= first);
    (from + (bin - first) * step) as f64
}

fn step_of(is_reached: impl Fn((i64, i64, i64)) -> bool) -> (i64, i64, i64) {
    let reached = STEPS.into_iter().rev().find(|step| is_reached(*step));
    reached.unwrap_or((0, 0, 100))
}

/// How many lie in each bin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram(Vec<u64>);

impl Histogram {
    /// One without any bins yet; they come with what is counted.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts more in a bin.
    pub fn add(&mut self, bin: usize, more: u64) {
        if self.0.len() <= bin {
            self.0.resize(bin + 1, 0);
        }
        if let Some(count) = self.0.get_mut(bin) {
            *count += more;
        }
    }

    /// Counts all of another one.
    pub fn add_all(&mut self, other: &Self) {
        for (bin, count) in other.0.iter().enumerate() {
            self.add(bin, *count);
        }
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// How many lie in the bins from one on and before another.
    pub fn between(&self, from: usize, to: usize) -> u64 {
        self.0.iter().take(to).skip(from).sum()
    }

    /// The value below which a share of them lies, as bins of one per cent; none of none.
    pub fn percent_at(&self, share: f64) -> Option<f64> {
        let place = self.place(share)?;
        // The last bin holds nothing above its start.
        Some(place.min(100.0))
    }

    /// The same of waits, in milliseconds.
    pub fn wait_at(&self, share: f64) -> Option<f64> {
        let place = self.place(share)?;
        let bin = place.floor().max(0.0) as usize;
        let (low, high) = (wait_of(bin), wait_of(bin + 1));
        Some(low + (high - low) * (place - place.floor()))
    }

    /// The bin and how far into it, as one number.
    fn place(&self, share: f64) -> Option<f64> {
        let total = self.total();
        if total == 0 {
            return None;
        }
        let wanted = share.clamp(0.0, 1.0) * total as f64;
        let mut before = 0.0;
        let mut last = 0.0;
        for (bin, count) in self.0.iter().enumerate() {
            let count = *count as f64;
            if count > 0.0 && before + count >= wanted {
                return Some(bin as f64 + ((wanted - before) / count).max(0.0));
            }
            before += count;
            last = bin as f64;
        }
        Some(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_lies_in_the_bin_that_starts_at_or_before_it() {
        for wait in [
            0, 1, 99, 100, 9_999, 10_000, 10_999, 99_999, 100_000, 999_999, 1_000_000,
        ] {
            let bin = wait_bin_of(wait) as usize;
            let (low, high) = (wait_of(bin), wait_of(bin + 1));
            assert!(
                low <= wait as f64 && (wait as f64) < high,
                "{wait}: {low} {high}"
            );
        }
        assert_eq!(wait_bin_of(-5), 0);
        assert_eq!(wait_bin_of(i64::MAX), WAIT_BINS as i64 - 1);
    }

    #[test]
    fn percentages_have_a_bin_each_and_a_hundred_its_own() {
        for (percent, bin) in [
            (-1.0, 0),
            (0.0, 0),
            (0.99, 0),
            (1.0, 1),
            (99.9, 99),
            (100.0, 100),
        ] {
            assert_eq!(bin_of(percent), bin);
        }
        assert_eq!(bin_of(f64::NAN), 0);
    }

    #[test]
    fn quantiles_are_those_of_the_numbers_to_within_a_bin() {
        let mut numbers: Vec<f64> = (0..1_000)
            .map(|n| f64::from(n * 7919 % 1000) / 10.0)
            .collect();
        let mut histogram = Histogram::new();
        for number in &numbers {
            histogram.add(bin_of(*number) as usize, 1);
        }
        numbers.sort_by(f64::total_cmp);
        for share in [0.05, 0.5, 0.95] {
            let right = numbers[(share * 999.0) as usize];
            let read = histogram.percent_at(share).unwrap();
            assert!((read - right).abs() <= 1.0, "{share}: {read} {right}");
        }
        assert_eq!(Histogram::new().percent_at(0.5), None);
        let mut top = Histogram::new();
        top.add(100, 3);
        assert_eq!(top.percent_at(0.95), Some(100.0));
    }

    #[test]
    fn days_begin_at_midnight() {
        let noon = Timestamp(20_000 * DAY_MS + DAY_MS / 2);
        assert_eq!(day_of(noon), 20_000);
        assert_eq!(start_of(20_000).plus(DAY_MS / 2), noon);
        assert_eq!(day_of(Timestamp(-1)), -1);
    }
}
