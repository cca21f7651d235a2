//! The heaps that the C library's allocator keeps: few of them, and none larger than what is in use for long.
#![cfg_attr(
    all(target_os = "linux", target_env = "gnu"),
    expect(
        unsafe_code,
        reason = "the allocator is told by calls of the C library"
    )
)]

use std::io;
use std::thread;
use std::time::Duration;

/// How often what was freed goes back to the system. A busy service fetches it again, so not much more often; a thread
/// that ran networks ends after ten idle seconds, so not much less.
const GIVE_BACK_AGAIN: Duration = Duration::from_secs(10);

/// Keeps few heaps, and gives back every ten seconds what was freed in them, from a thread of its own. To be called once,
/// before there are other threads.
///
/// The allocator by itself keeps eight heaps a core and gives back only what was freed at the end of one: with one network
/// after another on threads that come and go, that is many times what is in use.
pub fn keep_small() -> io::Result<()> {
    few();
    thread::Builder::new()
        .name("heaps".to_owned())
        .spawn(|| {
            loop {
                thread::sleep(GIVE_BACK_AGAIN);
                give_back();
            }
        })
        .map(|_| ())
}

/// One heap a core, rather than eight.
fn few() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let heaps = i32::try_from(cores).unwrap_or(i32::MAX);
        // SAFETY: the call takes two numbers, and no heap has been made yet that it could be about.
        unsafe { libc::mallopt(libc::M_ARENA_MAX, heaps) };
    }
}

/// Gives the system back every whole page of the heaps that holds nothing any more.
fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the call takes a number, locks each heap by itself and touches only what is free.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod tests {
    use super::give_back;

    /// Small enough to lie in a heap rather than in pages of its own.
    const PIECE: usize = 100 << 10;
    const PIECES: usize = 1_000;

    #[test]
    fn what_lies_free_below_what_is_in_use_goes_back() {
        let mut pieces: Vec<Vec<u8>> = (0..PIECES).map(|_| vec![1; PIECE]).collect();
        // The last one stays, and with it the end of the heap where it is.
        pieces.drain(..PIECES - 1);
        let before = resident();
        give_back();
        let after = resident();
        assert!(after + PIECE * PIECES / 2 < before, "{before} to {after}");
        assert!(pieces[0].iter().all(|byte| *byte == 1));
    }

    fn resident() -> usize {
        let facts = std::fs::read_to_string("/proc/self/statm").unwrap();
        let pages: usize = facts.split(' ').nth(1).unwrap().parse().unwrap();
        pages * 4096
    }
}
