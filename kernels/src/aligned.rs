//! Numbers that begin where a line of the cache begins: a vector read across two lines costs twice.

#![expect(
    unsafe_code,
    reason = "lines of sixteen numbers are lent out as one slice of numbers"
)]

use std::ops::{Deref, DerefMut};

/// As much as a line of the cache holds.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// A fixed count of numbers.
#[derive(Clone, Default)]
pub(crate) struct Aligned {
    lines: Vec<Line>,
    length: usize,
}

impl Aligned {
    pub(crate) fn zeros(length: usize) -> Self {
        let mut zeros = Self::default();
        zeros.resize(length);
        zeros
    }

    /// Zeros where there was nothing before; the rest stays.
    pub(crate) fn resize(&mut self, length: usize) {
        let lines = length.div_ceil(16);
        if self.lines.len() < lines {
            self.lines.resize(lines, Line([0.0; 16]));
        }
        self.length = length;
    }

    /// How many numbers there is room for.
    pub(crate) fn room(&self) -> usize {
        self.lines.capacity() * 16
    }
}

impl From<&[f32]> for Aligned {
    fn from(values: &[f32]) -> Self {
        let mut aligned = Self::zeros(values.len());
        aligned.copy_from_slice(values);
        aligned
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: `resize` alone sets the length, and there are lines for it.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.length) }
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_where_they_are_and_begin_a_line() {
        for length in [0, 1, 15, 16, 17, 100] {
            let values: Vec<f32> = (0..length).map(|index| index as f32).collect();
            let mut aligned = Aligned::from(values.as_slice());
            assert_eq!(aligned[..], values);
            assert_eq!(aligned.as_ptr() as usize % 64, 0);
            aligned.resize(length / 2);
            assert_eq!(aligned[..], values[..length / 2]);
            assert!(aligned.room() >= length);
        }
        assert_eq!(Aligned::zeros(33)[..], [0.0; 33]);
    }
}
