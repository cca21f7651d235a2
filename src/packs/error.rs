//! Why a pack of weights cannot be had, or cannot be trusted.

use std::io;
use std::path::{Path, PathBuf};

use crate::packs::convert::error::ConvertError;

/// What goes wrong with packs; every message is one line and says what to do next where that helps.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    #[error("{}: {source}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is not JSON: {source}", path.display())]
    ManifestJson {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("{}: at {pointer}: {reason}", path.display())]
    ManifestInvalid {
        path: PathBuf,
        pointer: String,
        reason: String,
    },
    #[error("the schema of manifests is itself broken: {0}")]
    BrokenSchema(String),
    #[error("the manifest has no pack \"{name}\"; it has {known}")]
    UnknownPack { name: String, known: String },
    #[error("pack \"{name}\" is a {kind}, not an embedder")]
    NotAnEmbedder { name: String, kind: String },
    #[error("there is no precision \"{name}\"; there is {known}")]
    UnknownPrecision { name: String, known: String },
    #[error("the pack {pack} is not offered in {precision}: its accuracy was not measured there")]
    NotOffered {
        pack: String,
        precision: &'static str,
    },
    #[error("no {kind} is complete below {}: run `likeness models pull` first", cache.display())]
    NonePresent { kind: String, cache: PathBuf },
    #[error("pack {pack} lacks {}: run `likeness models pull --pack {pack}`", path.display())]
    Missing { pack: String, path: PathBuf },
    #[error(
        "{} is not what the manifest names ({found}): delete it and run `likeness models pull`", path.display()
    )]
    Tampered { path: PathBuf, found: String },
    #[error("{file} from {from} was refused: {reason}")]
    Refused {
        file: String,
        from: String,
        reason: String,
    },
    #[error("{from}: {reason}")]
    Unreachable { from: String, reason: String },
    #[error("{file} could not be had ({reasons}): {hint}")]
    Unavailable {
        file: String,
        reasons: String,
        hint: String,
    },
    #[error("{file} could not be converted: {source}")]
    Convert {
        file: String,
        #[source]
        source: ConvertError,
    },
}

impl PackError {
    /// An error of the file system, with the path that it concerns.
    pub fn io(path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::Io {
            path: path.as_ref().to_path_buf(),
            source,
        }
    }

    /// Whether a source gave something other than what the manifest names.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

/// A reason from elsewhere, on one line of bounded length.
pub fn one_line(text: &str) -> String {
    const LONGEST: usize = 300;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    let mut cut: String = line.chars().take(LONGEST).collect();
    cut.push('…');
    cut
}
