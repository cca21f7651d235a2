//! Products of many rows with one vector: what a search reads the memory for.

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

/// Rows that are gone through together, so that no sum waits for itself.
const TOGETHER: usize = 4;

/// The most numbers in the registers of any machine.
const WIDEST: usize = 16;

/// Writes the product of each row with the probe: `rows` has one row of the probe's length after
/// another, of which as many are taken as `out` has places.
///
/// The sums are in single precision, in an order that depends on the machine. Each strays from the
/// true sum by the length of the rows times half a unit in the last place, times the sum of the
/// products' magnitudes, at most.
pub fn products(machine: Machine, rows: &[f32], probe: &[f32], out: &mut [f32]) {
    if probe.is_empty() {
        return;
    }
    // SAFETY: the machine was found.
    unsafe {
        match machine {
            Machine::Portable => all::<Portable>(rows, probe, out),
            #[cfg(target_arch = "x86_64")]
            Machine::Avx2 => avx2(rows, probe, out),
            #[cfg(target_arch = "x86_64")]
            Machine::Avx512 => avx512(rows, probe, out),
            #[cfg(target_arch = "aarch64")]
            Machine::Neon => neon(rows, probe, out),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2(rows: &[f32], probe: &[f32], out: &mut [f32]) {
    // SAFETY: as the caller's.
    unsafe { all::<Avx2>(rows, probe, out) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn avx512(rows: &[f32], probe: &[f32], out: &mut [f32]) {
    // SAFETY: as the caller's.
    unsafe { all::<Avx512>(rows, probe, out) }
}

#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "neon")]
unsafe fn neon(rows: &[f32], probe: &[f32], out: &mut [f32]) {
    // SAFETY: as the caller's.
    unsafe { all::<Neon>(rows, probe, out) }
}

#[inline(always)]
unsafe fn all<L: Lanes>(rows: &[f32], probe: &[f32], out: &mut [f32]) {
    let blocks = rows.chunks_exact(TOGETHER * probe.len());
    let mut places = out.chunks_exact_mut(TOGETHER);
    let done = blocks.len().min(places.len()) * TOGETHER;
    for (rows, out) in blocks.zip(&mut places) {
        // SAFETY: as the caller's, and the rows are as many as are asked for.
        out.copy_from_slice(&unsafe { some::<L, TOGETHER>(rows, probe) });
    }
    let rest = rows.chunks_exact(probe.len()).zip(out).skip(done);
    for (row, out) in rest {
        // SAFETY: as above.
        [*out] = unsafe { some::<L, 1>(row, probe) };
    }
}

/// The products of `N` rows.
#[inline(always)]
unsafe fn some<L: Lanes, const N: usize>(rows: &[f32], probe: &[f32]) -> [f32; N] {
    let length = probe.len();
    let whole = length - length % L::WIDTH;
    // SAFETY: `rows` has `N` rows of the probe's length, and every load ends within one; `WIDEST` is
    // room for any machine's lanes.
    unsafe {
        let mut sums = [L::splat(0.0); N];
        for at in (0..whole).step_by(L::WIDTH) {
            let near = L::load(probe.as_ptr().add(at));
            for (row, sum) in sums.iter_mut().enumerate() {
                *sum = sum.plus_product(L::load(rows.as_ptr().add(row * length + at)), near);
            }
        }
        let mut out = [0.0; N];
        for (out, sum) in out.iter_mut().zip(sums) {
            let mut lanes = [0.0; WIDEST];
            sum.store(lanes.as_mut_ptr());
            *out = total(lanes);
        }
        if whole < length {
            for (out, row) in out.iter_mut().zip(rows.chunks_exact(length)) {
                *out += rest(&row[whole..], &probe[whole..]);
            }
        }
        out
    }
}

/// The sum of the lanes, by halves: one after another, each would wait for the one before.
#[inline(always)]
fn total(lanes: [f32; WIDEST]) -> f32 {
    let eight: [f32; 8] = std::array::from_fn(|at| lanes[at] + lanes[at + 8]);
    let four: [f32; 4] = std::array::from_fn(|at| eight[at] + eight[at + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}

/// What is left of a row after its last whole vector. Apart, so that it stays out of the loop's way.
#[inline(never)]
fn rest(row: &[f32], probe: &[f32]) -> f32 {
    row.iter().zip(probe).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look like chance and are the same every time.
    fn numbers(count: usize) -> Vec<f32> {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn every_machine_says_what_the_textbook_sum_says() {
        for length in [1, 3, 4, 7, 8, 16, 17, 31, 100, 128, 256, 257] {
            let probe = numbers(length);
            for count in [0, 1, 3, 4, 5, 9, 64] {
                let rows = numbers(count * length);
                for machine in Machine::all() {
                    let mut found = vec![f32::NAN; count];
                    products(machine, &rows, &probe, &mut found);
                    for (row, found) in rows.chunks(length).zip(&found) {
                        let pairs = row.iter().zip(&probe);
                        let terms = pairs.map(|(a, b)| f64::from(*a) * f64::from(*b));
                        let (mut sum, mut size) = (0.0, 0.0);
                        for term in terms {
                            sum += term;
                            size += term.abs();
                        }
                        let most = length as f64 * f64::from(f32::EPSILON) / 2.0 * size;
                        let off = (f64::from(*found) - sum).abs();
                        assert!(off <= most, "{machine:?} {length}: {off} past {most}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_has_no_counterpart_is_left_alone() {
        let mut out = [f32::NAN; 3];
        products(Machine::best(), &[1.0, 2.0, 3.0], &[2.0, 1.0], &mut out);
        assert!((out[0] - 4.0).abs() < 1e-6 && out[1].is_nan() && out[2].is_nan());
        products(Machine::best(), &[1.0, 2.0], &[1.0], &mut out[..1]);
        assert!((out[0] - 1.0).abs() < 1e-6);
        products(Machine::best(), &[1.0], &[], &mut out);
        assert!((out[0] - 1.0).abs() < 1e-6);
    }
}
