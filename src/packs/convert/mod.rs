//! Readers of the formats in which weights are published, and the one format that they become.

pub mod dlib_dat;
mod dlib_stream;
pub mod error;
mod flatbuffer;
pub mod openvino_bin;
mod pickle;
pub mod safetensors;
pub mod tensor;
pub mod tflite;
pub mod torch_legacy;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::packs::convert::error::ConvertError;
use crate::packs::convert::tensor::NamedTensor;
use crate::packs::error::PackError;
use crate::packs::manifest::{Format, ModelFile, Pack};

/// Counts up whenever the same originals become other tensors than before.
pub const CONVERTER: u32 = 1;

/// What a converted file says of itself.
#[derive(Serialize)]
struct Provenance<'a> {
    converter: u32,
    pack: &'a str,
    originals: BTreeMap<String, String>,
}

/// The safetensors file of a pack; `originals` are the bytes of its files, in their order. Where a
/// pack has several files, each tensor's name begins with the last part of its file's name.
pub fn convert(pack: &Pack, originals: &[Vec<u8>]) -> Result<Vec<u8>, PackError> {
    let mut tensors = Vec::new();
    for (file, bytes) in pack.files.iter().zip(originals) {
        let read = read(file.format, bytes).map_err(|source| failed(&file.name, source))?;
        let prefix = (pack.files.len() > 1).then(|| prefix(file));
        tensors.extend(read.into_iter().map(|tensor| NamedTensor {
            name: match prefix {
                Some(prefix) => format!("{prefix}.{}", tensor.name),
                None => tensor.name,
            },
            ..tensor
        }));
    }
    let provenance = Provenance {
        converter: CONVERTER,
        pack: &pack.name,
        originals: hashes(pack),
    };
    let provenance = serde_json::to_string(&provenance).map_err(|error| {
        let what = error.to_string();
        failed(&pack.name, ConvertError::Unsupported { what })
    })?;
    safetensors::write(&tensors, &provenance).map_err(|source| failed(&pack.name, source))
}

/// The hashes of a pack's originals, by file name.
pub(crate) fn hashes(pack: &Pack) -> BTreeMap<String, String> {
    pack.files
        .iter()
        .map(|file| (file.name.clone(), file.sha256.clone()))
        .collect()
}

fn read(format: Format, bytes: &[u8]) -> Result<Vec<NamedTensor>, ConvertError> {
    match format {
        Format::TorchLegacy => torch_legacy::read(bytes),
        Format::Dlib => dlib_dat::read(bytes),
        Format::OpenvinoBin => openvino_bin::read(bytes),
        Format::Tflite => tflite::read(bytes),
    }
}

fn prefix(file: &ModelFile) -> &str {
    file.name.rsplit('.').next().unwrap_or(&file.name)
}

fn failed(file: &str, source: ConvertError) -> PackError {
    PackError::Convert {
        file: file.to_owned(),
        source,
    }
}
