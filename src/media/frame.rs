//! One upright picture of a video and its moment.

use std::fmt;

/// One picture of a video: upright, square pixels, three bytes a pixel, rows from the top.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// Time since the first picture of the clip.
    pub time_ms: u64,
    pub width: u32,
    pub height: u32,
    /// `width * height * 3` bytes: red, green, blue.
    pub rgb: Vec<u8>,
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("time_ms", &self.time_ms)
            .field("width", &self.width)
            .field("height", &self.height)
            .field("rgb", &"…")
            .finish()
    }
}
