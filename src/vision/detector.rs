//! Finds faces and their five points in a picture, by the three-stage cascade of MTCNN.

use std::fmt;
use std::path::Path;

use candle_core::{DType, Device};
use candle_nn::VarBuilder;
use kernels::maps::Maps;
use kernels::shrink::Values;
use rayon::prelude::*;

use crate::vision::candidate::{self, Candidate, Overlap};
use crate::vision::coarse::Coarse;
use crate::vision::error::VisionError;
use crate::vision::geometry::{BoundingBox, Point};
use crate::vision::nets::mtcnn::{OutputNet, Proposal, ProposalNet, RefinementNet};
use crate::vision::picture::Picture;
use crate::vision::resample::{self, Region};

/// A face in a picture. The points are named as they are seen: the left eye is the one further left.
#[derive(Clone, Debug, PartialEq)]
pub struct Face {
    /// It may reach a little over the picture's edge.
    pub bounds: BoundingBox,
    /// The last network's probability that this is a face, 0–1.
    pub confidence: f32,
    /// Left eye, right eye, nose tip, left and right corner of the mouth.
    pub landmarks: [Point; 5],
}

/// How sure each of the three networks must be to pass a candidate on (the defaults of
/// `facenet-pytorch` 2.6.0, against which this detector is held).
const SURE_ENOUGH: [f32; 3] = [0.6, 0.7, 0.7];
/// Each level of the pyramid has 0.709 of the side of the one before, about half of its pixels
/// (the default of `facenet-pytorch` 2.6.0).
const PYRAMID_FACTOR: f64 = 0.709;
/// The first network's window: a face of `min_face` pixels is shrunk to this side.
const WINDOW: f64 = 12.0;
const STRIDE: usize = 2;
/// More candidates than this at one level are no picture of people. The likeliest are kept, so
/// that a picture made to be slow costs a bounded time.
const MAX_CANDIDATES: usize = 4096;
/// Crops that go through a network together: enough to keep it busy, few enough to share the cores.
const BATCH: usize = 16;
/// The networks take values from −1 to 1.
const VALUES: Values = Values {
    centre: 127.5,
    scale: 1.0 / 128.0,
};
/// What two candidates of one level, then two of any level, may share before one of them goes.
const OVERLAP_IN_LEVEL: f32 = 0.5;
const OVERLAP: f32 = 0.7;

/// MTCNN, loaded. It may be used from several threads at once.
pub struct Detector {
    proposal: ProposalNet,
    refinement: RefinementNet,
    output: OutputNet,
}

impl fmt::Debug for Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Detector(mtcnn)")
    }
}

impl Detector {
    /// Reads the weights of the three networks from one safetensors file.
    pub fn load(weights: &Path) -> Result<Self, VisionError> {
        let failed = |source| VisionError::Weights {
            path: weights.to_owned(),
            source,
        };
        let bytes = std::fs::read(weights).map_err(VisionError::Io)?;
        let tensors = VarBuilder::from_buffered_safetensors(bytes, DType::F32, &Device::Cpu);
        let tensors = tensors.map_err(failed)?;
        Ok(Self {
            proposal: ProposalNet::load(&tensors.pp("pnet")).map_err(failed)?,
            refinement: RefinementNet::load(&tensors.pp("rnet")).map_err(failed)?,
            output: OutputNet::load(&tensors.pp("onet")).map_err(failed)?,
        })
    }

    /// Every face whose side is `min_face` pixels or more, the surest first. The same picture
    /// always gives the same faces.
    pub fn detect(&self, picture: &Picture, min_face: f32) -> Result<Vec<Face>, VisionError> {
        self.detect_in(&Coarse::of(picture, min_face)?, min_face)
    }

    /// As [`Detector::detect`], in a picture that was made coarse for that size of face; sizes and
    /// places are the full picture's.
    pub fn detect_in(&self, coarse: &Coarse<'_>, min_face: f32) -> Result<Vec<Face>, VisionError> {
        let faces = self.cascade(coarse.picture(), coarse.length(min_face))?;
        Ok(faces.iter().map(|face| coarse.in_full(face)).collect())
    }

    fn cascade(&self, picture: &Picture, min_face: f32) -> Result<Vec<Face>, VisionError> {
        let [proposal, refinement, output] = SURE_ENOUGH;
        let candidates = self.propose(picture, min_face, proposal)?;
        let candidates = self.refine(picture, &candidates, refinement)?;
        let mut faces = self.finish(picture, &candidates, output)?;
        faces.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        Ok(faces)
    }

    /// The first stage: the whole picture at every size of the pyramid.
    fn propose(
        &self,
        picture: &Picture,
        min_face: f32,
        threshold: f32,
    ) -> Result<Vec<Candidate>, VisionError> {
        let levels: Vec<Vec<Candidate>> = scales(picture, min_face)
            .into_par_iter()
            .map(|scale| {
                let size = |length: u32| (f64::from(length) * scale + 1.0) as usize;
                let (width, height) = (size(picture.width()), size(picture.height()));
                let whole = [Region::whole(picture)];
                let level = resample::area_averages(picture, &whole, (width, height), VALUES)?;
                let proposals = self.proposal.forward(&level, threshold)?;
                let mut candidates: Vec<Candidate> = proposals
                    .iter()
                    .map(|proposal| window(proposal, scale as f32))
                    .collect();
                candidate::keep_likeliest(&mut candidates, MAX_CANDIDATES);
                Ok(candidate::suppress(
                    &candidates,
                    OVERLAP_IN_LEVEL,
                    Overlap::OfBoth,
                ))
            })
            .collect::<Result<_, VisionError>>()?;
        let mut candidates = levels.concat();
        candidate::keep_likeliest(&mut candidates, MAX_CANDIDATES);
        let mut candidates = candidate::suppress(&candidates, OVERLAP, Overlap::OfBoth);
        for candidate in &mut candidates {
            candidate.bounds = candidate.corrected(0.0).squared();
        }
        Ok(candidates)
    }

    /// The second stage: each candidate's crop, at 24×24.
    fn refine(
        &self,
        picture: &Picture,
        candidates: &[Candidate],
        threshold: f32,
    ) -> Result<Vec<Candidate>, VisionError> {
        let refined = judge(picture, candidates, 24, |crops| {
            Ok(self.refinement.forward(crops)?)
        })?;
        let passed: Vec<Candidate> = refined
            .into_iter()
            .filter(|(_, verdict)| verdict.probability > threshold)
            .map(|(bounds, verdict)| Candidate::judged(bounds, verdict))
            .collect();
        let mut candidates = candidate::suppress(&passed, OVERLAP, Overlap::OfBoth);
        for candidate in &mut candidates {
            candidate.bounds = candidate.corrected(1.0).squared();
        }
        Ok(candidates)
    }

    /// The third stage: each candidate's crop at 48×48, and the five points.
    fn finish(
        &self,
        picture: &Picture,
        candidates: &[Candidate],
        threshold: f32,
    ) -> Result<Vec<Face>, VisionError> {
        let outputs = judge(picture, candidates, 48, |crops| {
            Ok(self.output.forward(crops)?)
        })?;
        let (mut finished, mut points) = (Vec::new(), Vec::new());
        for (bounds, output) in outputs {
            if output.verdict.probability > threshold {
                points.push(placed(bounds, &output.points));
                let mut candidate = Candidate::judged(bounds, output.verdict);
                candidate.bounds = candidate.corrected(1.0);
                finished.push(candidate);
            }
        }
        Ok(candidate::kept(&finished, OVERLAP, Overlap::OfSmaller)
            .into_iter()
            .map(|index| Face {
                bounds: finished[index].bounds,
                confidence: finished[index].score,
                landmarks: points[index],
            })
            .collect())
    }
}

/// Runs a network over the crops of all candidates that lie in the picture.
fn judge<T: Send>(
    picture: &Picture,
    candidates: &[Candidate],
    side: usize,
    network: impl Fn(&Maps) -> Result<Vec<T>, VisionError> + Sync,
) -> Result<Vec<(BoundingBox, T)>, VisionError> {
    let inside: Vec<(BoundingBox, Region)> = candidates
        .iter()
        .filter_map(|candidate| {
            let region = candidate.region().within(picture)?;
            Some((candidate.bounds, region))
        })
        .collect();
    let judged: Vec<Vec<(BoundingBox, T)>> = inside
        .par_chunks(BATCH)
        .map(|chunk| {
            let regions: Vec<Region> = chunk.iter().map(|(_, region)| *region).collect();
            let crops = resample::area_averages(picture, &regions, (side, side), VALUES)?;
            let found = network(&crops)?;
            Ok(chunk.iter().map(|(bounds, _)| *bounds).zip(found).collect())
        })
        .collect::<Result<_, VisionError>>()?;
    Ok(judged.into_iter().flatten().collect())
}

/// How much the picture is shrunk at each level, from the least.
fn scales(picture: &Picture, min_face: f32) -> Vec<f64> {
    let shortest = f64::from(picture.width().min(picture.height()));
    // A smaller face than the window would have the picture enlarged.
    let mut scale = WINDOW / f64::from(min_face).max(WINDOW);
    let mut side = shortest * scale;
    let mut scales = Vec::new();
    while side >= WINDOW {
        scales.push(scale);
        scale *= PYRAMID_FACTOR;
        side *= PYRAMID_FACTOR;
    }
    scales
}

/// The window that the first network takes for a face, in the picture's own pixels.
fn window(proposal: &Proposal, scale: f32) -> Candidate {
    let place = |step: usize| (step * STRIDE + 1) as f32;
    let (x, y) = (place(proposal.column), place(proposal.row));
    let reach = WINDOW as f32 - 1.0;
    let bounds = BoundingBox {
        left: (x / scale).floor(),
        top: (y / scale).floor(),
        right: ((x + reach) / scale).floor(),
        bottom: ((y + reach) / scale).floor(),
    };
    Candidate::judged(bounds, proposal.verdict)
}

/// The five points of a box, from fractions of its sides.
fn placed(bounds: BoundingBox, fractions: &[f32; 10]) -> [Point; 5] {
    let width = bounds.right - bounds.left + 1.0;
    let height = bounds.bottom - bounds.top + 1.0;
    std::array::from_fn(|index| Point {
        x: width * fractions[index] + bounds.left - 1.0,
        y: height * fractions[index + 5] + bounds.top - 1.0,
    })
}
