//! A small network of the project's own that says of a level face whether it wears a mask (docs: `models/mask.md`).

use candle_core::{DType, Device, Error, Result};
use candle_nn::VarBuilder;
use kernels::dense::{Dense, Geometry};
use kernels::error::Misfit;
use kernels::maps::Maps;
use kernels::pool::max_pool;

use crate::vision::layers::{self, RECTIFIED};

/// Side of the chip that it takes.
pub const SIDE: usize = 48;

/// What is taken from a byte, and what the rest is multiplied by.
pub const CENTRE: f32 = 127.5;
pub const SCALE: f32 = 1.0 / 127.5;

/// A rectified convolution of 3×3.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// What its tensors are named by.
    pub name: &'static str,
    pub inputs: usize,
    pub outputs: usize,
    /// Pixels from one place of the filters to the next.
    pub stride: usize,
    /// Zeros around the map.
    pub padding: usize,
    /// Of every 2×2 the largest goes on.
    pub halved: bool,
}

impl Layer {
    const fn new(name: &'static str, inputs: usize, outputs: usize) -> Self {
        Self {
            name,
            inputs,
            outputs,
            stride: 1,
            padding: 1,
            halved: true,
        }
    }
}

/// The layers: 48×48 pixels are halved four times to 3×3, and the last filter reads these at once.
pub const LAYERS: [Layer; 5] = [
    Layer {
        stride: 2,
        halved: false,
        ..Layer::new("conv1", 3, 16)
    },
    Layer::new("conv2", 16, 24),
    Layer::new("conv3", 24, 32),
    Layer::new("conv4", 32, 48),
    Layer {
        padding: 0,
        halved: false,
        ..Layer::new("conv5", 48, FEATURES)
    },
];

/// Numbers that the last line draws its one answer from; its tensors are named `answer`.
pub const FEATURES: usize = 48;

/// The network with its weights.
#[derive(Debug)]
pub struct MaskNet {
    layers: Vec<(Layer, Dense)>,
    answer: Dense,
}

impl MaskNet {
    /// Takes `conv1` … `conv5` (outputs, inputs, 3, 3) and `answer` (1, 48), each with its bias.
    pub fn new(weights: &VarBuilder) -> Result<Self> {
        let layers = LAYERS.iter().map(|layer| {
            let weights = weights.pp(layer.name);
            let geometry = Geometry {
                side: 3,
                stride: layer.stride,
                padding: layer.padding,
                overhang: false,
            };
            let filters = weights.get((layer.outputs, layer.inputs, 3, 3), "weight")?;
            let bias = weights.get(layer.outputs, "bias")?;
            Ok((
                *layer,
                layers::pack(&filters, &bias, &[RECTIFIED], geometry)?,
            ))
        });
        let answer = weights.pp("answer");
        Ok(Self {
            layers: layers.collect::<Result<_>>()?,
            answer: layers::pack_linear(
                &answer.get((1, FEATURES), "weight")?,
                &answer.get(1, "bias")?,
            )?,
        })
    }

    /// Reads the weights of a safetensors file's bytes.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self> {
        Self::new(&VarBuilder::from_buffered_safetensors(
            bytes,
            DType::F32,
            &Device::Cpu,
        )?)
    }

    /// Chips of 48×48, read as [`CENTRE`] and [`SCALE`] say, to a number each: positive where a mask is worn.
    pub fn forward(&self, chips: &Maps) -> Result<Vec<f32>> {
        let answers = self.maps(chips).map_err(Error::wrap)?;
        Ok(answers.pixels().map(|answer| answer[0]).collect())
    }

    fn maps(&self, chips: &Maps) -> std::result::Result<Maps, Misfit> {
        let mut maps = chips.clone();
        for (layer, convolution) in &self.layers {
            maps = convolution.forward(&maps)?;
            if layer.halved {
                maps = max_pool(&maps, 2, false)?;
            }
        }
        self.answer.forward(&maps)
    }
}
