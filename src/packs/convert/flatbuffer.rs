//! Reads a flatbuffer without trusting it: every offset is held against the file before it is followed.

use crate::packs::convert::error::ConvertError;

/// Bytes of an offset, and of the count before a vector.
const OFFSET: usize = 4;

/// A table of fields, each of which may be absent.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where each field lies from the table's start on, two bytes a field; 0 where it is absent.
    fields: &'a [u8],
}

/// Elements of one size, one after the other.
#[derive(Clone, Copy)]
pub(super) struct Vector<'a> {
    bytes: &'a [u8],
    /// Where the first element lies.
    at: usize,
    count: usize,
    size: usize,
}

/// The table at the root of a file with that identifier.
pub(super) fn root(bytes: &[u8], identifier: [u8; 4]) -> Result<Table<'_>, ConvertError> {
    if taken::<4>(bytes, OFFSET)? != identifier {
        return Err(ConvertError::Unsupported {
            what: "another format than the one that the manifest names".to_owned(),
        });
    }
    Table::new(bytes, followed(bytes, 0)?)
}

impl<'a> Table<'a> {
    fn new(bytes: &'a [u8], at: usize) -> Result<Self, ConvertError> {
        let back = i64::from(i32::from_le_bytes(taken(bytes, at)?));
        let start = usize::try_from(at as i64 - back).map_err(|_| outside(at))?;
        let length = usize::from(u16::from_le_bytes(taken(bytes, start)?));
        let whole = start
            .checked_add(length)
            .and_then(|end| bytes.get(start..end))
            .ok_or(ConvertError::Truncated { at: bytes.len() })?;
        // Before the fields stand the length of this list and that of the table.
        let fields = whole.get(4..).ok_or_else(|| outside(start))?;
        Ok(Self { bytes, at, fields })
    }

    /// Where a field lies, if it is there.
    fn field(&self, number: usize) -> Option<usize> {
        let offset = self.fields.get(number * 2..)?.first_chunk::<2>()?;
        let offset = usize::from(u16::from_le_bytes(*offset));
        (offset != 0).then_some(self.at + offset)
    }

    /// A field of one byte; 0 where it is absent.
    pub(super) fn byte(&self, number: usize) -> Result<u8, ConvertError> {
        let Some(at) = self.field(number) else {
            return Ok(0);
        };
        Ok(taken::<1>(self.bytes, at)?[0])
    }

    /// A field of four bytes; 0 where it is absent.
    pub(super) fn number(&self, number: usize) -> Result<u32, ConvertError> {
        let Some(at) = self.field(number) else {
            return Ok(0);
        };
        Ok(u32::from_le_bytes(taken(self.bytes, at)?))
    }

    /// A vector of elements of that many bytes; an empty one where it is absent.
    pub(super) fn vector(&self, number: usize, size: usize) -> Result<Vector<'a>, ConvertError> {
        let (at, count) = match self.field(number) {
            None => (self.bytes.len(), 0),
            Some(field) => {
                let at = followed(self.bytes, field)?;
                let count = u32::from_le_bytes(taken(self.bytes, at)?);
                (at + OFFSET, count as usize)
            }
        };
        let end = count
            .checked_mul(size)
            .and_then(|bytes| at.checked_add(bytes));
        if end.is_none_or(|end| end > self.bytes.len()) {
            return Err(ConvertError::Truncated {
                at: self.bytes.len(),
            });
        }
        Ok(Vector {
            bytes: self.bytes,
            at,
            count,
            size,
        })
    }

    /// A vector of tables.
    pub(super) fn tables(
        &self,
        number: usize,
    ) -> Result<impl ExactSizeIterator<Item = Result<Table<'a>, ConvertError>> + 'a, ConvertError>
    {
        let vector = self.vector(number, OFFSET)?;
        let table = move |index| {
            let at = followed(vector.bytes, vector.at + index * OFFSET)?;
            Table::new(vector.bytes, at)
        };
        Ok((0..vector.count).map(table))
    }

    /// A text; an empty one where it is absent.
    pub(super) fn text(&self, number: usize) -> Result<&'a str, ConvertError> {
        let vector = self.vector(number, 1)?;
        std::str::from_utf8(vector.raw()).map_err(|_| ConvertError::Malformed {
            at: vector.at,
            reason: "a text that is not UTF-8",
        })
    }
}

impl<'a> Vector<'a> {
    /// The elements as they lie in the file.
    pub(super) fn raw(&self) -> &'a [u8] {
        self.bytes
            .get(self.at..self.at + self.count * self.size)
            .unwrap_or_default()
    }

    /// Where the first element lies.
    pub(super) fn at(&self) -> usize {
        self.at
    }
}

/// Where the offset at `at` leads: forwards from where it stands.
fn followed(bytes: &[u8], at: usize) -> Result<usize, ConvertError> {
    let offset = u32::from_le_bytes(taken(bytes, at)?) as usize;
    at.checked_add(offset).ok_or_else(|| outside(at))
}

fn taken<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], ConvertError> {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk::<N>)
        .copied()
        .ok_or(ConvertError::Truncated { at: bytes.len() })
}

fn outside(at: usize) -> ConvertError {
    ConvertError::Malformed {
        at,
        reason: "an offset that leads out of the file",
    }
}
