//! Convolutions that filter every channel for itself: a few channels at a time, all of a filter's weights in registers.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "registers are filled from pointers, by instructions that the processor was asked for"
)]

use rayon::prelude::*;

use crate::dense::Geometry;
use crate::error::{Misfit, misfit};
#[cfg(target_arch = "aarch64")]
use crate::lanes::Neon;
#[cfg(target_arch = "x86_64")]
use crate::lanes::{Avx2, Avx512};
use crate::lanes::{Lanes, Portable};
use crate::machine::Machine;
use crate::maps::Maps;

/// One filter a channel, with its bias, ready to run.
pub struct Depthwise {
    machine: Machine,
    geometry: Geometry,
    channels: usize,
    /// (side, side, channels, up to a whole vector).
    filters: Vec<f32>,
    bias: Vec<f32>,
    /// What a negative sum is multiplied by.
    slope: f32,
}

impl std::fmt::Debug for Depthwise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Depthwise({}, {:?})", self.channels, self.geometry)
    }
}

impl Depthwise {
    /// Packs filters (channels, side, side) for a machine.
    pub fn pack(
        machine: Machine,
        weights: &[f32],
        bias: &[f32],
        slope: f32,
        geometry: Geometry,
    ) -> Result<Self, Misfit> {
        let (channels, area) = (bias.len(), geometry.side * geometry.side);
        if channels == 0
            || weights.len() != channels * area
            || geometry.stride == 0
            || geometry.padding > 1
        {
            misfit!(
                "{} weights are not {channels} filters of {geometry:?}",
                weights.len()
            );
        }
        let padded = channels.div_ceil(machine.width()) * machine.width();
        let mut filters = vec![0.0; padded * area];
        for (index, weight) in weights.iter().enumerate() {
            filters[index % area * padded + index / area] = *weight;
        }
        let mut filled = bias.to_vec();
        filled.resize(padded, 0.0);
        Ok(Self {
            machine,
            geometry,
            channels,
            filters,
            bias: filled,
            slope,
        })
    }

    /// Runs over the maps.
    pub fn forward(&self, maps: &Maps) -> Result<Maps, Misfit> {
        maps.refuse_unless(self.channels)?;
        let (Some(rows), Some(columns)) = (
            self.geometry.extent(maps.rows),
            self.geometry.extent(maps.columns),
        ) else {
            misfit!("{maps:?} are smaller than {:?}", self.geometry);
        };
        let mut out = Maps::zeros(maps.pictures, rows, columns, self.channels);
        let (pitch, picture_size) = (out.pitch() * self.channels, out.picture_size());
        // A row of pixels with the zero before it, and what lies above and below left out.
        let lines = out.values.chunks_exact_mut(picture_size).enumerate();
        let lines: Vec<(usize, usize, &mut [f32])> = lines
            .flat_map(|(picture, values)| {
                let rows_of = values.chunks_exact_mut(pitch).skip(1).take(rows);
                rows_of
                    .enumerate()
                    .map(move |(row, line)| (picture, row, line))
            })
            .collect();
        let run = |(picture, row, line): (usize, usize, &mut [f32])| {
            self.line(maps, picture, row, &mut line[self.channels..]);
        };
        if rayon::current_num_threads() == 1 {
            lines.into_iter().for_each(run);
        } else {
            lines.into_par_iter().for_each(run);
        }
        Ok(out)
    }

    fn line(&self, maps: &Maps, picture: usize, row: usize, out: &mut [f32]) {
        // SAFETY: the layer was packed for a machine that was found.
        unsafe {
            match self.machine {
                Machine::Portable => self.walk::<Portable>(maps, picture, row, out),
                #[cfg(target_arch = "x86_64")]
                Machine::Avx2 => self.avx2(maps, picture, row, out),
                #[cfg(target_arch = "x86_64")]
                Machine::Avx512 => self.avx512(maps, picture, row, out),
                #[cfg(target_arch = "aarch64")]
                Machine::Neon => self.neon(maps, picture, row, out),
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2(&self, maps: &Maps, picture: usize, row: usize, out: &mut [f32]) {
        // SAFETY: as the caller's.
        unsafe { self.walk::<Avx2>(maps, picture, row, out) }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f")]
    unsafe fn avx512(&self, maps: &Maps, picture: usize, row: usize, out: &mut [f32]) {
        // SAFETY: as the caller's.
        unsafe { self.walk::<Avx512>(maps, picture, row, out) }
    }

    #[cfg(target_arch = "aarch64")]
    #[target_feature(enable = "neon")]
    unsafe fn neon(&self, maps: &Maps, picture: usize, row: usize, out: &mut [f32]) {
        // SAFETY: as the caller's.
        unsafe { self.walk::<Neon>(maps, picture, row, out) }
    }

    #[inline(always)]
    unsafe fn walk<L: Lanes>(&self, maps: &Maps, picture: usize, row: usize, out: &mut [f32]) {
        let Geometry {
            side,
            stride,
            padding,
        } = self.geometry;
        let first =
            maps.at(picture, row * stride, 0) - padding * (maps.pitch() + 1) * self.channels;
        for channel in (0..self.channels).step_by(L::WIDTH) {
            let left = self.channels - channel;
            // SAFETY: the caller has found the machine.
            unsafe {
                if side == 3 {
                    self.vector::<L, 3>(maps, first + channel, channel, left, out);
                } else {
                    self.vector::<L, 0>(maps, first + channel, channel, left, out);
                }
            }
        }
    }

    /// One vector of channels along a row. `SIDE` is 0 where the compiler does not know the filter's side.
    #[inline(always)]
    unsafe fn vector<L: Lanes, const SIDE: usize>(
        &self,
        maps: &Maps,
        first: usize,
        channel: usize,
        left: usize,
        out: &mut [f32],
    ) {
        let side = if SIDE == 0 { self.geometry.side } else { SIDE };
        let padded = self.bias.len();
        let step = self.geometry.stride * self.channels;
        let whole = left >= L::WIDTH;
        let mut part = [0.0_f32; 16];
        for (column, pixel) in out.chunks_exact_mut(self.channels).enumerate() {
            let from = &maps.values[first + column * step..];
            // SAFETY: filters and biases are as long as whole vectors; of the maps, and of the row that
            // is written, no more is touched than there is: the last vector goes through `part`.
            unsafe {
                let mut sum = L::load(self.bias.as_ptr().add(channel));
                for y in 0..side {
                    for x in 0..side {
                        let value = &from[(y * maps.pitch() + x) * self.channels..];
                        let value = if value.len() >= L::WIDTH {
                            L::load(value.as_ptr())
                        } else {
                            part[..value.len()].copy_from_slice(value);
                            L::load(part.as_ptr())
                        };
                        let weight = self.filters.as_ptr().add((y * side + x) * padded + channel);
                        sum = sum.plus_product(value, L::load(weight));
                    }
                }
                let zero = L::splat(0.0);
                let bent = sum
                    .most(zero)
                    .plus_product(sum.least(zero), L::splat(self.slope));
                if whole {
                    bent.store(pixel[channel..].as_mut_ptr());
                } else {
                    bent.store(part.as_mut_ptr());
                    pixel[channel..].copy_from_slice(&part[..left]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dense::{Dense, Filters};

    fn crooked(count: usize, step: f32) -> Vec<f32> {
        (0..count)
            .map(|index| (index as f32 * step).sin())
            .collect()
    }

    #[test]
    fn it_is_a_convolution_whose_other_weights_are_nothing() {
        for [side, stride, padding] in [[3, 1, 1], [3, 2, 1], [3, 1, 0], [5, 1, 0], [1, 2, 0]] {
            let geometry = Geometry {
                side,
                stride,
                padding,
            };
            for channels in [1, 8, 16, 21, 40] {
                let area = side * side;
                let (weights, bias) = (crooked(channels * area, 1.3), crooked(channels, 0.3));
                let mut mixing = vec![0.0; channels * channels * area];
                for channel in 0..channels {
                    mixing[(channel * channels + channel) * area..][..area]
                        .copy_from_slice(&weights[channel * area..][..area]);
                }
                let values = crooked(2 * channels * 9 * 7, 0.7);
                let maps = Maps::from_planes(&values, [2, channels, 9, 7]).unwrap();
                let truth = Filters {
                    weights: &mixing,
                    bias: &bias,
                    slopes: &[0.25],
                    inputs: channels,
                    outputs: channels,
                    geometry,
                };
                let truth = Dense::pack(Machine::Portable, &truth).unwrap();
                let truth = truth.forward(&maps).unwrap().to_planes();
                for machine in Machine::all() {
                    let layer = Depthwise::pack(machine, &weights, &bias, 0.25, geometry).unwrap();
                    let found = layer.forward(&maps).unwrap().to_planes();
                    assert_eq!(found.len(), truth.len());
                    for (found, expected) in found.iter().zip(&truth) {
                        assert!(
                            (found - expected).abs() < 1e-5,
                            "{machine:?} {geometry:?} {channels}: {found} for {expected}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let geometry = Geometry {
            side: 3,
            stride: 1,
            padding: 0,
        };
        let layer = Depthwise::pack(Machine::best(), &[1.0; 18], &[0.0; 2], 1.0, geometry).unwrap();
        let maps = |channels, side| {
            let values = crooked(channels * side * side, 0.1);
            Maps::from_planes(&values, [1, channels, side, side]).unwrap()
        };
        assert!(layer.forward(&maps(2, 3)).is_ok());
        assert!(layer.forward(&maps(2, 2)).is_err());
        assert!(layer.forward(&maps(3, 3)).is_err());
        assert!(Depthwise::pack(Machine::best(), &[1.0; 17], &[0.0; 2], 1.0, geometry).is_err());
    }
}
