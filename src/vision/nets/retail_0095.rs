//! Open Model Zoo's face-reidentification-retail-0095: inverted bottlenecks, 128×128 BGR to 256 numbers.

use candle_core::{DType, Device, Error, Result, Tensor};
use candle_nn::VarBuilder;
use kernels::dense::{Dense, Geometry, Precision};
use kernels::depthwise::Depthwise;
use kernels::error::Misfit;
use kernels::filtered::Filtered;
use kernels::gate::{gate, means};
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
    stem: Filtered,
    blocks: Vec<Block>,
    expand: Dense,
    last_filters: Depthwise,
    embed: Dense,
}

impl Retail0095 {
    /// Takes the tensors by the names that `packs::convert::openvino_bin` gives them.
    pub fn new(weights: &VarBuilder, precision: Precision) -> Result<Self> {
        let input = weights.pp("input");
        let stem = weights.pp("stem");
        let head = weights.pp("head");
        let blocks = BOTTLENECKS.iter().enumerate();
        let blocks = blocks
            .map(|(index, shape)| {
                let weights = weights.pp(format!("block{}", index + 1));
                Block::new(&weights, *shape, precision)
            })
            .collect::<Result<Vec<_>>>()?;
        let last = BOTTLENECKS[BOTTLENECKS.len() - 1].outputs;
        Ok(Self {
            scale: colours(&input, "scale")?,
            shift: colours(&input, "shift")?,
            stem: Filtered::new(
                dense(&stem.pp("conv"), [STEM, 3], geometry(3, 2, 1))?,
                depthwise(&stem.pp("depthwise"), STEM, 1)?,
            )
            .map_err(Error::wrap)?,
            blocks,
            expand: pointwise(&head.pp("expand"), [HEAD, last], precision)?,
            last_filters: layers::pack_depthwise(
                &head
                    .pp("depthwise")
                    .get((HEAD, 1, LAST_SIDE, LAST_SIDE), "weight")?,
                &head.pp("depthwise").get(HEAD, "bias")?,
                &[STRAIGHT],
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
        let mut maps = self.stem.forward(pictures)?;
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
    expand: Filtered,
    project: Dense,
    squeeze: Dense,
    excite: Dense,
}

impl Block {
    fn new(weights: &VarBuilder, shape: Bottleneck, precision: Precision) -> Result<Self> {
        let Bottleneck {
            inputs,
            expanded,
            outputs,
            ..
        } = shape;
        let squeezed = shape.squeezed();
        Ok(Self {
            shape,
            expand: Filtered::new(
                pointwise(&weights.pp("expand"), [expanded, inputs], precision)?,
                depthwise(&weights.pp("depthwise"), expanded, shape.stride)?,
            )
            .map_err(Error::wrap)?,
            project: straight(&weights.pp("project"), [outputs, expanded], precision)?,
            // On one pixel, so that nothing is won by less.
            squeeze: pointwise(&weights.pp("squeeze"), [squeezed, outputs], Precision::Full)?,
            excite: straight(&weights.pp("excite"), [outputs, squeezed], Precision::Full)?,
        })
    }

    fn forward(&self, input: &Maps) -> std::result::Result<Maps, Misfit> {
        let mut maps = self.project.forward(&self.expand.forward(input)?)?;
        let weights = self.excite.forward(&self.squeeze.forward(&means(&maps))?)?;
        let again = self.shape.stride == 1 && self.shape.inputs == self.shape.outputs;
        gate(&mut maps, &weights, again.then_some(input))?;
        Ok(maps)
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

/// A convolution of one pixel, and a bent line after it.
fn pointwise(
    weights: &VarBuilder,
    [outputs, inputs]: [usize; 2],
    precision: Precision,
) -> Result<Dense> {
    layers::pack_at(
        precision,
        &one_pixel(weights, [outputs, inputs])?,
        &weights.get(outputs, "bias")?,
        &slope(weights)?,
        geometry(1, 1, 0),
    )
}

/// A convolution of one pixel and no more.
fn straight(
    weights: &VarBuilder,
    [outputs, inputs]: [usize; 2],
    precision: Precision,
) -> Result<Dense> {
    layers::pack_at(
        precision,
        &one_pixel(weights, [outputs, inputs])?,
        &weights.get(outputs, "bias")?,
        &[STRAIGHT],
        geometry(1, 1, 0),
    )
}

fn one_pixel(weights: &VarBuilder, [outputs, inputs]: [usize; 2]) -> Result<Tensor> {
    let filters = weights.get((outputs, inputs), "weight")?;
    filters.reshape((outputs, inputs, 1, 1))
}

fn dense(weights: &VarBuilder, [outputs, inputs]: [usize; 2], geometry: Geometry) -> Result<Dense> {
    let side = geometry.side;
    layers::pack(
        &weights.get((outputs, inputs, side, side), "weight")?,
        &weights.get(outputs, "bias")?,
        &slope(weights)?,
        geometry,
    )
}

fn depthwise(weights: &VarBuilder, channels: usize, stride: usize) -> Result<Depthwise> {
    layers::pack_depthwise(
        &weights.get((channels, 1, 3, 3), "weight")?,
        &weights.get(channels, "bias")?,
        &slope(weights)?,
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
