//! What can keep a picture from being read or a network from running.

use std::path::PathBuf;

use thiserror::Error;

/// A broken file or missing weights. A picture without a face is no error: absence is data.
#[derive(Debug, Error)]
pub enum VisionError {
    #[error("the file is empty")]
    Empty,
    #[error("the file is not a JPEG, PNG, WebP or BMP picture")]
    UnknownFormat,
    #[error("the picture is damaged or cut short: {reason}")]
    Damaged { reason: String },
    #[error("the picture has {pixels} pixels, more than the limit of {limit}")]
    TooManyPixels { pixels: u64, limit: u64 },
    #[error("the pixels do not fill a picture of {width}x{height}")]
    WrongSize { width: u32, height: u32 },
    #[error("the decoder gave up on this file: {why}")]
    GaveUp { why: &'static str },
    #[error("no process could be had to decode the picture in")]
    NoDecoder(#[source] std::io::Error),
    #[error("the picture could not be read")]
    Io(#[source] std::io::Error),
    #[error("the picture could not be written: {reason}")]
    Encoding { reason: String },
    #[error("the weights in {path} do not fit the network")]
    Weights {
        path: PathBuf,
        #[source]
        source: candle_core::Error,
    },
    #[error(
        "this processor has no matrix tiles (Intel AMX), which the precision bf16 needs; set the precision to f32"
    )]
    NoMatrixTiles,
    #[error("the network failed")]
    Network(#[from] candle_core::Error),
}

impl VisionError {
    /// Only broken weights answer a picture with nothing or with what is not a number.
    pub(crate) fn no_direction() -> Self {
        Self::Network(candle_core::Error::msg(
            "a face's vector is zero or not a number",
        ))
    }

    /// Whether the picture is to blame, not the service.
    pub fn is_about_the_picture(&self) -> bool {
        match self {
            Self::Empty
            | Self::UnknownFormat
            | Self::Damaged { .. }
            | Self::TooManyPixels { .. }
            | Self::WrongSize { .. }
            | Self::GaveUp { .. } => true,
            Self::NoDecoder(_)
            | Self::Io(_)
            | Self::Encoding { .. }
            | Self::Weights { .. }
            | Self::NoMatrixTiles
            | Self::Network(_) => false,
        }
    }
}
