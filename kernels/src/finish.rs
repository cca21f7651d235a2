//! The end of a convolution: a sum gets what is there already, is bent where it is negative, and is written.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "registers go to memory that the threads of one layer share out among them"
)]

use crate::aligned::Aligned;
use crate::lanes::Lanes;
use crate::maps::Maps;

/// What is done to every sum of a layer; one number an output, and zeros up to whole vectors.
pub(crate) struct Finish {
    pub(crate) outputs: usize,
    pub(crate) bias: Aligned,
    /// What a negative output is multiplied by.
    pub(crate) slopes: Aligned,
}

impl Finish {
    /// For `padded` outputs, of which the first have a bias and a slope; one slope may be for all.
    pub(crate) fn new(bias: &[f32], slopes: &[f32], padded: usize) -> Self {
        let fill = |values: &[f32]| {
            let mut filled = Aligned::zeros(padded);
            let all = values.iter().cycle().take(bias.len());
            for (to, from) in filled.iter_mut().zip(all) {
                *to = *from;
            }
            filled
        };
        Self {
            outputs: bias.len(),
            bias: fill(bias),
            slopes: fill(slopes),
        }
    }

    /// Writes one vector of sums, the outputs from `channel` on, to the pixel whose numbers begin at `pixel`.
    ///
    /// # Safety
    /// The pixel has room for the layer's outputs, and no other thread touches it.
    #[inline(always)]
    pub(crate) unsafe fn put<L: Lanes>(&self, sum: L, channel: usize, adds: bool, pixel: *mut f32) {
        let Some(left) = self.outputs.checked_sub(channel) else {
            return;
        };
        // SAFETY: slopes are as many as whole vectors of outputs; the pixel is the caller's.
        unsafe {
            let slope = L::load(self.slopes.as_ptr().add(channel));
            let place = pixel.add(channel);
            if left >= L::WIDTH {
                bent(sum, slope, adds, place).store(place);
            } else {
                let mut part = [0.0_f32; 16];
                place.copy_to_nonoverlapping(part.as_mut_ptr(), left);
                let part = part.as_mut_ptr();
                bent(sum, slope, adds, part).store(part);
                part.copy_to_nonoverlapping(place, left);
            }
        }
    }
}

/// A sum with what is there, if it `adds`, and bent where that is negative.
#[inline(always)]
pub(crate) unsafe fn bent<L: Lanes>(sum: L, slope: L, adds: bool, there: *const f32) -> L {
    // SAFETY: the caller's.
    unsafe {
        let sum = if adds { sum.plus(L::load(there)) } else { sum };
        let zero = L::splat(0.0);
        sum.most(zero).plus_product(sum.least(zero), slope)
    }
}

/// Where a layer writes: its threads write to different pixels or different channels of it.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    values: *mut f32,
    pitch: usize,
    pub(crate) channels: usize,
    picture_size: usize,
    /// Whether what is there is added to.
    pub(crate) adds: bool,
}

// SAFETY: see above.
unsafe impl Send for Target {}
// SAFETY: see above.
unsafe impl Sync for Target {}

impl Target {
    pub(crate) fn new(maps: &mut Maps, adds: bool) -> Self {
        Self {
            values: maps.values.as_mut_ptr(),
            pitch: maps.pitch(),
            channels: maps.channels,
            picture_size: maps.picture_size(),
            adds,
        }
    }

    /// A pixel's numbers.
    ///
    /// # Safety
    /// The maps still live, and have the pixel.
    #[inline(always)]
    pub(crate) unsafe fn pixel(self, picture: usize, row: usize, column: usize) -> *mut f32 {
        let pixel = (row + 1) * self.pitch + column + 1;
        // SAFETY: the caller's.
        unsafe {
            self.values
                .add(picture * self.picture_size + pixel * self.channels)
        }
    }
}
