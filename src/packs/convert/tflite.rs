//! Reads the constants of a TensorFlow Lite file: a flatbuffer of tensors, operators and buffers.

use half::f16;

use crate::packs::convert::error::ConvertError;
use crate::packs::convert::flatbuffer::{self, Table};
use crate::packs::convert::tensor::NamedTensor;

/// What stands behind the first offset.
const IDENTIFIER: [u8; 4] = *b"TFL3";

/// Fields by their place in the format's schema (`schema.fbs`, version 3).
const MODEL_SUBGRAPHS: usize = 2;
const MODEL_BUFFERS: usize = 4;
const SUBGRAPH_TENSORS: usize = 0;
const TENSOR_SHAPE: usize = 0;
const TENSOR_TYPE: usize = 1;
const TENSOR_BUFFER: usize = 2;
const TENSOR_NAME: usize = 3;
const BUFFER_DATA: usize = 0;

/// Kinds of numbers that are read; a tensor of another kind is no weight.
const FLOAT32: u8 = 0;
const FLOAT16: u8 = 1;

/// Every constant of 32 or 16 bits of the file's one graph, by its name and in its shape: filters are
/// (outputs, rows, columns, inputs).
pub fn read(bytes: &[u8]) -> Result<Vec<NamedTensor>, ConvertError> {
    let model = flatbuffer::root(bytes, IDENTIFIER)?;
    let buffers = model
        .tables(MODEL_BUFFERS)?
        .collect::<Result<Vec<_>, _>>()?;
    let mut graphs = model.tables(MODEL_SUBGRAPHS)?;
    let (Some(graph), None) = (graphs.next(), graphs.next()) else {
        return Err(ConvertError::Unsupported {
            what: "other than one graph".to_owned(),
        });
    };
    let mut used = 0;
    let mut read = Vec::new();
    for tensor in graph?.tables(SUBGRAPH_TENSORS)? {
        let Some(tensor) = constant(&tensor?, &buffers)? else {
            continue;
        };
        used += tensor.values.len() + tensor.name.len() + tensor.shape.len();
        // Tensors may share a buffer, a name or a shape, but not so that a small file becomes a large one.
        if used > bytes.len() {
            return Err(ConvertError::TooLarge {
                at: bytes.len(),
                what: "more numbers and names than the file has bytes",
            });
        }
        read.push(tensor);
    }
    Ok(read)
}

/// A tensor with its numbers, if the file holds any of it.
fn constant(
    tensor: &Table<'_>,
    buffers: &[Table<'_>],
) -> Result<Option<NamedTensor>, ConvertError> {
    let width = match tensor.byte(TENSOR_TYPE)? {
        FLOAT32 => 4,
        FLOAT16 => 2,
        _ => return Ok(None),
    };
    let shape = tensor.vector(TENSOR_SHAPE, 4)?;
    let malformed = |reason| ConvertError::Malformed {
        at: shape.at(),
        reason,
    };
    let buffer = buffers
        .get(tensor.number(TENSOR_BUFFER)? as usize)
        .ok_or_else(|| malformed("a tensor's buffer is not in the file"))?;
    let data = buffer.vector(BUFFER_DATA, 1)?;
    if data.raw().is_empty() {
        return Ok(None);
    }
    let (sides, _) = shape.raw().as_chunks::<4>();
    let shape = sides
        .iter()
        .map(|side| usize::try_from(i32::from_le_bytes(*side)).ok())
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| malformed("a tensor has a negative side"))?;
    let bytes = shape
        .iter()
        .try_fold(width, |bytes: usize, side| bytes.checked_mul(*side));
    if bytes != Some(data.raw().len()) {
        return Err(malformed("a tensor's buffer has another size than it"));
    }
    let values = numbers(data.raw(), width);
    if !values.iter().all(|value| value.is_finite()) {
        return Err(ConvertError::Malformed {
            at: data.at(),
            reason: "a weight that is not a finite number",
        });
    }
    Ok(Some(NamedTensor {
        name: tensor.text(TENSOR_NAME)?.to_owned(),
        shape,
        values,
    }))
}

fn numbers(bytes: &[u8], width: usize) -> Vec<f32> {
    if width == 2 {
        let (halves, _) = bytes.as_chunks::<2>();
        return halves
            .iter()
            .map(|half| f16::from_le_bytes(*half).to_f32())
            .collect();
    }
    let (numbers, _) = bytes.as_chunks::<4>();
    numbers
        .iter()
        .map(|number| f32::from_le_bytes(*number))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A writer of flatbuffers that knows where every offset stands.
    #[derive(Default)]
    struct File(Vec<u8>);

    /// What a field holds: a number, or an offset to be filled in.
    #[derive(Clone, Copy)]
    enum Field {
        Absent,
        Number(u32),
        Offset,
    }

    impl File {
        /// Leaves room for an offset.
        fn offset(&mut self) -> usize {
            self.0.extend([0; 4]);
            self.0.len() - 4
        }

        /// Lets the offset lead to what comes next.
        fn leads_here(&mut self, offset: usize) {
            let distance = u32::try_from(self.0.len() - offset).unwrap();
            self.0[offset..offset + 4].copy_from_slice(&distance.to_le_bytes());
        }

        /// A table with its list of fields before it; gives the places of the offsets among them.
        fn table(&mut self, fields: &[Field]) -> Vec<usize> {
            let start = self.0.len();
            self.0.extend([0; 4]);
            let list = start + 4 + fields.len() * 4;
            let back = i32::try_from(start).unwrap() - i32::try_from(list).unwrap();
            self.0[start..].copy_from_slice(&back.to_le_bytes());
            let mut offsets = Vec::new();
            for field in fields {
                let number = match field {
                    Field::Number(number) => *number,
                    Field::Absent | Field::Offset => 0,
                };
                if matches!(field, Field::Offset) {
                    offsets.push(self.0.len());
                }
                self.0.extend(number.to_le_bytes());
            }
            let short = |value: usize| u16::try_from(value).unwrap().to_le_bytes();
            self.0.extend(short(4 + fields.len() * 2));
            self.0.extend(short(4 + fields.len() * 4));
            for (index, field) in fields.iter().enumerate() {
                let absent = matches!(field, Field::Absent);
                self.0.extend(short(if absent { 0 } else { 4 + index * 4 }));
            }
            offsets
        }

        fn vector(&mut self, count: usize, bytes: &[u8]) {
            self.0.extend(u32::try_from(count).unwrap().to_le_bytes());
            self.0.extend(bytes);
        }

        /// A vector of offsets; gives their places.
        fn offsets(&mut self, count: usize) -> Vec<usize> {
            self.vector(count, &[]);
            (0..count).map(|_| self.offset()).collect()
        }

        fn tensor(&mut self, name: &str, shape: &[i32], kind: u8, buffer: u32) {
            let kind = Field::Number(u32::from(kind));
            let fields = [Field::Offset, kind, Field::Number(buffer), Field::Offset];
            let offsets = self.table(&fields);
            self.leads_here(offsets[0]);
            let sides: Vec<u8> = shape.iter().flat_map(|side| side.to_le_bytes()).collect();
            self.vector(shape.len(), &sides);
            self.leads_here(offsets[1]);
            self.vector(name.len(), name.as_bytes());
        }
    }

    /// What the test's file holds, to be made wrong in one place.
    struct Content {
        shape: Vec<i32>,
        halves: Vec<f32>,
        buffer: u32,
        graphs: usize,
    }

    impl Default for Content {
        fn default() -> Self {
            Self {
                shape: vec![2, 1, 1, 2],
                halves: vec![1.0, -2.0, 0.5, 4.0],
                buffer: 1,
                graphs: 1,
            }
        }
    }

    /// A filter of half floats, a bias of floats, what goes in (which has no numbers), and paddings,
    /// which are no weights. The buffers come last, so that a file that is cut lacks numbers.
    fn file(content: &Content) -> Vec<u8> {
        let mut file = File::default();
        let root = file.offset();
        file.0.extend(IDENTIFIER);
        file.leads_here(root);
        let number = Field::Number(3);
        let model = [
            number,
            Field::Absent,
            Field::Offset,
            Field::Absent,
            Field::Offset,
        ];
        let model = file.table(&model);
        file.leads_here(model[0]);
        for graph in file.offsets(content.graphs) {
            file.leads_here(graph);
            let tensors = file.table(&[Field::Offset])[0];
            file.leads_here(tensors);
            let tensors = file.offsets(4);
            file.leads_here(tensors[0]);
            file.tensor("input", &[1, 2], FLOAT32, 0);
            file.leads_here(tensors[1]);
            file.tensor("filter", &content.shape, FLOAT16, content.buffer);
            file.leads_here(tensors[2]);
            file.tensor("paddings", &[1], 2, 2);
            file.leads_here(tensors[3]);
            file.tensor("bias", &[1], FLOAT32, 2);
        }
        file.leads_here(model[1]);
        let buffers = file.offsets(3);
        file.leads_here(buffers[0]);
        file.table(&[Field::Absent]);
        let halves: Vec<u8> = content
            .halves
            .iter()
            .flat_map(|value| f16::from_f32(*value).to_le_bytes())
            .collect();
        for (buffer, data) in [
            (buffers[1], &halves[..]),
            (buffers[2], &7_f32.to_le_bytes()),
        ] {
            file.leads_here(buffer);
            let place = file.table(&[Field::Offset])[0];
            file.leads_here(place);
            file.vector(data.len(), data);
        }
        file.0
    }

    fn good() -> Vec<u8> {
        file(&Content::default())
    }

    #[test]
    fn constants_come_by_name_and_shape() {
        let tensors = read(&good()).unwrap();
        let [filter, bias] = tensors.as_slice() else {
            panic!("{} tensors", tensors.len());
        };
        assert_eq!(filter.name, "filter");
        assert_eq!(filter.shape, [2, 1, 1, 2]);
        assert_eq!(filter.values, [1.0, -2.0, 0.5, 4.0]);
        assert_eq!((bias.name.as_str(), &bias.values[..]), ("bias", &[7.0][..]));
    }

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        let file = good();
        for length in 0..file.len() {
            let error = read(&file[..length]).unwrap_err();
            assert!(
                matches!(error, ConvertError::Truncated { .. }),
                "cut at {length}: {error}"
            );
        }
    }

    #[test]
    fn one_tensor_named_many_times_is_refused_before_it_grows() {
        let mut file = File::default();
        let root = file.offset();
        file.0.extend(IDENTIFIER);
        file.leads_here(root);
        let (absent, offset) = (Field::Absent, Field::Offset);
        let model = file.table(&[absent, absent, offset, absent, offset]);
        file.leads_here(model[0]);
        let graph = file.offsets(1)[0];
        file.leads_here(graph);
        let tensors = file.table(&[Field::Offset])[0];
        file.leads_here(tensors);
        for tensor in file.offsets(60) {
            file.leads_here(tensor);
        }
        file.tensor(&"n".repeat(200), &[1], FLOAT32, 0);
        file.leads_here(model[1]);
        let buffer = file.offsets(1)[0];
        file.leads_here(buffer);
        let data = file.table(&[Field::Offset])[0];
        file.leads_here(data);
        file.vector(4, &7_f32.to_le_bytes());
        assert!(matches!(read(&file.0), Err(ConvertError::TooLarge { .. })));
    }

    #[test]
    fn no_flipped_bit_makes_it_panic_or_grow() {
        let file = good();
        for bit in 0..file.len() * 8 {
            let mut flipped = file.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(tensors) = read(&flipped) {
                let numbers: usize = tensors.iter().map(|tensor| tensor.values.len()).sum();
                assert!(numbers <= file.len(), "bit {bit}: {numbers} numbers");
            }
        }
    }

    #[test]
    fn several_wrong_bytes_do_not_make_it_panic() {
        let file = good();
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
    fn what_makes_no_sense_is_named() {
        let wrong = |change: fn(&mut Content)| {
            let mut content = Content::default();
            change(&mut content);
            read(&file(&content)).unwrap_err().to_string()
        };
        for (change, reason) in [
            (
                (|content| content.shape[0] = 3) as fn(&mut Content),
                "another size",
            ),
            (|content| content.shape[0] = -2, "negative side"),
            (|content| content.shape = vec![i32::MAX; 4], "another size"),
            (|content| content.buffer = 3, "not in the file"),
            (|content| content.halves[2] = f32::NAN, "finite"),
            (|content| content.graphs = 0, "one graph"),
            (|content| content.graphs = 2, "one graph"),
        ] {
            let said = wrong(change);
            assert!(said.contains(reason), "{reason}: {said}");
        }
        let mut other = good();
        other[4] = b'X';
        assert!(matches!(
            read(&other),
            Err(ConvertError::Unsupported { .. })
        ));
    }
}
