//! A convolution as its definition has it: every number in a filter's reach times its weight.
//!
//! In a row the reach of a filter is one line of numbers, as channels stand together, so that a
//! filter of 3×3 is three lines. Each weight is loaded once for a block of pixels, each number of a
//! pixel once for all outputs of the block.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "registers are filled from pointers, by instructions that the processor was asked for"
)]

use std::ops::Range;
use std::ptr;

use crate::aligned::Aligned;
use crate::block::{self, PIXELS, Reach, Sums};
use crate::dense::{Filters, Geometry};
use crate::finish::{Finish, Target};
use crate::lanes::{Kernel, Lanes};
use crate::machine::Machine;
use crate::maps::Maps;
use crate::team;

/// In rows of fewer pixels than this, too little is done with each weight.
pub(crate) const FEW: usize = 8;

/// Filters packed for a machine.
pub(crate) struct Direct {
    machine: Machine,
    geometry: Geometry,
    inputs: usize,
    vectors: usize,
    blocks: usize,
    /// Block after block of outputs; in each, for every number of the reach, the block's weights.
    filters: Aligned,
}

impl Direct {
    pub(crate) fn pack(machine: Machine, filters: &Filters<'_>) -> Self {
        let Filters {
            weights,
            inputs,
            outputs,
            geometry,
            ..
        } = *filters;
        let vectors = machine.vectors(outputs);
        let width = machine.width() * vectors;
        let blocks = outputs.div_ceil(width);
        let area = geometry.side * geometry.side;
        let reach = area * inputs;
        let mut packed = Aligned::zeros(blocks * width * reach);
        for (index, weight) in weights.iter().enumerate() {
            // From (outputs, inputs, rows, columns) to (rows, columns, inputs), as the maps' numbers
            // lie, with a block of outputs innermost.
            let (output, place) = (index / reach, index % reach);
            let (input, pixel) = (place / area, place % area);
            let start = output / width * width * reach + output % width;
            packed[start + (pixel * inputs + input) * width] = *weight;
        }
        Self {
            machine,
            geometry,
            inputs,
            vectors,
            blocks,
            filters: packed,
        }
    }

    /// Writes what the filters say of `rows` rows and `columns` columns.
    pub(crate) fn run(
        &self,
        maps: &Maps,
        [rows, columns]: [usize; 2],
        finish: &Finish,
        to: Target,
    ) {
        let members = team::members();
        let lines = maps.pictures * rows;
        // Few outputs: the rows are shared out. Many: the outputs, so that each thread reads its own weights.
        let strips = if members == 1 || self.blocks.is_multiple_of(members) {
            1
        } else {
            lines.min(members)
        };
        // A block's weights stay near while every picture is done with them.
        team::split(strips * self.blocks, |piece| {
            let (strip, block) = (piece / self.blocks, piece % self.blocks);
            self.machine.run(Piece {
                block: Block {
                    layer: self,
                    maps,
                    columns,
                    finish,
                    to,
                    index: block,
                    first: block * self.width(),
                },
                rows,
                lines: lines * strip / strips..lines * (strip + 1) / strips,
            });
        });
    }

    /// Outputs of a block.
    pub(crate) fn width(&self) -> usize {
        self.machine.width() * self.vectors
    }

    pub(crate) fn blocks(&self) -> usize {
        self.blocks
    }

    pub(crate) fn machine(&self) -> Machine {
        self.machine
    }
}

/// A block of outputs over some rows.
struct Piece<'a> {
    block: Block<'a>,
    rows: usize,
    /// Counted through all pictures.
    lines: Range<usize>,
}

impl Kernel for Piece<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let block = &self.block;
        let mut line = self.lines.start;
        while line < self.lines.end {
            let (picture, row) = (line / self.rows, line % self.rows);
            // SAFETY: the caller has found the machine.
            unsafe {
                if block.fills_rows() {
                    block.row::<L>([picture, picture], row);
                    line += 1;
                } else {
                    // Rows of one picture can be walked as one line where no pixel is passed over.
                    let rows = if block.layer.geometry.stride == 1 {
                        (self.lines.end - line).min(self.rows - row)
                    } else {
                        1
                    };
                    block.walk::<L>(picture, row..row + rows);
                    line += rows;
                }
            }
        }
    }
}

/// A block of outputs.
pub(crate) struct Block<'a> {
    pub(crate) layer: &'a Direct,
    pub(crate) maps: &'a Maps,
    /// Columns of what is written.
    pub(crate) columns: usize,
    pub(crate) finish: &'a Finish,
    pub(crate) to: Target,
    pub(crate) index: usize,
    /// Where the block's outputs begin in the pixels that are written.
    pub(crate) first: usize,
}

impl Block<'_> {
    /// Whether its rows can be walked one by one, which needs enough pixels in each, and all outputs of the block.
    pub(crate) fn fills_rows(&self) -> bool {
        self.columns >= FEW && (self.index + 1) * self.layer.width() <= self.finish.outputs
    }

    /// What is read for the output pixel at `row`, `offset` pixels on.
    #[inline(always)]
    unsafe fn reach(&self, picture: usize, row: usize, offset: usize) -> Reach {
        let layer = self.layer;
        let Geometry {
            side,
            stride,
            padding,
            ..
        } = layer.geometry;
        let (channels, pitch) = (self.maps.channels, self.maps.pitch());
        let corner = self.maps.at(picture, row * stride, 0) - padding * (pitch + 1) * channels;
        let line = side * layer.inputs;
        // SAFETY: the packed filters hold `side` lines of `line` numbers of a block's weights; the
        // pixels, and what a filter reaches from them, are those of the maps and of the zeros around them.
        unsafe {
            let weights = self.index * layer.width() * side * line;
            Reach {
                weights: layer.filters.as_ptr().add(weights),
                from: self
                    .maps
                    .values
                    .as_ptr()
                    .add(corner + offset * stride * channels),
                step: stride * channels,
                lines: side,
                line,
                pitch: pitch * channels,
            }
        }
    }

    /// One row, out of one picture into another, whose sums are finished in their registers.
    ///
    /// # Safety
    /// The processor has the lanes, the block fills rows, and nobody else touches its outputs in this row.
    #[inline(always)]
    pub(crate) unsafe fn row<L: Lanes>(&self, [read, written]: [usize; 2], row: usize) {
        let layer = self.layer;
        let outputs = self.index * L::WIDTH * layer.vectors;
        let each = even(self.columns, layer.machine.pixels(layer.vectors));
        for at in (0..self.columns).step_by(each) {
            // SAFETY: biases and slopes are as many as the blocks' outputs; the caller's for the rest.
            unsafe {
                let reach = self.reach(read, row, at);
                let to = Sums {
                    start: self.finish.bias.as_ptr().add(outputs),
                    slopes: self.finish.slopes.as_ptr().add(outputs),
                    adds: self.to.adds,
                    to: self.to.pixel(written, row, at).add(self.first),
                    step: self.to.channels,
                };
                block::run::<L>(each.min(self.columns - at), layer.vectors, &reach, &to);
            }
        }
    }

    /// Several rows as one line: what falls between two rows is computed with them and belongs to nobody.
    #[inline(always)]
    unsafe fn walk<L: Lanes>(&self, picture: usize, rows: Range<usize>) {
        let layer = self.layer;
        let pitch = if layer.geometry.stride == 1 {
            self.maps.pitch()
        } else {
            self.columns
        };
        let pixels = (rows.len() - 1) * pitch + self.columns;
        let each = even(pixels, layer.machine.pixels(layer.vectors));
        let width = L::WIDTH * layer.vectors;
        for at in (0..pixels).step_by(each) {
            let count = each.min(pixels - at);
            let mut sums = [0.0_f32; PIXELS * 2 * 16];
            // SAFETY: there is room for the sums of a block.
            unsafe {
                let reach = self.reach(picture, rows.start, at);
                let to = Sums {
                    start: self.finish.bias.as_ptr().add(self.index * width),
                    slopes: ptr::null(),
                    adds: false,
                    to: sums.as_mut_ptr(),
                    step: width,
                };
                block::run::<L>(count, layer.vectors, &reach, &to);
            }
            for (offset, sums) in sums.chunks_exact(width).enumerate().take(count) {
                let (row, column) = ((at + offset) / pitch, (at + offset) % pitch);
                if column < self.columns {
                    // SAFETY: the maps that are written have these rows and columns; this piece alone writes
                    // these outputs of them.
                    unsafe {
                        let pixel = self.to.pixel(picture, rows.start + row, column);
                        for (vector, sum) in sums.chunks_exact(L::WIDTH).enumerate() {
                            let channel = self.index * width + vector * L::WIDTH;
                            let sum = L::load(sum.as_ptr());
                            self.finish.put(sum, channel, self.to.adds, pixel);
                        }
                    }
                }
            }
        }
    }
}

/// How many pixels go together where `most` may: a last block of one pixel would cost as much as a full one.
fn even(pixels: usize, most: usize) -> usize {
    pixels.div_ceil(pixels.div_ceil(most))
}
