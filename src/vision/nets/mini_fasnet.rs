//! `MiniFASNet` of Silent-Face-Anti-Spoofing: a crop of 80×80 BGR to three classes, with or without squeeze and excitation.

use candle_core::{Error, Result, Tensor};
use candle_nn::VarBuilder;
use kernels::dense::{Dense, Geometry};
use kernels::depthwise::Depthwise;
use kernels::error::Misfit;
use kernels::filtered::Filtered;
use kernels::gate::{gate, means};
use kernels::maps::Maps;

use crate::vision::layers::{self, RECTIFIED, STRAIGHT};

/// Side of the crop that it takes.
pub const SIDE: u32 = 80;
/// How many classes it knows.
pub const CLASSES: usize = 3;

/// What torch adds to a variance before its root is taken.
const LEAST_VARIANCE: f64 = 1e-5;

type Mapped = std::result::Result<Maps, Misfit>;

/// The network with its weights. How wide its layers are, and whether the last block of each stage weighs
/// its channels, is what the weights say: the published networks were pruned layer by layer.
#[derive(Debug)]
pub struct MiniFasnet {
    stem: Filtered,
    blocks: Vec<Block>,
    widen: Dense,
    last: Depthwise,
    embed: Dense,
    classes: Dense,
}

impl MiniFasnet {
    /// Takes the tensors by the names that the published files give them.
    pub fn new(weights: &VarBuilder) -> Result<Self> {
        let mut blocks = Vec::new();
        for (down, level, count) in [
            ("conv_23", "conv_3", 4),
            ("conv_34", "conv_4", 6),
            ("conv_45", "conv_5", 2),
        ] {
            blocks.push(Block::new(&weights.pp(down), 2)?);
            let level = weights.pp(level).pp("model");
            for index in 0..count {
                blocks.push(Block::new(&level.pp(index), 1)?);
            }
        }
        let embed = Folded::read(weights, "linear.weight", "bn")?;
        let classes = weights.get_unchecked("prob.weight")?;
        let no_bias = Tensor::zeros(CLASSES, classes.dtype(), classes.device())?;
        Ok(Self {
            stem: Filtered::new(
                dense(&weights.pp("conv1"), geometry(3, 2, 1))?,
                depthwise(&weights.pp("conv2_dw"), 1)?,
            )
            .map_err(Error::wrap)?,
            blocks,
            widen: dense(&weights.pp("conv_6_sep"), geometry(1, 1, 0))?,
            last: last(&weights.pp("conv_6_dw"))?,
            embed: layers::pack_linear(&embed.filters, &embed.bias)?,
            classes: layers::pack_linear(&classes, &no_bias)?,
        })
    }

    /// Looks at crops of 80×80 with channels of 0–255, blue first: how much each speaks for each class.
    pub fn forward(&self, crops: &Maps) -> Mapped {
        let mut maps = self.stem.forward(crops)?;
        for block in &self.blocks {
            maps = block.forward(maps)?;
        }
        // The last filters are as large as the maps, so that one pixel is left.
        let maps = self.last.forward(&self.widen.forward(&maps)?)?;
        self.classes.forward(&self.embed.forward(&maps)?)
    }
}

/// An inverted bottleneck, to which its input is added where the maps keep their size.
#[derive(Debug)]
struct Block {
    expand: Filtered,
    project: Dense,
    /// What weighs the outputs channel by channel, from their means.
    weigh: Option<[Dense; 2]>,
    again: bool,
}

impl Block {
    fn new(weights: &VarBuilder, stride: usize) -> Result<Self> {
        let weigh = weights.pp("se_module");
        let weigh = if weigh.contains_tensor("fc1.weight") {
            Some([
                Folded::read(&weigh, "fc1.weight", "bn1")?.pack(&[RECTIFIED], geometry(1, 1, 0))?,
                Folded::read(&weigh, "fc2.weight", "bn2")?.pack(&[STRAIGHT], geometry(1, 1, 0))?,
            ])
        } else {
            None
        };
        let project = Folded::of(&weights.pp("project"))?;
        Ok(Self {
            expand: Filtered::new(
                dense(&weights.pp("conv"), geometry(1, 1, 0))?,
                depthwise(&weights.pp("conv_dw"), stride)?,
            )
            .map_err(Error::wrap)?,
            project: project.pack(&[STRAIGHT], geometry(1, 1, 0))?,
            weigh,
            again: stride == 1,
        })
    }

    fn forward(&self, mut input: Maps) -> Mapped {
        let expanded = self.expand.forward(&input)?;
        match &self.weigh {
            Some([squeeze, excite]) => {
                let mut maps = self.project.forward(&expanded)?;
                let weights = excite.forward(&squeeze.forward(&means(&maps))?)?;
                gate(&mut maps, &weights, self.again.then_some(&input))?;
                Ok(maps)
            }
            None if self.again => {
                self.project.add_to(&expanded, &mut input)?;
                Ok(input)
            }
            None => self.project.forward(&expanded),
        }
    }
}

/// A convolution without a bias, with the normalisation after it folded into its filters.
struct Folded {
    filters: Tensor,
    bias: Tensor,
}

impl Folded {
    fn of(weights: &VarBuilder) -> Result<Self> {
        Self::read(weights, "conv.weight", "bn")
    }

    fn read(weights: &VarBuilder, filters: &str, normalised: &str) -> Result<Self> {
        let filters = weights.get_unchecked(filters)?;
        let outputs = filters.dim(0)?;
        let weights = weights.pp(normalised);
        let deviation = (weights.get(outputs, "running_var")? + LEAST_VARIANCE)?.sqrt()?;
        let scale = (weights.get(outputs, "weight")? / deviation)?;
        let mean = (weights.get(outputs, "running_mean")? * &scale)?;
        let mut shape = vec![1; filters.rank()];
        shape[0] = outputs;
        Ok(Self {
            filters: filters.broadcast_mul(&scale.reshape(shape)?)?,
            bias: (weights.get(outputs, "bias")? - mean)?,
        })
    }

    fn pack(&self, slopes: &[f32], geometry: Geometry) -> Result<Dense> {
        layers::pack(&self.filters, &self.bias, slopes, geometry)
    }
}

fn geometry(side: usize, stride: usize, padding: usize) -> Geometry {
    Geometry {
        side,
        stride,
        padding,
        overhang: false,
    }
}

/// A convolution, normalised, and a bent line a channel after it.
fn dense(weights: &VarBuilder, geometry: Geometry) -> Result<Dense> {
    Folded::of(weights)?.pack(&slopes(weights)?, geometry)
}

/// A filter of 3×3 for each channel, normalised, and a bent line after it.
fn depthwise(weights: &VarBuilder, stride: usize) -> Result<Depthwise> {
    let Folded { filters, bias } = Folded::of(weights)?;
    layers::pack_depthwise(&filters, &bias, &slopes(weights)?, geometry(3, stride, 1))
}

/// A filter for each channel, as large as the maps, and no more.
fn last(weights: &VarBuilder) -> Result<Depthwise> {
    let Folded { filters, bias } = Folded::of(weights)?;
    let side = filters.dim(2)?;
    layers::pack_depthwise(&filters, &bias, &[STRAIGHT], geometry(side, 1, 0))
}

fn slopes(weights: &VarBuilder) -> Result<Vec<f32>> {
    weights.get_unchecked("prelu.weight")?.to_vec1()
}
