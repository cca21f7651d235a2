//! A dense convolution whose every output is filtered for itself at once: the first half of an inverted bottleneck.
//!
//! What lies between the two is several times larger than what goes in or comes out. It is made a
//! block of channels at a time, row by row ahead of the filter, so that it never leaves the cache.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "the rows of both layers are run by the kernels that they consist of"
)]

use std::ops::Range;

#[cfg(target_arch = "x86_64")]
use crate::amx::{self, Tiles};
use crate::dense::{Dense, Way};
use crate::depthwise::{Depthwise, Filtering};
use crate::direct::{self, Block, Direct};
use crate::error::{Misfit, misfit};
use crate::finish::{Finish, Target};
use crate::lanes::{Kernel, Lanes};
use crate::machine::Machine;
use crate::maps::Maps;
#[cfg(target_arch = "x86_64")]
use crate::short::{Short, ShortBlock, Shortened};
use crate::team;

/// Both layers.
#[derive(Debug)]
pub struct Filtered {
    dense: Dense,
    depthwise: Depthwise,
}

impl Filtered {
    pub fn new(dense: Dense, depthwise: Depthwise) -> Result<Self, Misfit> {
        if dense.outputs() != depthwise.channels() {
            misfit!("{depthwise:?} after {dense:?}");
        }
        Ok(Self { dense, depthwise })
    }

    /// Runs over the maps.
    pub fn forward(&self, maps: &Maps) -> Result<Maps, Misfit> {
        let [rows, columns] = self.dense.extent(maps)?;
        let extent = |length| self.depthwise.geometry().extent(length);
        let (Some(made_rows), Some(made_columns)) = (extent(rows), extent(columns)) else {
            misfit!("{:?} of {maps:?}", self.depthwise);
        };
        let (way, finish) = self.dense.way();
        let Some(first) = First::of(way, maps, columns, finish.outputs) else {
            return self.depthwise.forward(&self.dense.forward(maps)?);
        };
        let channels = self.depthwise.channels();
        let mut out = Maps::bordered(maps.pictures, made_rows, made_columns, channels);
        let to = Target::new(&mut out, false);
        team::split(first.blocks(), |block| {
            first.machine().run(Blockwise {
                first: &first,
                finish,
                depthwise: &self.depthwise,
                maps,
                rows,
                columns,
                made: [made_rows, made_columns],
                to,
                block,
            });
        });
        Ok(out)
    }
}

/// The first layer, where it can be run block by block.
enum First<'a> {
    Direct(&'a Direct),
    #[cfg(target_arch = "x86_64")]
    Short(&'a Short, Shortened),
}

impl<'a> First<'a> {
    fn of(way: &'a Way, maps: &Maps, columns: usize, outputs: usize) -> Option<Self> {
        match way {
            Way::Direct(direct) => (columns >= direct::FEW
                && outputs.is_multiple_of(direct.width()))
            .then_some(Self::Direct(direct)),
            Way::Winograd(_) => None,
            #[cfg(target_arch = "x86_64")]
            Way::Short(short) => Some(Self::Short(short, Shortened::of(maps))),
        }
    }

    fn blocks(&self) -> usize {
        match self {
            Self::Direct(direct) => direct.blocks(),
            #[cfg(target_arch = "x86_64")]
            Self::Short(short, _) => short.blocks(),
        }
    }

    /// Outputs of a block.
    fn width(&self) -> usize {
        match self {
            Self::Direct(direct) => direct.width(),
            #[cfg(target_arch = "x86_64")]
            Self::Short(..) => amx::OUTPUTS,
        }
    }

    fn machine(&self) -> Machine {
        match self {
            Self::Direct(direct) => direct.machine(),
            #[cfg(target_arch = "x86_64")]
            Self::Short(..) => Machine::best(),
        }
    }
}

/// One block of channels through both layers.
struct Blockwise<'a> {
    first: &'a First<'a>,
    finish: &'a Finish,
    depthwise: &'a Depthwise,
    maps: &'a Maps,
    /// Of what lies between the layers.
    rows: usize,
    columns: usize,
    /// Rows and columns of what comes out.
    made: [usize; 2],
    to: Target,
    block: usize,
}

impl Kernel for Blockwise<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let mut between = Maps::bordered(1, self.rows, self.columns, self.first.width());
        let to = Target::new(&mut between, false);
        let filtering = Filtering {
            layer: self.depthwise,
            maps: &between,
            to: self.to,
            columns: self.made[1],
            first: self.block * self.first.width(),
        };
        // SAFETY: the caller has found the machine; the block's channels are its own.
        unsafe {
            match self.first {
                First::Direct(direct) => {
                    let block = Block {
                        layer: direct,
                        maps: self.maps,
                        columns: self.columns,
                        finish: self.finish,
                        to,
                        index: self.block,
                        first: 0,
                    };
                    self.walk::<L>(&filtering, 1, |picture, rows| {
                        for row in rows {
                            block.row::<L>([picture, 0], row);
                        }
                    });
                }
                #[cfg(target_arch = "x86_64")]
                First::Short(short, shortened) => {
                    let tiles = Tiles::take();
                    let block = ShortBlock {
                        layer: short,
                        shortened,
                        finish: self.finish,
                        to,
                        block: self.block,
                        first: 0,
                    };
                    // Whole strips of pixels, also where they are several rows.
                    let together = (amx::PIXELS / self.columns).max(1);
                    self.walk::<L>(&filtering, together, |picture, rows| {
                        let first = picture * self.rows;
                        let pixels =
                            (first + rows.start) * self.columns..(first + rows.end) * self.columns;
                        block.pixels::<L>(&tiles, pixels, Some(0));
                    });
                }
            }
        }
    }
}

impl Blockwise<'_> {
    /// Has `make` make rows of what lies between, some together, and filters each as soon as what it reaches is there.
    #[inline(always)]
    unsafe fn walk<L: Lanes>(
        &self,
        filtering: &Filtering<'_>,
        together: usize,
        make: impl Fn(usize, Range<usize>),
    ) {
        let geometry = self.depthwise.geometry();
        for picture in 0..self.maps.pictures {
            let mut ready = 0;
            for row in 0..self.made[0] {
                let needed = row * geometry.stride + geometry.side - geometry.padding;
                if needed > ready && ready < self.rows {
                    let until = needed.next_multiple_of(together).min(self.rows);
                    make(picture, ready..until);
                    ready = until;
                }
                // SAFETY: the caller's.
                unsafe { filtering.row::<L>([0, picture], row) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crooked::crooked;
    use crate::dense::{Filters, Geometry, Precision};

    #[test]
    fn together_they_say_what_one_after_the_other_says() {
        for machine in Machine::all() {
            for (inputs, channels) in [(3, 64), (32, 96), (16, 40)] {
                for (dense, stride, padding) in [
                    ([1, 1, 0], 1, 1),
                    ([3, 2, 1], 1, 1),
                    ([1, 1, 0], 2, 1),
                    ([1, 1, 0], 1, 0),
                ] {
                    let dense = Dense::pack(
                        machine,
                        &Filters {
                            weights: &crooked(channels * inputs * dense[0] * dense[0], 1.3),
                            bias: &crooked(channels, 0.3),
                            slopes: &[0.25],
                            inputs,
                            outputs: channels,
                            geometry: Geometry {
                                side: dense[0],
                                stride: dense[1],
                                padding: dense[2],
                                overhang: false,
                            },
                            precision: Precision::Full,
                        },
                    )
                    .unwrap();
                    let geometry = Geometry {
                        side: 3,
                        stride,
                        padding,
                        overhang: false,
                    };
                    let (weights, bias) = (crooked(channels * 9, 0.7), crooked(channels, 0.9));
                    let depthwise =
                        Depthwise::pack(machine, &weights, &bias, &[0.5], geometry).unwrap();
                    let values = crooked(2 * inputs * 33 * 18, 0.7);
                    let maps = Maps::from_planes(&values, [2, inputs, 33, 18]).unwrap();
                    let apart = depthwise.forward(&dense.forward(&maps).unwrap()).unwrap();
                    let together = Filtered::new(dense, depthwise).unwrap();
                    let together = together.forward(&maps).unwrap();
                    assert_eq!(apart.values.len(), together.values.len());
                    for (a, b) in apart.to_planes().iter().zip(together.to_planes()) {
                        assert!((a - b).abs() < 1e-5, "{machine:?}: {a} and {b}");
                    }
                }
            }
        }
    }
}
