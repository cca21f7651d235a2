//! A file to read from that gives out only so many bytes in all.

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};

/// How often the whole file may be read: a well-made file needs once, a badly interleaved one a
/// little more; a hostile index can ask for the same bytes for ever.
const TIMES_THE_FILE: u64 = 4;
/// What small files are granted on top, because demuxers read ahead and step back.
const HEADROOM: u64 = 16 << 20;

/// A file with a budget of bytes: past it, reading says that the file has ended.
pub(super) struct BudgetedFile {
    file: File,
    left: u64,
}

impl BudgetedFile {
    /// The file of `bytes` bytes, with a budget in proportion.
    pub(super) fn new(file: File, bytes: u64) -> Self {
        let left = bytes
            .saturating_mul(TIMES_THE_FILE)
            .saturating_add(HEADROOM);
        Self { file, left }
    }
}

impl Read for BudgetedFile {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let room = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let read = self.file.read(&mut buffer[..room])?;
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

impl Seek for BudgetedFile {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.file.seek(to)
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
        let mut source = BudgetedFile { file, left: 150 };
        let mut sum = 0;
        for _ in 0..4 {
            source.seek(SeekFrom::Start(0)).unwrap();
            let mut all = Vec::new();
            sum += source.read_to_end(&mut all).unwrap();
        }
        assert_eq!(sum, 150);
    }
}
