//! A decoded picture: upright RGB pixels in memory, and the bounded way to get one from a file.

use std::fmt;

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
