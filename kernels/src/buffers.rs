//! Room for numbers, used again: what a layer gave up, the next one on the same thread takes.
//!
//! The layers of a network ask for the same sizes picture after picture. Fresh memory would have to be
//! cleared by the system each time, which costs more than many a layer.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Bytes that a thread keeps at most for what comes next.
const KEPT: usize = 48 << 20;

thread_local! {
    static FREE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Numbers whose first content is anything at all.
pub(crate) struct Buffer {
    room: Vec<f32>,
    length: usize,
}

impl Buffer {
    pub(crate) fn of(length: usize) -> Self {
        let found = FREE.with_borrow_mut(|free| {
            let fits = |room: &Vec<f32>| room.capacity() >= length && room.capacity() / 4 <= length;
            let best = (0..free.len())
                .filter(|index| fits(&free[*index]))
                .min_by_key(|index| free[*index].capacity())?;
            Some(free.swap_remove(best))
        });
        let mut room = found.unwrap_or_default();
        if room.len() < length {
            room.resize(length, 0.0);
        }
        Self { room, length }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let room = std::mem::take(&mut self.room);
        // A thread that is ending keeps nothing.
        let _ = FREE.try_with(|free| {
            let mut free = free.borrow_mut();
            let held: usize = free.iter().map(Vec::capacity).sum();
            if (held + room.capacity()) * size_of::<f32>() <= KEPT {
                free.push(room);
            }
        });
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        let mut copy = Self::of(self.length);
        copy.copy_from_slice(self);
        copy
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.room[..self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.room[..self.length]
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
