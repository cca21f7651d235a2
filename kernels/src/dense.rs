//! Convolutions that mix all channels: filters packed once, then a block of pixels times a block of channels held in registers.
//!
//! For every number of the filter's reach a block adds (pixel's number × the weights of a few
//! vectors of outputs) for many pixels at once: each weight is loaded once for the block, each number of a
//! pixel once for all its outputs. In a row the reach of a filter is one line of numbers, as
//! channels stand together, so that a filter of 3×3 is three lines.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "registers are filled from pointers, by instructions that the processor was asked for"
)]

use rayon::prelude::*;

use crate::error::{Misfit, misfit};
#[cfg(target_arch = "aarch64")]
use crate::lanes::Neon;
#[cfg(target_arch = "x86_64")]
use crate::lanes::{Avx2, Avx512};
use crate::lanes::{Lanes, Portable};
use crate::machine::Machine;
use crate::maps::Maps;

/// The most pixels that a block takes: with two vectors each, and what they are made of, they fill
/// the 32 registers of AVX-512 and NEON.
const PIXELS: usize = 14;

/// Side, stride and padding of a filter.
#[derive(Clone, Copy, Debug)]
pub struct Geometry {
    pub side: usize,
    pub stride: usize,
    /// 0, or 1 for a filter of 3×3.
    pub padding: usize,
}

impl Geometry {
    /// Over how many places a filter steps; none where it is larger than the map.
    pub(crate) fn extent(self, length: usize) -> Option<usize> {
        let free = (length + 2 * self.padding).checked_sub(self.side)?;
        Some(free / self.stride + 1)
    }
}

/// A convolution as a network's file has it.
#[derive(Clone, Copy)]
pub struct Filters<'a> {
    /// (outputs, inputs, side, side).
    pub weights: &'a [f32],
    /// One an output.
    pub bias: &'a [f32],
    /// What a negative output is multiplied by: one for all, or one an output.
    pub slopes: &'a [f32],
    pub inputs: usize,
    pub outputs: usize,
    pub geometry: Geometry,
}

/// A convolution with its bias, ready to run.
pub struct Dense {
    machine: Machine,
    geometry: Geometry,
    inputs: usize,
    outputs: usize,
    /// Vectors of outputs in a block.
    vectors: usize,
    /// Block after block of outputs; in each, for every number of the reach, the block's weights.
    filters: Vec<f32>,
    /// As many as the blocks have outputs; zeros beyond the last.
    bias: Vec<f32>,
    /// What a negative output is multiplied by, an output each.
    slopes: Vec<f32>,
}

impl std::fmt::Debug for Dense {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Dense({} → {}, {:?})",
            self.inputs, self.outputs, self.geometry
        )
    }
}

impl Dense {
    /// Packs filters for a machine.
    pub fn pack(machine: Machine, filters: &Filters<'_>) -> Result<Self, Misfit> {
        let Filters {
            weights,
            bias,
            slopes,
            inputs,
            outputs,
            geometry,
        } = *filters;
        let reach = geometry.side * geometry.side * inputs;
        if weights.len() != outputs * reach || weights.is_empty() {
            misfit!(
                "{} weights are not {inputs} → {outputs}, {geometry:?}",
                weights.len()
            );
        }
        if bias.len() != outputs
            || slopes.is_empty()
            || geometry.stride == 0
            || geometry.padding > 1
        {
            misfit!(
                "{outputs} outputs do not go with {} biases, {} slopes or {geometry:?}",
                bias.len(),
                slopes.len()
            );
        }
        let vectors = if outputs > machine.width() { 2 } else { 1 };
        let block = machine.width() * vectors;
        let padded = outputs.div_ceil(block) * block;
        let mut packed = vec![0.0; padded * reach];
        for (index, weight) in weights.iter().enumerate() {
            // From (outputs, inputs, rows, columns) to (rows, columns, inputs), as the maps' numbers
            // lie, with a block of outputs innermost.
            let (output, place) = (index / reach, index % reach);
            let area = geometry.side * geometry.side;
            let (input, pixel) = (place / area, place % area);
            let start = output / block * block * reach + output % block;
            packed[start + (pixel * inputs + input) * block] = *weight;
        }
        let fill = |values: &[f32]| {
            let mut filled = vec![0.0; padded];
            for (to, from) in filled.iter_mut().take(outputs).zip(values.iter().cycle()) {
                *to = *from;
            }
            filled
        };
        Ok(Self {
            machine,
            geometry,
            inputs,
            outputs,
            vectors,
            filters: packed,
            bias: fill(bias),
            slopes: fill(slopes),
        })
    }

    /// Runs over the maps.
    pub fn forward(&self, maps: &Maps) -> Result<Maps, Misfit> {
        let (rows, columns) = self.extent(maps)?;
        let mut out = Maps::zeros(maps.pictures, rows, columns, self.outputs);
        self.run(maps, &mut out, false)?;
        Ok(out)
    }

    /// Runs over the maps and adds what it gives to `out`, from the first corner on; the slope comes
    /// after the sum. What `out` has beyond it, in rows, columns and channels, stays.
    pub fn add_to(&self, maps: &Maps, out: &mut Maps) -> Result<(), Misfit> {
        self.run(maps, out, true)
    }

    fn extent(&self, maps: &Maps) -> Result<(usize, usize), Misfit> {
        maps.refuse_unless(self.inputs)?;
        match (
            self.geometry.extent(maps.rows),
            self.geometry.extent(maps.columns),
        ) {
            (Some(rows), Some(columns)) => Ok((rows, columns)),
            _ => misfit!("{maps:?} are smaller than {:?}", self.geometry),
        }
    }

    fn run(&self, maps: &Maps, out: &mut Maps, adds: bool) -> Result<(), Misfit> {
        let (rows, columns) = self.extent(maps)?;
        if out.pictures != maps.pictures
            || out.rows < rows
            || out.columns < columns
            || out.channels < self.outputs
        {
            misfit!("{out:?} have no room for {rows}×{columns}×{}", self.outputs);
        }
        let job = Job {
            layer: self,
            maps,
            rows,
            columns,
            adds,
        };
        let block = self.machine.width() * self.vectors;
        let blocks = self.outputs.div_ceil(block);
        let to = Target {
            values: out.values.as_mut_ptr(),
            pitch: out.pitch(),
            channels: out.channels,
            picture_size: out.picture_size(),
        };
        let pieces = job.pieces();
        // A block's weights stay near while every picture is done with them.
        let work = |index: usize| job.piece(index / pieces, index % pieces, pieces, to);
        let count = blocks * pieces;
        if rayon::current_num_threads() == 1 || count == 1 {
            (0..count).for_each(work);
        } else {
            (0..count).into_par_iter().for_each(work);
        }
        Ok(())
    }
}

/// Where a layer writes. Pieces of one layer write to different places of it.
#[derive(Clone, Copy)]
struct Target {
    values: *mut f32,
    pitch: usize,
    channels: usize,
    picture_size: usize,
}

// SAFETY: the pieces of a job write to different pixels or different channels each.
unsafe impl Send for Target {}
// SAFETY: as above.
unsafe impl Sync for Target {}

/// One layer over some maps.
struct Job<'a> {
    layer: &'a Dense,
    maps: &'a Maps,
    rows: usize,
    columns: usize,
    adds: bool,
}

/// Pixels in a line that are computed together: where the first is read, and where each is written.
struct Run {
    from: usize,
    /// Numbers from one pixel to the next.
    step: usize,
    count: usize,
    /// None for what falls between two rows.
    to: [Option<usize>; PIXELS],
}

impl Job<'_> {
    /// Into how many pieces a block of outputs is cut, so that every thread has some.
    fn pieces(&self) -> usize {
        let threads = rayon::current_num_threads();
        if threads == 1 {
            return 1;
        }
        (self.maps.pictures * self.rows).min(threads * 2).max(1)
    }

    fn piece(&self, block: usize, piece: usize, pieces: usize, to: Target) {
        let lines = self.maps.pictures * self.rows;
        let (mut line, end) = (lines * piece / pieces, lines * (piece + 1) / pieces);
        while line < end {
            let (picture, row) = (line / self.rows, line % self.rows);
            // Rows of one picture that can be walked as one line.
            let rows = if self.layer.geometry.stride == 1 {
                (end - line).min(self.rows - row)
            } else {
                1
            };
            self.rows_of(block, picture, row..row + rows, to);
            line += rows;
        }
    }

    fn rows_of(&self, block: usize, picture: usize, rows: std::ops::Range<usize>, to: Target) {
        let Geometry {
            stride, padding, ..
        } = self.layer.geometry;
        let channels = self.maps.channels;
        let pitch = if stride == 1 {
            self.maps.pitch()
        } else {
            self.columns
        };
        let pixels = (rows.len() - 1) * pitch + self.columns;
        // As even as they come: a last run of one pixel would cost as much as a full one.
        let most = self.layer.pixels();
        let each = pixels.div_ceil(pixels.div_ceil(most));
        let first = self.maps.at(picture, rows.start * stride, 0)
            - padding * (self.maps.pitch() + 1) * channels;
        let mut at = 0;
        while at < pixels {
            let count = each.min(pixels - at);
            let mut run = Run {
                from: first + at * stride * channels,
                step: stride * channels,
                count,
                to: [None; PIXELS],
            };
            for (offset, place) in run.to.iter_mut().enumerate().take(count) {
                let (row, column) = ((at + offset) / pitch, (at + offset) % pitch);
                if column < self.columns {
                    let pixel = (rows.start + row + 1) * to.pitch + column + 1;
                    *place = Some(picture * to.picture_size + pixel * to.channels);
                }
            }
            self.block(block, &run, to);
            at += count;
        }
    }

    fn block(&self, block: usize, run: &Run, to: Target) {
        // SAFETY: a layer is packed for a machine that was found, and `run` lies inside the maps: its
        // pixels are those of the maps and of the zeros around them.
        unsafe {
            match self.layer.machine {
                Machine::Portable => self.portable(block, run, to),
                #[cfg(target_arch = "x86_64")]
                Machine::Avx2 => self.avx2(block, run, to),
                #[cfg(target_arch = "x86_64")]
                Machine::Avx512 => self.avx512(block, run, to),
                #[cfg(target_arch = "aarch64")]
                Machine::Neon => self.neon(block, run, to),
            }
        }
    }

    unsafe fn portable(&self, block: usize, run: &Run, to: Target) {
        // SAFETY: as the caller's.
        unsafe { self.counted::<Portable>(block, run, to) }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2(&self, block: usize, run: &Run, to: Target) {
        // SAFETY: as the caller's.
        unsafe { self.counted::<Avx2>(block, run, to) }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f")]
    unsafe fn avx512(&self, block: usize, run: &Run, to: Target) {
        // SAFETY: as the caller's.
        unsafe { self.counted::<Avx512>(block, run, to) }
    }

    #[cfg(target_arch = "aarch64")]
    #[target_feature(enable = "neon")]
    unsafe fn neon(&self, block: usize, run: &Run, to: Target) {
        // SAFETY: as the caller's.
        unsafe { self.counted::<Neon>(block, run, to) }
    }

    /// The number of pixels as a number that the compiler knows, so that they stay in registers.
    #[inline(always)]
    unsafe fn counted<L: Lanes>(&self, block: usize, run: &Run, to: Target) {
        macro_rules! of {
            ($($count:literal)*) => {
                match (run.count, self.layer.vectors) {
                    // SAFETY: as the caller's.
                    $(($count, 1) => unsafe { self.multiply::<L, $count, 1>(block, run, to) },
                    ($count, _) => unsafe { self.multiply::<L, $count, 2>(block, run, to) },)*
                    _ => {}
                }
            };
        }
        of!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
    }

    #[inline(always)]
    unsafe fn multiply<L: Lanes, const COUNT: usize, const VECTORS: usize>(
        &self,
        block: usize,
        run: &Run,
        to: Target,
    ) {
        let layer = self.layer;
        let side = layer.geometry.side;
        let (line, pitch) = (side * layer.inputs, self.maps.pitch() * layer.inputs);
        let width = L::WIDTH * VECTORS;
        // SAFETY: the packed filters hold `side` lines of `line` numbers of `width` weights a block;
        // the run's pixels and what a filter reaches from them lie inside the maps.
        unsafe {
            let mut weights = layer.filters.as_ptr().add(block * width * side * line);
            let bias = layer.bias.as_ptr().add(block * width);
            let mut sums = [[L::splat(0.0); VECTORS]; COUNT];
            for vector in 0..VECTORS {
                let bias = L::load(bias.add(vector * L::WIDTH));
                for sum in &mut sums {
                    sum[vector] = bias;
                }
            }
            for row in 0..side {
                let from = self.maps.values.as_ptr().add(run.from + row * pitch);
                for number in 0..line {
                    let mut weight = [L::splat(0.0); VECTORS];
                    for (vector, weight) in weight.iter_mut().enumerate() {
                        *weight = L::load(weights.add(vector * L::WIDTH));
                    }
                    weights = weights.add(width);
                    for (pixel, sum) in sums.iter_mut().enumerate() {
                        let value = L::splat(*from.add(pixel * run.step + number));
                        for vector in 0..VECTORS {
                            sum[vector] = sum[vector].plus_product(value, weight[vector]);
                        }
                    }
                }
            }
            // Through memory, as what writes them walks over them: registers have no index.
            let mut all = [0.0_f32; PIXELS * 2 * 16];
            for (pixel, sum) in sums.iter().enumerate() {
                for (vector, sum) in sum.iter().enumerate() {
                    let at = (pixel * VECTORS + vector) * L::WIDTH;
                    sum.store(all.as_mut_ptr().add(at));
                }
            }
            self.put::<L, VECTORS>(block, run, to, &all);
        }
    }

    /// Bends the sums and writes them where they belong.
    #[inline(always)]
    unsafe fn put<L: Lanes, const VECTORS: usize>(
        &self,
        block: usize,
        run: &Run,
        to: Target,
        sums: &[f32],
    ) {
        let pixels = sums.chunks_exact(VECTORS * L::WIDTH).zip(run.to);
        for (pixel, place) in pixels.take(run.count) {
            let Some(place) = place else { continue };
            for (vector, sum) in pixel.chunks_exact(L::WIDTH).enumerate() {
                let channel = (block * VECTORS + vector) * L::WIDTH;
                let Some(left) = self.layer.outputs.checked_sub(channel) else {
                    continue;
                };
                // SAFETY: `place` is a pixel of the target, which has at least the layer's channels;
                // slopes are as many as the blocks have outputs.
                unsafe {
                    let sum = L::load(sum.as_ptr());
                    let slope = L::load(self.layer.slopes.as_ptr().add(channel));
                    let pixel = to.values.add(place + channel);
                    if left >= L::WIDTH {
                        self.bent(sum, slope, pixel).store(pixel);
                    } else {
                        let mut part = [0.0_f32; 16];
                        pixel.copy_to_nonoverlapping(part.as_mut_ptr(), left);
                        let part = part.as_mut_ptr();
                        self.bent(sum, slope, part).store(part);
                        part.copy_to_nonoverlapping(pixel, left);
                    }
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn bent<L: Lanes>(&self, sum: L, slope: L, there: *const f32) -> L {
        // SAFETY: as the caller's.
        unsafe {
            let sum = if self.adds {
                sum.plus(L::load(there))
            } else {
                sum
            };
            let zero = L::splat(0.0);
            sum.most(zero).plus_product(sum.least(zero), slope)
        }
    }
}

impl Dense {
    /// Pixels of a block: as many as leave room in the registers.
    fn pixels(&self) -> usize {
        match self.machine {
            Machine::Portable => 4,
            // Sixteen registers.
            #[cfg(target_arch = "x86_64")]
            Machine::Avx2 => 12 / self.vectors,
            #[cfg(target_arch = "x86_64")]
            Machine::Avx512 => PIXELS,
            #[cfg(target_arch = "aarch64")]
            Machine::Neon => PIXELS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crooked(count: usize, step: f32) -> Vec<f32> {
        (0..count)
            .map(|index| (index as f32 * step).sin())
            .collect()
    }

    /// A layer and what it is made of.
    struct Made {
        weights: Vec<f32>,
        bias: Vec<f32>,
        slopes: Vec<f32>,
        inputs: usize,
        outputs: usize,
        geometry: Geometry,
    }

    impl Made {
        fn new(inputs: usize, outputs: usize, [side, stride, padding]: [usize; 3]) -> Self {
            Self {
                weights: crooked(outputs * inputs * side * side, 1.3),
                bias: crooked(outputs, 0.3),
                slopes: crooked(outputs, 0.9),
                inputs,
                outputs,
                geometry: Geometry {
                    side,
                    stride,
                    padding,
                },
            }
        }

        fn layer(&self, machine: Machine) -> Result<Dense, Misfit> {
            Dense::pack(
                machine,
                &Filters {
                    weights: &self.weights,
                    bias: &self.bias,
                    slopes: &self.slopes,
                    inputs: self.inputs,
                    outputs: self.outputs,
                    geometry: self.geometry,
                },
            )
        }

        /// The sum of a convolution as the books write it, in 64 bits, at one place.
        fn at(
            &self,
            maps: &[f32],
            [rows, columns]: [usize; 2],
            [picture, output, row, column]: [usize; 4],
        ) -> f64 {
            let Geometry {
                side,
                stride,
                padding,
            } = self.geometry;
            let mut sum = f64::from(self.bias[output]);
            for input in 0..self.inputs {
                for y in 0..side {
                    for x in 0..side {
                        let (Some(from), Some(across)) = (
                            (row * stride + y).checked_sub(padding),
                            (column * stride + x).checked_sub(padding),
                        ) else {
                            continue;
                        };
                        if from < rows && across < columns {
                            let value = maps[((picture * self.inputs + input) * rows + from)
                                * columns
                                + across];
                            let weight = self.weights
                                [((output * self.inputs + input) * side + y) * side + x];
                            sum += f64::from(value) * f64::from(weight);
                        }
                    }
                }
            }
            sum
        }

        fn bent(&self, sum: f64, output: usize) -> f32 {
            (sum.max(0.0) + f64::from(self.slopes[output]) * sum.min(0.0)) as f32
        }
    }

    #[test]
    fn every_machine_says_what_the_books_say() {
        for geometry in [
            [3, 1, 1],
            [3, 2, 0],
            [7, 2, 0],
            [3, 1, 0],
            [1, 1, 0],
            [2, 1, 0],
            [3, 2, 1],
        ] {
            for (inputs, outputs) in [(3, 32), (32, 40), (5, 10), (16, 33), (8, 16)] {
                for [rows, columns] in [[9, 8], [17, 17], [7, 23]] {
                    let made = Made::new(inputs, outputs, geometry);
                    let values = crooked(2 * inputs * rows * columns, 0.7);
                    let maps = Maps::from_planes(&values, [2, inputs, rows, columns]).unwrap();
                    for machine in Machine::all() {
                        let out = made.layer(machine).unwrap().forward(&maps).unwrap();
                        for (index, found) in out.to_planes().into_iter().enumerate() {
                            let (line, column) = (index / out.columns, index % out.columns);
                            let (plane, row) = (line / out.rows, line % out.rows);
                            let (picture, output) = (plane / outputs, plane % outputs);
                            let sum =
                                made.at(&values, [rows, columns], [picture, output, row, column]);
                            let expected = made.bent(sum, output);
                            assert!(
                                (found - expected).abs() < 1e-4,
                                "{machine:?} {geometry:?} {inputs}→{outputs} {rows}×{columns}: {found} for {expected}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_sum_goes_to_the_first_corner_and_nowhere_else() {
        let made = Made::new(4, 6, [3, 1, 1]);
        let values = crooked(4 * 9, 0.7);
        let maps = Maps::from_planes(&values, [1, 4, 3, 3]).unwrap();
        for machine in Machine::all() {
            let mut out = Maps::from_planes(&[1.0; 8 * 4 * 5], [1, 8, 4, 5]).unwrap();
            made.layer(machine)
                .unwrap()
                .add_to(&maps, &mut out)
                .unwrap();
            for (index, found) in out.to_planes().into_iter().enumerate() {
                let (line, column) = (index / 5, index % 5);
                let (output, row) = (line / 4, line % 4);
                let expected = if output < 6 && row < 3 && column < 3 {
                    made.bent(
                        1.0 + made.at(&values, [3, 3], [0, output, row, column]),
                        output,
                    )
                } else {
                    1.0
                };
                assert!(
                    (found - expected).abs() < 1e-5,
                    "{machine:?} {output} {row} {column}"
                );
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let made = Made::new(3, 4, [3, 1, 0]);
        let layer = made.layer(Machine::best()).unwrap();
        let maps = |shape: [usize; 4]| {
            Maps::from_planes(&crooked(shape.iter().product(), 0.1), shape).unwrap()
        };
        assert!(layer.forward(&maps([1, 2, 5, 5])).is_err());
        assert!(layer.forward(&maps([1, 3, 2, 5])).is_err());
        assert!(
            layer
                .add_to(&maps([1, 3, 5, 5]), &mut maps([1, 4, 2, 3]))
                .is_err()
        );
        assert!(
            layer
                .add_to(&maps([1, 3, 5, 5]), &mut maps([2, 4, 3, 3]))
                .is_err()
        );
        let mut other = Made::new(3, 4, [3, 1, 0]);
        other.geometry.side = 5;
        assert!(other.layer(Machine::best()).is_err());
        let mut other = Made::new(3, 4, [3, 1, 0]);
        other.bias.pop();
        assert!(other.layer(Machine::best()).is_err());
    }
}
