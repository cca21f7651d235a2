//! Which workers of this process are alive, and how many there should be.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts workers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vitals(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    started: AtomicUsize,
    alive: AtomicUsize,
}

/// A worker that is alive; it is no more when this is dropped, which a panic does too.
#[derive(Debug)]
pub struct Alive(Vitals);

impl Vitals {
    /// A worker starts.
    pub(crate) fn starts(&self) -> Alive {
        self.0.started.fetch_add(1, Ordering::Relaxed);
        self.0.alive.fetch_add(1, Ordering::Relaxed);
        Alive(self.clone())
    }

    /// Workers that were started, and those of them that are alive.
    pub(crate) fn workers(&self) -> (usize, usize) {
        let of = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        (of(&self.0.started), of(&self.0.alive))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.0.alive.fetch_sub(1, Ordering::Relaxed);
    }
}
