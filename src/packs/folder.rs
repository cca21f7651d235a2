//! The models folder: a manifest, and below it the cache of what was fetched.

use std::path::{Path, PathBuf};

use crate::packs::cache::Cache;
use crate::packs::error::PackError;
use crate::packs::manifest::Manifest;

/// A folder with `manifest.json` (or without, then the built-in one holds) and `cache/`.
#[derive(Clone, Debug)]
pub struct ModelsFolder {
    dir: PathBuf,
}

impl ModelsFolder {
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the folder's own manifest lies, if it has one.
    pub fn manifest_path(&self) -> PathBuf {
        self.dir.join("manifest.json")
    }

    /// The folder's own manifest, else the built-in one.
    pub fn manifest(&self) -> Result<Manifest, PackError> {
        let path = self.manifest_path();
        if path.exists() {
            Manifest::load(&path)
        } else {
            Manifest::built_in()
        }
    }

    pub fn cache(&self) -> Cache {
        Cache::new(self.dir.join("cache"))
    }
}
