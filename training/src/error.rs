//! Why there are no weights, or no figures.

use std::path::{Path, PathBuf};

use likeness::packs::error::PackError;
use likeness::vision::error::VisionError;

/// Everything that can keep a training from its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrainingError {
    #[error("{path}: {source}")]
    Io {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{path}: {source}")]
    Labels {
        path: PathBuf,
        #[source]
        source: csv::Error,
    },
    #[error("{path}: {source}")]
    Picture {
        path: PathBuf,
        #[source]
        source: Box<VisionError>,
    },
    #[error("the detector: {0}")]
    Packs(#[source] Box<PackError>),
    #[error("the networks: {0}")]
    Vision(#[source] Box<VisionError>),
    #[error("the training: {0}")]
    Candle(#[source] Box<candle_core::Error>),
    #[error("the weights: {0}")]
    Weights(#[from] safetensors::SafeTensorError),
    #[error("there are no pictures of the kind {0:?} to learn from or to measure with")]
    Nothing(&'static str),
}

impl From<VisionError> for TrainingError {
    fn from(error: VisionError) -> Self {
        Self::Vision(Box::new(error))
    }
}

impl From<candle_core::Error> for TrainingError {
    fn from(error: candle_core::Error) -> Self {
        Self::Candle(Box::new(error))
    }
}

impl From<PackError> for TrainingError {
    fn from(error: PackError) -> Self {
        Self::Packs(Box::new(error))
    }
}

impl TrainingError {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
