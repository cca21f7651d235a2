//! The heart of every convolution that mixes channels: some pixels times some vectors of outputs, held in registers.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "registers are filled from pointers, by instructions that the processor was asked for"
)]

use crate::finish::bent;
use crate::lanes::{Lanes, prefetch};
use crate::machine::Machine;

/// The most pixels that a block takes: with two vectors each, and what they are made of, they fill
/// the 32 registers of AVX-512 and NEON.
pub(crate) const PIXELS: usize = 14;
/// How many rows of weights are asked for ahead of their use: where they come from the third
/// cache, that is as long as they take.
const AHEAD: usize = 32;

impl Machine {
    /// Pixels of a block: as many as leave room in the registers.
    pub(crate) fn pixels(self, vectors: usize) -> usize {
        match self {
            Self::Portable => 4,
            // Sixteen registers.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => 12 / vectors,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => PIXELS,
            #[cfg(target_arch = "aarch64")]
            Self::Neon => PIXELS,
        }
    }

    /// Vectors of outputs in a block.
    pub(crate) fn vectors(self, outputs: usize) -> usize {
        if outputs > self.width() { 2 } else { 1 }
    }
}

/// The numbers that a block reads, and what they are multiplied by.
#[derive(Clone, Copy)]
pub(crate) struct Reach {
    /// For each number, a block of outputs.
    pub(crate) weights: *const f32,
    /// The first pixel's first number.
    pub(crate) from: *const f32,
    /// Numbers from one pixel to the next.
    pub(crate) step: usize,
    /// Lines of numbers, how many each has, and from one to the next.
    pub(crate) lines: usize,
    pub(crate) line: usize,
    pub(crate) pitch: usize,
}

/// Where the sums of a block go: the first pixel's, and how many numbers lie from one pixel to the next.
#[derive(Clone, Copy)]
pub(crate) struct Sums {
    /// What they start from, a block of outputs; null for zero.
    pub(crate) start: *const f32,
    /// What is done with them at the end; null for nothing.
    pub(crate) slopes: *const f32,
    pub(crate) adds: bool,
    pub(crate) to: *mut f32,
    pub(crate) step: usize,
}

/// Runs a block of `count` pixels and `vectors` vectors.
///
/// # Safety
/// The processor has the lanes, and both sides are as large as they say.
#[inline(always)]
pub(crate) unsafe fn run<L: Lanes>(count: usize, vectors: usize, reach: &Reach, sums: &Sums) {
    // The number of pixels as a number that the compiler knows, so that they stay in registers.
    macro_rules! of {
        ($($count:literal)*) => {
            match (count, vectors) {
                // SAFETY: as the caller's.
                $(($count, 1) => unsafe { L::block::<$count, 1>(reach, sums) },
                ($count, _) => unsafe { L::block::<$count, 2>(reach, sums) },)*
                _ => {}
            }
        };
    }
    of!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
}

/// What [`Lanes::block`] is for every kind of lanes. There it stands alone in a function, as the compiler finds
/// registers for all of it only where it has nothing else in mind.
#[inline(always)]
pub(crate) unsafe fn multiply<L: Lanes, const COUNT: usize, const VECTORS: usize>(
    reach: &Reach,
    results: &Sums,
) {
    let Reach {
        mut weights,
        from,
        step,
        lines,
        line,
        pitch,
    } = *reach;
    // SAFETY: the caller's: weights and numbers are as many as `reach` says, and there is room for the sums.
    unsafe {
        let mut sums = [[L::splat(0.0); VECTORS]; COUNT];
        if !results.start.is_null() {
            for vector in 0..VECTORS {
                let start = L::load(results.start.add(vector * L::WIDTH));
                for sum in &mut sums {
                    sum[vector] = start;
                }
            }
        }
        for row in 0..lines {
            let from = from.add(row * pitch);
            for number in 0..line {
                let mut weight = [L::splat(0.0); VECTORS];
                for (vector, weight) in weight.iter_mut().enumerate() {
                    *weight = L::load(weights.add(vector * L::WIDTH));
                    prefetch(weights.wrapping_add((AHEAD * VECTORS + vector) * L::WIDTH));
                }
                weights = weights.add(VECTORS * L::WIDTH);
                for (pixel, sum) in sums.iter_mut().enumerate() {
                    let value = L::splat(*from.add(pixel * step + number));
                    for vector in 0..VECTORS {
                        sum[vector] = sum[vector].plus_product(value, weight[vector]);
                    }
                }
            }
        }
        for (pixel, sum) in sums.iter().enumerate() {
            let to = results.to.add(pixel * results.step);
            for (vector, sum) in sum.iter().enumerate() {
                let to = to.add(vector * L::WIDTH);
                if results.slopes.is_null() {
                    sum.store(to);
                } else {
                    let slope = L::load(results.slopes.add(vector * L::WIDTH));
                    bent(*sum, slope, results.adds, to).store(to);
                }
            }
        }
    }
}
