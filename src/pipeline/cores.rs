//! Shares the machine's cores out: an examination that is alone gets them all, of several each gets its part.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

/// Who works at the moment.
#[derive(Debug, Default)]
pub(super) struct Cores {
    busy: AtomicUsize,
}

/// A part of the cores, given back when it is dropped.
pub(super) struct Share<'a> {
    cores: &'a Cores,
    /// Threads that the holder may keep busy, at least one. Nothing that is found depends on it.
    pub(super) threads: usize,
}

impl Cores {
    /// A part of all cores, by how many work already. One core that does one thing wastes nothing on
    /// dividing it, so that many at a time get most done with a core each.
    pub(super) fn share(&self) -> Share<'_> {
        let holders = self.busy.fetch_add(1, Ordering::Relaxed) + 1;
        Share {
            cores: self,
            threads: (rayon::current_num_threads() / holders).max(1),
        }
    }
}

impl Share<'_> {
    /// One thread beside the share's, for what goes on aside.
    pub(super) fn one() -> Result<ThreadPool, ThreadPoolBuildError> {
        threads(1)
    }

    /// Threads of the holder's own, in which the networks divide their work among as many.
    pub(super) fn pool(&self) -> Result<ThreadPool, ThreadPoolBuildError> {
        threads(self.threads)
    }
}

fn threads(count: usize) -> Result<ThreadPool, ThreadPoolBuildError> {
    ThreadPoolBuilder::new()
        .num_threads(count)
        .thread_name(|_| "examining".to_owned())
        .build()
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.cores.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_alone_gets_all_and_each_of_many_gets_one() {
        let cores = Cores::default();
        let all = rayon::current_num_threads();
        let first = cores.share();
        assert_eq!(first.threads, all);
        let others: Vec<Share<'_>> = (0..all).map(|_| cores.share()).collect();
        assert_eq!(others.last().unwrap().threads, 1);
        drop((first, others));
        assert_eq!(cores.share().threads, all);
    }

    #[test]
    fn a_pool_has_as_many_threads_as_the_share() {
        let cores = Cores::default();
        let _others: Vec<Share<'_>> = (0..64).map(|_| cores.share()).collect();
        let share = cores.share();
        let pool = share.pool().unwrap();
        assert_eq!(pool.install(rayon::current_num_threads), share.threads);
    }
}
