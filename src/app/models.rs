//! The model packs that decide, and the networks and examiners that are made of them.

use crate::app::AppError;
use crate::app::decoding::{decoding, media_limits, picture_limits};
use crate::config::Config;
use crate::media::limits::MediaLimits;
use crate::packs::cache::{self, OpenPack, OpenPacks};
use crate::packs::folder::ModelsFolder;
use crate::pipeline::examine::{FaceExaminer, Networks};
use crate::pipeline::examiner::ModelFacts;
use crate::sandbox::decoding::Decoding;
use crate::session::examination::PackHash;
use crate::vision::detector::Detector;
use crate::vision::embedder::Embedder;
use crate::vision::error::VisionError;
use crate::vision::landmarks::Landmarker;
use crate::vision::liveness::PassiveLiveness;
use crate::vision::mask::{self, MaskClassifier};
use crate::vision::picture::PictureLimits;

/// The real examiner, loaded here and now.
pub fn examiner(config: &Config) -> Result<(FaceExaminer, ModelFacts), AppError> {
    examiner_that(config, decoding(config)?)
}

/// The same for files of the operator's own, which measurements are made with: they are decoded in this process.
pub fn trusting_examiner(config: &Config) -> Result<(FaceExaminer, ModelFacts), AppError> {
    examiner_that(config, Decoding::InProcess)
}

pub(super) fn examiner_that(
    config: &Config,
    decoding: Decoding,
) -> Result<(FaceExaminer, ModelFacts), AppError> {
    let packs = open_packs(config)?;
    let facts = model_facts(&packs);
    let examiner = load_examiner(
        &packs,
        picture_limits(config),
        media_limits(config),
        decoding,
    )?;
    Ok((examiner, facts))
}

/// The detector and the embedder of the configured packs.
pub fn networks(config: &Config) -> Result<(Detector, Embedder, ModelFacts), AppError> {
    let packs = open_packs(config)?;
    let facts = model_facts(&packs);
    let detector = Detector::load(&packs.detector.weights)?;
    let embedder = Embedder::load(&packs.embedder)?;
    Ok((detector, embedder, facts))
}

pub(super) fn open_packs(config: &Config) -> Result<OpenPacks, AppError> {
    let folder = ModelsFolder::new(&config.models);
    let (manifest, cache) = (folder.manifest()?, folder.cache());
    let mut packs = if config.embedder.is_empty() {
        cache::open(&manifest, &cache)?
    } else {
        cache::open_with(&manifest, &cache, &config.embedder)?
    };
    packs.embedder = packs.embedder.at(config.precision.parse()?)?;
    if packs.embedder.pack.calibration.is_none() {
        return Err(AppError::Uncalibrated {
            pack: packs.embedder.pack.name,
        });
    }
    Ok(packs)
}

pub(super) fn model_facts(packs: &OpenPacks) -> ModelFacts {
    let name = |open: &OpenPack| open.pack.name.clone();
    let all = [&packs.detector, &packs.embedder]
        .into_iter()
        .chain(&packs.landmarks)
        .chain(&packs.liveness);
    let built_in = PackHash {
        name: mask::NAME.to_owned(),
        sha256: mask::sha256_of_weights(),
    };
    ModelFacts {
        detector: name(&packs.detector),
        embedder: name(&packs.embedder),
        weaker: packs.weaker,
        mask: Some(mask::NAME.to_owned()),
        liveness: packs.liveness.as_ref().map(name),
        landmarks: packs.landmarks.as_ref().map(name),
        hashes: all
            .map(|open| PackHash {
                name: name(open),
                sha256: open.fingerprint(),
            })
            .chain([built_in])
            .collect(),
    }
}

pub(super) fn announce(models: &ModelFacts) {
    tracing::info!(
        detector = models.detector,
        embedder = models.embedder,
        landmarks = models.landmarks,
        liveness = models.liveness,
        "these packs decide"
    );
    if models.weaker {
        tracing::warn!(
            embedder = models.embedder,
            "the weaker embedder decides; `likeness models pull` fetches the better one where its source can be reached"
        );
    }
}

/// Says once what a service without a pack cannot do.
pub(super) fn announce_absent(models: &ModelFacts) {
    for (what, pack) in [
        ("landmarks", &models.landmarks),
        ("liveness", &models.liveness),
    ] {
        if pack.is_none() {
            tracing::warn!(
                what,
                "no pack of this kind is installed, and nothing is said of it; `likeness models pull` fetches it where its source can be reached"
            );
        }
    }
}

pub(super) fn load_examiner(
    packs: &OpenPacks,
    picture_limits: PictureLimits,
    media_limits: MediaLimits,
    decoding: Decoding,
) -> Result<FaceExaminer, VisionError> {
    let detector = Detector::load(&packs.detector.weights)?;
    let embedder = Embedder::load(&packs.embedder)?;
    let passive = packs.liveness.as_ref().map(PassiveLiveness::load);
    let landmarker = packs.landmarks.as_ref().map(Landmarker::load);
    let networks = Networks {
        detector,
        embedder,
        passive: passive.transpose()?,
        landmarker: landmarker.transpose()?,
        mask: MaskClassifier::built_in()?,
    };
    Ok(FaceExaminer::new(
        networks,
        picture_limits,
        media_limits,
        decoding,
    ))
}
