//! Real weights for the tests that need them, where `make` has fetched them; a test without them says so and passes.

use std::io::{Write, stderr};
use std::path::{Path, PathBuf};

use likeness::packs::cache::{self, Cache, OpenPack, OpenPacks};
use likeness::packs::error::PackError;
use likeness::packs::manifest::Manifest;

/// The manifest of this repository.
pub(crate) fn manifest() -> Manifest {
    Manifest::load(&root().join("models/manifest.json")).expect("the manifest is in order")
}

/// Folder of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// The embedder pack of that name, or a line that `test` was skipped.
pub(crate) fn embedder(name: &str, test: &str) -> Option<OpenPack> {
    packs(name, test).map(|packs| packs.embedder)
}

/// The detector pack, or a line that `test` was skipped.
pub(crate) fn detector(test: &str) -> Option<OpenPack> {
    open(test).map(|packs| packs.detector)
}

/// The landmarks pack, or a line that `test` was skipped.
pub(crate) fn landmarks(test: &str) -> Option<OpenPack> {
    installed(open(test)?.landmarks, test)
}

/// The liveness pack, or a line that `test` was skipped.
pub(crate) fn liveness(test: &str) -> Option<OpenPack> {
    installed(open(test)?.liveness, test)
}

fn open(test: &str) -> Option<OpenPacks> {
    present(cache::open(&manifest(), &cache()), test)
}

/// A pack that a service can do without, if it was fetched.
fn installed(pack: Option<OpenPack>, test: &str) -> Option<OpenPack> {
    if pack.is_none() {
        skipped(test);
    }
    pack
}

/// Written past the test runner, which would keep the line of a test that passes to itself.
fn skipped(test: &str) {
    let _ = writeln!(stderr(), "skipped: {test}: weights absent");
}

/// The detector with the embedder of that name, or a line that `test` was skipped.
pub(crate) fn packs(name: &str, test: &str) -> Option<OpenPacks> {
    present(cache::open_with(&manifest(), &cache(), name), test)
}

fn cache() -> Cache {
    Cache::new(root().join("models/cache"))
}

fn present(packs: Result<OpenPacks, PackError>, test: &str) -> Option<OpenPacks> {
    match packs {
        Ok(packs) => Some(packs),
        Err(PackError::NonePresent { .. } | PackError::Missing { .. }) => {
            skipped(test);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Whether the detector and any embedder are there, or a line that `test` was skipped.
pub(crate) fn are_here(test: &str) -> bool {
    let cache = Cache::new(root().join("models/cache"));
    match cache::open(&manifest(), &cache) {
        Ok(_) => true,
        Err(PackError::NonePresent { .. } | PackError::Missing { .. }) => {
            skipped(test);
            false
        }
        Err(error) => panic!("{error}"),
    }
}
