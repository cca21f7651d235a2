//! How a blob lies sealed: in chunks that open one by one, each in its place of its blob alone, and the last marked as the last.
//!
//! That is the construction STREAM (Hoang, Reyhanitabar, Rogaway and Vizár, 2015) with 32 bits of counter over
//! XChaCha20-Poly1305: a random prefix, the chunk's number and whether it is the last make up the nonce. What was cut
//! short, swapped or put elsewhere does not open.

use std::ops::Range;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use crate::store::data_keys::DataKey;
use crate::store::error::StoreError;

/// What every sealed blob begins with, and no picture and no video does.
const MAGIC: &[u8; 8] = b"\x00likseal";

const PREFIX: usize = 19;

/// Bytes before the first chunk.
pub(super) const HEADER: usize = MAGIC.len() + PREFIX;

/// Bytes of a chunk before it is sealed.
const CHUNK: usize = 64 * 1024;

const TAG: usize = 16;

const SEALED_CHUNK: usize = CHUNK + TAG;

/// Seals and opens the chunks of one blob.
struct Chunks {
    cipher: XChaCha20Poly1305,
    prefix: [u8; PREFIX],
    /// The key under which the blob lies.
    place: Vec<u8>,
}

impl Chunks {
    fn new(key: &DataKey, place: &str, prefix: [u8; PREFIX]) -> Result<Self, StoreError> {
        Ok(Self {
            cipher: key.derive("likeness blobs")?.cipher(),
            prefix,
            place: place.as_bytes().to_vec(),
        })
    }

    fn nonce(&self, number: u32, last: bool) -> XNonce {
        let mut nonce = [0; 24];
        nonce[..PREFIX].copy_from_slice(&self.prefix);
        nonce[PREFIX..23].copy_from_slice(&number.to_be_bytes());
        nonce[23] = u8::from(last);
        XNonce::from(nonce)
    }

    fn seal(&self, number: u32, last: bool, chunk: &[u8]) -> Result<Vec<u8>, StoreError> {
        let payload = Payload {
            msg: chunk,
            aad: &self.place,
        };
        let sealed = self.cipher.encrypt(&self.nonce(number, last), payload);
        sealed.map_err(|_| StoreError::Unstorable { what: "a blob" })
    }

    fn open(&self, number: u32, last: bool, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let payload = Payload {
            msg: sealed,
            aad: &self.place,
        };
        let opened = self.cipher.decrypt(&self.nonce(number, last), payload);
        opened.map_err(|_| BROKEN)
    }
}

const BROKEN: StoreError = StoreError::Broken {
    what: "a stored file",
};

/// What a blob begins with, where it is sealed.
pub(super) fn prefix_of(head: &[u8]) -> Option<[u8; PREFIX]> {
    let prefix = head.strip_prefix(MAGIC)?.get(..PREFIX)?;
    prefix.try_into().ok()
}

/// The bytes as they are to lie under the key `place`.
pub(super) fn seal(key: &DataKey, place: &str, bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    let chunks = Chunks::new(key, place, rand::random())?;
    let count = bytes.len().div_ceil(CHUNK).max(1);
    let mut sealed = Vec::with_capacity(HEADER + bytes.len() + count * TAG);
    sealed.extend_from_slice(MAGIC);
    sealed.extend_from_slice(&chunks.prefix);
    for index in 0..count {
        let start = index * CHUNK;
        let chunk = &bytes[start..bytes.len().min(start + CHUNK)];
        sealed.extend(chunks.seal(numbered(index)?, index + 1 == count, chunk)?);
    }
    Ok(sealed)
}

/// A file that is sealed while it is read, never whole in memory.
pub(super) struct SealedFile {
    file: File,
    chunks: Chunks,
    number: usize,
    /// The chunk that comes next; whether it is the last is known once another was looked for.
    ahead: Option<Vec<u8>>,
    begun: bool,
}

impl SealedFile {
    pub(super) fn new(file: File, key: &DataKey, place: &str) -> Result<Self, StoreError> {
        Ok(Self {
            file,
            chunks: Chunks::new(key, place, rand::random())?,
            number: 0,
            ahead: None,
            begun: false,
        })
    }

    /// The next part of what is to be stored: at least so many bytes, unless it is the last one; none after that.
    pub(super) async fn next(&mut self, at_least: usize) -> Result<Option<Vec<u8>>, StoreError> {
        let mut part = Vec::with_capacity(at_least + SEALED_CHUNK + HEADER);
        if !self.begun {
            self.begun = true;
            part.extend_from_slice(MAGIC);
            part.extend_from_slice(&self.chunks.prefix);
            self.ahead = Some(self.read().await?);
        }
        while part.len() < at_least {
            let Some(chunk) = self.ahead.take() else {
                break;
            };
            if chunk.len() == CHUNK {
                let next = self.read().await?;
                self.ahead = (!next.is_empty()).then_some(next);
            }
            let last = self.ahead.is_none();
            part.extend(self.chunks.seal(numbered(self.number)?, last, &chunk)?);
            self.number += 1;
        }
        Ok((!part.is_empty()).then_some(part))
    }

    async fn read(&mut self) -> Result<Vec<u8>, StoreError> {
        let mut chunk = Vec::with_capacity(CHUNK);
        (&mut self.file)
            .take(CHUNK as u64)
            .read_to_end(&mut chunk)
            .await
            .map_err(|source| StoreError::File {
                doing: "read the received file",
                source,
            })?;
        Ok(chunk)
    }
}

/// Opens a sealed blob as its bytes come in.
pub(super) struct Unsealing {
    chunks: Chunks,
    count: usize,
    number: usize,
    held: Vec<u8>,
}

impl Unsealing {
    /// For a blob that begins with `prefix` and takes `size` bytes.
    pub(super) fn new(
        key: &DataKey,
        place: &str,
        prefix: [u8; PREFIX],
        size: u64,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            chunks: Chunks::new(key, place, prefix)?,
            count: Layout::of(size)?.chunks,
            number: 0,
            held: Vec::new(),
        })
    }

    /// Takes bytes from behind the header and gives what they open to.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.held.extend_from_slice(bytes);
        let mut opened = Vec::with_capacity(self.held.len());
        let mut done = 0;
        while self.held.len() - done >= SEALED_CHUNK {
            let sealed = &self.held[done..done + SEALED_CHUNK];
            opened.extend(self.chunks.open(
                numbered(self.number)?,
                self.number + 1 == self.count,
                sealed,
            )?);
            self.number += 1;
            done += SEALED_CHUNK;
        }
        self.held.drain(..done);
        Ok(opened)
    }

    /// What is left, once every byte came in.
    pub(super) fn end(self) -> Result<Vec<u8>, StoreError> {
        if self.held.is_empty() && self.number == self.count {
            return Ok(Vec::new());
        }
        if self.number + 1 != self.count {
            return Err(BROKEN);
        }
        self.chunks.open(numbered(self.number)?, true, &self.held)
    }
}

/// Where things lie in a sealed blob of some size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    size: u64,
    chunks: usize,
}

/// The chunks that hold a part of a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Where they lie in the sealed blob.
    pub(super) sealed: Range<u64>,
    first: usize,
    /// The part, within what they open to.
    within: Range<usize>,
}

impl Layout {
    pub(super) fn of(size: u64) -> Result<Self, StoreError> {
        let body = size.checked_sub(HEADER as u64).ok_or(BROKEN)?;
        let chunks = body.div_ceil(SEALED_CHUNK as u64);
        let layout = Self {
            size,
            chunks: usize::try_from(chunks).map_err(|_| BROKEN)?,
        };
        let last = body - chunks.saturating_sub(1) * SEALED_CHUNK as u64;
        // No chunk is shorter than its tag, and only a blob without a byte has one without a byte.
        let empty = last == TAG as u64;
        if chunks == 0 || last < TAG as u64 || (empty && chunks > 1) {
            return Err(BROKEN);
        }
        Ok(layout)
    }

    /// Bytes of the blob before it was sealed.
    pub(super) fn plain(&self) -> u64 {
        self.size - HEADER as u64 - (self.chunks * TAG) as u64
    }

    /// The chunks to read for a part of the blob, as far as the blob goes; none where the part lies behind its end.
    pub(super) fn span(&self, part: &Range<u64>) -> Option<Span> {
        let end = part.end.min(self.plain());
        if part.start >= end {
            return None;
        }
        let chunk = CHUNK as u64;
        let (first, last) = (part.start / chunk, (end - 1) / chunk);
        let at = |number: u64| HEADER as u64 + number * SEALED_CHUNK as u64;
        let within = part.start - first * chunk..end - first * chunk;
        Some(Span {
            sealed: at(first)..at(last + 1).min(self.size),
            first: usize::try_from(first).ok()?,
            within: usize::try_from(within.start).ok()?..usize::try_from(within.end).ok()?,
        })
    }

    /// Opens the chunks of a span.
    pub(super) fn open(
        &self,
        key: &DataKey,
        place: &str,
        prefix: [u8; PREFIX],
        span: &Span,
        sealed: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let chunks = Chunks::new(key, place, prefix)?;
        let mut opened = Vec::with_capacity(sealed.len());
        for (index, chunk) in sealed.chunks(SEALED_CHUNK).enumerate() {
            let number = span.first + index;
            opened.extend(chunks.open(numbered(number)?, number + 1 == self.chunks, chunk)?);
        }
        opened.truncate(span.within.end);
        if opened.len() < span.within.end {
            return Err(BROKEN);
        }
        opened.drain(..span.within.start);
        Ok(opened)
    }
}

/// A chunk's number as the nonce holds it: enough for 256 TiB.
fn numbered(index: usize) -> Result<u32, StoreError> {
    u32::try_from(index).map_err(|_| StoreError::Unstorable {
        what: "a file of that length",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: &str = "sessions/a/b";

    fn bytes(length: usize) -> Vec<u8> {
        (0..length).map(|index| (index % 251) as u8).collect()
    }

    fn open(key: &DataKey, place: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let prefix = prefix_of(sealed).ok_or(BROKEN)?;
        let mut unsealing = Unsealing::new(key, place, prefix, sealed.len() as u64)?;
        let mut opened = Vec::new();
        // Pieces that fit no chunk.
        for piece in sealed[HEADER..].chunks(10_007) {
            opened.extend(unsealing.push(piece)?);
        }
        opened.extend(unsealing.end()?);
        Ok(opened)
    }

    #[test]
    fn every_length_opens_to_what_was_sealed() {
        let key = DataKey::random();
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5] {
            let plain = bytes(length);
            let sealed = seal(&key, PLACE, &plain).unwrap();
            assert!(open(&key, PLACE, &sealed).unwrap() == plain, "{length}");
            let layout = Layout::of(sealed.len() as u64).unwrap();
            assert_eq!(layout.plain(), length as u64);
            if length > 32 {
                assert!(!sealed.windows(32).any(|window| window == &plain[..32]));
            }
        }
    }

    #[test]
    fn a_part_opens_from_its_chunks_alone() {
        let key = DataKey::random();
        let plain = bytes(3 * CHUNK + 100);
        let sealed = seal(&key, PLACE, &plain).unwrap();
        let prefix = prefix_of(&sealed).unwrap();
        let layout = Layout::of(sealed.len() as u64).unwrap();
        let end = plain.len() as u64;
        let chunk = CHUNK as u64;
        for part in [
            0..1,
            0..end,
            chunk - 1..chunk + 1,
            chunk..2 * chunk,
            end - 1..end,
            end - 1..end + 99,
            2 * chunk + 7..3 * chunk + 1,
        ] {
            let span = layout.span(&part).unwrap();
            let some = &sealed[span.sealed.start as usize..span.sealed.end as usize];
            let opened = layout.open(&key, PLACE, prefix, &span, some).unwrap();
            let wanted = &plain[part.start as usize..part.end.min(end) as usize];
            assert!(opened == wanted, "{part:?}");
        }
        assert_eq!(layout.span(&(end..end + 1)), None);
        let first = layout.span(&(5..6)).unwrap();
        assert_eq!(first.sealed.end, (HEADER + SEALED_CHUNK) as u64);
    }

    #[test]
    fn what_was_cut_short_swapped_altered_or_moved_does_not_open() {
        let key = DataKey::random();
        let sealed = seal(&key, PLACE, &bytes(4 * CHUNK)).unwrap();
        let broken = |what: &str, sealed: &[u8]| {
            let opened = open(&key, PLACE, sealed);
            assert!(matches!(opened, Err(StoreError::Broken { .. })), "{what}");
        };
        broken("a byte short", &sealed[..sealed.len() - 1]);
        broken("a chunk short", &sealed[..sealed.len() - SEALED_CHUNK]);
        broken("only the header", &sealed[..HEADER]);
        let mut swapped = sealed.clone();
        let (one, other) = swapped[HEADER..].split_at_mut(SEALED_CHUNK);
        one.swap_with_slice(&mut other[..SEALED_CHUNK]);
        broken("two chunks swapped", &swapped);
        let mut twice = sealed.clone();
        twice.extend_from_slice(&sealed[HEADER..HEADER + SEALED_CHUNK]);
        broken("a chunk more", &twice);
        for at in [8, HEADER, HEADER + SEALED_CHUNK + 3, sealed.len() - 1] {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            broken("a bit altered", &altered);
        }
        assert!(open(&key, "sessions/a/c", &sealed).is_err());
        assert!(open(&DataKey::random(), PLACE, &sealed).is_err());
    }

    #[tokio::test]
    async fn a_file_is_sealed_as_its_bytes_are() {
        let key = DataKey::random();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for length in [0, 5, CHUNK, 2 * CHUNK, 5 * CHUNK + 3] {
            std::fs::write(&path, bytes(length)).unwrap();
            let file = File::open(&path).await.unwrap();
            let mut parts = SealedFile::new(file, &key, PLACE).unwrap();
            let mut sealed = Vec::new();
            while let Some(part) = parts.next(2 * CHUNK).await.unwrap() {
                sealed.extend(part);
            }
            assert!(open(&key, PLACE, &sealed).unwrap() == bytes(length));
        }
    }
}
