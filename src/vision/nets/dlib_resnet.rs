//! dlib's face recognition network: a residual network of 29 convolutions, 150×150 RGB to 128 numbers.

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::VarBuilder;
use kernels::dense::{Dense, Geometry};
use kernels::error::Misfit;
use kernels::gate::means;
use kernels::maps::Maps;
use kernels::pool::{max_pool, mean_pool_into};

use crate::vision::layers::{self, RECTIFIED};

/// Side of the picture that it takes.
pub const SIDE: u32 = 150;
const STEM: usize = 32;
const EMBEDDING: usize = 128;

/// Channels of each residual block in order, and whether it halves the maps; from dlib's `dnn_face_recognition_ex`
/// and confirmed by the order of the layers in its published weights.
const BLOCKS: [(usize, bool); 14] = [
    (32, false),
    (32, false),
    (32, false),
    (64, true),
    (64, false),
    (64, false),
    (64, false),
    (128, true),
    (128, false),
    (128, false),
    (256, true),
    (256, false),
    (256, false),
    (256, true),
];

/// The network with its weights.
#[derive(Debug)]
pub struct DlibResnet {
    stem: Dense,
    blocks: Vec<Residual>,
    embed: Dense,
}

impl DlibResnet {
    /// Takes the tensors by the names that `packs::convert::dlib_dat` gives them.
    pub fn new(weights: &VarBuilder) -> Result<Self> {
        let mut index = 1;
        let mut next = |inputs, outputs, geometry| {
            let weights = Folded::new(weights, index, [outputs, inputs], geometry);
            let layer = weights.and_then(|weights| weights.pack(geometry));
            index += 1;
            layer
        };
        let stem = next(3, STEM, geometry(7, 2, 0))?;
        let mut inputs = STEM;
        let mut blocks = Vec::with_capacity(BLOCKS.len());
        for (outputs, down) in BLOCKS {
            // dlib pads a convolution only when its stride is 1.
            let first = if down {
                geometry(3, 2, 0)
            } else {
                geometry(3, 1, 1)
            };
            blocks.push(Residual {
                first: next(inputs, outputs, first)?,
                second: next(outputs, outputs, geometry(3, 1, 1))?,
                down,
            });
            inputs = outputs;
        }
        let embed = weights.get((inputs, EMBEDDING), "fc.weight")?.t()?;
        let no_bias = Tensor::zeros(EMBEDDING, DType::F32, &Device::Cpu)?;
        Ok(Self {
            stem,
            blocks,
            embed: layers::pack_linear(&embed.contiguous()?, &no_bias)?,
        })
    }

    /// Pictures of 150×150 with `(pixel - mean) / 256`, red first, to 128 numbers each.
    pub fn forward(&self, pictures: &Maps) -> std::result::Result<Maps, Misfit> {
        let mut maps = max_pool(&self.stem.forward(pictures)?, 3, false)?;
        for block in &self.blocks {
            maps = block.forward(maps)?;
        }
        self.embed.forward(&means(&maps))
    }
}

#[derive(Debug)]
struct Residual {
    first: Dense,
    second: Dense,
    down: bool,
}

impl Residual {
    /// dlib adds maps of different shapes as if zeros stood where one of them ends, in channels, rows
    /// and columns; what only the shortcut has is rectified already, as it comes from rectified maps.
    fn forward(&self, input: Maps) -> std::result::Result<Maps, Misfit> {
        let maps = self.first.forward(&input)?;
        let mut sum = if self.down {
            let halved = |length: usize, own: usize| (length / 2).max(own);
            mean_pool_into(
                &input,
                halved(input.rows(), maps.rows()),
                halved(input.columns(), maps.columns()),
                maps.channels(),
            )?
        } else {
            input
        };
        self.second.add_to(&maps, &mut sum)?;
        Ok(sum)
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

/// A convolution with the affine layer after it folded into its filters and biases.
struct Folded {
    filters: Tensor,
    bias: Tensor,
}

impl Folded {
    fn new(
        weights: &VarBuilder,
        index: usize,
        [outputs, inputs]: [usize; 2],
        Geometry { side, .. }: Geometry,
    ) -> Result<Self> {
        let layer = weights.pp(format!("conv{index}"));
        let affine = weights.pp(format!("affine{index}"));
        let gamma = affine.get(outputs, "gamma")?;
        let filters = layer.get((outputs, inputs, side, side), "weight")?;
        Ok(Self {
            filters: filters.broadcast_mul(&gamma.reshape((outputs, 1, 1, 1))?)?,
            bias: ((layer.get(outputs, "bias")? * gamma)? + affine.get(outputs, "beta")?)?,
        })
    }

    fn pack(&self, geometry: Geometry) -> Result<Dense> {
        layers::pack(&self.filters, &self.bias, &[RECTIFIED], geometry)
    }
}
