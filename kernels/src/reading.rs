//! The plainest thing that reads every number once: what the memory gives, to measure a search by.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "registers are filled from pointers, by instructions that the processor was asked for"
)]

#[cfg(target_arch = "aarch64")]
use crate::lanes::Neon;
#[cfg(target_arch = "x86_64")]
use crate::lanes::{Avx2, Avx512};
use crate::lanes::{Lanes, Portable};
use crate::machine::Machine;

/// Sums that are kept apart, so that reading does not wait for adding.
const SUMS: usize = 8;

/// The most numbers in the registers of any machine.
const WIDEST: usize = 16;

/// The sum of all the numbers, give or take what single precision loses.
pub fn sum(machine: Machine, values: &[f32]) -> f32 {
    // SAFETY: the machine was found.
    unsafe {
        match machine {
            Machine::Portable => added::<Portable>(values),
            #[cfg(target_arch = "x86_64")]
            Machine::Avx2 => avx2(values),
            #[cfg(target_arch = "x86_64")]
            Machine::Avx512 => avx512(values),
            #[cfg(target_arch = "aarch64")]
            Machine::Neon => neon(values),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2(values: &[f32]) -> f32 {
    // SAFETY: as the caller's.
    unsafe { added::<Avx2>(values) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn avx512(values: &[f32]) -> f32 {
    // SAFETY: as the caller's.
    unsafe { added::<Avx512>(values) }
}

#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "neon")]
unsafe fn neon(values: &[f32]) -> f32 {
    // SAFETY: as the caller's.
    unsafe { added::<Neon>(values) }
}

#[inline(always)]
unsafe fn added<L: Lanes>(values: &[f32]) -> f32 {
    let pieces = values.chunks_exact(SUMS * L::WIDTH);
    let rest: f32 = pieces.remainder().iter().sum();
    // SAFETY: a piece has as many numbers as are loaded of it; `WIDEST` is room for any machine's lanes.
    unsafe {
        let mut sums = [L::splat(0.0); SUMS];
        for piece in pieces {
            for (place, sum) in sums.iter_mut().enumerate() {
                *sum = sum.plus(L::load(piece.as_ptr().add(place * L::WIDTH)));
            }
        }
        let mut total = rest;
        for sum in sums {
            let mut lanes = [0.0_f32; WIDEST];
            sum.store(lanes.as_mut_ptr());
            total += lanes.iter().sum::<f32>();
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_read_once_on_every_machine() {
        for machine in Machine::all() {
            for count in [0, 1, 31, 128, 129, 1000] {
                // Whole numbers this small add up without an error.
                let values: Vec<f32> = (0..count).map(|value| value as f32).collect();
                let expected: f32 = values.iter().sum();
                let found = sum(machine, &values);
                assert!((found - expected).abs() < 0.5, "{machine:?} {count}");
            }
        }
    }
}
