//! Threads that share one network's layers: they wait for the next layer awake, and each takes the same part of every one.
//!
//! Between two layers of a network lie microseconds, too few to put a thread to sleep and wake it
//! again. And a part that always goes to the same thread finds what it reads in that core's cache.

#![expect(
    unsafe_code,
    reason = "a layer's work is lent to threads that outlive it; nobody returns before all are done with it"
)]

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};

/// Looks at the clock of the others this often before the core is offered to somebody else.
const SPINS: u32 = 20_000;

type Work<'a> = &'a (dyn Fn(usize, usize) + Sync);

struct Team {
    /// Those who have come, besides the one that leads.
    joined: AtomicUsize,
    /// Counts the layers; the lowest eight bits say how many members take part in this one.
    turn: AtomicU64,
    /// Where the leader keeps this turn's work.
    work: AtomicPtr<Work<'static>>,
    done: AtomicUsize,
    failed: AtomicBool,
    closed: AtomicBool,
}

thread_local! {
    static LED: Cell<*const Team> = const { Cell::new(ptr::null()) };
}

/// Runs `network` with the threads of the surrounding pool, up to `threads`, to share its layers. Threads
/// that are busy elsewhere are not waited for.
pub fn together<R>(threads: usize, network: impl FnOnce() -> R) -> R {
    if threads < 2 || !LED.get().is_null() {
        return network();
    }
    let team = Team {
        joined: AtomicUsize::new(0),
        turn: AtomicU64::new(0),
        work: AtomicPtr::new(ptr::null_mut()),
        done: AtomicUsize::new(0),
        failed: AtomicBool::new(false),
        closed: AtomicBool::new(false),
    };
    rayon::in_place_scope(|scope| {
        for _ in 1..threads.min(usize::from(u8::MAX)) {
            scope.spawn(|_| team.serve());
        }
        let _led = Leading::of(&team);
        network()
    })
}

/// Does the pieces 0 to `pieces`, each thread of the team a share of them.
pub(crate) fn split(pieces: usize, piece: impl Fn(usize) + Sync) {
    let team = LED.get();
    if team.is_null() || pieces < 2 {
        (0..pieces).for_each(piece);
        return;
    }
    // SAFETY: a team is led only for as long as it lives: `Leading` takes it away.
    let team = unsafe { &*team };
    team.share(&|member, members| {
        (pieces * member / members..pieces * (member + 1) / members).for_each(&piece);
    });
}

/// How many threads share the layers at this moment.
pub(crate) fn members() -> usize {
    let team = LED.get();
    if team.is_null() {
        return 1;
    }
    // SAFETY: as in `split`.
    unsafe { &*team }.joined.load(Ordering::Acquire) + 1
}

/// While it lives, the thread leads the team; then the team is closed.
struct Leading<'a>(&'a Team);

impl<'a> Leading<'a> {
    fn of(team: &'a Team) -> Self {
        LED.set(team);
        Self(team)
    }
}

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        LED.set(ptr::null());
        self.0.closed.store(true, Ordering::Release);
    }
}

impl Team {
    fn share(&self, work: Work<'_>) {
        let members = self.joined.load(Ordering::Acquire).min(254) + 1;
        // SAFETY: the reference is used until `Turn` is dropped, and that is in this function.
        let mut work = unsafe { std::mem::transmute::<Work<'_>, Work<'static>>(work) };
        self.done.store(0, Ordering::Relaxed);
        self.work.store(&raw mut work, Ordering::Relaxed);
        let turn = (self.turn.load(Ordering::Relaxed) >> 8) + 1;
        self.turn
            .store(turn << 8 | members as u64, Ordering::Release);
        // A piece may hold layers of its own; they are not for the others, who are busy.
        LED.set(ptr::null());
        let all_done = Turn {
            team: self,
            others: members - 1,
        };
        work(0, members);
        drop(all_done);
        assert!(
            !self.failed.load(Ordering::Relaxed),
            "a thread that shared a layer panicked"
        );
    }

    fn serve(&self) {
        let mut seen = self.turn.load(Ordering::Acquire);
        let member = self.joined.fetch_add(1, Ordering::AcqRel) + 1;
        loop {
            let mut spins = 0;
            let turn = loop {
                let turn = self.turn.load(Ordering::Acquire);
                if turn != seen {
                    break turn;
                }
                if self.closed.load(Ordering::Acquire) {
                    return;
                }
                rest(&mut spins);
            };
            seen = turn;
            let members = (turn & 0xff) as usize;
            if member < members {
                // SAFETY: the leader counts on this member and waits for it with the work in its hands.
                let work = unsafe { *self.work.load(Ordering::Relaxed) };
                if catch_unwind(AssertUnwindSafe(|| work(member, members))).is_err() {
                    self.failed.store(true, Ordering::Relaxed);
                }
                self.done.fetch_add(1, Ordering::Release);
            }
        }
    }
}

/// Waits for the others when it is dropped, also when the leader's own part panics.
struct Turn<'a> {
    team: &'a Team,
    others: usize,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut spins = 0;
        while self.team.done.load(Ordering::Acquire) < self.others {
            rest(&mut spins);
        }
        LED.set(self.team);
    }
}

fn rest(spins: &mut u32) {
    *spins += 1;
    if *spins < SPINS {
        std::hint::spin_loop();
    } else {
        std::thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
    }

    #[test]
    fn every_piece_is_done_once_in_every_layer() {
        pool(4).install(|| {
            together(4, || {
                for pieces in [0, 1, 2, 3, 7, 64] {
                    for _ in 0..200 {
                        let done = Mutex::new(vec![0; pieces]);
                        split(pieces, |piece| {
                            // A layer within a piece stays with the thread that has the piece.
                            split(2, |_| done.lock().unwrap()[piece] += 1);
                        });
                        assert_eq!(done.into_inner().unwrap(), vec![2; pieces]);
                    }
                }
            });
        });
    }

    #[test]
    fn threads_that_are_busy_are_not_waited_for() {
        let pool = pool(2);
        // Both threads lead a team at once, and have nobody to join them.
        pool.broadcast(|_| {
            together(2, || {
                let done = Mutex::new(0);
                for _ in 0..100 {
                    split(5, |_| *done.lock().unwrap() += 1);
                }
                assert_eq!(done.into_inner().unwrap(), 500);
            });
        });
    }

    #[test]
    fn a_panic_reaches_whoever_asked() {
        let outcome = catch_unwind(|| {
            pool(2).install(|| {
                together(2, || {
                    loop {
                        split(2, |piece| assert_eq!(piece, 0, "on purpose"));
                    }
                });
            });
        });
        assert!(outcome.is_err());
    }
}
