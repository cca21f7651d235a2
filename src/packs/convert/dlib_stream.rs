//! The alphabet of dlib's serialisation: integers, floats, texts, flags and tensors, read with every length checked.

use crate::packs::convert::error::ConvertError;

/// The longest name that a layer may carry; the real ones have at most 21 letters.
const MAX_TEXT: usize = 64;
/// The serialisation's version of a tensor with raw little-endian floats.
const TENSOR_VERSION: i64 = 2;

/// A place in the bytes of a file. Nothing is given room before the bytes that would fill it are known to be there.
pub(super) struct Stream<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Stream<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub(super) fn malformed(&self, reason: &'static str) -> ConvertError {
        ConvertError::Malformed {
            at: self.at,
            reason,
        }
    }

    /// One control byte (how many bytes follow, and the sign in its highest bit), then the amount, lowest byte first.
    pub(super) fn int(&mut self) -> Result<i64, ConvertError> {
        let control = self.take(1)?[0];
        let length = usize::from(control & 0x7f);
        if !(1..=8).contains(&length) {
            return Err(self.malformed("an integer of an impossible length"));
        }
        let mut amount = [0_u8; 8];
        amount[..length].copy_from_slice(self.take(length)?);
        let amount = i64::try_from(u64::from_le_bytes(amount))
            .map_err(|_| self.malformed("an integer beyond 64 bits"))?;
        Ok(if control & 0x80 == 0 { amount } else { -amount })
    }

    pub(super) fn skip_ints(&mut self, count: usize) -> Result<(), ConvertError> {
        (0..count).try_for_each(|_| self.int().map(drop))
    }

    pub(super) fn size(&mut self) -> Result<usize, ConvertError> {
        let value = self.int()?;
        usize::try_from(value).map_err(|_| self.malformed("a negative size"))
    }

    /// An integer that has to be `expected`, such as the version of a part.
    pub(super) fn expect_int(
        &mut self,
        expected: i64,
        reason: &'static str,
    ) -> Result<(), ConvertError> {
        if self.int()? == expected {
            Ok(())
        } else {
            Err(self.malformed(reason))
        }
    }

    /// A float is stored as a mantissa and an exponent of two; no float outside the tensors matters to the network.
    pub(super) fn skip_floats(&mut self, count: usize) -> Result<(), ConvertError> {
        (0..count).try_for_each(|_| self.skip_ints(2))
    }

    pub(super) fn text(&mut self) -> Result<&'a str, ConvertError> {
        let length = self.size()?;
        if length > MAX_TEXT {
            return Err(ConvertError::TooLarge {
                at: self.at,
                what: "a name",
            });
        }
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map_err(|_| self.malformed("a name that is not text"))
    }

    /// Flags are the letters `0` and `1`.
    pub(super) fn skip_flags(&mut self, count: usize) -> Result<(), ConvertError> {
        if self.take(count)?.iter().all(|b| matches!(b, b'0' | b'1')) {
            Ok(())
        } else {
            Err(self.malformed("a flag that is neither 0 nor 1"))
        }
    }

    pub(super) fn tensor(&mut self) -> Result<Vec<f32>, ConvertError> {
        let bytes = self.tensor_bytes()?;
        let values: Vec<f32> = bytes
            .chunks_exact(4)
            .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
            .collect();
        if values.iter().all(|v| v.is_finite()) {
            Ok(values)
        } else {
            Err(self.malformed("a weight that is not a finite number"))
        }
    }

    pub(super) fn skip_tensors(&mut self, count: usize) -> Result<(), ConvertError> {
        (0..count).try_for_each(|_| self.tensor_bytes().map(drop))
    }

    /// The shape of a part of a layer's parameters: a version and four extents.
    pub(super) fn part_shape(&mut self) -> Result<[usize; 4], ConvertError> {
        self.expect_int(1, "a part of an unknown version")?;
        self.extents()
    }

    fn tensor_bytes(&mut self) -> Result<&'a [u8], ConvertError> {
        self.expect_int(TENSOR_VERSION, "a tensor of an unknown version")?;
        let length = self
            .extents()?
            .into_iter()
            .try_fold(4_usize, usize::checked_mul)
            .ok_or(ConvertError::TooLarge {
                at: self.at,
                what: "a tensor",
            })?;
        self.take(length)
    }

    fn extents(&mut self) -> Result<[usize; 4], ConvertError> {
        Ok([self.size()?, self.size()?, self.size()?, self.size()?])
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], ConvertError> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or(ConvertError::Truncated {
            at: self.bytes.len(),
        })?;
        self.at += count;
        Ok(taken)
    }
}
