//! Convolutions that filter every channel for itself: a few channels at a time, all of a filter's weights in registers.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "registers are filled from pointers, by instructions that the processor was asked for"
)]

use std::ops::Range;

use crate::dense::Geometry;
use crate::error::{Misfit, misfit};
use crate::finish::Target;
use crate::lanes::{Kernel, Lanes};
use crate::machine::Machine;
use crate::maps::Maps;
use crate::team;

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
        let mut out = Maps::bordered(maps.pictures, rows, columns, self.channels);
        let to = Target::new(&mut out, false);
        let lines = maps.pictures * rows;
        let strips = team::members().min(lines);
        team::split(strips, |strip| {
            self.machine.run(Strip {
                layer: self,
                maps,
                to,
                rows,
                columns,
                lines: lines * strip / strips..lines * (strip + 1) / strips,
            });
        });
        Ok(out)
    }
}

/// Some rows of all that a layer makes.
struct Strip<'a> {
    layer: &'a Depthwise,
    maps: &'a Maps,
    to: Target,
    rows: usize,
    columns: usize,
    /// Counted through all pictures.
    lines: Range<usize>,
}

impl Kernel for Strip<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        for line in self.lines.clone() {
            for channel in (0..self.layer.channels).step_by(L::WIDTH) {
                // SAFETY: the caller has found the machine.
                unsafe {
                    if self.layer.geometry.side == 3 {
                        self.walk_three::<L>(line, channel);
                    } else {
                        self.walk_any::<L>(line, channel);
                    }
                }
            }
        }
    }
}

impl Strip<'_> {
    /// A vector of channels along a row, with all nine weights in registers.
    #[inline(always)]
    unsafe fn walk_three<L: Lanes>(&self, line: usize, channel: usize) {
        let layer = self.layer;
        // SAFETY: filters are as long as whole vectors; what a filter reaches is in the maps, whose
        // last pixel has a vector's room after it.
        unsafe {
            let mut weights = [L::splat(0.0); 9];
            for (tap, weight) in weights.iter_mut().enumerate() {
                *weight = L::load(layer.filters.as_ptr().add(tap * layer.bias.len() + channel));
            }
            let bias = L::load(layer.bias.as_ptr().add(channel));
            let (from, step) = self.from(line, channel);
            let pitch = self.maps.pitch() * layer.channels;
            let (pixel, left) = self.first_pixel(line, channel);
            for column in 0..self.columns {
                let from = from.add(column * step);
                // Two sums, so that no product waits for the one before.
                let mut sums = [bias, L::splat(0.0)];
                for (tap, weight) in weights.iter().enumerate() {
                    let value = from.add(tap / 3 * pitch + tap % 3 * layer.channels);
                    sums[tap % 2] = sums[tap % 2].plus_product(L::load(value), *weight);
                }
                let pixel = pixel.add(column * layer.channels);
                layer.put(sums[0].plus(sums[1]), left, pixel);
            }
        }
    }

    /// As above, for filters of any side.
    #[inline(always)]
    unsafe fn walk_any<L: Lanes>(&self, line: usize, channel: usize) {
        let layer = self.layer;
        let side = layer.geometry.side;
        // SAFETY: as above.
        unsafe {
            let (from, step) = self.from(line, channel);
            let pitch = self.maps.pitch() * layer.channels;
            let (pixel, left) = self.first_pixel(line, channel);
            for column in 0..self.columns {
                let from = from.add(column * step);
                let mut sum = L::load(layer.bias.as_ptr().add(channel));
                for tap in 0..side * side {
                    let weight = layer.filters.as_ptr().add(tap * layer.bias.len() + channel);
                    let value = from.add(tap / side * pitch + tap % side * layer.channels);
                    sum = sum.plus_product(L::load(value), L::load(weight));
                }
                layer.put(sum, left, pixel.add(column * layer.channels));
            }
        }
    }

    /// The first number that a row's first filter reads, and how many lie from one filter to the next.
    #[inline(always)]
    unsafe fn from(&self, line: usize, channel: usize) -> (*const f32, usize) {
        let Geometry {
            stride, padding, ..
        } = self.layer.geometry;
        let (picture, row) = (line / self.rows, line % self.rows);
        let corner = self.maps.at(picture, row * stride, 0)
            - padding * (self.maps.pitch() + 1) * self.layer.channels;
        // SAFETY: the row is one of the maps'.
        let from = unsafe { self.maps.values.as_ptr().add(corner + channel) };
        (from, stride * self.layer.channels)
    }

    /// Where a row's first vector is written, and how many channels are left from it on.
    #[inline(always)]
    unsafe fn first_pixel(&self, line: usize, channel: usize) -> (*mut f32, usize) {
        let (picture, row) = (line / self.rows, line % self.rows);
        // SAFETY: the row is this strip's own.
        let pixel = unsafe { self.to.pixel(picture, row, 0).add(channel) };
        (pixel, self.layer.channels - channel)
    }
}

impl Depthwise {
    /// Bends a sum and writes it, or what of it is left of the channels.
    #[inline(always)]
    unsafe fn put<L: Lanes>(&self, sum: L, left: usize, pixel: *mut f32) {
        // SAFETY: the pixel has room for `left` numbers.
        unsafe {
            let zero = L::splat(0.0);
            let slope = L::splat(self.slope);
            let bent = sum.most(zero).plus_product(sum.least(zero), slope);
            if left >= L::WIDTH {
                bent.store(pixel);
            } else {
                let mut part = [0.0_f32; 16];
                bent.store(part.as_mut_ptr());
                pixel.copy_from_nonoverlapping(part.as_ptr(), left);
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
