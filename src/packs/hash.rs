//! SHA-256 of bytes and files, as the manifest writes it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::packs::error::PackError;

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| DIGITS.get(usize::from(nibble)))
        .collect()
}

/// The SHA-256 of bytes in memory.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The SHA-256 of a file, read in pieces.
pub fn sha256_file(path: &Path) -> Result<String, PackError> {
    let mut file = File::open(path).map_err(|error| PackError::io(path, error))?;
    sha256_reader(&mut file).map_err(|error| PackError::io(path, error))
}

/// The SHA-256 of what is left in a reader.
pub(crate) fn sha256_reader(reader: &mut dyn Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let n = reader.read(&mut chunk)?;
        match chunk.get(..n) {
            Some(part) if n > 0 => hasher.update(part),
            _ => break,
        }
    }
    Ok(hex(&hasher.finalize()))
}
