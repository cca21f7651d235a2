//! Measures how long something took, by the clock that is never set.

use std::time::Instant;

/// Runs from when it is made.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since it was made.
    pub fn seconds(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}
