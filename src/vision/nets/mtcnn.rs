//! The three networks of MTCNN (Zhang et al., "Joint Face Detection and Alignment using Multi-task
//! Cascaded Convolutional Networks", 2016), with the layers that `facenet-pytorch` 2.6.0 gave them.

use candle_core::{Error, Result, Tensor};
use candle_nn::{Linear, Module, PReLU, VarBuilder};
use kernels::dense::{Dense as Convolution, Geometry};
use kernels::error::Misfit;
use kernels::maps::Maps;
use kernels::pool::max_pool;

use crate::vision::layers::{self, STRAIGHT};

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
    first: Convolution,
    second: Convolution,
    third: Convolution,
    /// Two classes, then the four corrections.
    verdict: Convolution,
}

impl ProposalNet {
    pub fn load(weights: &VarBuilder) -> Result<Self> {
        let class = weights.pp("conv4_1");
        let correction = weights.pp("conv4_2");
        let filters = [
            class.get((2, 32, 1, 1), "weight")?,
            correction.get((4, 32, 1, 1), "weight")?,
        ];
        let bias = [class.get(2, "bias")?, correction.get(4, "bias")?];
        Ok(Self {
            first: convolution(weights, 1, [3, 10, 3])?,
            second: convolution(weights, 2, [10, 16, 3])?,
            third: convolution(weights, 3, [16, 32, 3])?,
            verdict: layers::pack(
                &Tensor::cat(&filters, 0)?,
                &Tensor::cat(&bias, 0)?,
                &[STRAIGHT],
                valid(1),
            )?,
        })
    }

    /// Looks at one picture of 1×3×height×width.
    pub fn forward(&self, picture: &Tensor) -> Result<Proposals> {
        let verdict = self.maps(&layers::maps(picture)?).map_err(Error::wrap)?;
        let planes = verdict.to_planes();
        let planes: Vec<&[f32]> = planes
            .chunks_exact(verdict.rows() * verdict.columns())
            .collect();
        let [other, face, corrections @ ..] = planes.as_slice() else {
            return Err(Error::Msg("the first network gives too little".to_owned()));
        };
        Ok(Proposals {
            width: verdict.columns(),
            probabilities: other
                .iter()
                .zip(*face)
                .map(|(other, face)| probability(*other, *face))
                .collect(),
            corrections: rows(corrections.iter().map(|plane| plane.to_vec()).collect())?,
        })
    }

    fn maps(&self, picture: &Maps) -> std::result::Result<Maps, Misfit> {
        let maps = max_pool(&self.first.forward(picture)?, 2, true)?;
        let maps = self.third.forward(&self.second.forward(&maps)?)?;
        self.verdict.forward(&maps)
    }
}

/// R-Net: judges crops of 24×24 pixels.
#[derive(Debug)]
pub struct RefinementNet {
    first: Convolution,
    second: Convolution,
    third: Convolution,
    dense: Dense,
    class: Linear,
    correction: Linear,
}

impl RefinementNet {
    pub fn load(weights: &VarBuilder) -> Result<Self> {
        Ok(Self {
            first: convolution(weights, 1, [3, 28, 3])?,
            second: convolution(weights, 2, [28, 48, 3])?,
            third: convolution(weights, 3, [48, 64, 2])?,
            dense: Dense::load(weights, 4, [576, 128])?,
            class: candle_nn::linear(128, 2, weights.pp("dense5_1"))?,
            correction: candle_nn::linear(128, 4, weights.pp("dense5_2"))?,
        })
    }

    /// Judges crops of n×3×24×24.
    pub fn forward(&self, crops: &Tensor) -> Result<Vec<Refinement>> {
        let features = self.maps(&layers::maps(crops)?).map_err(Error::wrap)?;
        let features = self.dense.forward(&features)?;
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

    fn maps(&self, crops: &Maps) -> std::result::Result<Maps, Misfit> {
        let maps = max_pool(&self.first.forward(crops)?, 3, true)?;
        let maps = max_pool(&self.second.forward(&maps)?, 3, true)?;
        self.third.forward(&maps)
    }
}

/// O-Net: judges crops of 48×48 pixels and places the five points.
#[derive(Debug)]
pub struct OutputNet {
    first: Convolution,
    second: Convolution,
    third: Convolution,
    fourth: Convolution,
    dense: Dense,
    class: Linear,
    correction: Linear,
    points: Linear,
}

impl OutputNet {
    pub fn load(weights: &VarBuilder) -> Result<Self> {
        Ok(Self {
            first: convolution(weights, 1, [3, 32, 3])?,
            second: convolution(weights, 2, [32, 64, 3])?,
            third: convolution(weights, 3, [64, 64, 3])?,
            fourth: convolution(weights, 4, [64, 128, 2])?,
            dense: Dense::load(weights, 5, [1152, 256])?,
            class: candle_nn::linear(256, 2, weights.pp("dense6_1"))?,
            correction: candle_nn::linear(256, 4, weights.pp("dense6_2"))?,
            points: candle_nn::linear(256, 10, weights.pp("dense6_3"))?,
        })
    }

    /// Judges crops of n×3×48×48.
    pub fn forward(&self, crops: &Tensor) -> Result<Vec<Output>> {
        let features = self.maps(&layers::maps(crops)?).map_err(Error::wrap)?;
        let features = self.dense.forward(&features)?;
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

    fn maps(&self, crops: &Maps) -> std::result::Result<Maps, Misfit> {
        let maps = max_pool(&self.first.forward(crops)?, 3, true)?;
        let maps = max_pool(&self.second.forward(&maps)?, 3, true)?;
        let maps = max_pool(&self.third.forward(&maps)?, 2, true)?;
        self.fourth.forward(&maps)
    }
}

/// A convolution without padding and its `PReLU`: takes `conv{number}` and `prelu{number}`; sizes are
/// channels in, channels out and the kernel's side.
fn convolution(
    weights: &VarBuilder,
    number: usize,
    [inputs, outputs, side]: [usize; 3],
) -> Result<Convolution> {
    let layer = weights.pp(format!("conv{number}"));
    let slopes = weights
        .pp(format!("prelu{number}"))
        .get(outputs, "weight")?;
    layers::pack(
        &layer.get((outputs, inputs, side, side), "weight")?,
        &layer.get(outputs, "bias")?,
        &slopes.to_vec1()?,
        valid(side),
    )
}

fn valid(side: usize) -> Geometry {
    Geometry {
        side,
        stride: 1,
        padding: 0,
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
    fn forward(&self, maps: &Maps) -> Result<Tensor> {
        let planes = layers::tensor(maps)?;
        let flat = planes
            .permute((0, 3, 2, 1))?
            .contiguous()?
            .flatten_from(1)?;
        self.prelu.forward(&self.linear.forward(&flat)?)
    }
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
