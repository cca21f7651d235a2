//! Tells whether a face wears a mask, by a network that is built into the program.

use std::fmt;
use std::path::PathBuf;

use kernels::maps::Maps;

use crate::packs::hash::sha256;
use crate::vision::alignment::mirrored;
use crate::vision::detector::Face;
use crate::vision::error::VisionError;
use crate::vision::level::LevelSquare;
use crate::vision::nets::mask_net::{CENTRE, MaskNet, SCALE, SIDE};
use crate::vision::picture::Picture;

/// Trained by the package `training/`; `models/mask.md` says how, on what, and what came of it.
const WEIGHTS: &[u8] = include_bytes!("../../models/mask.safetensors");

/// What the classifier is called in a verdict's provenance.
pub const NAME: &str = "mask-1";

/// From here on a mask is worn. The training shifts the network's last number so that this is the
/// bound which divided the validation pictures best (`models/mask.md`).
pub const WORN: f64 = 0.5;

/// How much wider the network's chip is than the longer side of a face's box.
pub const REACH: f32 = 1.25;

/// The network with its weights.
pub struct MaskClassifier {
    network: MaskNet,
}

/// The SHA-256 of the weights that came with the program, for a verdict's provenance.
pub fn sha256_of_weights() -> String {
    sha256(WEIGHTS)
}

impl fmt::Debug for MaskClassifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MaskClassifier({NAME})")
    }
}

impl MaskClassifier {
    /// The classifier that came with the program.
    pub fn built_in() -> Result<Self, VisionError> {
        Self::from_bytes(WEIGHTS.to_vec())
    }

    /// One with the weights of a safetensors file's bytes.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, VisionError> {
        let network = MaskNet::from_bytes(bytes).map_err(|source| VisionError::Weights {
            path: PathBuf::from("models/mask.safetensors"),
            source,
        })?;
        Ok(Self { network })
    }

    /// How sure it is that a mask is worn, 0–1, by the face and its mirror image: see [`WORN`].
    pub fn worn(&self, picture: &Picture, face: &Face) -> Result<f64, VisionError> {
        let chip = LevelSquare::about(face, REACH, SIDE as u32).cut(picture)?;
        self.worn_on_chip(&chip)
    }

    /// The same of a chip that was cut out already.
    pub fn worn_on_chip(&self, chip: &Picture) -> Result<f64, VisionError> {
        let answers = self.raw(&[chip.clone(), mirrored(chip)?])?;
        let count = answers.len().max(1) as f64;
        let mean = answers.iter().copied().map(f64::from).sum::<f64>() / count;
        Ok(1.0 / (1.0 + (-mean).exp()))
    }

    /// What the network itself says of each chip of 48×48.
    pub fn raw(&self, chips: &[Picture]) -> Result<Vec<f32>, VisionError> {
        let side = SIDE as u32;
        if chips
            .iter()
            .any(|chip| (chip.width(), chip.height()) != (side, side))
        {
            return Err(VisionError::WrongSize {
                width: side,
                height: side,
            });
        }
        let row_size = SIDE * 3;
        let input = Maps::from_rows([chips.len(), SIDE, SIDE, 3], |chip, row, values| {
            let pixels = &chips[chip].rgb()[row * row_size..][..row_size];
            for (value, byte) in values.iter_mut().zip(pixels) {
                *value = (f32::from(*byte) - CENTRE) * SCALE;
            }
        });
        Ok(self.network.forward(&input)?)
    }
}
