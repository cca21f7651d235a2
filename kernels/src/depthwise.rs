//! Convolutions that filter every channel for itself: a few channels at a time, all of a filter's weights in registers.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "registers are filled from pointers, by instructions that the processor was asked for"
)]

use std::ops::Range;

use crate::aligned::Aligned;
use crate::dense::Geometry;
use crate::error::{Misfit, misfit};
use crate::finish::{Target, bent};
use crate::lanes::{Kernel, Lanes};
use crate::machine::Machine;
use crate::maps::Maps;
use crate::team;

/// Pixels of a row that are filtered together by 3×3, and what they read at a stride of 2.
const TOGETHER: usize = 4;
const MOST_READ: usize = (TOGETHER - 1) * 2 + 3;

/// One filter a channel, with its bias, ready to run.
pub struct Depthwise {
    machine: Machine,
    geometry: Geometry,
    channels: usize,
    /// (side, side, channels, up to a whole vector).
    filters: Aligned,
    bias: Aligned,
    /// What a negative sum is multiplied by, a channel.
    slopes: Aligned,
}

impl std::fmt::Debug for Depthwise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Depthwise({}, {:?})", self.channels, self.geometry)
    }
}

impl Depthwise {
    /// Packs filters (channels, side, side) for a machine; `slopes` are one for all, or one a channel.
    pub fn pack(
        machine: Machine,
        weights: &[f32],
        bias: &[f32],
        slopes: &[f32],
        geometry: Geometry,
    ) -> Result<Self, Misfit> {
        let (channels, area) = (bias.len(), geometry.side * geometry.side);
        if channels == 0
            || weights.len() != channels * area
            || ![1, channels].contains(&slopes.len())
            || !geometry.is_sound()
        {
            misfit!(
                "{} weights are not {channels} filters of {geometry:?}",
                weights.len()
            );
        }
        let padded = channels.div_ceil(machine.width()) * machine.width();
        let mut filters = Aligned::zeros(padded * area);
        for (index, weight) in weights.iter().enumerate() {
            filters[index % area * padded + index / area] = *weight;
        }
        let fill = |values: &[f32]| {
            let mut filled = Aligned::zeros(padded);
            let all = values.iter().cycle().take(channels);
            for (to, from) in filled.iter_mut().zip(all) {
                *to = *from;
            }
            filled
        };
        Ok(Self {
            machine,
            geometry,
            channels,
            filters,
            bias: fill(bias),
            slopes: fill(slopes),
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
                filtering: Filtering {
                    layer: self,
                    maps,
                    to,
                    columns,
                    first: 0,
                },
                rows,
                lines: lines * strip / strips..lines * (strip + 1) / strips,
            });
        });
        Ok(out)
    }

    pub(crate) fn geometry(&self) -> Geometry {
        self.geometry
    }

    pub(crate) fn channels(&self) -> usize {
        self.channels
    }
}

/// Some rows of all that a layer makes.
struct Strip<'a> {
    filtering: Filtering<'a>,
    rows: usize,
    /// Counted through all pictures.
    lines: Range<usize>,
}

impl Kernel for Strip<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        for line in self.lines {
            let (picture, row) = (line / self.rows, line % self.rows);
            // SAFETY: the caller has found the machine, and the strip's rows are its own.
            unsafe { self.filtering.row::<L>([picture, picture], row) };
        }
    }
}

/// A layer, or some of its channels, over maps that hold those.
pub(crate) struct Filtering<'a> {
    pub(crate) layer: &'a Depthwise,
    pub(crate) maps: &'a Maps,
    pub(crate) to: Target,
    /// Columns of what is written.
    pub(crate) columns: usize,
    /// Which channel of the layer the maps' first one is.
    pub(crate) first: usize,
}

/// A row on its way: where its first pixel is read and written, and how many numbers lie from one to the next.
struct Row {
    from: *const f32,
    step: usize,
    pitch: usize,
    to: *mut f32,
}

impl Filtering<'_> {
    /// Writes one row of a picture, out of one picture of the maps.
    ///
    /// # Safety
    /// The processor has the lanes, and nobody else touches the row's channels.
    #[inline(always)]
    pub(crate) unsafe fn row<L: Lanes>(&self, [read, written]: [usize; 2], row: usize) {
        let Geometry {
            side,
            stride,
            padding,
            ..
        } = self.layer.geometry;
        let (channels, pitch) = (self.maps.channels, self.maps.pitch());
        let corner = self.maps.at(read, row * stride, 0) - padding * (pitch + 1) * channels;
        // SAFETY: the maps that are read and written have this row, and what the filter reaches.
        unsafe {
            let row = Row {
                from: self.maps.values.as_ptr().add(corner),
                step: stride * channels,
                pitch: pitch * channels,
                to: self.to.pixel(written, row, 0).add(self.first),
            };
            match (side, stride) {
                (3, 1) => self.walk_three::<L, 1>(&row),
                (3, 2) => self.walk_three::<L, 2>(&row),
                _ => self.walk_any::<L>(&row),
            }
        }
    }

    /// A filter of 3×3 along a row: a few pixels at a time, so that all their channels stay in the first
    /// cache, and what one pixel reads serves its neighbours.
    #[inline(always)]
    unsafe fn walk_three<L: Lanes, const STRIDE: usize>(&self, row: &Row) {
        let whole = self.columns - self.columns % TOGETHER;
        // SAFETY: the caller has found the machine; the columns are those of the row.
        unsafe {
            for column in (0..whole).step_by(TOGETHER) {
                self.three::<L, STRIDE, TOGETHER>(row, column);
            }
            for column in whole..self.columns {
                self.three::<L, STRIDE, 1>(row, column);
            }
        }
    }

    #[inline(always)]
    unsafe fn three<L: Lanes, const STRIDE: usize, const COUNT: usize>(
        &self,
        row: &Row,
        column: usize,
    ) {
        let (layer, channels) = (self.layer, self.maps.channels);
        let (apart, written) = (layer.bias.len(), self.to.channels);
        let (filters, biases) = (layer.filters.as_ptr(), layer.bias.as_ptr());
        let slopes = layer.slopes.as_ptr();
        // SAFETY: filters are as long as whole vectors; what a filter reaches is in the maps, whose
        // last pixel has a vector's room after it.
        unsafe {
            let from = row.from.add(column * row.step);
            let to = row.to.add(column * written);
            for channel in (0..channels).step_by(L::WIDTH) {
                let from = from.add(channel);
                let weights = filters.add(self.first + channel);
                let slope = L::load(slopes.add(self.first + channel));
                let mut sums = [L::load(biases.add(self.first + channel)); COUNT];
                for y in 0..3 {
                    let mut values = [L::splat(0.0); MOST_READ];
                    for (x, value) in values.iter_mut().enumerate().take((COUNT - 1) * STRIDE + 3) {
                        *value = L::load(from.add(y * row.pitch + x * channels));
                    }
                    for x in 0..3 {
                        let weight = L::load(weights.add((y * 3 + x) * apart));
                        for (index, sum) in sums.iter_mut().enumerate() {
                            *sum = sum.plus_product(values[index * STRIDE + x], weight);
                        }
                    }
                }
                for (index, sum) in sums.into_iter().enumerate() {
                    put(
                        sum,
                        slope,
                        channels - channel,
                        to.add(index * written + channel),
                    );
                }
            }
        }
    }

    /// A filter of any side along a row.
    #[inline(always)]
    unsafe fn walk_any<L: Lanes>(&self, row: &Row) {
        let (layer, channels) = (self.layer, self.maps.channels);
        let side = layer.geometry.side;
        for column in 0..self.columns {
            for channel in (0..channels).step_by(L::WIDTH) {
                // SAFETY: as above.
                unsafe {
                    let from = row.from.add(column * row.step + channel);
                    let first = self.first + channel;
                    let mut sum = L::load(layer.bias.as_ptr().add(first));
                    for tap in 0..side * side {
                        let weight = layer.filters.as_ptr().add(tap * layer.bias.len() + first);
                        let value = from.add(tap / side * row.pitch + tap % side * channels);
                        sum = sum.plus_product(L::load(value), L::load(weight));
                    }
                    let pixel = row.to.add(column * self.to.channels + channel);
                    let slope = L::load(layer.slopes.as_ptr().add(first));
                    put(sum, slope, channels - channel, pixel);
                }
            }
        }
    }
}

/// Bends a sum and writes it, or what of it is left of the channels.
#[inline(always)]
unsafe fn put<L: Lanes>(sum: L, slope: L, left: usize, pixel: *mut f32) {
    // SAFETY: the pixel has room for `left` numbers.
    unsafe {
        let bent = bent(sum, slope, false, pixel);
        if left >= L::WIDTH {
            bent.store(pixel);
        } else {
            let mut part = [0.0_f32; 16];
            bent.store(part.as_mut_ptr());
            pixel.copy_from_nonoverlapping(part.as_ptr(), left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crooked::crooked;
    use crate::dense::{Dense, Filters, Precision};

    #[test]
    fn it_is_a_convolution_whose_other_weights_are_nothing() {
        for ([side, stride, padding], overhang) in [
            ([3, 1, 1], false),
            ([3, 2, 1], false),
            ([3, 2, 0], true),
            ([3, 1, 0], false),
            ([5, 1, 0], false),
            ([5, 2, 0], true),
            ([1, 2, 0], false),
        ] {
            let geometry = Geometry {
                side,
                stride,
                padding,
                overhang,
            };
            for channels in [1, 8, 16, 21, 40] {
                let area = side * side;
                let (weights, bias) = (crooked(channels * area, 1.3), crooked(channels, 0.3));
                let slopes = crooked(channels, 0.9);
                let mut mixing = vec![0.0; channels * channels * area];
                for channel in 0..channels {
                    mixing[(channel * channels + channel) * area..][..area]
                        .copy_from_slice(&weights[channel * area..][..area]);
                }
                let values = crooked(2 * channels * 10 * 8, 0.7);
                let maps = Maps::from_planes(&values, [2, channels, 10, 8]).unwrap();
                let truth = Filters {
                    weights: &mixing,
                    bias: &bias,
                    slopes: &slopes,
                    inputs: channels,
                    outputs: channels,
                    geometry,
                    precision: Precision::Full,
                };
                let truth = Dense::pack(Machine::Portable, &truth).unwrap();
                let truth = truth.forward(&maps).unwrap().to_planes();
                for machine in Machine::all() {
                    let layer =
                        Depthwise::pack(machine, &weights, &bias, &slopes, geometry).unwrap();
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
            overhang: false,
        };
        let layer =
            Depthwise::pack(Machine::best(), &[1.0; 18], &[0.0; 2], &[1.0], geometry).unwrap();
        let maps = |channels, side| {
            let values = crooked(channels * side * side, 0.1);
            Maps::from_planes(&values, [1, channels, side, side]).unwrap()
        };
        assert!(layer.forward(&maps(2, 3)).is_ok());
        assert!(layer.forward(&maps(2, 2)).is_err());
        assert!(layer.forward(&maps(3, 3)).is_err());
        assert!(
            Depthwise::pack(Machine::best(), &[1.0; 18], &[0.0; 2], &[1.0; 3], geometry).is_err()
        );
        assert!(Depthwise::pack(Machine::best(), &[1.0; 17], &[0.0; 2], &[1.0], geometry).is_err());
    }
}
