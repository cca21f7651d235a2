//! The network while it learns: the layers that the service runs, with weights that can be moved.
//!
//! Between a convolution and its rectifier the numbers of a batch are brought to one scale (Ioffe and
//! Szegedy, "Batch Normalization", 2015), which lets it learn fast; when it is done, that is folded
//! into the filters, so that the service knows nothing of it.

use candle_core::{DType, Device, Result, Tensor, Var};
use likeness::vision::nets::mask_net::{CENTRE, FEATURES, LAYERS, Layer, SCALE, SIDE};
use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::canvas::Canvas;
use crate::ops::{Halve, Unfold};

/// What keeps a scale from being divided by nothing.
const LEAST_SPREAD: f64 = 1e-5;

/// How much of what is known of the scales comes from the last batch.
const NEWEST: f64 = 0.05;

/// A convolution as a matrix (9 × inputs, outputs), and what its outputs are brought to.
struct Weights {
    layer: Layer,
    filters: Var,
    scale: Var,
    bias: Var,
    /// Of the outputs so far, the newest batches counting most.
    mean: Tensor,
    variance: Tensor,
}

/// The network's weights.
pub(crate) struct Model {
    layers: Vec<Weights>,
    answer: Var,
    answer_bias: Var,
}

impl Model {
    /// One that knows nothing yet (He et al., "Delving Deep into Rectifiers", 2015).
    pub(crate) fn new(random: &mut StdRng) -> Result<Self> {
        let layers = LAYERS.iter().map(|layer| {
            let (outputs, device) = (layer.outputs, Device::Cpu);
            Ok(Weights {
                layer: *layer,
                filters: bell(9 * layer.inputs, outputs, random)?,
                scale: Var::ones(outputs, DType::F32, &device)?,
                bias: Var::zeros(outputs, DType::F32, &device)?,
                mean: Tensor::zeros(outputs, DType::F32, &device)?,
                variance: Tensor::ones(outputs, DType::F32, &device)?,
            })
        });
        Ok(Self {
            layers: layers.collect::<Result<_>>()?,
            answer: bell(FEATURES, 1, random)?,
            answer_bias: Var::zeros(1, DType::F32, &Device::Cpu)?,
        })
    }

    pub(crate) fn weights(&self) -> Vec<Var> {
        let layers = self.layers.iter();
        layers
            .flat_map(|weights| [&weights.filters, &weights.scale, &weights.bias])
            .chain([&self.answer, &self.answer_bias])
            .cloned()
            .collect()
    }

    /// Chips (count, 48, 48, 3) to a number each, learning the scales on the way. `kept` is what the
    /// features are multiplied by: some of them are left out.
    pub(crate) fn forward(&mut self, chips: &Tensor, kept: &Tensor) -> Result<Tensor> {
        let count = chips.dim(0)?;
        let mut maps = chips.clone();
        let mut side = SIDE;
        for weights in &mut self.layers {
            let layer = weights.layer;
            let unfold = Unfold {
                stride: layer.stride,
                padding: layer.padding,
            };
            side = unfold.steps(side);
            let sums = maps.apply_op1(unfold)?.matmul(&weights.filters)?;
            let sums = weights.scaled(&sums)?.relu()?;
            maps = sums.reshape((count, side, side, layer.outputs))?;
            if layer.halved {
                side /= 2;
                maps = maps.apply_op1(Halve)?;
            }
        }
        let features = (maps.reshape((count, FEATURES))? * kept)?;
        let answers = features.matmul(&self.answer)?;
        answers.broadcast_add(&self.answer_bias)?.reshape(count)
    }

    /// The tensors as the service reads them.
    pub(crate) fn tensors(&self) -> Result<Vec<(String, Tensor)>> {
        let mut tensors = Vec::new();
        for weights in &self.layers {
            let layer = weights.layer;
            let gain = (weights.scale.as_tensor() / (&weights.variance + LEAST_SPREAD)?.sqrt()?)?;
            let filters = weights.filters.broadcast_mul(&gain)?;
            let filters = filters
                .reshape((3, 3, layer.inputs, layer.outputs))?
                .permute((3, 2, 0, 1))?;
            let bias = (weights.bias.as_tensor() - (&weights.mean * gain)?)?;
            tensors.push((format!("{}.weight", layer.name), filters.contiguous()?));
            tensors.push((format!("{}.bias", layer.name), bias));
        }
        tensors.push(("answer.weight".to_owned(), self.answer.t()?.contiguous()?));
        tensors.push((ANSWER_BIAS.to_owned(), self.answer_bias.as_tensor().copy()?));
        Ok(tensors)
    }
}

const ANSWER_BIAS: &str = "answer.bias";

impl Weights {
    /// The numbers of each output brought to one scale, over all places of the batch.
    fn scaled(&mut self, sums: &Tensor) -> Result<Tensor> {
        let mean = sums.mean_keepdim(0)?;
        let centred = sums.broadcast_sub(&mean)?;
        let variance = centred.sqr()?.mean_keepdim(0)?;
        let newest = |known: &Tensor, now: &Tensor| {
            (known * (1.0 - NEWEST))? + (now.detach().squeeze(0)? * NEWEST)?
        };
        self.mean = newest(&self.mean, &mean)?;
        self.variance = newest(&self.variance, &variance)?;
        let gain = self
            .scale
            .broadcast_div(&(variance + LEAST_SPREAD)?.sqrt()?)?;
        centred.broadcast_mul(&gain)?.broadcast_add(&self.bias)
    }
}

/// A file of the tensors, in half precision and with so much added to the answer.
pub(crate) fn file(
    tensors: &[(String, Tensor)],
    shift: f64,
) -> std::result::Result<Vec<u8>, crate::error::TrainingError> {
    let halved = tensors.iter().map(|(name, tensor)| {
        let tensor = if name == ANSWER_BIAS {
            (tensor + shift)?
        } else {
            tensor.clone()
        };
        Ok((name.clone(), tensor.to_dtype(DType::F16)?))
    });
    let halved: Vec<(String, Tensor)> = halved.collect::<Result<_>>()?;
    Ok(safetensors::serialize(halved, None)?)
}

/// Chips as the network reads them.
pub(crate) fn input(chips: &[&Canvas]) -> Result<Tensor> {
    let values: Vec<f32> = chips
        .iter()
        .flat_map(|chip| chip.pixels.iter().flatten())
        .map(|value| (value.round() - CENTRE) * SCALE)
        .collect();
    Tensor::from_vec(values, (chips.len(), SIDE, SIDE, 3), &Device::Cpu)
}

/// Numbers of a bell whose width keeps the size of what goes through.
fn bell(inputs: usize, outputs: usize, random: &mut StdRng) -> Result<Var> {
    let width = (2.0 / inputs as f32).sqrt();
    let values: Vec<f32> = (0..inputs * outputs)
        .map(|_| {
            // Box and Muller's way from even numbers to a bell.
            let (a, b) = (
                random.random_range(1e-7..1.0_f32),
                random.random_range(0.0..1.0_f32),
            );
            width * (-2.0 * a.ln()).sqrt() * (std::f32::consts::TAU * b).cos()
        })
        .collect();
    Var::from_vec(values, (inputs, outputs), &Device::Cpu)
}

#[cfg(test)]
mod tests {
    use likeness::vision::mask::MaskClassifier;
    use rand::SeedableRng as _;

    use super::*;

    /// What the service's own arithmetic says of weights that were learnt here: once the scales are
    /// those of a batch, both say the same of that batch.
    #[test]
    fn the_service_says_what_was_learnt() {
        let mut random = StdRng::seed_from_u64(5);
        let chips: Vec<Canvas> = (0..6)
            .map(|_| Canvas {
                side: SIDE,
                pixels: (0..SIDE * SIDE)
                    .map(|at| {
                        [0, 1, 2]
                            .map(|c| ((at * (c + 3)) % 97) as f32 + random.random_range(0.0..150.0))
                    })
                    .collect(),
            })
            .collect();
        let mut model = Model::new(&mut random).unwrap();
        let batch = input(&chips.iter().collect::<Vec<_>>()).unwrap();
        let kept = Tensor::ones((6, FEATURES), DType::F32, &Device::Cpu).unwrap();
        let mut learnt = Vec::new();
        for _ in 0..400 {
            learnt = model
                .forward(&batch, &kept)
                .unwrap()
                .to_vec1::<f32>()
                .unwrap();
        }
        let bytes = file(&model.tensors().unwrap(), 0.25).unwrap();
        let classifier = MaskClassifier::from_bytes(bytes).unwrap();
        let pictures: Vec<_> = chips
            .iter()
            .map(|chip| chip.to_picture().unwrap())
            .collect();
        let said = classifier.raw(&pictures).unwrap();
        for (said, learnt) in said.iter().zip(&learnt) {
            assert!((said - learnt - 0.25).abs() < 0.05, "{said} and {learnt}");
        }
    }
}
