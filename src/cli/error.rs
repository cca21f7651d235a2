//! Why a command ends with status 1: one line for the person who typed it.

use crate::app::AppError;
use crate::config::ConfigError;
use crate::operations::error::Error as OperationError;
use crate::packs::error::PackError;
use crate::pipeline::examiner::ExamineError;
use crate::vision::error::VisionError;

/// Why a command ends with status 1.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("{0}")]
    App(#[from] AppError),
    #[error("{0}")]
    Models(#[from] crate::cli::models::ModelsError),
    #[error("{0}")]
    Eval(#[from] crate::cli::eval::EvalError),
    #[error("{0}")]
    Packs(#[from] PackError),
    #[error("{0}")]
    Operation(#[from] OperationError),
    #[error("{0}")]
    Examine(#[from] ExamineError),
    #[error("{file}: {source}")]
    Picture {
        file: String,
        #[source]
        source: VisionError,
    },
    #[error("{file}: no face was found in it")]
    NoFace { file: String },
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    Usage(String),
}
