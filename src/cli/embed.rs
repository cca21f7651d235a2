//! `likeness embed`: pictures in, vectors out.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use crate::app;
use crate::cli::compare::face_of;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;

/// Prints the embedding of each picture's largest face, one line of JSON a picture.
///
/// A line holds `file`, `pack` and `vector` (unit length), or `file` and `error`. Vectors of
/// different packs cannot be compared. The exit status is 1 when a picture gave none. An
/// embedding is biometric data: guard it as you would guard the picture.
#[derive(Debug, Args)]
pub struct EmbedArgs {
    /// Pictures: JPEG, PNG, WebP or BMP.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Embedded {
        file: String,
        pack: &'a str,
        vector: &'a [f32],
    },
    Refused {
        file: String,
        error: String,
    },
}

/// Runs the command.
pub fn run(args: &EmbedArgs, config: &Config) -> Result<ExitCode, CliError> {
    let (detector, embedder, _) = app::models::networks(config)?;
    let mut code = ExitCode::SUCCESS;
    for path in &args.files {
        let file = path.display().to_string();
        match face_of(
            path,
            &detector,
            &embedder,
            app::decoding::picture_limits(config),
        ) {
            Ok(embedding) => output::json_line(&Line::Embedded {
                file,
                pack: embedder.pack(),
                vector: embedding.values(),
            })?,
            Err(error) => {
                code = ExitCode::from(1);
                output::json_line(&Line::Refused {
                    file,
                    error: error.to_string(),
                })?;
            }
        }
    }
    Ok(code)
}
