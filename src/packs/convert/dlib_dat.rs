//! Reads `dlib_face_recognition_resnet_model_v1.dat`: a nest of versions, then every layer from the picture outwards.

use crate::packs::convert::dlib_stream::Stream;
use crate::packs::convert::error::ConvertError;
use crate::packs::convert::tensor::NamedTensor;

/// The most parts a network may nest; the real file has 129.
const MAX_PARTS: usize = 1024;
/// Versions in the nest: a tag or a skip, a layer, and the innermost layer, which holds the input.
const WRAPPER: i64 = 1;
const LAYER: i64 = 2;
const INNERMOST: i64 = 3;
/// The bias mode of a fully connected layer that has none.
const NO_BIAS: i64 = 1;

/// The parameters by name, counted from 1 in the order of the forward pass: `conv1.weight` (outputs, inputs, rows,
/// columns), `conv1.bias`, `affine1.gamma`, `affine1.beta` … and `fc.weight` (inputs, outputs).
pub fn read(bytes: &[u8]) -> Result<Vec<NamedTensor>, ConvertError> {
    let mut reader = Reader {
        stream: Stream::new(bytes),
        tensors: Vec::new(),
        convolutions: 0,
        affines: 0,
    };
    reader.loss()?;
    let layers = reader.nest()?;
    reader.input()?;
    for index in 0..layers {
        reader.layer()?;
        reader.state()?;
        if index == 0 {
            // The innermost layer also says how many pictures one sample becomes.
            reader.stream.skip_ints(1)?;
        }
    }
    if !reader.stream.is_at_end() {
        return Err(reader.stream.malformed("bytes after the last layer"));
    }
    Ok(reader.tensors)
}

struct Reader<'a> {
    stream: Stream<'a>,
    tensors: Vec<NamedTensor>,
    convolutions: usize,
    affines: usize,
}

impl Reader<'_> {
    fn loss(&mut self) -> Result<(), ConvertError> {
        self.stream.expect_int(1, "a loss of an unknown version")?;
        self.expect_text("loss_metric_2")?;
        // The margin and the distance threshold of the training.
        self.stream.skip_floats(2)
    }

    /// Counts the layers of the nest, outermost first.
    fn nest(&mut self) -> Result<usize, ConvertError> {
        let mut layers = 0;
        for _ in 0..MAX_PARTS {
            match self.stream.int()? {
                WRAPPER => {}
                LAYER => layers += 1,
                INNERMOST => return Ok(layers + 1),
                _ => return Err(self.stream.malformed("a part of an unknown version")),
            }
        }
        Err(ConvertError::Unsupported {
            what: "a network of so many parts".to_owned(),
        })
    }

    fn input(&mut self) -> Result<(), ConvertError> {
        self.expect_text("input_rgb_image_sized")?;
        // The mean colour, which the manifest repeats.
        self.stream.skip_floats(3)?;
        self.stream.expect_int(150, "an input of another height")?;
        self.stream.expect_int(150, "an input of another width")
    }

    fn layer(&mut self) -> Result<(), ConvertError> {
        match self.stream.text()? {
            "con_4" => self.convolution(),
            "affine_" => self.affine(),
            "fc_2" => self.fully_connected(),
            "relu_" | "add_prev_" => Ok(()),
            // Window, stride and padding, rows before columns.
            "max_pool_2" | "avg_pool_2" => self.stream.skip_ints(6),
            other => Err(ConvertError::Unsupported {
                what: format!("a layer {other:?}"),
            }),
        }
    }

    fn convolution(&mut self) -> Result<(), ConvertError> {
        let values = self.stream.tensor()?;
        // Filters, then window, stride and padding.
        self.stream.skip_ints(7)?;
        let filters = self.stream.part_shape()?;
        let biases = self.stream.part_shape()?;
        self.training()?;
        self.convolutions += 1;
        let name = format!("conv{}", self.convolutions);
        self.keep_two(values, (&name, "weight", &filters), ("bias", &biases))
    }

    fn affine(&mut self) -> Result<(), ConvertError> {
        let values = self.stream.tensor()?;
        let gamma = self.stream.part_shape()?;
        let beta = self.stream.part_shape()?;
        self.stream
            .expect_int(0, "an affine layer that is not one pair a channel")?;
        self.affines += 1;
        let name = format!("affine{}", self.affines);
        let channels = [gamma[1]];
        if gamma != [1, gamma[1], 1, 1] {
            return Err(self.stream.malformed("an affine layer of another shape"));
        }
        self.keep_two(values, (&name, "gamma", &channels), ("beta", &beta))
    }

    fn fully_connected(&mut self) -> Result<(), ConvertError> {
        let outputs = self.stream.size()?;
        let inputs = self.stream.size()?;
        let values = self.stream.tensor()?;
        let weights = self.stream.part_shape()?;
        let _no_biases = self.stream.part_shape()?;
        self.stream
            .expect_int(NO_BIAS, "a fully connected layer with a bias")?;
        self.training()?;
        if weights != [inputs, outputs, 1, 1] || volume(&weights) != Some(values.len()) {
            return Err(self
                .stream
                .malformed("weights that do not fill their layer"));
        }
        self.tensors.push(NamedTensor {
            name: "fc.weight".to_owned(),
            shape: vec![inputs, outputs],
            values,
        });
        Ok(())
    }

    /// How fast weights and biases learned, and how they decayed.
    fn training(&mut self) -> Result<(), ConvertError> {
        self.stream.skip_floats(4)
    }

    /// What every layer keeps of its training: three flags and three tensors, empty in a cleaned network.
    fn state(&mut self) -> Result<(), ConvertError> {
        self.stream.skip_flags(3)?;
        self.stream.skip_tensors(3)
    }

    /// Splits a layer's parameters into its first part, of any shape, and its second, one number a channel.
    fn keep_two(
        &mut self,
        mut values: Vec<f32>,
        (layer, first, first_shape): (&str, &str, &[usize]),
        (second, second_shape): (&str, &[usize; 4]),
    ) -> Result<(), ConvertError> {
        let channels = second_shape[1];
        let length = volume(first_shape).filter(|length| {
            *second_shape == [1, channels, 1, 1]
                && first_shape.first() == Some(&channels)
                && length.checked_add(channels) == Some(values.len())
        });
        let Some(length) = length else {
            return Err(self
                .stream
                .malformed("weights that do not fill their layer"));
        };
        let tail = values.split_off(length);
        for (part, shape, values) in [
            (first, first_shape.to_vec(), values),
            (second, vec![channels], tail),
        ] {
            self.tensors.push(NamedTensor {
                name: format!("{layer}.{part}"),
                shape,
                values,
            });
        }
        Ok(())
    }

    fn expect_text(&mut self, expected: &'static str) -> Result<(), ConvertError> {
        let found = self.stream.text()?;
        if found == expected {
            Ok(())
        } else {
            Err(ConvertError::Unsupported {
                what: format!("{found:?} where {expected:?} belongs"),
            })
        }
    }
}

fn volume(shape: &[usize]) -> Option<usize> {
    shape.iter().copied().try_fold(1, usize::checked_mul)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes the serialisation by hand, as the reader's counterpart.
    #[derive(Default)]
    struct Writer(Vec<u8>);

    impl Writer {
        fn int(&mut self, value: i64) -> &mut Self {
            let bytes = value.unsigned_abs().to_le_bytes();
            let length = 8 - value.unsigned_abs().leading_zeros() as usize / 8;
            let length = length.max(1);
            self.0.push(length as u8 | if value < 0 { 0x80 } else { 0 });
            self.0.extend_from_slice(&bytes[..length]);
            self
        }

        fn ints(&mut self, values: &[i64]) -> &mut Self {
            for value in values {
                self.int(*value);
            }
            self
        }

        fn text(&mut self, text: &str) -> &mut Self {
            self.int(text.len() as i64).0.extend(text.as_bytes());
            self
        }

        fn tensor(&mut self, shape: [i64; 4], values: &[f32]) -> &mut Self {
            self.int(2).ints(&shape);
            for value in values {
                self.0.extend(value.to_le_bytes());
            }
            self
        }

        fn state(&mut self) -> &mut Self {
            self.0.extend(b"110");
            for _ in 0..3 {
                self.tensor([0; 4], &[]);
            }
            self
        }

        /// Everything up to the first layer; `nest` is what stands before the innermost version.
        fn opening(&mut self, nest: &[i64]) -> &mut Self {
            self.int(1).text("loss_metric_2").ints(&[1, -4, 3, -2]);
            self.ints(nest).int(3).text("input_rgb_image_sized");
            self.ints(&[123, 0, 117, 0, 104, 0, 150, 150])
        }

        fn rates(&mut self) -> &mut Self {
            self.ints(&[16, -4, 16, -4, 16, -4, 0, 11])
        }
    }

    const CONVOLUTION: [f32; 8] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];

    /// Two filters over one channel of three columns, an affine pair each, a rectifier, a pooling and a matrix.
    fn small_network() -> Vec<u8> {
        let mut writer = Writer::default();
        writer.opening(&[2, 1, 2, 2, 2]);
        writer.text("con_4").tensor([8, 1, 1, 1], &CONVOLUTION);
        writer.ints(&[2, 1, 3, 1, 1, 0, 1, 1, 2, 1, 1, 3, 1, 1, 2, 1, 1]);
        writer.rates().state().int(1);
        writer
            .text("affine_")
            .tensor([4, 1, 1, 1], &[0.5, 0.25, -1.0, 300.0]);
        writer.ints(&[1, 1, 2, 1, 1, 1, 1, 2, 1, 1, 0]).state();
        writer.text("relu_").state();
        writer.text("avg_pool_2").ints(&[0, 0, 1, 1, 0, 0]).state();
        writer.text("fc_2").ints(&[3, 2]);
        writer.tensor([2, 3, 1, 1], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        writer
            .ints(&[1, 2, 3, 1, 1, 1, 0, 0, 0, 0, 1])
            .rates()
            .state();
        writer.0
    }

    #[test]
    fn a_small_network_gives_its_parameters_by_name() {
        let tensors = read(&small_network()).unwrap();
        let found: Vec<_> = tensors
            .iter()
            .map(|t| (t.name.as_str(), t.shape.as_slice(), t.values.as_slice()))
            .collect();
        let expected: [(&str, &[usize], &[f32]); 5] = [
            ("conv1.weight", &[2, 1, 1, 3], &CONVOLUTION[..6]),
            ("conv1.bias", &[2], &CONVOLUTION[6..]),
            ("affine1.gamma", &[2], &[0.5, 0.25]),
            ("affine1.beta", &[2], &[-1.0, 300.0]),
            ("fc.weight", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn every_cut_is_an_error() {
        let whole = small_network();
        for length in 0..whole.len() {
            let error = read(&whole[..length]).unwrap_err();
            assert_eq!(error, ConvertError::Truncated { at: length });
        }
    }

    #[test]
    fn a_byte_too_many_is_an_error() {
        let mut bytes = small_network();
        bytes.push(0);
        assert!(matches!(read(&bytes), Err(ConvertError::Malformed { .. })));
    }

    #[test]
    fn flipped_bytes_never_panic_and_never_give_more_than_the_file_holds() {
        let whole = small_network();
        let mut refused = 0;
        for at in 0..whole.len() {
            for flip in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= flip;
                match read(&bytes) {
                    Ok(tensors) => {
                        let values: usize = tensors.iter().map(|t| t.values.len()).sum();
                        assert!(values * 4 <= bytes.len());
                    }
                    Err(_) => refused += 1,
                }
            }
        }
        assert!(refused > whole.len(), "only {refused} refused");
    }

    #[test]
    fn a_tensor_of_impossible_size_is_refused_before_it_is_given_room() {
        for extent in [i64::MAX, 1 << 40, 1 << 21] {
            let mut writer = Writer::default();
            writer.opening(&[]).text("con_4");
            writer.int(2).ints(&[extent, extent, 1, 1]);
            assert!(matches!(
                read(&writer.0),
                Err(ConvertError::TooLarge { .. } | ConvertError::Truncated { .. })
            ));
        }
    }

    #[test]
    fn an_endless_nest_is_refused() {
        let mut writer = Writer::default();
        writer.int(1).text("loss_metric_2").ints(&[1, -4, 3, -2]);
        writer.ints(&vec![2; 5000]);
        assert!(matches!(
            read(&writer.0),
            Err(ConvertError::Unsupported { .. })
        ));
    }

    #[test]
    fn an_unknown_layer_is_named() {
        let mut writer = Writer::default();
        writer.opening(&[]).text("softmax_");
        let error = read(&writer.0).unwrap_err();
        assert!(error.to_string().contains("softmax_"), "{error}");
    }

    #[test]
    fn a_weight_that_is_no_number_is_refused() {
        let mut writer = Writer::default();
        writer.opening(&[]).text("con_4");
        writer.tensor([1, 1, 1, 1], &[f32::NAN]);
        assert!(matches!(
            read(&writer.0),
            Err(ConvertError::Malformed { .. })
        ));
    }
}
