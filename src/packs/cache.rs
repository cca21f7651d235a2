//! The cache of fetched weights, and the packs opened from it: every byte held against the manifest first.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::packs::error::PackError;
use crate::packs::hash::sha256;
use crate::packs::manifest::{Format, Manifest, ModelFile, Pack, PackKind, Precision};
use crate::packs::prepare;

/// A folder that holds fetched files and what was converted from them.
#[derive(Clone, Debug)]
pub struct Cache {
    dir: PathBuf,
}

/// How a file in the cache stands to the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    Right,
    Missing,
    /// It is something else; says what was found.
    Wrong(String),
}

/// A detector and an embedder, ready to be loaded, and what else is there.
#[derive(Clone, Debug)]
pub struct OpenPacks {
    pub detector: OpenPack,
    pub embedder: OpenPack,
    /// Places the points of a face.
    pub landmarks: Option<OpenPack>,
    /// Tells whether a face is live.
    pub liveness: Option<OpenPack>,
    /// Whether the manifest prefers another embedder to this one.
    pub weaker: bool,
}

/// A pack whose weights were checked and lie converted at `weights`.
#[derive(Clone, Debug)]
pub struct OpenPack {
    pub pack: Pack,
    /// A safetensors file.
    pub weights: PathBuf,
    /// What it is to compute with.
    pub precision: Precision,
}

impl OpenPack {
    /// The same at another precision, if the pack is offered in it.
    pub fn at(self, precision: Precision) -> Result<Self, PackError> {
        if self.pack.network.offers(precision) {
            Ok(Self { precision, ..self })
        } else {
            Err(PackError::NotOffered {
                pack: self.pack.name,
                precision: precision.name(),
            })
        }
    }

    /// A SHA-256 over all that its answers rest on; see [`Pack::fingerprint`].
    pub fn fingerprint(&self) -> String {
        match self.precision {
            Precision::F32 => self.pack.fingerprint(),
            Precision::Bf16 => {
                let name = self.precision.name();
                sha256(format!("{} {name}", self.pack.fingerprint()).as_bytes())
            }
        }
    }
}

/// Opens the first complete pack of each kind, converting what is not yet converted. Without a
/// detector or an embedder it is an error. A file that is there but wrong stops it: nothing else
/// is chosen in its stead.
pub fn open(manifest: &Manifest, cache: &Cache) -> Result<OpenPacks, PackError> {
    let embedder = first_complete(manifest, cache, PackKind::Embedder)?;
    open_all(manifest, cache, embedder)
}

/// As [`open`], with the embedder of that name.
pub fn open_with(
    manifest: &Manifest,
    cache: &Cache,
    embedder: &str,
) -> Result<OpenPacks, PackError> {
    let pack = manifest.pack(embedder)?;
    if pack.kind != PackKind::Embedder {
        return Err(PackError::NotAnEmbedder {
            name: pack.name.clone(),
            kind: pack.kind.to_string(),
        });
    }
    open_all(manifest, cache, pack)
}

impl Cache {
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where a file lies as it was published.
    pub fn original(&self, file: &ModelFile) -> PathBuf {
        let extension = match file.format {
            Format::TorchLegacy => "pt",
            Format::Dlib => "dat",
            Format::OpenvinoBin => "bin",
            Format::Tflite => "tflite",
        };
        self.dir.join(format!("{}.{extension}", file.name))
    }

    /// Where a pack lies converted.
    pub fn converted(&self, pack: &Pack) -> PathBuf {
        self.dir.join(format!("{}.safetensors", pack.name))
    }

    /// Reads a file and compares it with the manifest.
    pub fn state(&self, file: &ModelFile) -> Result<FileState, PackError> {
        Ok(self.check(file)?.1)
    }

    /// A file's bytes, if they are those that the manifest names.
    pub(crate) fn read(&self, pack: &Pack, file: &ModelFile) -> Result<Vec<u8>, PackError> {
        let path = self.original(file);
        match self.check(file)? {
            (bytes, FileState::Right) => Ok(bytes),
            (_, FileState::Wrong(found)) => Err(PackError::Tampered { path, found }),
            (_, FileState::Missing) => Err(PackError::Missing {
                pack: pack.name.clone(),
                path,
            }),
        }
    }

    fn check(&self, file: &ModelFile) -> Result<(Vec<u8>, FileState), PackError> {
        let path = self.original(file);
        let opened = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok((Vec::new(), FileState::Missing));
            }
            opened => opened.map_err(|error| PackError::io(&path, error))?,
        };
        let mut bytes = Vec::new();
        // One byte more than is right is enough to see that there are too many.
        opened
            .take(file.bytes.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| PackError::io(&path, error))?;
        let length = bytes.len() as u64;
        let found = match length.cmp(&file.bytes) {
            Ordering::Greater => format!("it is longer than {} bytes", file.bytes),
            Ordering::Less => format!("it has {length} of {} bytes", file.bytes),
            Ordering::Equal => match sha256(&bytes) {
                found if found == file.sha256 => return Ok((bytes, FileState::Right)),
                found => format!("its sha256 is {found}, not {}", file.sha256),
            },
        };
        Ok((bytes, FileState::Wrong(found)))
    }

    fn holds(&self, pack: &Pack) -> bool {
        pack.files.iter().all(|file| self.original(file).exists())
    }
}

fn first_complete<'a>(
    manifest: &'a Manifest,
    cache: &Cache,
    kind: PackKind,
) -> Result<&'a Pack, PackError> {
    manifest
        .of_kind(kind)
        .find(|pack| cache.holds(pack))
        .ok_or_else(|| PackError::NonePresent {
            kind: kind.to_string(),
            cache: cache.dir().to_path_buf(),
        })
}

fn open_all(manifest: &Manifest, cache: &Cache, embedder: &Pack) -> Result<OpenPacks, PackError> {
    let detector = first_complete(manifest, cache, PackKind::Detector)?;
    let preferred = manifest.of_kind(PackKind::Embedder).next();
    Ok(OpenPacks {
        detector: open_one(cache, detector)?,
        embedder: open_one(cache, embedder)?,
        landmarks: open_first(manifest, cache, PackKind::Landmarks)?,
        liveness: open_first(manifest, cache, PackKind::Liveness)?,
        weaker: preferred.is_some_and(|first| first.name != embedder.name),
    })
}

/// The first complete pack of a kind that a service can do without.
fn open_first(
    manifest: &Manifest,
    cache: &Cache,
    kind: PackKind,
) -> Result<Option<OpenPack>, PackError> {
    let held = manifest.of_kind(kind).find(|pack| cache.holds(pack));
    held.map(|pack| open_one(cache, pack)).transpose()
}

fn open_one(cache: &Cache, pack: &Pack) -> Result<OpenPack, PackError> {
    Ok(OpenPack {
        pack: pack.clone(),
        weights: prepare::converted(cache, pack)?,
        precision: Precision::default(),
    })
}
