//! What `models/manifest.json` says: packs in order of preference, their files, papers and calibration.

use std::fmt;
use std::fs;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::packs::error::PackError;
use crate::packs::hash::sha256;
use crate::packs::install::write_atomically;
use crate::packs::schema;

/// The manifest that this build carries, for a models folder that has none of its own.
const BUILT_IN: &str = include_str!("../../models/manifest.json");

/// Every pack, the preferred one of each kind first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub packs: Vec<Pack>,
}

/// The weights of one network, with their papers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pack {
    pub name: String,
    pub kind: PackKind,
    pub network: Network,
    pub description: String,
    pub input: Input,
    pub files: Vec<ModelFile>,
    /// None until it was measured.
    pub calibration: Option<Calibration>,
    pub accuracy: Vec<Accuracy>,
}

/// What a pack is for. Without a detector and an embedder there is no service; the others are told as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PackKind {
    Detector,
    Embedder,
    Landmarks,
    Liveness,
}

/// The architecture that the weights belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    Mtcnn,
    DlibResnet,
    #[serde(rename = "retail_0095")]
    Retail0095,
    FaceMesh,
    MiniFasnet,
}

impl Network {
    /// Whether its answers were measured at that precision and are as good (docs/accuracy.md).
    pub fn offers(self, precision: Precision) -> bool {
        match (precision, self) {
            (Precision::F32, _) | (Precision::Bf16, Self::Retail0095) => true,
            (
                Precision::Bf16,
                Self::Mtcnn | Self::DlibResnet | Self::FaceMesh | Self::MiniFasnet,
            ) => false,
        }
    }
}

/// The numbers that a network computes with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits, 24 of them mantissa.
    #[default]
    F32,
    /// 16 bits, 8 of them mantissa, on processors with matrix tiles; sums have 32 bits.
    Bf16,
}

impl Precision {
    /// Every name, as `from_str` reads them.
    pub const NAMES: [&str; 2] = ["f32", "bf16"];

    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => Self::NAMES[0],
            Self::Bf16 => Self::NAMES[1],
        }
    }
}

impl FromStr for Precision {
    type Err = PackError;

    fn from_str(name: &str) -> Result<Self, PackError> {
        [Self::F32, Self::Bf16]
            .into_iter()
            .find(|precision| precision.name() == name)
            .ok_or_else(|| PackError::UnknownPrecision {
                name: name.to_owned(),
                known: Self::NAMES.join(", "),
            })
    }
}

/// The picture that a network takes: each channel is `(pixel - mean) * scale`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    pub width: u32,
    pub height: u32,
    pub channels: Channels,
    pub mean: [f32; 3],
    pub scale: f32,
}

/// The order of the channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    Rgb,
    Bgr,
}

/// A published file, known by its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFile {
    pub name: String,
    pub sha256: String,
    pub bytes: u64,
    /// An SPDX licence identifier.
    pub licence: String,
    pub format: Format,
    /// Where it comes from, the first to be tried first.
    pub sources: Vec<Source>,
}

/// How a file holds its tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    TorchLegacy,
    Dlib,
    OpenvinoBin,
    Tflite,
}

/// Where a file comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Source {
    Url { url: String },
    Package(Package),
}

/// A file inside an archive of the Python package index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    pub name: String,
    pub version: String,
    pub archive: String,
    pub archive_sha256: String,
    pub member: String,
}

/// Similarity to percentage, with the run that made it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    pub points: Vec<CalibrationPoint>,
    pub run: CalibrationRun,
}

/// One point of a calibration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationPoint {
    pub percentage: f64,
    pub similarity: f64,
    /// True where the data end and a fitted tail speaks.
    pub fitted: bool,
}

/// How a calibration was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalibrationRun {
    pub command: String,
    pub data: String,
    /// Year-month-day.
    pub date: String,
    pub machine: String,
    pub pictures: u64,
    pub impostor_pairs: u64,
}

/// One figure of a pack's accuracy and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    pub origin: Origin,
    pub data: String,
    pub metric: String,
    pub value: f64,
    /// Pairs compared.
    pub n: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
}

/// Who measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The makers of the pack.
    Published,
    /// Other tools, when the packs were chosen.
    Preliminary,
    /// This program.
    Measured,
}

impl Pack {
    /// A SHA-256 over all that a pack's answers rest on: its weights, what they take, and the
    /// calibration. What is merely said about it does not count.
    pub fn fingerprint(&self) -> String {
        let files: Vec<&str> = self.files.iter().map(|file| file.sha256.as_str()).collect();
        let points = self.calibration.as_ref().map(|found| &found.points);
        let all = serde_json::json!([self.name, self.network, self.input, files, points]);
        sha256(all.to_string().as_bytes())
    }
}

impl Manifest {
    /// The manifest that this build carries.
    pub fn built_in() -> Result<Self, PackError> {
        Self::parse(BUILT_IN, Path::new("the built-in manifest"))
    }

    /// Reads a manifest, held first against its schema and then against sense.
    pub fn load(path: &Path) -> Result<Self, PackError> {
        let text = fs::read_to_string(path).map_err(|error| PackError::io(path, error))?;
        Self::parse(&text, path)
    }

    /// Reads a manifest's text; errors name `path`.
    pub fn parse(text: &str, path: &Path) -> Result<Self, PackError> {
        let value: Value =
            serde_json::from_str(text).map_err(|source| PackError::ManifestJson {
                path: path.to_path_buf(),
                source,
            })?;
        schema::check(&value, path)?;
        let manifest: Self =
            serde_json::from_value(value).map_err(|source| PackError::ManifestJson {
                path: path.to_path_buf(),
                source,
            })?;
        schema::check_sense(&manifest, path)?;
        Ok(manifest)
    }

    /// Writes the manifest, after holding it against its schema, in one step.
    pub fn save(&self, path: &Path) -> Result<(), PackError> {
        let json = |source| PackError::ManifestJson {
            path: path.to_path_buf(),
            source,
        };
        let value = serde_json::to_value(self).map_err(json)?;
        schema::check(&value, path)?;
        schema::check_sense(self, path)?;
        let mut text = serde_json::to_string_pretty(self).map_err(json)?;
        text.push('\n');
        write_atomically(path, text.as_bytes())
    }

    /// The packs of one kind, the preferred one first.
    pub fn of_kind(&self, kind: PackKind) -> impl Iterator<Item = &Pack> {
        self.packs.iter().filter(move |pack| pack.kind == kind)
    }

    /// The pack of that name.
    pub fn pack(&self, name: &str) -> Result<&Pack, PackError> {
        self.packs
            .iter()
            .find(|pack| pack.name == name)
            .ok_or_else(|| PackError::UnknownPack {
                name: name.to_owned(),
                known: self
                    .packs
                    .iter()
                    .map(|pack| pack.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    }
}

impl fmt::Display for PackKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Detector => "detector",
            Self::Embedder => "embedder",
            Self::Landmarks => "landmarks",
            Self::Liveness => "liveness",
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url { url } => f.write_str(url),
            Self::Package(package) => write!(f, "package {} {}", package.name, package.version),
        }
    }
}
