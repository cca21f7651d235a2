//! Holds everything in the cache against the manifest.

use std::path::PathBuf;

use crate::packs::cache::{Cache, FileState};
use crate::packs::error::PackError;
use crate::packs::manifest::Manifest;
use crate::packs::prepare;

/// A file in the cache and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub pack: String,
    pub file: String,
    pub path: PathBuf,
    pub state: FileState,
}

/// Reads every file of every pack again. The converted weights are made anew in memory from the
/// originals and compared, so that a record forged beside them does not help.
pub fn verify(manifest: &Manifest, cache: &Cache) -> Result<Vec<Checked>, PackError> {
    let mut all = Vec::new();
    for pack in &manifest.packs {
        let mut right = true;
        for file in &pack.files {
            let state = cache.state(file)?;
            right &= state == FileState::Right;
            all.push(Checked {
                pack: pack.name.clone(),
                file: file.name.clone(),
                path: cache.original(file),
                state,
            });
        }
        let path = cache.converted(pack);
        if right && path.exists() {
            all.push(Checked {
                pack: pack.name.clone(),
                file: format!("{} (converted)", pack.name),
                state: prepare::converted_state(cache, pack)?,
                path,
            });
        }
    }
    Ok(all)
}
