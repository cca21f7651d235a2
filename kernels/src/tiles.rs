//! The two tiles of Winograd's convolution: how a line of numbers is bent, a filter's line with it, and back.
//!
//! Both come from evaluating polynomials at 0, ±1, ±2 and infinity, or at 0, ±1 and infinity.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "each step is an instruction that the processor was asked for"
)]

use crate::lanes::Lanes;

/// A square of outputs, and what it reads. Lines have room for the larger of both tiles.
pub(crate) trait Tile {
    const MAKES: usize;
    const READS: usize;
    /// What bends a line of a filter.
    const FILTER: &'static [[f64; 3]];

    /// Bends a line of inputs in place.
    unsafe fn bend<L: Lanes>(line: &mut [L; 6]);
    /// Bends a line of products back: what it makes comes first.
    unsafe fn unbend<L: Lanes>(line: &mut [L; 6]);
}

/// 4×4 outputs from 6×6 inputs.
pub(crate) struct Four;

/// 2×2 outputs from 4×4 inputs.
pub(crate) struct Two;

impl Tile for Four {
    const MAKES: usize = 4;
    const READS: usize = 6;
    const FILTER: &'static [[f64; 3]] = &[
        [1.0 / 4.0, 0.0, 0.0],
        [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
        [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
        [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
        [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
        [0.0, 0.0, 1.0],
    ];

    #[inline(always)]
    unsafe fn bend<L: Lanes>(line: &mut [L; 6]) {
        // SAFETY: the caller has found the machine.
        unsafe {
            let [a, b, c, d, e, f] = *line;
            let (four, five) = (L::splat(-4.0), L::splat(-5.0));
            let even = e.plus_product(c, four);
            let odd = d.plus_product(b, four);
            let far = e.minus(c);
            let apart = d.minus(b);
            *line = [
                e.plus_product(a, L::splat(4.0)).plus_product(c, five),
                even.plus(odd),
                even.minus(odd),
                far.plus_product(apart, L::splat(2.0)),
                far.plus_product(apart, L::splat(-2.0)),
                f.plus_product(b, L::splat(4.0)).plus_product(d, five),
            ];
        }
    }

    #[inline(always)]
    unsafe fn unbend<L: Lanes>(line: &mut [L; 6]) {
        // SAFETY: as above.
        unsafe {
            let [a, b, c, d, e, f] = *line;
            let (near, across) = (b.plus(c), b.minus(c));
            let (far, beyond) = (d.plus(e), d.minus(e));
            line[0] = a.plus(near).plus(far);
            line[1] = across.plus_product(beyond, L::splat(2.0));
            line[2] = near.plus_product(far, L::splat(4.0));
            line[3] = across.plus(f).plus_product(beyond, L::splat(8.0));
        }
    }
}

impl Tile for Two {
    const MAKES: usize = 2;
    const READS: usize = 4;
    const FILTER: &'static [[f64; 3]] = &[
        [1.0, 0.0, 0.0],
        [0.5, 0.5, 0.5],
        [0.5, -0.5, 0.5],
        [0.0, 0.0, 1.0],
    ];

    #[inline(always)]
    unsafe fn bend<L: Lanes>(line: &mut [L; 6]) {
        // SAFETY: as above.
        unsafe {
            let [a, b, c, d, ..] = *line;
            line[0] = a.minus(c);
            line[1] = b.plus(c);
            line[2] = c.minus(b);
            line[3] = b.minus(d);
        }
    }

    #[inline(always)]
    unsafe fn unbend<L: Lanes>(line: &mut [L; 6]) {
        // SAFETY: as above.
        unsafe {
            let [a, b, c, d, ..] = *line;
            line[0] = a.plus(b).plus(c);
            line[1] = b.minus(c).minus(d);
        }
    }
}
