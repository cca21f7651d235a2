//! The three networks of MTCNN (Zhang et al., "Joint Face Detection and Alignment using Multi-task
//! Cascaded Convolutional Networks", 2016), with the layers that `facenet-pytorch` 2.6.0 gave them.
//!
//! All of it is convolutions: a dense layer over a whole map is a filter of 1×1 over the maps laid in
//! a line, and the answers of a network's several heads are channels of one last layer.

use candle_core::{Error, Result, Tensor};
use candle_nn::VarBuilder;
use kernels::dense::{Dense as Convolution, Geometry};
use kernels::error::Misfit;
use kernels::maps::Maps;
use kernels::pool::max_pool;

use crate::vision::layers::{self, STRAIGHT};

type Mapped = std::result::Result<Maps, Misfit>;

/// A place that the first network takes for a face.
#[derive(Clone, Copy, Debug)]
pub struct Proposal {
    /// Steps from the left and from the top.
    pub column: usize,
    pub row: usize,
    pub verdict: Verdict,
}

/// What a network says of one crop.
#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    /// That it is a face.
    pub probability: f32,
    /// The four sides' corrections, as fractions of the box.
    pub correction: [f32; 4],
}

/// What the third network says of one crop.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    pub verdict: Verdict,
    /// Five across, then five down, as fractions of the box.
    pub points: [f32; 10],
}

/// P-Net: slides a window of 12 pixels over a picture in steps of 2.
#[derive(Debug)]
pub struct ProposalNet {
    first: Convolution,
    second: Convolution,
    third: Convolution,
    heads: Convolution,
}

impl ProposalNet {
    pub fn load(weights: &VarBuilder) -> Result<Self> {
        Ok(Self {
            first: convolution(weights, 1, [3, 10, 3])?,
            second: convolution(weights, 2, [10, 16, 3])?,
            third: convolution(weights, 3, [16, 32, 3])?,
            heads: heads(weights, 32, &[("conv4_1", 2), ("conv4_2", 4)])?,
        })
    }

    /// Looks at one picture, and names the places that are a face with that probability at least.
    pub fn forward(&self, picture: &Maps, threshold: f32) -> Result<Vec<Proposal>> {
        let answers = self.maps(picture).map_err(Error::wrap)?;
        let mut proposals = Vec::new();
        for (index, answer) in answers.pixels().enumerate() {
            let verdict = Verdict::read(exactly(answer)?);
            if verdict.probability >= threshold {
                proposals.push(Proposal {
                    column: index % answers.columns(),
                    row: index / answers.columns(),
                    verdict,
                });
            }
        }
        Ok(proposals)
    }

    fn maps(&self, picture: &Maps) -> Mapped {
        let maps = max_pool(&self.first.forward(picture)?, 2, true)?;
        let maps = self.third.forward(&self.second.forward(&maps)?)?;
        self.heads.forward(&maps)
    }
}

/// R-Net: judges crops of 24×24 pixels.
#[derive(Debug)]
pub struct RefinementNet {
    first: Convolution,
    second: Convolution,
    third: Convolution,
    dense: Convolution,
    heads: Convolution,
}

impl RefinementNet {
    pub fn load(weights: &VarBuilder) -> Result<Self> {
        Ok(Self {
            first: convolution(weights, 1, [3, 28, 3])?,
            second: convolution(weights, 2, [28, 48, 3])?,
            third: convolution(weights, 3, [48, 64, 2])?,
            dense: dense(weights, 4, [64, 128])?,
            heads: heads(weights, 128, &[("dense5_1", 2), ("dense5_2", 4)])?,
        })
    }

    /// Judges crops of 24×24 with three channels.
    pub fn forward(&self, crops: &Maps) -> Result<Vec<Verdict>> {
        let answers = self.maps(crops).map_err(Error::wrap)?;
        let verdict = |answer| Ok(Verdict::read(exactly(answer)?));
        answers.pixels().map(verdict).collect()
    }

    fn maps(&self, crops: &Maps) -> Mapped {
        let maps = max_pool(&self.first.forward(crops)?, 3, true)?;
        let maps = max_pool(&self.second.forward(&maps)?, 3, true)?;
        let maps = self.third.forward(&maps)?;
        self.heads.forward(&self.dense.forward(&maps.in_a_line())?)
    }
}

/// O-Net: judges crops of 48×48 pixels and places the five points.
#[derive(Debug)]
pub struct OutputNet {
    first: Convolution,
    second: Convolution,
    third: Convolution,
    fourth: Convolution,
    dense: Convolution,
    heads: Convolution,
}

impl OutputNet {
    pub fn load(weights: &VarBuilder) -> Result<Self> {
        Ok(Self {
            first: convolution(weights, 1, [3, 32, 3])?,
            second: convolution(weights, 2, [32, 64, 3])?,
            third: convolution(weights, 3, [64, 64, 3])?,
            fourth: convolution(weights, 4, [64, 128, 2])?,
            dense: dense(weights, 5, [128, 256])?,
            heads: heads(
                weights,
                256,
                &[("dense6_1", 2), ("dense6_2", 4), ("dense6_3", 10)],
            )?,
        })
    }

    /// Judges crops of 48×48 with three channels.
    pub fn forward(&self, crops: &Maps) -> Result<Vec<Output>> {
        let answers = self.maps(crops).map_err(Error::wrap)?;
        let output = |answer| {
            let answer: [f32; 16] = exactly(answer)?;
            let [class, other, left, top, right, bottom, points @ ..] = answer;
            Ok(Output {
                verdict: Verdict::read([class, other, left, top, right, bottom]),
                points,
            })
        };
        answers.pixels().map(output).collect()
    }

    fn maps(&self, crops: &Maps) -> Mapped {
        let maps = max_pool(&self.first.forward(crops)?, 3, true)?;
        let maps = max_pool(&self.second.forward(&maps)?, 3, true)?;
        let maps = max_pool(&self.third.forward(&maps)?, 2, true)?;
        let maps = self.fourth.forward(&maps)?;
        self.heads.forward(&self.dense.forward(&maps.in_a_line())?)
    }
}

impl Verdict {
    /// From the two classes and the four corrections. The probability is the softmax of the classes,
    /// read for the second.
    fn read([other, face, correction @ ..]: [f32; 6]) -> Self {
        Self {
            probability: 1.0 / (1.0 + (other - face).exp()),
            correction,
        }
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
    layers::pack(
        &layer.get((outputs, inputs, side, side), "weight")?,
        &layer.get(outputs, "bias")?,
        &slopes(weights, number, outputs)?,
        valid(side),
    )
}

/// A dense layer over a map of 3×3 and its `PReLU`. Its weights were first trained where maps are laid
/// out width, height, channels; pixels in a line are height, width, channels.
fn dense(
    weights: &VarBuilder,
    number: usize,
    [inputs, outputs]: [usize; 2],
) -> Result<Convolution> {
    let layer = weights.pp(format!("dense{number}"));
    let filters = layer.get((outputs, 9 * inputs), "weight")?;
    let filters = filters.reshape((outputs, 3, 3, inputs))?.transpose(1, 2)?;
    layers::pack(
        &filters.reshape((outputs, 9 * inputs, 1, 1))?,
        &layer.get(outputs, "bias")?,
        &slopes(weights, number, outputs)?,
        valid(1),
    )
}

/// Layers that all read the same channels, one after the other in one.
fn heads(weights: &VarBuilder, inputs: usize, heads: &[(&str, usize)]) -> Result<Convolution> {
    let (mut filters, mut bias) = (Vec::new(), Vec::new());
    for (name, outputs) in heads {
        let layer = weights.pp(name);
        let filter = layer.get_unchecked("weight")?;
        filters.push(filter.reshape((*outputs, inputs, 1, 1))?);
        bias.push(layer.get(*outputs, "bias")?);
    }
    let (filters, bias) = (Tensor::cat(&filters, 0)?, Tensor::cat(&bias, 0)?);
    layers::pack(&filters, &bias, &[STRAIGHT], valid(1))
}

fn slopes(weights: &VarBuilder, number: usize, outputs: usize) -> Result<Vec<f32>> {
    let prelu = weights.pp(format!("prelu{number}"));
    prelu.get(outputs, "weight")?.to_vec1()
}

fn valid(side: usize) -> Geometry {
    Geometry {
        side,
        stride: 1,
        padding: 0,
        overhang: false,
    }
}

fn exactly<const N: usize>(values: &[f32]) -> Result<[f32; N]> {
    values.try_into().map_err(|_| {
        Error::Msg(format!(
            "a network gives {} values in place of {N}",
            values.len()
        ))
    })
}
