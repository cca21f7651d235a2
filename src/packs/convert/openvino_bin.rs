//! Reads the `.bin` of face-reidentification-retail-0095: half floats one after the other, in the order of its graph.

use half::f16;

use crate::packs::convert::error::ConvertError;
use crate::packs::convert::tensor::NamedTensor;

/// One block of the network: widened by `expanded`, filtered each channel for itself, narrowed again, then weighed
/// channel by channel. Its input is added to its output when both have the same shape.
#[derive(Clone, Copy, Debug)]
pub struct Bottleneck {
    pub inputs: usize,
    pub expanded: usize,
    pub outputs: usize,
    pub stride: usize,
}

impl Bottleneck {
    const fn new(inputs: usize, expanded: usize, outputs: usize, stride: usize) -> Self {
        Self {
            inputs,
            expanded,
            outputs,
            stride,
        }
    }

    /// Channels of the narrow waist between the two layers that weigh the outputs.
    pub fn squeezed(&self) -> usize {
        self.outputs / SQUEEZE
    }
}

/// How many times narrower the waist is.
const SQUEEZE: usize = 8;

/// Channels after the first convolution, after the last widening, and of the embedding.
pub const STEM: usize = 64;
pub const HEAD: usize = 512;
pub const EMBEDDING: usize = 256;
/// Rows and columns of the maps that the last filters cover whole.
pub const LAST_SIDE: usize = 8;

/// The blocks from the picture to the embedding.
pub const BOTTLENECKS: [Bottleneck; 15] = [
    Bottleneck::new(64, 128, 64, 2),
    Bottleneck::new(64, 128, 64, 1),
    Bottleneck::new(64, 128, 64, 1),
    Bottleneck::new(64, 128, 64, 1),
    Bottleneck::new(64, 128, 64, 1),
    Bottleneck::new(64, 256, 128, 2),
    Bottleneck::new(128, 256, 128, 1),
    Bottleneck::new(128, 256, 128, 1),
    Bottleneck::new(128, 256, 128, 1),
    Bottleneck::new(128, 256, 128, 1),
    Bottleneck::new(128, 256, 128, 1),
    Bottleneck::new(128, 256, 128, 1),
    Bottleneck::new(128, 512, 128, 2),
    Bottleneck::new(128, 256, 128, 1),
    Bottleneck::new(128, 256, 128, 1),
];

/// One constant of the file: its name, the byte at which it starts, and its shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constant {
    pub name: String,
    pub offset: usize,
    pub shape: Vec<usize>,
}

impl Constant {
    /// Bytes that it takes: two a number.
    pub fn bytes(&self) -> usize {
        self.shape.iter().product::<usize>() * 2
    }
}

/// Where every constant lies. They follow one another without a gap, so the order and the shapes give the offsets.
pub fn layout() -> Vec<Constant> {
    let mut plan = Plan::default();
    plan.add("input.scale", &[3]);
    plan.add("input.shift", &[3]);
    plan.filtered("stem.conv", &[STEM, 3, 3, 3], true);
    plan.filtered("stem.depthwise", &[STEM, 1, 3, 3], true);
    for (index, block) in BOTTLENECKS.iter().enumerate() {
        let Bottleneck {
            inputs,
            expanded,
            outputs,
            ..
        } = *block;
        let squeezed = block.squeezed();
        let part = |name: &str| format!("block{}.{name}", index + 1);
        plan.filtered(&part("expand"), &[expanded, inputs], true);
        plan.filtered(&part("depthwise"), &[expanded, 1, 3, 3], true);
        plan.filtered(&part("project"), &[outputs, expanded], false);
        plan.filtered(&part("squeeze"), &[squeezed, outputs], true);
        plan.filtered(&part("excite"), &[outputs, squeezed], false);
    }
    let last = BOTTLENECKS[BOTTLENECKS.len() - 1].outputs;
    plan.filtered("head.expand", &[HEAD, last], true);
    plan.filtered("head.depthwise", &[HEAD, 1, LAST_SIDE, LAST_SIDE], false);
    plan.add("head.embed.weight", &[EMBEDDING, HEAD]);
    plan.constants
}

/// The constants by name, as 32-bit floats.
pub fn read(bytes: &[u8]) -> Result<Vec<NamedTensor>, ConvertError> {
    let layout = layout();
    let length = layout.last().map_or(0, |last| last.offset + last.bytes());
    if bytes.len() > length {
        return Err(ConvertError::Malformed {
            at: length,
            reason: "bytes after the last constant",
        });
    }
    layout
        .into_iter()
        .map(|constant| named(constant, bytes))
        .collect()
}

fn named(constant: Constant, bytes: &[u8]) -> Result<NamedTensor, ConvertError> {
    let end = constant.offset + constant.bytes();
    let taken = bytes
        .get(constant.offset..end)
        .ok_or(ConvertError::Truncated { at: bytes.len() })?;
    let values: Vec<f32> = taken
        .chunks_exact(2)
        .map(|pair| f16::from_le_bytes([pair[0], pair[1]]).to_f32())
        .collect();
    if !values.iter().all(|value| value.is_finite()) {
        return Err(ConvertError::Malformed {
            at: constant.offset,
            reason: "a weight that is not a finite number",
        });
    }
    Ok(NamedTensor {
        name: constant.name,
        shape: constant.shape,
        values,
    })
}

#[derive(Default)]
struct Plan {
    constants: Vec<Constant>,
    end: usize,
}

impl Plan {
    fn add(&mut self, name: &str, shape: &[usize]) {
        let constant = Constant {
            name: name.to_owned(),
            offset: self.end,
            shape: shape.to_vec(),
        };
        self.end += constant.bytes();
        self.constants.push(constant);
    }

    /// A layer of filters with one bias each and, where it is `bent`, the one slope of its negative side.
    fn filtered(&mut self, name: &str, shape: &[usize], bent: bool) {
        self.add(&format!("{name}.weight"), shape);
        self.add(&format!("{name}.bias"), &shape[..1]);
        if bent {
            self.add(&format!("{name}.slope"), &[1]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published file's size.
    const BYTES: usize = 2_213_628;

    fn counting(length: usize) -> Vec<u8> {
        let numbers = (0..length.div_ceil(2)).map(|i| f16::from_f32((i % 1000) as f32));
        let mut bytes: Vec<u8> = numbers.flat_map(f16::to_le_bytes).collect();
        bytes.truncate(length);
        bytes
    }

    #[test]
    fn the_layout_meets_the_offsets_of_the_published_graph() {
        let layout = layout();
        let offset = |name: &str| layout.iter().find(|c| c.name == name).unwrap().offset;
        assert_eq!(offset("stem.conv.weight"), 12);
        assert_eq!(offset("stem.depthwise.weight"), 3598);
        assert_eq!(offset("block1.project.weight"), 24084);
        assert_eq!(offset("block6.expand.weight"), 194_430);
        assert_eq!(offset("block13.depthwise.weight"), 1_311_882);
        assert_eq!(offset("block15.excite.bias"), 1_752_570);
        assert_eq!(offset("head.depthwise.weight"), 1_884_924);
        assert_eq!(offset("head.embed.weight"), 1_951_484);
        assert_eq!(layout.last().unwrap().bytes() + 1_951_484, BYTES);
    }

    #[test]
    fn numbers_are_taken_from_their_offsets() {
        let tensors = read(&counting(BYTES)).unwrap();
        assert_eq!(tensors[0].values, [0.0, 1.0, 2.0]);
        assert_eq!(tensors[1].values, [3.0, 4.0, 5.0]);
        let slope = tensors
            .iter()
            .find(|t| t.name == "stem.conv.slope")
            .unwrap();
        assert_eq!(slope.values, [(3596 / 2 % 1000) as f32]);
        let values: usize = tensors.iter().map(|t| t.values.len()).sum();
        assert_eq!(values * 2, BYTES);
    }

    #[test]
    fn another_length_is_an_error() {
        for length in [0, 1, 6, 3597, BYTES / 2, BYTES - 1] {
            let error = read(&counting(length)).unwrap_err();
            assert_eq!(error, ConvertError::Truncated { at: length });
        }
        let error = read(&counting(BYTES + 1)).unwrap_err();
        assert!(matches!(error, ConvertError::Malformed { at: BYTES, .. }));
    }

    #[test]
    fn a_weight_that_is_no_number_is_refused() {
        for poison in [f16::NAN, f16::INFINITY, f16::NEG_INFINITY] {
            let mut bytes = counting(BYTES);
            bytes[2000..2002].copy_from_slice(&poison.to_le_bytes());
            assert!(matches!(
                read(&bytes),
                Err(ConvertError::Malformed { at: 12, .. })
            ));
        }
    }
}
