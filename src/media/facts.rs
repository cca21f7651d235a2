//! What is known of a video besides its pictures.

/// The facts of a video that was opened, measured and found decodable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoFacts {
    /// `mp4`, `mov`, `webm`, `mkv` or `avi`.
    pub container: String,
    /// `h264`, `hevc`, `vp8`, `vp9`, `av1` or `mpeg4`.
    pub codec: String,
    /// Width of an upright picture with square pixels.
    pub width: u32,
    /// Height of an upright picture with square pixels.
    pub height: u32,
    /// Degrees clockwise by which the stored pictures are turned to stand upright.
    pub rotation: u16,
    /// Time from the first picture to the end of the last, as measured, not as declared.
    pub duration_ms: Option<u64>,
    /// Tracks of any kind in the file.
    pub streams: usize,
}
