//! The three networks of MTCNN (Zhang et al., "Joint Face Detection and Alignment using Multi-task
//! Cascaded Convolutional Networks", 2016), with the layers that `facenet-pytorch` 2.6.0 gave them.

use candle_core::{Result, Tensor};
use candle_nn::{Conv2d, Conv2dConfig, Linear, Module, PReLU, VarBuilder};

/// What the first network says of every place it looked at: one value a cell, rows from the top.
#[derive(Debug)]
pub struct Proposals {
    pub width: usize,
    pub probabilities: Vec<f32>,
    /// The four sides' corrections, as fractions of the box; one row of cells a side.
    pub corrections: [Vec<f32>; 4],
}

/// What the second network says of one crop.
#[derive(Clone, Copy, Debug)]
pub struct Refinement {
    pub probability: f32,
    pub correction: [f32; 4],
}

/// What the third network says of one crop.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    pub probability: f32,
    pub correction: [f32; 4],
    /// Five across, then five down, as fractions of the box.
    pub points: [f32; 10],
}

/// P-Net: slides a window of 12 pixels over a picture in steps of 2.
#[derive(Debug)]
pub struct ProposalNet {
    first: Conv,
    second: Conv,
    third: Conv,
    class: Conv2d,
    correction: Conv2d,
}

impl ProposalNet {
    pub fn load(weights: &VarBuilder) -> Result<Self> {
        let plain = Conv2dConfig::default();
        Ok(Self {
            first: Conv::load(weights, 1, [3, 10, 3])?,
            second: Conv::load(weights, 2, [10, 16, 3])?,
            third: Conv::load(weights, 3, [16, 32, 3])?,
            class: candle_nn::conv2d(32, 2, 1, plain, weights.pp("conv4_1"))?,
            correction: candle_nn::conv2d(32, 4, 1, plain, weights.pp("conv4_2"))?,
        })
    }

    /// Looks at one picture of 1×3×height×width.
    pub fn forward(&self, picture: &Tensor) -> Result<Proposals> {
        let features = max_pool(&self.first.forward(picture)?, 2)?;
        let features = self.third.forward(&self.second.forward(&features)?)?;
        let (_, _, _, width) = features.dims4()?;
        let class = self.class.forward(&features)?.flatten_from(2)?.squeeze(0)?;
        let class = class.to_vec2::<f32>()?;
        let correction = self.correction.forward(&features)?.flatten_from(2)?;
        let [other, face] = rows(class)?;
        Ok(Proposals {
            width,
            probabilities: other
                .iter()
                .zip(&face)
                .map(|(other, face)| probability(*other, *face))
                .collect(),
            corrections: rows(correction.squeeze(0)?.to_vec2()?)?,
        })
    }
}

/// R-Net: judges crops of 24×24 pixels.
#[derive(Debug)]
pub struct RefinementNet {
    first: Conv,
    second: Conv,
    third: Conv,
    dense: Dense,
    class: Linear,
    correction: Linear,
}

impl RefinementNet {
    pub fn load(weights: &VarBuilder) -> Result<Self> {
        Ok(Self {
            first: Conv::load(weights, 1, [3, 28, 3])?,
            second: Conv::load(weights, 2, [28, 48, 3])?,
            third: Conv::load(weights, 3, [48, 64, 2])?,
            dense: Dense::load(weights, 4, [576, 128])?,
            class: candle_nn::linear(128, 2, weights.pp("dense5_1"))?,
            correction: candle_nn::linear(128, 4, weights.pp("dense5_2"))?,
        })
    }

    /// Judges crops of n×3×24×24.
    pub fn forward(&self, crops: &Tensor) -> Result<Vec<Refinement>> {
        let features = max_pool(&self.first.forward(crops)?, 3)?;
        let features = max_pool(&self.second.forward(&features)?, 3)?;
        let features = self.dense.forward(&self.third.forward(&features)?)?;
        let class = self.class.forward(&features)?.to_vec2::<f32>()?;
        let correction = self.correction.forward(&features)?.to_vec2::<f32>()?;
        class
            .into_iter()
            .zip(correction)
            .map(|(class, correction)| {
                let [other, face] = rows(class)?;
                Ok(Refinement {
                    probability: probability(other, face),
                    correction: rows(correction)?,
                })
            })
            .collect()
    }
}

/// O-Net: judges crops of 48×48 pixels and places the five points.
#[derive(Debug)]
pub struct OutputNet {
    first: Conv,
    second: Conv,
    third: Conv,
    fourth: Conv,
    dense: Dense,
    class: Linear,
    correction: Linear,
    points: Linear,
}

impl OutputNet {
    pub fn load(weights: &VarBuilder) -> Result<Self> {
        Ok(Self {
            first: Conv::load(weights, 1, [3, 32, 3])?,
            second: Conv::load(weights, 2, [32, 64, 3])?,
            third: Conv::load(weights, 3, [64, 64, 3])?,
            fourth: Conv::load(weights, 4, [64, 128, 2])?,
            dense: Dense::load(weights, 5, [1152, 256])?,
            class: candle_nn::linear(256, 2, weights.pp("dense6_1"))?,
            correction: candle_nn::linear(256, 4, weights.pp("dense6_2"))?,
            points: candle_nn::linear(256, 10, weights.pp("dense6_3"))?,
        })
    }

    /// Judges crops of n×3×48×48.
    pub fn forward(&self, crops: &Tensor) -> Result<Vec<Output>> {
        let features = max_pool(&self.first.forward(crops)?, 3)?;
        let features = max_pool(&self.second.forward(&features)?, 3)?;
        let features = max_pool(&self.third.forward(&features)?, 2)?;
        let features = self.dense.forward(&self.fourth.forward(&features)?)?;
        let class = self.class.forward(&features)?.to_vec2::<f32>()?;
        let correction = self.correction.forward(&features)?.to_vec2::<f32>()?;
        let points = self.points.forward(&features)?.to_vec2::<f32>()?;
        class
            .into_iter()
            .zip(correction)
            .zip(points)
            .map(|((class, correction), points)| {
                let [other, face] = rows(class)?;
                Ok(Output {
                    probability: probability(other, face),
                    correction: rows(correction)?,
                    points: rows(points)?,
                })
            })
            .collect()
    }
}

/// A convolution without padding and its `PReLU`.
#[derive(Debug)]
struct Conv {
    conv: Conv2d,
    prelu: PReLU,
}

impl Conv {
    /// Takes `conv{number}` and `prelu{number}`; sizes are channels in, channels out and the kernel's side.
    fn load(
        weights: &VarBuilder,
        number: usize,
        [input, output, side]: [usize; 3],
    ) -> Result<Self> {
        let conv = weights.pp(format!("conv{number}"));
        let prelu = weights.pp(format!("prelu{number}"));
        Ok(Self {
            conv: candle_nn::conv2d(input, output, side, Conv2dConfig::default(), conv)?,
            prelu: candle_nn::prelu(Some(output), prelu)?,
        })
    }

    fn forward(&self, input: &Tensor) -> Result<Tensor> {
        self.prelu.forward(&self.conv.forward(input)?)
    }
}

/// A dense layer over a whole feature map, and its `PReLU`.
#[derive(Debug)]
struct Dense {
    linear: Linear,
    prelu: PReLU,
}

impl Dense {
    fn load(weights: &VarBuilder, number: usize, [input, output]: [usize; 2]) -> Result<Self> {
        let prelu = weights.pp(format!("prelu{number}"));
        let linear = weights.pp(format!("dense{number}"));
        Ok(Self {
            linear: candle_nn::linear(input, output, linear)?,
            prelu: candle_nn::prelu(Some(output), prelu)?,
        })
    }

    /// The weights were first trained where maps are laid out width, height, channels.
    fn forward(&self, map: &Tensor) -> Result<Tensor> {
        let flat = map.permute((0, 3, 2, 1))?.contiguous()?.flatten_from(1)?;
        self.prelu.forward(&self.linear.forward(&flat)?)
    }
}

/// Pools by the largest of side×side in steps of two; a window that hangs over the right or the
/// lower edge counts. Repeating the edge once gives it what it lacks and changes no maximum.
fn max_pool(map: &Tensor, side: usize) -> Result<Tensor> {
    let (_, _, height, width) = map.dims4()?;
    let missing = |length: usize| length.saturating_sub(side) % 2;
    map.pad_with_same(2, 0, missing(height))?
        .pad_with_same(3, 0, missing(width))?
        .max_pool2d_with_stride(side, 2)
}

/// The softmax of two classes, read for the second.
fn probability(other: f32, face: f32) -> f32 {
    1.0 / (1.0 + (other - face).exp())
}

fn rows<T, const N: usize>(values: Vec<T>) -> Result<[T; N]> {
    let found = values.len();
    values.try_into().map_err(|_| {
        candle_core::Error::Msg(format!("a layer gives {found} values in place of {N}"))
    })
}
