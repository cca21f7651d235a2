//! The converted weights of a pack: made once from checked originals, and checked ever after.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::packs::cache::{Cache, FileState};
use crate::packs::convert::{self, CONVERTER};
use crate::packs::error::PackError;
use crate::packs::hash::{sha256, sha256_file};
use crate::packs::install::write_atomically;
use crate::packs::manifest::Pack;

/// What lies beside a converted file: what it was made of, by which converter, and its hash.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    converter: u32,
    originals: BTreeMap<String, String>,
    sha256: String,
}

/// The converted weights of a pack whose originals are all right; converts them if that was not
/// done yet, or by another converter, or from other originals.
pub(crate) fn converted(cache: &Cache, pack: &Pack) -> Result<PathBuf, PackError> {
    let originals = originals(cache, pack)?;
    let path = cache.converted(pack);
    if let Some(record) = current_record(cache, pack)
        && path.exists()
    {
        let found = sha256_file(&path)?;
        if found == record.sha256 {
            return Ok(path);
        }
        let found = format!("its sha256 is {found}, not {}", record.sha256);
        return Err(PackError::Tampered { path, found });
    }
    let bytes = convert::convert(pack, &originals)?;
    let record = Record {
        converter: CONVERTER,
        originals: convert::hashes(pack),
        sha256: sha256(&bytes),
    };
    let json = serde_json::to_vec_pretty(&record).map_err(|source| PackError::ManifestJson {
        path: record_path(&path),
        source,
    })?;
    // The weights go first: a record without its file would be a promise that nobody keeps. Two
    // programs that convert at once write the same bytes.
    write_atomically(&path, &bytes)?;
    write_atomically(&record_path(&path), &json)?;
    Ok(path)
}

/// Converts anew, in memory, and compares with what lies in the cache.
pub(crate) fn converted_state(cache: &Cache, pack: &Pack) -> Result<FileState, PackError> {
    let path = cache.converted(pack);
    if !path.exists() || current_record(cache, pack).is_none() {
        return Ok(FileState::Missing);
    }
    let expected = sha256(&convert::convert(pack, &originals(cache, pack)?)?);
    let found = sha256_file(&path)?;
    if found == expected {
        return Ok(FileState::Right);
    }
    Ok(FileState::Wrong(format!(
        "its sha256 is {found}, not {expected}"
    )))
}

fn originals(cache: &Cache, pack: &Pack) -> Result<Vec<Vec<u8>>, PackError> {
    pack.files
        .iter()
        .map(|file| cache.read(pack, file))
        .collect()
}

/// The record beside a converted file, if this converter made it from these originals.
fn current_record(cache: &Cache, pack: &Pack) -> Option<Record> {
    let text = fs::read(record_path(&cache.converted(pack))).ok()?;
    let record: Record = serde_json::from_slice(&text).ok()?;
    (record.converter == CONVERTER && record.originals == convert::hashes(pack)).then_some(record)
}

fn record_path(converted: &Path) -> PathBuf {
    let mut path = converted.as_os_str().to_owned();
    path.push(".json");
    PathBuf::from(path)
}
