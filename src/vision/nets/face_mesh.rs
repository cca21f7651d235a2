//! `MediaPipe`'s face mesh: a crop of 192×192 RGB to 468 points, and whether they lie on a face.

use candle_core::{Error, Result};
use candle_nn::VarBuilder;
use kernels::dense::{Dense, Geometry};
use kernels::depthwise::Depthwise;
use kernels::error::Misfit;
use kernels::maps::Maps;
use kernels::pool::max_pool_wider;

use crate::vision::layers::{self, STRAIGHT};

/// Side of the crop that it takes.
pub const SIDE: u32 = 192;
/// How many points it places.
pub const POINTS: usize = 468;

/// Channels after the first convolution, and before the last ones.
const STEM: usize = 16;
const NARROW: usize = 32;
/// Rows and columns of the maps that the last filters cover whole.
const LAST_SIDE: usize = 3;

/// The channels that each block of the trunk takes and gives; where they are followed by true, it halves the maps.
const TRUNK: [(usize, usize, bool); 14] = [
    (16, 16, false),
    (16, 16, false),
    (16, 32, true),
    (32, 32, false),
    (32, 32, false),
    (32, 64, true),
    (64, 64, false),
    (64, 64, false),
    (64, 128, true),
    (128, 128, false),
    (128, 128, false),
    (128, 128, true),
    (128, 128, false),
    (128, 128, false),
];

type Mapped = std::result::Result<Maps, Misfit>;

/// The network with its weights.
#[derive(Debug)]
pub struct FaceMesh {
    stem: Dense,
    trunk: Vec<Block>,
    points: Head,
    presence: Head,
}

/// What the network says of a crop: three numbers a point, in pixels of the crop, and the presence before
/// it is bent to 0–1.
pub struct Answer {
    pub points: Vec<[f32; 3]>,
    pub presence: f32,
}

impl FaceMesh {
    /// Takes the tensors by the names that the published file gives them.
    pub fn new(weights: &VarBuilder) -> Result<Self> {
        let trunk = TRUNK.iter().enumerate().map(|(index, shape)| {
            let number = index + 1;
            Block::new(weights, [number, number + 1, number + 1], *shape)
        });
        let wide = TRUNK[TRUNK.len() - 1].1;
        let down = (wide, wide, true);
        let level = (wide, wide, false);
        Ok(Self {
            stem: stem(weights)?,
            trunk: trunk.collect::<Result<_>>()?,
            points: Head {
                blocks: vec![
                    Block::new(weights, [15, 16, 16], down)?,
                    Block::new(weights, [16, 17, 17], level)?,
                    Block::new(weights, [17, 18, 18], level)?,
                ],
                narrow: mixing(weights, [19, 19], [wide, NARROW])?,
                last: Block::new(weights, [18, 20, 20], (NARROW, NARROW, false))?,
                answer: answer(weights, 21, POINTS * 3)?,
            },
            presence: Head {
                blocks: vec![Block::new(weights, [23, 28, 26], down)?],
                narrow: mixing(weights, [29, 27], [wide, NARROW])?,
                last: Block::new(weights, [24, 30, 28], (NARROW, NARROW, false))?,
                answer: answer(weights, 31, 1)?,
            },
        })
    }

    /// Looks at one crop of 192×192, three channels of 0–1.
    pub fn forward(&self, crop: &Maps) -> Result<Answer> {
        let mut maps = self.stem.forward(crop).map_err(Error::wrap)?;
        for block in &self.trunk {
            maps = block.forward(maps).map_err(Error::wrap)?;
        }
        let presence = self.presence.forward(maps.clone()).map_err(Error::wrap)?;
        let points = self.points.forward(maps).map_err(Error::wrap)?;
        let one = |maps: &Maps| maps.pixels().next().map(<[f32]>::to_vec);
        let (points, presence) = (one(&points), one(&presence));
        let (Some(points), Some([presence])) = (points, presence.as_deref()) else {
            return Err(Error::msg("the network gives no point"));
        };
        Ok(Answer {
            points: points.as_chunks::<3>().0.to_vec(),
            presence: *presence,
        })
    }
}

/// What makes an answer of the trunk's maps.
#[derive(Debug)]
struct Head {
    blocks: Vec<Block>,
    narrow: Dense,
    last: Block,
    answer: Dense,
}

impl Head {
    fn forward(&self, mut maps: Maps) -> Mapped {
        for block in &self.blocks {
            maps = block.forward(maps)?;
        }
        let maps = self.last.forward(self.narrow.forward(&maps)?)?;
        self.answer.forward(&maps.in_a_line())
    }
}

/// A filter for each channel, then a mixing of the channels, to which the block's input is added. Where
/// the maps are halved, the input's largest numbers are, and zeros for the channels that it has not.
#[derive(Debug)]
struct Block {
    filter: Depthwise,
    mix: Dense,
    outputs: usize,
    down: bool,
}

impl Block {
    /// Takes the tensors by the numbers of the filter, of the mixing and of its slopes.
    fn new(
        weights: &VarBuilder,
        [filter, mix, slopes]: [usize; 3],
        (inputs, outputs, down): (usize, usize, bool),
    ) -> Result<Self> {
        let name = format!("depthwise_conv2d_{filter}");
        let filters = weights.get((1, 3, 3, inputs), &format!("{name}/Kernel"))?;
        let geometry = if down { HALVING } else { around() };
        Ok(Self {
            filter: layers::pack_depthwise(
                &filters.permute((3, 0, 1, 2))?.contiguous()?,
                &weights.get(inputs, &format!("{name}/Bias"))?,
                &[STRAIGHT],
                geometry,
            )?,
            mix: mixing(weights, [mix, slopes], [inputs, outputs])?,
            outputs,
            down,
        })
    }

    fn forward(&self, input: Maps) -> Mapped {
        let filtered = self.filter.forward(&input)?;
        let mut sum = if self.down {
            max_pool_wider(&input, self.outputs)?
        } else {
            input
        };
        self.mix.add_to(&filtered, &mut sum)?;
        Ok(sum)
    }
}

/// TensorFlow's "same" padding of a filter of 3×3 in steps of two over an even side: nothing before the
/// first pixel, one pixel of zeros after the last.
const HALVING: Geometry = Geometry {
    side: 3,
    stride: 2,
    padding: 0,
    overhang: true,
};

fn around() -> Geometry {
    Geometry {
        stride: 1,
        padding: 1,
        overhang: false,
        ..HALVING
    }
}

fn stem(weights: &VarBuilder) -> Result<Dense> {
    let filters = weights.get((STEM, 3, 3, 3), "conv2d_1/Kernel")?;
    layers::pack(
        &filters.permute((0, 3, 1, 2))?.contiguous()?,
        &weights.get(STEM, "conv2d_1/Bias")?,
        &slopes(weights, 1, STEM)?,
        HALVING,
    )
}

/// A convolution of one pixel, and a bent line a channel after it.
fn mixing(
    weights: &VarBuilder,
    [mix, bent]: [usize; 2],
    [inputs, outputs]: [usize; 2],
) -> Result<Dense> {
    let filters = weights.get((outputs, 1, 1, inputs), &format!("conv2d_{mix}/Kernel"))?;
    layers::pack(
        &filters.reshape((outputs, inputs, 1, 1))?,
        &weights.get(outputs, &format!("conv2d_{mix}/Bias"))?,
        &slopes(weights, bent, outputs)?,
        Geometry {
            side: 1,
            padding: 0,
            ..around()
        },
    )
}

/// Filters as large as the maps: their weights lie as the maps' numbers do in a line.
fn answer(weights: &VarBuilder, number: usize, outputs: usize) -> Result<Dense> {
    let shape = (outputs, LAST_SIDE, LAST_SIDE, NARROW);
    let filters = weights.get(shape, &format!("conv2d_{number}/Kernel"))?;
    layers::pack_linear(
        &filters.reshape((outputs, LAST_SIDE * LAST_SIDE * NARROW))?,
        &weights.get(outputs, &format!("conv2d_{number}/Bias"))?,
    )
}

fn slopes(weights: &VarBuilder, number: usize, channels: usize) -> Result<Vec<f32>> {
    let alpha = weights.get((1, 1, channels), &format!("p_re_lu_{number}/Alpha"))?;
    alpha.flatten_all()?.to_vec1()
}
