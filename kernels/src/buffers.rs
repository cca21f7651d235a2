//! Room for numbers, used again: what a layer gave up, the next one on the same thread takes.
//!
//! The layers of a network ask for the same sizes picture after picture. Fresh memory would have to be
//! cleared by the system each time, which costs more than many a layer.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

use crate::aligned::Aligned;

/// What a thread keeps at most for what comes next: bytes, and pieces to look through.
const KEPT: usize = 48 << 20;
const PIECES: usize = 32;

thread_local! {
    static FREE: RefCell<Vec<Aligned>> = const { RefCell::new(Vec::new()) };
}

/// Numbers whose first content is anything at all.
pub(crate) struct Buffer(Aligned);

impl Buffer {
    pub(crate) fn of(length: usize) -> Self {
        let found = FREE.with_borrow_mut(|free| {
            let fits = |room: &Aligned| room.room() >= length && room.room() / 4 <= length.max(64);
            let best = (0..free.len())
                .filter(|index| fits(&free[*index]))
                .min_by_key(|index| free[*index].room())?;
            Some(free.swap_remove(best))
        });
        let mut room = found.unwrap_or_default();
        room.resize(length);
        Self(room)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let room = std::mem::take(&mut self.0);
        // A thread that is ending keeps nothing.
        let _ = FREE.try_with(|free| {
            let mut free = free.borrow_mut();
            let held: usize = free.iter().map(Aligned::room).sum();
            if free.len() < PIECES && (held + room.room()) * size_of::<f32>() <= KEPT {
                free.push(room);
            }
        });
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        let mut copy = Self::of(self.len());
        copy.copy_from_slice(self);
        copy
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_taken_again_where_it_fits() {
        let first = Buffer::of(1000);
        let place = first.as_ptr();
        drop(first);
        // Far smaller needs do not take it.
        assert_ne!(Buffer::of(10).as_ptr(), place);
        let again = Buffer::of(900);
        assert_eq!((again.as_ptr(), again.len()), (place, 900));
        assert_ne!(Buffer::of(900).as_ptr(), place);
    }
}
