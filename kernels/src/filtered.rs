//! A dense convolution whose every output is filtered for itself at once: the first half of an inverted bottleneck.
//!
//! What lies between the two is several times larger than what goes in or comes out. It is made a
//! block of channels at a time, row by row ahead of the filter, so that it never leaves the cache.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "the rows of both layers are run by the kernels that they consist of"
)]

use crate::dense::Dense;
use crate::depthwise::{Depthwise, Filtering};
use crate::direct::{self, Block, Direct};
use crate::error::{Misfit, misfit};
use crate::finish::{Finish, Target};
use crate::lanes::{Kernel, Lanes};
use crate::maps::Maps;
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
        let Some((direct, finish)) = self.in_blocks(columns) else {
            return self.depthwise.forward(&self.dense.forward(maps)?);
        };
        let channels = self.depthwise.channels();
        let mut out = Maps::bordered(maps.pictures, made_rows, made_columns, channels);
        let to = Target::new(&mut out, false);
        team::split(direct.blocks(), |block| {
            direct.machine().run(Blockwise {
                direct,
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

    fn in_blocks(&self, columns: usize) -> Option<(&Direct, &Finish)> {
        let (direct, finish) = self.dense.direct()?;
        (columns >= direct::FEW && finish.outputs.is_multiple_of(direct.width()))
            .then_some((direct, finish))
    }
}

/// One block of channels through both layers.
struct Blockwise<'a> {
    direct: &'a Direct,
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
        let mut between = Maps::bordered(1, self.rows, self.columns, self.direct.width());
        let block = Block {
            layer: self.direct,
            maps: self.maps,
            columns: self.columns,
            finish: self.finish,
            to: Target::new(&mut between, false),
            block: self.block,
            first: 0,
        };
        let filtering = Filtering {
            layer: self.depthwise,
            maps: &between,
            to: self.to,
            columns: self.made[1],
            first: self.block * self.direct.width(),
        };
        let geometry = self.depthwise.geometry();
        for picture in 0..self.maps.pictures {
            let mut ready = 0;
            for row in 0..self.made[0] {
                let needed = row * geometry.stride + geometry.side - geometry.padding;
                // SAFETY: the caller has found the machine; the block's channels are its own.
                unsafe {
                    for row in ready..needed.min(self.rows) {
                        block.row::<L>([picture, 0], row);
                    }
                    ready = ready.max(needed);
                    filtering.row::<L>([0, picture], row);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dense::{Filters, Geometry};
    use crate::machine::Machine;

    fn crooked(count: usize, step: f32) -> Vec<f32> {
        (0..count)
            .map(|index| (index as f32 * step).sin())
            .collect()
    }

    #[test]
    fn together_they_say_what_one_after_the_other_says() {
        for machine in Machine::all() {
            for (inputs, channels) in [(3, 64), (32, 96), (16, 40)] {
                for (dense, stride, padding) in [([1, 1, 0], 1, 1), ([3, 2, 1], 1, 1), ([1, 1, 0], 2, 1), ([1, 1, 0], 1, 0)] {
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
                            },
                        },
                    )
                    .unwrap();
                    let geometry = Geometry {
                        side: 3,
                        stride,
                        padding,
                    };
                    let (weights, bias) = (crooked(channels * 9, 0.7), crooked(channels, 0.9));
                    let depthwise =
                        Depthwise::pack(machine, &weights, &bias, 0.5, geometry).unwrap();
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
