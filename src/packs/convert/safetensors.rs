//! Writes tensors as safetensors, the same bytes for the same tensors.

use std::collections::{HashMap, HashSet};

use safetensors::tensor::{Dtype, TensorView};

use crate::packs::convert::error::ConvertError;
use crate::packs::convert::tensor::NamedTensor;

/// The one key of the file's metadata: with two, their order would change from run to run.
pub const METADATA_KEY: &str = "likeness";

/// The bytes of a safetensors file that holds `tensors` and, as its metadata, `provenance`.
pub fn write(tensors: &[NamedTensor], provenance: &str) -> Result<Vec<u8>, ConvertError> {
    let mut names = HashSet::new();
    let mut raw = Vec::with_capacity(tensors.len());
    for tensor in tensors {
        if !names.insert(tensor.name.as_str()) {
            return Err(unsupported(format!("two tensors named {}", tensor.name)));
        }
        let numbers = tensor
            .shape
            .iter()
            .try_fold(1_usize, |n, side| n.checked_mul(*side));
        if numbers != Some(tensor.values.len()) {
            return Err(unsupported(format!(
                "{} with {} numbers in the shape {:?}",
                tensor.name,
                tensor.values.len(),
                tensor.shape
            )));
        }
        let bytes: Vec<u8> = tensor.values.iter().flat_map(|v| v.to_le_bytes()).collect();
        raw.push((tensor, bytes));
    }
    let mut views = Vec::with_capacity(raw.len());
    for (tensor, bytes) in &raw {
        let view = TensorView::new(Dtype::F32, tensor.shape.clone(), bytes)
            .map_err(|error| unsupported(error.to_string()))?;
        views.push((tensor.name.as_str(), view));
    }
    let metadata = HashMap::from([(METADATA_KEY.to_owned(), provenance.to_owned())]);
    safetensors::serialize(views, Some(metadata)).map_err(|error| unsupported(error.to_string()))
}

fn unsupported(what: String) -> ConvertError {
    ConvertError::Unsupported { what }
}

#[cfg(test)]
mod tests {
    use safetensors::SafeTensors;

    use super::*;

    fn tensor(name: &str, shape: &[usize], values: &[f32]) -> NamedTensor {
        NamedTensor {
            name: name.to_owned(),
            shape: shape.to_vec(),
            values: values.to_vec(),
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let tensors = [
            tensor("b", &[2, 1], &[1.5, -2.0]),
            tensor("a", &[1], &[0.25]),
        ];
        let bytes = write(&tensors, "papers").unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        assert_eq!(header.metadata().as_ref().unwrap()[METADATA_KEY], "papers");
        let read = SafeTensors::deserialize(&bytes).unwrap();
        let b = read.tensor("b").unwrap();
        assert_eq!(b.shape(), [2, 1]);
        assert_eq!(
            b.data(),
            [1.5_f32.to_le_bytes(), (-2.0_f32).to_le_bytes()].concat()
        );
        assert_eq!(bytes, write(&tensors, "papers").unwrap());
    }

    #[test]
    fn a_shape_that_does_not_hold_the_numbers_is_refused() {
        assert!(write(&[tensor("a", &[2, 2], &[0.0])], "").is_err());
        assert!(write(&[tensor("a", &[usize::MAX, 2], &[0.0])], "").is_err());
        assert!(write(&[tensor("a", &[1], &[0.0]), tensor("a", &[1], &[1.0])], "").is_err());
    }
}
