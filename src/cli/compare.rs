//! `likeness compare`: two pictures, one percentage.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use crate::app;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;
use crate::vision::detector::Detector;
use crate::vision::embedder::{Embedder, Embedding};
use crate::vision::picture::{Picture, PictureLimits};
use crate::vision::subject;

/// Compares the faces of two pictures.
///
/// Prints the similarity (cosine, −1 to 1), the percentage (0–100, 80 being a false match rate of
/// 1e-4) and whether they match at the threshold. In each picture the largest face counts, at any
/// of the four orientations.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// One picture: JPEG, PNG, WebP or BMP.
    a: PathBuf,

    /// The other.
    b: PathBuf,

    /// The percentage from which on two faces match.
    #[arg(long, value_name = "PERCENT", default_value_t = 80.0)]
    threshold: f64,
}

#[derive(Serialize)]
struct Comparison<'a> {
    similarity: f32,
    percentage: f64,
    #[serde(rename = "match")]
    matched: bool,
    threshold: f64,
    embedder: &'a str,
    weaker_embedder: bool,
}

/// Runs the command.
pub fn run(args: &CompareArgs, config: &Config) -> Result<ExitCode, CliError> {
    let (detector, embedder, models) = app::models::networks(config)?;
    let limits = app::decoding::picture_limits(config);
    let a = face_of(&args.a, &detector, &embedder, limits)?;
    let b = face_of(&args.b, &detector, &embedder, limits)?;
    let similarity = a.similarity(&b);
    let percentage = embedder.percentage(similarity);
    output::json(&Comparison {
        similarity,
        percentage,
        matched: percentage >= args.threshold,
        threshold: args.threshold,
        embedder: &models.embedder,
        weaker_embedder: models.weaker,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The embedding of a file's largest face.
pub(crate) fn face_of(
    file: &Path,
    detector: &Detector,
    embedder: &Embedder,
    limits: PictureLimits,
) -> Result<Embedding, CliError> {
    let about = |error| CliError::about(file, error);
    let picture = Picture::open(file, &limits).map_err(about)?;
    let found = subject::document_subject(detector, &picture)
        .map_err(about)?
        .ok_or_else(|| CliError::about(file, "no face was found in it"))?;
    embedder.embed(&found.upright, &found.face).map_err(about)
}
