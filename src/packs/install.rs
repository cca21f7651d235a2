//! Puts a file into its place in one step, and only when it is the right one.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::{Builder, NamedTempFile};

use crate::packs::error::PackError;
use crate::packs::hash::hex;
use crate::packs::manifest::ModelFile;

/// How much is read at once.
const CHUNK: usize = 64 * 1024;

/// Streams a model file from `reader` to `target`. What is too long, too short or has another
/// hash is refused, named with `from`, and leaves nothing behind.
pub(crate) fn install(
    file: &ModelFile,
    target: &Path,
    from: &str,
    reader: &mut dyn Read,
    on_bytes: &mut dyn FnMut(u64),
) -> Result<(), PackError> {
    let refused = |reason: String| PackError::Refused {
        file: file.name.clone(),
        from: from.to_owned(),
        reason,
    };
    let mut incoming = temporary(target)?;
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    let mut read = 0_u64;
    loop {
        let n = reader
            .read(&mut chunk)
            .map_err(|error| PackError::Unreachable {
                from: from.to_owned(),
                reason: format!("it broke off after {read} of {} bytes: {error}", file.bytes),
            })?;
        let Some(part) = chunk.get(..n).filter(|part| !part.is_empty()) else {
            break;
        };
        read = read.saturating_add(n as u64);
        if read > file.bytes {
            return Err(refused(format!(
                "it is longer than {} bytes and was not read further",
                file.bytes
            )));
        }
        hasher.update(part);
        incoming
            .write_all(part)
            .map_err(|error| PackError::io(target, error))?;
        on_bytes(n as u64);
    }
    if read < file.bytes {
        return Err(refused(format!(
            "it ends after {read} of {} bytes",
            file.bytes
        )));
    }
    let found = hex(&hasher.finalize());
    if found != file.sha256 {
        return Err(refused(format!(
            "its sha256 is {found}, not {}",
            file.sha256
        )));
    }
    place(incoming, target)
}

/// Writes `bytes` to `target` so that a reader sees all of them or none.
pub(crate) fn write_atomically(target: &Path, bytes: &[u8]) -> Result<(), PackError> {
    let mut incoming = temporary(target)?;
    incoming
        .write_all(bytes)
        .map_err(|error| PackError::io(target, error))?;
    place(incoming, target)
}

fn temporary(target: &Path) -> Result<NamedTempFile, PackError> {
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(|error| PackError::io(folder, error))?;
    // Weights are no secret: the service may run as another user than the one who pulled them.
    Builder::new()
        .prefix(".incoming-")
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(folder)
        .map_err(|error| PackError::io(folder, error))
}

fn place(incoming: NamedTempFile, target: &Path) -> Result<(), PackError> {
    incoming
        .as_file()
        .sync_all()
        .map_err(|error| PackError::io(target, error))?;
    incoming
        .persist(target)
        .map_err(|error| PackError::io(target, error.error))?;
    Ok(())
}
