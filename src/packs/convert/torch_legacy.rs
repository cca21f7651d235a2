//! Reads the tensors of a torch file of the kind that was written before the zip format: a row of
//! pickles (magic number, version, system, state dictionary, storage keys), then the raw storages.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::packs::convert::error::ConvertError;
use crate::packs::convert::pickle::{Global, Node, NodeId, Pickle};
use crate::packs::convert::tensor::NamedTensor;

/// The first pickle, whole: torch's magic number, ten bytes wide.
const MAGIC: [u8; 15] = *b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";
const FORMAT_VERSION: i64 = 1001;
/// Networks have weights of at most four dimensions, recurrent and three-dimensional ones five.
const MAX_DIMENSIONS: usize = 8;

/// Every floating-point tensor of the file, in its order, made row-major.
///
/// Integer tensors (the counters that batch normalisation keeps while it is trained) are left out.
pub fn read(bytes: &[u8]) -> Result<Vec<NamedTensor>, ConvertError> {
    let state = state_dictionary(bytes)?;
    let keys = Pickle::read(bytes, state.end)?;
    let tensors = described_tensors(&state)?;
    let storages = storages(bytes, &keys, &tensors)?;
    let room: usize = storages.values().map(|range| range.len() / 4).sum();
    let mut used = 0_usize;
    let mut read = Vec::new();
    for tensor in &tensors {
        if tensor.storage.kind != Kind::Float {
            continue;
        }
        let values = tensor.values(bytes, &storages)?;
        used += values.len();
        if used > room {
            return Err(ConvertError::TooLarge {
                at: state.end,
                what: "more numbers than its storages hold",
            });
        }
        read.push(NamedTensor {
            name: tensor.name.to_owned(),
            shape: tensor.shape.clone(),
            values,
        });
    }
    Ok(read)
}

/// Checks the pickles that come first and reads the one with the tensors' descriptions.
fn state_dictionary(bytes: &[u8]) -> Result<Pickle, ConvertError> {
    let start = bytes.get(..MAGIC.len()).unwrap_or(bytes);
    if !MAGIC.starts_with(start) {
        return Err(ConvertError::Unsupported {
            what: "another format than torch's legacy one".to_owned(),
        });
    }
    let version = Pickle::read(bytes, MAGIC.len())?;
    if !matches!(version.root(), Node::Int(FORMAT_VERSION)) {
        return Err(ConvertError::Unsupported {
            what: "another version of torch's legacy format than 1001".to_owned(),
        });
    }
    let system = Pickle::read(bytes, version.end)?;
    if !is_little_endian(&system) {
        return Err(ConvertError::Unsupported {
            what: "numbers that are not little-endian".to_owned(),
        });
    }
    Pickle::read(bytes, system.end)
}

fn is_little_endian(system: &Pickle) -> bool {
    let Node::Dict(entries) = system.root() else {
        return false;
    };
    entries.iter().any(|(key, value)| {
        system.text(*key) == Some("little_endian")
            && matches!(system.node(*value), Node::Bool(true))
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Float,
    Long,
}

impl Kind {
    fn bytes(self) -> usize {
        match self {
            Self::Float => 4,
            Self::Long => 8,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Storage<'a> {
    kind: Kind,
    key: &'a str,
    length: usize,
}

#[derive(Debug)]
struct Described<'a> {
    name: &'a str,
    storage: Storage<'a>,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

fn described_tensors(state: &Pickle) -> Result<Vec<Described<'_>>, ConvertError> {
    let malformed = |reason| ConvertError::Malformed {
        at: state.end,
        reason,
    };
    let Node::Dict(entries) = state.root() else {
        return Err(malformed("it holds no dictionary of tensors"));
    };
    let mut names = BTreeSet::new();
    let mut tensors = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let name = state
            .text(*key)
            .ok_or_else(|| malformed("a tensor's name is no text"))?;
        if !names.insert(name) {
            return Err(malformed("two tensors have one name"));
        }
        let tensor = described_tensor(state, name, *value);
        tensors.push(tensor.ok_or_else(|| malformed("a tensor is described wrongly"))?);
    }
    Ok(tensors)
}

fn described_tensor<'a>(state: &'a Pickle, name: &'a str, id: NodeId) -> Option<Described<'a>> {
    let Node::Tensor(arguments) = state.node(id) else {
        return None;
    };
    // The arguments behind these four say whether the tensor was being trained.
    let [storage, offset, shape, strides, ..] = state.tuple(*arguments)? else {
        return None;
    };
    let Node::Outside(storage) = state.node(*storage) else {
        return None;
    };
    let [label, kind, key, _location, length, ..] = state.tuple(*storage)? else {
        return None;
    };
    if state.text(*label)? != "storage" {
        return None;
    }
    let Node::Global(kind) = state.node(*kind) else {
        return None;
    };
    let kind = match kind {
        Global::FloatStorage => Kind::Float,
        Global::LongStorage => Kind::Long,
        Global::OrderedDict | Global::RebuildTensor => return None,
    };
    let sizes = |id: &NodeId| -> Option<Vec<usize>> {
        let items = state.tuple(*id)?;
        (items.len() <= MAX_DIMENSIONS).then_some(())?;
        items.iter().map(|item| state.size(*item)).collect()
    };
    let (shape, strides) = (sizes(shape)?, sizes(strides)?);
    (shape.len() == strides.len()).then_some(())?;
    Some(Described {
        name,
        storage: Storage {
            kind,
            key: state.text(*key)?,
            length: state.size(*length)?,
        },
        offset: state.size(*offset)?,
        shape,
        strides,
    })
}

/// Where each storage's numbers lie; together they fill the rest of the file exactly.
fn storages<'a>(
    bytes: &[u8],
    keys: &'a Pickle,
    tensors: &[Described<'a>],
) -> Result<BTreeMap<&'a str, Range<usize>>, ConvertError> {
    let described: BTreeMap<&str, Storage<'_>> = tensors
        .iter()
        .map(|tensor| (tensor.storage.key, tensor.storage))
        .collect();
    let mut at = keys.end;
    let malformed = |at, reason| ConvertError::Malformed { at, reason };
    let Node::List(items) = keys.root() else {
        return Err(malformed(at, "it holds no list of storages"));
    };
    let mut found = BTreeMap::new();
    for item in items {
        let storage = keys
            .text(*item)
            .and_then(|key| described.get_key_value(key));
        let (key, storage) =
            storage.ok_or_else(|| malformed(at, "a storage belongs to no tensor"))?;
        let truncated = ConvertError::Truncated { at: bytes.len() };
        let header = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>);
        let length = u64::from_le_bytes(*header.ok_or(truncated)?);
        if length != storage.length as u64 {
            return Err(malformed(at, "a storage has another length than described"));
        }
        let start = at + 8;
        let end = storage.length.checked_mul(storage.kind.bytes());
        let end = end.and_then(|length| start.checked_add(length));
        at = end
            .filter(|end| *end <= bytes.len())
            .ok_or(ConvertError::Truncated { at: bytes.len() })?;
        if found.insert(*key, start..at).is_some() {
            return Err(malformed(at, "a storage is listed twice"));
        }
    }
    if at != bytes.len() {
        return Err(malformed(at, "something follows the last storage"));
    }
    Ok(found)
}

impl Described<'_> {
    /// Gathers the numbers row by row; torch keeps them in any order, by a stride for each dimension.
    fn values(
        &self,
        bytes: &[u8],
        storages: &BTreeMap<&str, Range<usize>>,
    ) -> Result<Vec<f32>, ConvertError> {
        let missing = ConvertError::Malformed {
            at: bytes.len(),
            reason: "a tensor's storage is not listed",
        };
        let range = storages.get(self.storage.key).ok_or(missing)?;
        let storage = bytes.get(range.clone()).unwrap_or_default();
        let outside = ConvertError::TooLarge {
            at: range.start,
            what: "a tensor reaches outside its storage",
        };
        let Some(count) = self.count_within(storage.len() / 4) else {
            return Err(outside);
        };
        let mut values = Vec::with_capacity(count);
        let mut place = vec![0_usize; self.shape.len()];
        let mut index = self.offset;
        for _ in 0..count {
            let number = storage.get(index * 4..index * 4 + 4);
            let number = number.and_then(<[u8]>::first_chunk::<4>);
            let Some(number) = number else {
                return Err(outside);
            };
            values.push(f32::from_le_bytes(*number));
            for dimension in (0..place.len()).rev() {
                place[dimension] += 1;
                index += self.strides[dimension];
                if place[dimension] < self.shape[dimension] {
                    break;
                }
                index -= self.strides[dimension] * self.shape[dimension];
                place[dimension] = 0;
            }
        }
        Ok(values)
    }

    /// How many numbers the tensor has, if they and the furthest of them lie within `length`.
    fn count_within(&self, length: usize) -> Option<usize> {
        let mut count = 1_usize;
        let mut furthest = self.offset;
        for (size, stride) in self.shape.iter().zip(&self.strides) {
            count = count.checked_mul(*size)?;
            // One more step than is taken, since the gathering steps past the end before it turns.
            furthest = furthest.checked_add(size.checked_mul(*stride)?)?;
        }
        furthest.checked_mul(4)?.checked_add(4)?;
        let last = self
            .shape
            .iter()
            .zip(&self.strides)
            .try_fold(self.offset, |last, (size, stride)| {
                last.checked_add(size.saturating_sub(1).checked_mul(*stride)?)
            })?;
        (count <= length && (count == 0 || last < length)).then_some(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two tensors: `a.weight` of 2×3, kept column by column as torch does after a transposition,
    /// and `a.bias` of 2, which starts at the second number of its storage; and a counter.
    fn file() -> Vec<u8> {
        file_with(Shape::default())
    }

    #[derive(Clone, Copy)]
    struct Shape {
        rows: u8,
        columns: u8,
        row_stride: u8,
        column_stride: u8,
        offset: u8,
    }

    impl Default for Shape {
        fn default() -> Self {
            Self {
                rows: 2,
                columns: 3,
                row_stride: 1,
                column_stride: 2,
                offset: 0,
            }
        }
    }

    fn text(text: &str) -> Vec<u8> {
        let length = u32::try_from(text.len()).unwrap();
        [b"X", &length.to_le_bytes()[..], text.as_bytes()].concat()
    }

    fn storage(kind: &[u8], key: &str, length: u8) -> Vec<u8> {
        let (label, device) = (text("storage"), text("cpu"));
        let parts: [&[u8]; 7] = [
            b"(",
            &label,
            kind,
            &text(key),
            &device,
            &[b'K', length],
            b"NtQ",
        ];
        parts.concat()
    }

    fn file_with(shape: Shape) -> Vec<u8> {
        let mut file = MAGIC.to_vec();
        file.extend(b"\x80\x02M\xe9\x03.");
        file.extend([b"\x80\x02}q\x00(", &text("little_endian")[..], b"\x88u."].concat());
        file.extend(b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01(");
        file.extend(text("a.weight"));
        file.extend(b"ctorch._utils\n_rebuild_tensor_v2\nq\x02(");
        file.extend(storage(b"ctorch\nFloatStorage\nq\x03", "11", 6));
        file.extend([b'K', shape.offset, b'K', shape.rows, b'K', shape.columns]);
        file.extend([
            0x86,
            b'K',
            shape.row_stride,
            b'K',
            shape.column_stride,
            0x86,
        ]);
        file.extend(b"\x89h\x00)RtR");
        file.extend(text("a.bias"));
        file.extend(b"h\x02(");
        file.extend(storage(b"h\x03", "12", 3));
        file.extend(b"K\x01K\x02\x85K\x01\x85\x89h\x00)RtR");
        file.extend(text("counter"));
        file.extend(b"h\x02(");
        file.extend(storage(b"ctorch\nLongStorage\n", "13", 1));
        file.extend(b"K\x00))\x89h\x00)RtRu}");
        file.extend(text("_metadata"));
        file.extend(b"h\x00)Rsb.");
        file.extend(b"\x80\x02](");
        file.extend([text("12"), text("11"), text("13")].concat());
        file.extend(b"e.");
        file.extend(3_u64.to_le_bytes());
        file.extend([0.5_f32, -1.0, 7.0].map(f32::to_le_bytes).concat());
        file.extend(6_u64.to_le_bytes());
        let weight = [1.0_f32, 4.0, 2.0, 5.0, 3.0, 6.0];
        file.extend(weight.map(f32::to_le_bytes).concat());
        file.extend(1_u64.to_le_bytes());
        file.extend(9_i64.to_le_bytes());
        file
    }

    #[test]
    fn tensors_come_in_order_and_row_by_row() {
        let tensors = read(&file()).unwrap();
        let [weight, bias] = tensors.as_slice() else {
            panic!("{} tensors", tensors.len());
        };
        assert_eq!(weight.name, "a.weight");
        assert_eq!(weight.shape, [2, 3]);
        assert_eq!(weight.values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(bias.name, "a.bias");
        assert_eq!(bias.shape, [2]);
        assert_eq!(bias.values, [-1.0, 7.0]);
    }

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        let file = file();
        for length in 0..file.len() {
            let error = read(&file[..length]).unwrap_err();
            assert!(
                matches!(error, ConvertError::Truncated { .. }),
                "cut at {length}: {error}"
            );
        }
        let longer = [&file[..], b"\0"].concat();
        assert!(matches!(
            read(&longer),
            Err(ConvertError::Malformed { at, .. }) if at == file.len()
        ));
    }

    #[test]
    fn no_flipped_bit_makes_it_panic_or_grow() {
        let file = file();
        for bit in 0..file.len() * 8 {
            let mut flipped = file.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(tensors) = read(&flipped) {
                let numbers: usize = tensors.iter().map(|tensor| tensor.values.len()).sum();
                assert!(numbers * 4 <= file.len(), "bit {bit}: {numbers} numbers");
            }
        }
    }

    #[test]
    fn several_wrong_bytes_do_not_make_it_panic() {
        let file = file();
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let mut refused = 0;
        for _ in 0..20_000 {
            let mut changed = file.clone();
            for _ in 0..=(next() % 4) {
                let at = (next() % file.len() as u64) as usize;
                changed[at] = next() as u8;
            }
            refused += usize::from(read(&changed).is_err());
        }
        assert!(refused > 10_000, "only {refused} refused");
    }

    #[test]
    fn a_tensor_stays_within_its_storage() {
        let hostile = [
            Shape {
                rows: 3,
                ..Shape::default()
            },
            Shape {
                row_stride: 200,
                ..Shape::default()
            },
            Shape {
                offset: 1,
                ..Shape::default()
            },
            // Strides of nothing would make many numbers of one.
            Shape {
                rows: 255,
                columns: 255,
                row_stride: 0,
                column_stride: 0,
                offset: 0,
            },
        ];
        for shape in hostile {
            assert!(matches!(
                read(&file_with(shape)),
                Err(ConvertError::TooLarge { .. })
            ));
        }
    }

    #[test]
    fn a_pickle_that_would_run_code_is_refused() {
        let mut file = MAGIC.to_vec();
        file.extend(b"\x80\x02cos\nsystem\n");
        file.extend(text("true"));
        file.extend(b"\x85R.");
        assert!(matches!(read(&file), Err(ConvertError::Unsupported { .. })));
    }

    #[test]
    fn endless_nesting_and_marks_are_refused() {
        for (prefix, repeated) in [(&b")"[..], 0x85), (b"", b'('), (b"", b'N'), (b"", b']')] {
            let mut file = MAGIC.to_vec();
            file.extend(prefix);
            file.extend(std::iter::repeat_n(repeated, 1 << 20));
            assert!(matches!(read(&file), Err(ConvertError::TooLarge { .. })));
        }
    }

    #[test]
    fn another_format_is_named_as_such() {
        assert!(matches!(
            read(b"PK\x03\x04 and more"),
            Err(ConvertError::Unsupported { .. })
        ));
    }
}
