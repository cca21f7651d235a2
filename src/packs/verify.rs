//! Holds everything in the cache against the manifest.

use std::path::PathBuf;

use crate::packs::cache::{Cache, FileState};
use crate::packs::error::PackError;
use crate::packs::manifest::{Manifest, PackKind};
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
        // Weights that were not converted yet, or by an older converter, are made when needed.
        let converted = if right {
            prepare::converted_state(cache, pack)?
        } else {
            FileState::Missing
        };
        if converted != FileState::Missing {
            all.push(Checked {
                pack: pack.name.clone(),
                file: format!("{} (converted)", pack.name),
                path: cache.converted(pack),
                state: converted,
            });
        }
    }
    Ok(all)
}

/// Whether every file of some pack of that kind is there and right.
pub fn is_usable(manifest: &Manifest, checked: &[Checked], kind: PackKind) -> bool {
    manifest.of_kind(kind).any(|pack| {
        checked
            .iter()
            .filter(|file| file.pack == pack.name)
            .all(|file| file.state == FileState::Right)
    })
}
