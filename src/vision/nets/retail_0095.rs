//! Open Model Zoo's face-reidentification-retail-0095: inverted bottlenecks, 128×128 BGR to 256 numbers.

use candle_core::{D, Result, Tensor};
use candle_nn::VarBuilder;

use crate::packs::convert::openvino_bin::{
    BOTTLENECKS, Bottleneck, EMBEDDING, HEAD, LAST_SIDE, STEM,
};
use crate::vision::kernels::bend::{STRAIGHT, bend};
use crate::vision::kernels::depthwise::depthwise;

/// Side of the picture that it takes.
pub const SIDE: u32 = 128;

/// The network with its weights.
#[derive(Debug)]
pub struct Retail0095 {
    scale: Tensor,
    shift: Tensor,
    stem: Layer,
    stem_depthwise: Layer,
    blocks: Vec<Block>,
    expand: Layer,
    last_filters: Layer,
    embed: Tensor,
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
            scale: input.get(3, "scale")?.reshape((1, 3, 1, 1))?,
            shift: input.get(3, "shift")?.reshape((1, 3, 1, 1))?,
            stem: Layer::bent(&stem.pp("conv"), &[STEM, 3, 3, 3])?,
            stem_depthwise: Layer::bent(&stem.pp("depthwise"), &[STEM, 1, 3, 3])?,
            blocks,
            expand: Layer::bent(&head.pp("expand"), &[HEAD, last])?,
            last_filters: Layer::straight(&head.pp("depthwise"), &[HEAD, 1, LAST_SIDE, LAST_SIDE])?,
            embed: head
                .get((EMBEDDING, HEAD), "embed.weight")?
                .t()?
                .contiguous()?,
        })
    }

    /// (pictures, 3, 128, 128) of 0–255, blue first, to (pictures, 256).
    pub fn forward(&self, pictures: &Tensor) -> Result<Tensor> {
        let maps = pictures
            .broadcast_mul(&self.scale)?
            .broadcast_add(&self.shift)?;
        let maps = self.stem.convolve(&maps, 2, 1)?;
        let mut maps = self.stem_depthwise.depthwise(&maps, 1, 1)?;
        for block in &self.blocks {
            maps = block.forward(&maps)?;
        }
        let maps = self.expand.pointwise(&maps)?;
        let maps = self.last_filters.depthwise(&maps, 1, 0)?;
        maps.flatten_from(1)?.matmul(&self.embed)
    }
}

/// An inverted bottleneck whose outputs are weighed channel by channel.
#[derive(Debug)]
struct Block {
    shape: Bottleneck,
    expand: Layer,
    depthwise: Layer,
    project: Layer,
    squeeze: Layer,
    excite: Layer,
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
            expand: Layer::bent(&weights.pp("expand"), &[expanded, inputs])?,
            depthwise: Layer::bent(&weights.pp("depthwise"), &[expanded, 1, 3, 3])?,
            project: Layer::straight(&weights.pp("project"), &[outputs, expanded])?,
            squeeze: Layer::bent(&weights.pp("squeeze"), &[squeezed, outputs])?,
            excite: Layer::straight(&weights.pp("excite"), &[outputs, squeezed])?,
        })
    }

    fn forward(&self, input: &Tensor) -> Result<Tensor> {
        let maps = self.expand.pointwise(input)?;
        let maps = self.depthwise.depthwise(&maps, self.shape.stride, 1)?;
        let maps = self.project.pointwise(&maps)?;
        let means = maps.flatten_from(2)?.mean_keepdim(D::Minus1)?;
        let means = self.squeeze.pointwise(&means.unsqueeze(D::Minus1)?)?;
        let weights = candle_nn::ops::sigmoid(&self.excite.pointwise(&means)?)?;
        let maps = maps.broadcast_mul(&weights)?;
        if self.shape.stride == 1 && self.shape.inputs == self.shape.outputs {
            maps + input
        } else {
            Ok(maps)
        }
    }
}

/// Filters with a bias each and the slope of what is negative after them.
#[derive(Debug)]
struct Layer {
    filters: Tensor,
    bias: Tensor,
    slope: f32,
}

impl Layer {
    fn straight(weights: &VarBuilder, shape: &[usize]) -> Result<Self> {
        Ok(Self {
            filters: weights.get(shape, "weight")?,
            bias: weights.get(shape[0], "bias")?,
            slope: STRAIGHT,
        })
    }

    fn bent(weights: &VarBuilder, shape: &[usize]) -> Result<Self> {
        let slope = weights.get(1, "slope")?.to_vec1::<f32>()?[0];
        Ok(Self {
            slope,
            ..Self::straight(weights, shape)?
        })
    }

    fn convolve(&self, maps: &Tensor, stride: usize, padding: usize) -> Result<Tensor> {
        self.bend(maps.conv2d(&self.filters, padding, stride, 1, 1)?)
    }

    fn depthwise(&self, maps: &Tensor, stride: usize, padding: usize) -> Result<Tensor> {
        self.bend(depthwise(maps, &self.filters, stride, padding)?)
    }

    /// A convolution of one pixel is a matrix over the channels.
    fn pointwise(&self, maps: &Tensor) -> Result<Tensor> {
        let (pictures, _, rows, columns) = maps.dims4()?;
        let mixed = self.filters.broadcast_matmul(&maps.flatten_from(2)?)?;
        self.bend(mixed.reshape((pictures, (), rows, columns))?)
    }

    fn bend(&self, maps: Tensor) -> Result<Tensor> {
        bend(maps, &self.bias, self.slope)
    }
}
