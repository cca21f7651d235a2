//! The learning itself: rounds of made-up samples, and after each a look at the pictures that choose.

use candle_core::{Device, Result, Tensor};
use candle_nn::{AdamW, Optimizer as _, ParamsAdamW};
use likeness::vision::error::VisionError;
use likeness::vision::mask::MaskClassifier;
use likeness::vision::nets::mask_net::FEATURES;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use rayon::prelude::*;

use crate::canvas::Canvas;
use crate::error::TrainingError;
use crate::mask::data::Labelled;
use crate::mask::measure;
use crate::mask::model::{Model, file, input};
use crate::mask::sample::{Lesson, Sample};
use crate::say;

const BATCH: usize = 64;
/// Samples in a round.
const ROUND: usize = 64 * BATCH;
const FASTEST: f64 = 3e-3;
const SLOWEST: f64 = 2e-5;
/// Batches until it learns at its fastest.
const WARMING: usize = 60;
/// What is taken from a label's certainty, so that no answer has to be endless.
const DOUBT: f32 = 0.02;
/// Features that are left out of a sample, as a share.
const LEFT_OUT: f64 = 0.2;

/// How a training went.
pub(crate) struct Learnt {
    pub(crate) rounds: u64,
    /// The round whose weights were kept, from 1.
    pub(crate) best: u64,
    /// Its mean loss on the pictures that choose.
    pub(crate) loss: f64,
    /// Its weights, as the service reads them.
    pub(crate) tensors: Vec<(String, Tensor)>,
}

impl Learnt {
    /// How many numbers the network has.
    pub(crate) fn size(&self) -> usize {
        let tensors = self.tensors.iter();
        tensors.map(|(_, tensor)| tensor.elem_count()).sum()
    }
}

/// Learns for so many rounds and keeps the weights that did best on the pictures that choose.
pub(crate) fn learn(
    lesson: &Lesson<'_>,
    choosing: &[&Labelled],
    rounds: u64,
) -> std::result::Result<Learnt, TrainingError> {
    let mut model = Model::new(&mut StdRng::seed_from_u64(1))?;
    let params = ParamsAdamW {
        lr: FASTEST,
        weight_decay: 0.02,
        ..ParamsAdamW::default()
    };
    let mut optimizer = AdamW::new(model.weights(), params)?;
    let mut random = StdRng::seed_from_u64(2);
    let batches = ROUND / BATCH;
    let total = rounds as usize * batches;
    let mut best: Option<Learnt> = None;
    for round in 0..rounds {
        let mut sum = 0.0;
        for batch in 0..batches {
            optimizer.set_learning_rate(rate(round as usize * batches + batch, total));
            let samples = samples(lesson, round, batch)?;
            let chips: Vec<&Canvas> = samples.iter().map(|sample| &sample.chip).collect();
            let wanted = samples.iter().map(|sample| wanted(sample.masked)).collect();
            let answers = model.forward(&input(&chips)?, &kept(&mut random)?)?;
            let loss = losses(&answers, wanted)?.mean_all()?;
            optimizer.backward_step(&loss)?;
            sum += f64::from(loss.to_scalar::<f32>()?);
        }
        let tensors = model.tensors()?;
        let loss = balanced_loss(&tensors, choosing)?;
        say(&format!(
            "round {}: loss {:.4} while learning, {loss:.4} on the pictures that choose",
            round + 1,
            sum / batches as f64,
        ));
        if best.as_ref().is_none_or(|best| loss < best.loss) {
            best = Some(Learnt {
                rounds,
                best: round + 1,
                loss,
                tensors,
            });
        }
    }
    best.ok_or(TrainingError::Nothing("round"))
}

fn samples(
    lesson: &Lesson<'_>,
    round: u64,
    batch: usize,
) -> std::result::Result<Vec<Sample>, VisionError> {
    let first = (batch * BATCH) as u64;
    (0..BATCH as u64)
        .into_par_iter()
        .map(|number| lesson.sample(round, first + number))
        .collect()
}

/// Up in a line, then down along a cosine.
fn rate(step: usize, total: usize) -> f64 {
    let warm = ((step + 1) as f64 / WARMING as f64).min(1.0);
    let gone = step as f64 / total.max(1) as f64;
    let fallen = 0.5 * (1.0 + (std::f64::consts::PI * gone).cos());
    warm * (SLOWEST + (FASTEST - SLOWEST) * fallen)
}

fn wanted(masked: bool) -> f32 {
    if masked { 1.0 - DOUBT } else { DOUBT }
}

fn kept(random: &mut StdRng) -> Result<Tensor> {
    let values: Vec<f32> = (0..BATCH * FEATURES)
        .map(|_| {
            if random.random_bool(LEFT_OUT) {
                0.0
            } else {
                (1.0 / (1.0 - LEFT_OUT)) as f32
            }
        })
        .collect();
    Tensor::from_vec(values, (BATCH, FEATURES), &Device::Cpu)
}

/// The surprise at each label, from answers before they are brought to 0–1.
fn losses(answers: &Tensor, wanted: Vec<f32>) -> Result<Tensor> {
    let wanted = Tensor::from_vec(wanted, answers.shape(), &Device::Cpu)?;
    let spread = (answers.abs()?.neg()?.exp()? + 1.0)?.log()?;
    (answers.relu()? - (answers * wanted)?)? + spread
}

/// The mean of the losses of masked, of bare, and of the bare folder's faces, as the service sees them.
fn balanced_loss(
    tensors: &[(String, Tensor)],
    faces: &[&Labelled],
) -> std::result::Result<f64, TrainingError> {
    let classifier = MaskClassifier::from_bytes(file(tensors, 0.0)?)?;
    let worn = measure::as_they_came(&classifier, faces)?;
    let mut sums = [(0.0, 0.0); 3];
    for (face, worn) in faces.iter().zip(worn) {
        let right = if face.masked { worn } else { 1.0 - worn };
        let kind = if face.masked {
            0
        } else {
            1 + usize::from(face.bare_folder)
        };
        sums[kind].0 -= right.max(1e-9).ln();
        sums[kind].1 += 1.0;
    }
    let [masked, bare, folder] = sums.map(|(sum, count): (f64, f64)| sum / count.max(1.0));
    Ok((2.0 * masked + bare + folder) / 4.0)
}
