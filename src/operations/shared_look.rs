//! A look that many ask for: of those who ask at once one looks, and what it found stands for a moment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// What was found last, and when; every clone shares it.
#[derive(Debug)]
pub(crate) struct SharedLook<T>(Arc<Mutex<Option<(Instant, T)>>>);

impl<T> Clone for SharedLook<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for SharedLook<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone> SharedLook<T> {
    /// What was found less than `stands` ago, or else what a new look finds. A look has to end by itself: whoever comes
    /// meanwhile waits for it.
    pub(crate) async fn found(&self, stands: Duration, look: impl Future<Output = T>) -> T {
        let mut last = self.0.lock().await;
        if let Some((at, found)) = last.as_ref()
            && at.elapsed() < stands
        {
            return found.clone();
        }
        let found = look.await;
        *last = Some((Instant::now(), found.clone()));
        found
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Lets every other caller of the test ask before it finds anything.
    async fn look(looks: &AtomicUsize) -> usize {
        tokio::task::yield_now().await;
        looks.fetch_add(1, Ordering::SeqCst) + 1
    }

    #[tokio::test]
    async fn of_those_who_ask_at_once_one_looks() {
        let (shared, looks) = (SharedLook::default(), AtomicUsize::new(0));
        let ask = || shared.found(Duration::MAX, look(&looks));
        assert_eq!(tokio::join!(ask(), ask(), ask()), (1, 1, 1));
        assert_eq!(ask().await, 1);
    }

    #[tokio::test]
    async fn what_stands_no_longer_is_looked_for_again() {
        let (shared, looks) = (SharedLook::default(), AtomicUsize::new(0));
        let ask = || shared.found(Duration::ZERO, look(&looks));
        assert_eq!((ask().await, ask().await), (1, 2));
    }

    #[tokio::test]
    async fn whoever_leaves_while_they_look_keeps_nobody_from_looking() {
        let (shared, looks) = (SharedLook::default(), AtomicUsize::new(0));
        let leaving = shared.clone();
        let left =
            tokio::spawn(async move { leaving.found(Duration::MAX, std::future::pending()).await });
        tokio::task::yield_now().await;
        left.abort();
        assert!(left.await.unwrap_err().is_cancelled());
        assert_eq!(shared.found(Duration::MAX, look(&looks)).await, 1);
    }
}
