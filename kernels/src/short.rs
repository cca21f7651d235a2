//! A convolution of one pixel with numbers of 8 bits of mantissa, on the processor's matrix tiles.
//!
//! Weights are shortened once, pixels on their way in; sums are kept in 32 bits, and finished there.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "tiles and registers are filled from pointers"
)]

use std::ops::Range;

use crate::aligned::Aligned;
use crate::amx::{self, INPUTS, OUTPUTS, PIXELS, Tiles};
use crate::buffers::Buffer;
use crate::dense::Filters;
use crate::finish::{Finish, Target, bent};
use crate::lanes::{Kernel, Lanes, prefetch};
use crate::machine::Machine;
use crate::maps::Maps;
use crate::team;

/// Filters packed for tiles.
pub(crate) struct Short {
    inputs: usize,
    blocks: usize,
    /// Block after block of outputs; in each, for every pair of inputs, the pair's weights output by output; a
    /// pair in the room of one number.
    filters: Aligned,
}

impl Short {
    /// None where the layer is none that tiles can do.
    pub(crate) fn pack(filters: &Filters<'_>) -> Option<Self> {
        let Filters {
            weights,
            inputs,
            outputs,
            geometry,
            ..
        } = *filters;
        if [geometry.side, geometry.stride, geometry.padding] != [1, 1, 0]
            || !inputs.is_multiple_of(INPUTS)
            || !outputs.is_multiple_of(OUTPUTS)
        {
            return None;
        }
        let mut packed = vec![0_u16; weights.len()];
        for (index, weight) in weights.iter().enumerate() {
            let (output, input) = (index / inputs, index % inputs);
            // A tile of weights: 16 pairs of inputs down, 16 outputs across.
            let block = output / OUTPUTS * inputs * OUTPUTS;
            let tile = input / INPUTS * 2 + output % OUTPUTS / 16;
            let place = (input % INPUTS / 2 * 16 + output % 16) * 2 + input % 2;
            packed[block + tile * 512 + place] = nearest(*weight);
        }
        Some(Self {
            inputs,
            blocks: outputs / OUTPUTS,
            filters: joined(&packed),
        })
    }

    /// Writes what the filters say of all pixels.
    pub(crate) fn run(&self, maps: &Maps, finish: &Finish, to: Target) {
        let shortened = Shortened::of(maps);
        let pixels = maps.rows * maps.columns;
        let strips = (pixels * maps.pictures).div_ceil(PIXELS * 8);
        let strips = strips.next_multiple_of(team::members());
        let all = pixels * maps.pictures;
        team::split(strips, |strip| {
            let strip = all * strip / strips..all * (strip + 1) / strips;
            Machine::best().run(Piece {
                layer: self,
                shortened: &shortened,
                finish,
                to,
                strip,
            });
        });
    }

    pub(crate) fn blocks(&self) -> usize {
        self.blocks
    }
}

/// Some pixels, all outputs.
struct Piece<'a> {
    layer: &'a Short,
    shortened: &'a Shortened,
    finish: &'a Finish,
    to: Target,
    /// Counted through all pictures.
    strip: Range<usize>,
}

impl Kernel for Piece<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // SAFETY: layers are packed for tiles only where they were found.
        let tiles = unsafe { Tiles::take() };
        for block in 0..self.layer.blocks {
            let block = ShortBlock {
                layer: self.layer,
                shortened: self.shortened,
                finish: self.finish,
                to: self.to,
                block,
                first: block * OUTPUTS,
            };
            // SAFETY: as above; the pixels are this piece's own.
            unsafe { block.pixels::<L>(&tiles, self.strip.clone(), None) };
        }
    }
}

/// Maps whose numbers are short, pixel after pixel without anything between, and room for a strip after the last.
pub(crate) struct Shortened {
    columns: usize,
    rows: usize,
    channels: usize,
    /// Two short numbers in the room of one.
    values: Buffer,
}

impl Shortened {
    pub(crate) fn of(maps: &Maps) -> Self {
        let pixels = maps.pictures * maps.rows * maps.columns;
        // Channels are even in number. What the last strip reads beyond the last pixel is multiplied and thrown away.
        let mut values = Buffer::of((pixels + PIXELS) * maps.channels / 2);
        let line = maps.columns * maps.channels;
        for row in 0..maps.pictures * maps.rows {
            let from = maps.at(row / maps.rows, row % maps.rows, 0);
            // SAFETY: layers are packed for tiles only where they were found, and for channels in sixteens.
            unsafe {
                let from = maps.values[from..from + line].as_ptr();
                let to = values[row * line / 2..][..line / 2].as_mut_ptr();
                amx::shorten(from, to.cast(), line);
            }
        }
        Self {
            columns: maps.columns,
            rows: maps.rows,
            channels: maps.channels,
            values,
        }
    }
}

impl Shortened {
    /// A pixel's numbers.
    fn pixel(&self, pixel: usize) -> *const u16 {
        self.values[pixel * self.channels / 2..].as_ptr().cast()
    }
}

/// The sums of a strip, from the beginning of a line of the cache.
#[repr(align(64))]
struct Lined([f32; PIXELS * OUTPUTS]);

/// A block of outputs.
pub(crate) struct ShortBlock<'a> {
    pub(crate) layer: &'a Short,
    pub(crate) shortened: &'a Shortened,
    pub(crate) finish: &'a Finish,
    pub(crate) to: Target,
    pub(crate) block: usize,
    /// Where the block's outputs begin in the pixels that are written.
    pub(crate) first: usize,
}

impl ShortBlock<'_> {
    /// Writes some pixels, counted through all pictures; into one picture if that is given.
    ///
    /// # Safety
    /// The processor has the lanes, and nobody else touches the block's outputs in these pixels.
    #[inline(always)]
    pub(crate) unsafe fn pixels<L: Lanes>(
        &self,
        tiles: &Tiles,
        pixels: Range<usize>,
        into: Option<usize>,
    ) {
        let inputs = self.layer.inputs;
        let Shortened { columns, rows, .. } = *self.shortened;
        let first = self.block * OUTPUTS;
        let mut sums = Lined([0.0_f32; PIXELS * OUTPUTS]);
        let sums = &mut sums.0;
        // SAFETY: filters are packed in whole tiles; a strip's room lies after the last pixel. The maps
        // that are written have these pixels, and biases and slopes are as many as outputs.
        unsafe {
            let weights = self.layer.filters.as_ptr().add(first * inputs / 2).cast();
            let mut ends = [(L::splat(0.0), L::splat(0.0)); OUTPUTS / 4];
            for (vector, (bias, slope)) in ends.iter_mut().enumerate().take(OUTPUTS / L::WIDTH) {
                *bias = L::load(self.finish.bias.as_ptr().add(first + vector * L::WIDTH));
                *slope = L::load(self.finish.slopes.as_ptr().add(first + vector * L::WIDTH));
            }
            for at in pixels.clone().step_by(PIXELS) {
                let numbers = self.shortened.pixel(at);
                tiles.multiply(numbers, inputs, weights, inputs / INPUTS, sums.as_mut_ptr());
                let count = PIXELS.min(pixels.end - at);
                let (mut row, mut column) = (at / columns, at % columns);
                for (index, sums) in sums.chunks_exact(OUTPUTS).enumerate().take(count) {
                    // The next strip's numbers come from the second cache.
                    let next = numbers.wrapping_add((PIXELS + index) * inputs);
                    for line in (0..inputs).step_by(INPUTS) {
                        prefetch(next.wrapping_add(line).cast());
                    }
                    let picture = into.unwrap_or(row / rows);
                    let pixel = self.to.pixel(picture, row % rows, column).add(self.first);
                    for (vector, (bias, slope)) in ends.iter().enumerate().take(OUTPUTS / L::WIDTH)
                    {
                        let sum = L::load(sums.as_ptr().add(vector * L::WIDTH)).plus(*bias);
                        let place = pixel.add(vector * L::WIDTH);
                        bent(sum, *slope, self.to.adds, place).store(place);
                    }
                    column += 1;
                    if column == columns {
                        (row, column) = (row + 1, 0);
                    }
                }
            }
        }
    }
}

/// Two short numbers in the room of one, in their order.
fn joined(numbers: &[u16]) -> Aligned {
    let pairs = numbers.chunks_exact(2);
    let pairs = pairs.map(|pair| f32::from_bits(u32::from(pair[0]) | u32::from(pair[1]) << 16));
    Aligned::from(pairs.collect::<Vec<f32>>().as_slice())
}

/// The nearest number with 8 bits of mantissa, the even one of two that are as near.
fn nearest(number: f32) -> u16 {
    let bits = number.to_bits();
    let even = bits >> 16 & 1;
    (bits.wrapping_add(0x7fff + even) >> 16) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crooked::crooked;
    use crate::dense::{Dense, Geometry, Precision};
    use crate::depthwise::Depthwise;
    use crate::filtered::Filtered;

    fn short(number: f32) -> f64 {
        f64::from(f32::from_bits(u32::from(nearest(number)) << 16))
    }

    #[test]
    fn numbers_are_shortened_to_the_nearest() {
        // Steps of 2⁻⁷: a tie goes to the even one.
        for (number, nearest) in [
            (1.0, 1.0),
            (-0.0, 0.0),
            (1.0 + 0.004, 1.007_812_5),
            (1.0 + 0.003_906_25, 1.0),
            (1.0 + 0.011_718_75, 1.015_625),
        ] {
            assert!((short(number) - nearest).abs() < 1e-9, "{number}");
        }
    }

    /// Sums of shortened numbers, in 64 bits.
    #[test]
    fn a_layer_sums_the_products_of_shortened_numbers() {
        if !Precision::Reduced.is_here() {
            return;
        }
        for (inputs, outputs, [rows, columns]) in
            [(32, 32, [5, 7]), (64, 96, [16, 16]), (128, 64, [9, 33])]
        {
            let (weights, bias) = (crooked(inputs * outputs, 1.3), crooked(outputs, 0.3));
            let values = crooked(2 * inputs * rows * columns, 0.7);
            let layer = Dense::pack(
                Machine::best(),
                &Filters {
                    weights: &weights,
                    bias: &bias,
                    slopes: &[0.25],
                    inputs,
                    outputs,
                    geometry: Geometry {
                        side: 1,
                        stride: 1,
                        padding: 0,
                        overhang: false,
                    },
                    precision: Precision::Reduced,
                },
            )
            .unwrap();
            let maps = Maps::from_planes(&values, [2, inputs, rows, columns]).unwrap();
            let pixels = rows * columns;
            let found = layer.forward(&maps).unwrap().to_planes();
            for (index, found) in found.into_iter().enumerate() {
                let (picture, output) = (index / (pixels * outputs), index / pixels % outputs);
                let pixel = index % pixels;
                let mut sum = f64::from(bias[output]);
                for input in 0..inputs {
                    let value = values[(picture * inputs + input) * pixels + pixel];
                    sum += short(value) * short(weights[output * inputs + input]);
                }
                let expected = sum.max(0.0) + 0.25 * sum.min(0.0);
                assert!(
                    (f64::from(found) - expected).abs() < 1e-4,
                    "{found} for {expected}"
                );
            }
            let depthwise = || {
                let geometry = Geometry {
                    side: 3,
                    stride: 2,
                    padding: 1,
                    overhang: false,
                };
                let weights = crooked(outputs * 9, 0.7);
                Depthwise::pack(Machine::best(), &weights, &bias, &[0.5], geometry).unwrap()
            };
            let apart = depthwise().forward(&layer.forward(&maps).unwrap()).unwrap();
            let together = Filtered::new(layer, depthwise()).unwrap();
            let together = together.forward(&maps).unwrap();
            assert_eq!(apart.to_planes(), together.to_planes());
        }
    }
}
