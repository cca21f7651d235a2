//! A file that lies in memory alone: what was unsealed is read from it and never touches a disk.

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Deref;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use rustix::fs::{MemfdFlags, memfd_create};

use crate::store::Store;
use crate::store::error::StoreError;

/// The file, which goes when this is dropped. It stands for its path, at which this process can open it.
pub struct PlainFile {
    file: File,
    path: PathBuf,
}

impl PlainFile {
    /// An empty one.
    pub fn new() -> io::Result<Self> {
        let file = File::from(memfd_create("likeness", MemfdFlags::CLOEXEC)?);
        let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        Ok(Self { file, path })
    }

    /// The file itself, for whoever hands it on as a descriptor.
    pub fn file(&self) -> &File {
        &self.file
    }
}

impl Deref for PlainFile {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}

impl AsRef<Path> for PlainFile {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

impl fmt::Debug for PlainFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainFile(…)")
    }
}

impl Store {
    /// What lies under a key, unsealed into a file in memory.
    pub async fn fetch_blob(&self, key: &str) -> Result<PlainFile, StoreError> {
        let file = PlainFile::new().map_err(|source| StoreError::File {
            doing: "make a file in memory",
            source,
        })?;
        self.fetch_blob_to(key, &file).await?;
        Ok(file)
    }
}
