//! Open Model Zoo's face-reidentification-retail-0095: inverted bottlenecks, 128×128 BGR to 256 numbers.

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::VarBuilder;
use kernels::dense::{Dense, Geometry};
use kernels::depthwise::Depthwise;
use kernels::error::Misfit;
use kernels::maps::Maps;

use crate::packs::convert::openvino_bin::{
    BOTTLENECKS, Bottleneck, EMBEDDING, HEAD, LAST_SIDE, STEM,
};
use crate::vision::layers::{self, STRAIGHT};

/// Side of the picture that it takes.
pub const SIDE: u32 = 128;

/// The network with its weights.
#[derive(Debug)]
pub struct Retail0095 {
    /// What each colour of a pixel is multiplied by, and what is added then.
    scale: [f32; 3],
    shift: [f32; 3],
    stem: Dense,
    stem_depthwise: Depthwise,
    blocks: Vec<Block>,
    expand: Dense,
    last_filters: Depthwise,
    embed: Dense,
}

impl Retail0095 {
    /// Takes the tensors by the names that `packs::convert::openvino_bin` gives them.
    pub fn new(weights: &VarBuilder) -> Result<Self> {
        let input = weights.pp("input");
        let stem = weights.pp("stem");
        let head = weights.pp("head");
        let blocks = BOTTLENECKS.iter().enumerate();
        let blocks = blocks
            .map(|(index, shape)| Block::new(&weights.pp(format!("block{}", index + 1)), *shape))
            .collect::<Result<Vec<_>>>()?;
        let last = BOTTLENECKS[BOTTLENECKS.len() - 1].outputs;
        Ok(Self {
            scale: colours(&input, "scale")?,
            shift: colours(&input, "shift")?,
            stem: dense(&stem.pp("conv"), [STEM, 3], geometry(3, 2, 1))?,
            stem_depthwise: depthwise(&stem.pp("depthwise"), STEM, 1)?,
            blocks,
            expand: pointwise(&head.pp("expand"), [HEAD, last])?,
            last_filters: layers::pack_depthwise(
                &head
                    .pp("depthwise")
                    .get((HEAD, 1, LAST_SIDE, LAST_SIDE), "weight")?,
                &head.pp("depthwise").get(HEAD, "bias")?,
                STRAIGHT,
                geometry(LAST_SIDE, 1, 0),
            )?,
            embed: layers::pack_linear(
                &head.get((EMBEDDING, HEAD), "embed.weight")?,
                &Tensor::zeros(EMBEDDING, DType::F32, &Device::Cpu)?,
            )?,
        })
    }

    /// What the network takes a colour of a pixel for: 0 is blue, 2 is red.
    pub fn reading(&self, colour: usize, value: f32) -> f32 {
        value * self.scale[colour] + self.shift[colour]
    }

    /// Pictures of 128×128, read as [`Retail0095::reading`] says, to 256 numbers each.
    pub fn forward(&self, pictures: &Maps) -> std::result::Result<Maps, Misfit> {
        let maps = self.stem.forward(pictures)?;
        let mut maps = self.stem_depthwise.forward(&maps)?;
        for block in &self.blocks {
            maps = block.forward(&maps)?;
        }
        // The last filters are as large as the maps, so that one pixel is left.
        let maps = self.last_filters.forward(&self.expand.forward(&maps)?)?;
        self.embed.forward(&maps)
    }
}

/// An inverted bottleneck whose outputs are weighed channel by channel.
#[derive(Debug)]
struct Block {
    shape: Bottleneck,
    expand: Dense,
    depthwise: Depthwise,
    project: Dense,
    squeeze: Dense,
    excite: Dense,
}

impl Block {
    fn new(weights: &VarBuilder, shape: Bottleneck) -> Result<Self> {
        let Bottleneck {
            inputs,
            expanded,
            outputs,
            ..
        } = shape;
        let squeezed = shape.squeezed();
        Ok(Self {
            shape,
            expand: pointwise(&weights.pp("expand"), [expanded, inputs])?,
            depthwise: depthwise(&weights.pp("depthwise"), expanded, shape.stride)?,
            project: straight(&weights.pp("project"), [outputs, expanded])?,
            squeeze: pointwise(&weights.pp("squeeze"), [squeezed, outputs])?,
            excite: straight(&weights.pp("excite"), [outputs, squeezed])?,
        })
    }

    fn forward(&self, input: &Maps) -> std::result::Result<Maps, Misfit> {
        let maps = self.depthwise.forward(&self.expand.forward(input)?)?;
        let mut maps = self.project.forward(&maps)?;
        let weights = self.squeeze.forward(&maps.means())?;
        maps.gate(&self.excite.forward(&weights)?)?;
        if self.shape.stride == 1 && self.shape.inputs == self.shape.outputs {
            maps.add(input)?;
        }
        Ok(maps)
    }
}

fn geometry(side: usize, stride: usize, padding: usize) -> Geometry {
    Geometry {
        side,
        stride,
        padding,
    }
}

/// A convolution of one pixel, and a bent line after it.
fn pointwise(weights: &VarBuilder, shape: [usize; 2]) -> Result<Dense> {
    dense(weights, shape, geometry(1, 1, 0))
}

/// A convolution of one pixel and no more.
fn straight(weights: &VarBuilder, [outputs, inputs]: [usize; 2]) -> Result<Dense> {
    layers::pack(
        &weights
            .get((outputs, inputs), "weight")?
            .reshape((outputs, inputs, 1, 1))?,
        &weights.get(outputs, "bias")?,
        &[STRAIGHT],
        geometry(1, 1, 0),
    )
}

fn dense(weights: &VarBuilder, [outputs, inputs]: [usize; 2], geometry: Geometry) -> Result<Dense> {
    let side = geometry.side;
    let filters = if side == 1 {
        weights.get((outputs, inputs), "weight")?
    } else {
        weights.get((outputs, inputs, side, side), "weight")?
    };
    layers::pack(
        &filters.reshape((outputs, inputs, side, side))?,
        &weights.get(outputs, "bias")?,
        &slope(weights)?,
        geometry,
    )
}

fn depthwise(weights: &VarBuilder, channels: usize, stride: usize) -> Result<Depthwise> {
    let slope = slope(weights)?;
    layers::pack_depthwise(
        &weights.get((channels, 1, 3, 3), "weight")?,
        &weights.get(channels, "bias")?,
        slope[0],
        geometry(3, stride, 1),
    )
}

/// What is negative is multiplied by one number of the layer.
fn slope(weights: &VarBuilder) -> Result<[f32; 1]> {
    Ok([weights.get(1, "slope")?.to_vec1::<f32>()?[0]])
}

/// One number a colour.
fn colours(weights: &VarBuilder, name: &str) -> Result<[f32; 3]> {
    let numbers = weights.get(3, name)?.to_vec1::<f32>()?;
    Ok([numbers[0], numbers[1], numbers[2]])
}
