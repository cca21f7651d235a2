//! A file to read from that gives out only so many bytes in all.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};
use std::os::unix::fs::FileExt as _;

/// How often the whole file may be read: a well-made file needs once, a badly interleaved one a
/// little more; a hostile index can ask for the same bytes for ever.
const TIMES_THE_FILE: u64 = 4;
/// What small files are granted on top, because demuxers read ahead and step back.
const HEADROOM: u64 = 16 << 20;

/// A file with a budget of bytes: past it, reading says that the file has ended. It keeps its own place,
/// because copies of a descriptor share the system's.
pub(super) struct BudgetedFile {
    file: File,
    bytes: u64,
    at: u64,
    left: u64,
}

impl BudgetedFile {
    /// The file of `bytes` bytes, with a budget in proportion.
    pub(super) fn new(file: File, bytes: u64) -> Self {
        let left = bytes
            .saturating_mul(TIMES_THE_FILE)
            .saturating_add(HEADROOM);
        Self {
            file,
            bytes,
            at: 0,
            left,
        }
    }
}

/// How many bytes an open file has. Asking for its status instead would be a call that the walls around a
/// decoder do not know.
pub(super) fn size_of(mut file: &File) -> Result<u64> {
    file.seek(SeekFrom::End(0))
}

/// The first bytes of a file, `most` of them or all there are.
pub(super) fn head_of(file: &File, most: usize) -> Result<Vec<u8>> {
    let mut head = vec![0; most];
    let mut filled = 0;
    while filled < most {
        match file.read_at(&mut head[filled..], filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    head.truncate(filled);
    Ok(head)
}

impl Read for BudgetedFile {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let room = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let read = self.file.read_at(&mut buffer[..room], self.at)?;
        self.at = self.at.saturating_add(read as u64);
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

impl Seek for BudgetedFile {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.bytes.checked_add_signed(by),
        };
        self.at = at
            .filter(|at| i64::try_from(*at).is_ok())
            .ok_or_else(|| Error::from(ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn reading_ends_when_the_budget_is_spent() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[7; 100]).unwrap();
        let mut source = BudgetedFile::new(file, 100);
        source.left = 150;
        let mut sum = 0;
        for _ in 0..4 {
            source.seek(SeekFrom::Start(0)).unwrap();
            let mut all = Vec::new();
            sum += source.read_to_end(&mut all).unwrap();
        }
        assert_eq!(sum, 150);
    }

    #[test]
    fn two_readers_of_one_descriptor_do_not_move_each_other() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&(0..100).collect::<Vec<u8>>()).unwrap();
        assert_eq!(size_of(&file).unwrap(), 100);
        assert_eq!(head_of(&file, 4).unwrap(), [0, 1, 2, 3]);
        assert_eq!(head_of(&file, 400).unwrap().len(), 100);
        let mut pair = [(); 2].map(|()| BudgetedFile::new(file.try_clone().unwrap(), 100));
        let mut byte = [0];
        pair[0].seek(SeekFrom::End(-1)).unwrap();
        pair[1].seek(SeekFrom::Current(7)).unwrap();
        for (reader, expected) in pair.iter_mut().zip([99, 7]) {
            reader.read_exact(&mut byte).unwrap();
            assert_eq!(byte[0], expected);
        }
        assert!(pair[0].seek(SeekFrom::Current(-101)).is_err());
        assert!(pair[0].seek(SeekFrom::Start(u64::MAX)).is_err());
    }
}
