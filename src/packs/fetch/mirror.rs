//! A local folder whose files are known by their content, whatever they are called.

use std::fs;
use std::path::{Path, PathBuf};

use crate::packs::error::PackError;
use crate::packs::hash::sha256_file;
use crate::packs::manifest::ModelFile;

/// A folder of files.
pub(super) struct Mirror {
    dir: PathBuf,
    files: Vec<(PathBuf, u64)>,
}

/// What a mirror has to say to a file.
pub(super) enum Reflection {
    Found(PathBuf),
    /// A file of the right length that is another.
    Other(PathBuf),
    Absent,
}

impl Mirror {
    pub(super) fn open(dir: &Path) -> Result<Self, PackError> {
        let wrap = |error| PackError::io(dir, error);
        let mut files = Vec::new();
        for entry in fs::read_dir(dir).map_err(wrap)? {
            let path = entry.map_err(wrap)?.path();
            // A dangling link is none of our files.
            if let Ok(metadata) = fs::metadata(&path)
                && metadata.is_file()
            {
                files.push((path, metadata.len()));
            }
        }
        files.sort();
        Ok(Self {
            dir: dir.to_path_buf(),
            files,
        })
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Hashes those files only that have the right length.
    pub(super) fn find(&self, file: &ModelFile) -> Reflection {
        let mut found = Reflection::Absent;
        let fitting = self.files.iter().filter(|(_, bytes)| *bytes == file.bytes);
        for (path, _) in fitting {
            match sha256_file(path) {
                Ok(sha256) if sha256 == file.sha256 => return Reflection::Found(path.clone()),
                Ok(_) => found = Reflection::Other(path.clone()),
                Err(_) => {}
            }
        }
        found
    }
}
