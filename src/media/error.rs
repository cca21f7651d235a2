//! Why a video is refused, each reason with the figures that its sender needs.

use thiserror::Error;

/// Why a video cannot be used.
#[derive(Debug, Error)]
pub enum MediaError {
    #[error("the file is empty")]
    Empty,
    #[error("the file is not an mp4, mov, webm, mkv or avi video")]
    NotAVideo,
    #[error("the file holds no picture track, only sound or other data")]
    NoVideoStream,
    #[error(
        "no picture could be decoded: the file is empty of pictures, damaged or cut off too early"
    )]
    NoFrames,
    #[error("the file has {bytes} bytes; the limit is {limit}")]
    TooLarge { bytes: u64, limit: u64 },
    #[error("the video lasts {duration_ms} ms or longer; the limit is {limit_ms} ms")]
    TooLong { duration_ms: u64, limit_ms: u64 },
    #[error("the video's pictures have {pixels} pixels; the limit is {limit}")]
    TooManyPixels { pixels: u64, limit: u64 },
    #[error(
        "the video's pictures are larger than its header says, beyond the limit of {limit} pixels"
    )]
    HiddenPixels { limit: u64 },
    #[error("the file has {streams} streams; the limit is {limit}")]
    TooManyStreams { streams: usize, limit: usize },
    #[error("the file has more than {limit} packets, too many for the longest video allowed")]
    TooManyPackets { limit: u64 },
    #[error("the video is coded as {codec}; H.264, H.265, VP8, VP9, AV1 and MPEG-4 are understood")]
    UnsupportedCodec { codec: String },
    #[error("a clip is divided into 1 to {most} windows, not {asked}")]
    Windows { asked: usize, most: usize },
    #[error("the video decoder failed: {reason}")]
    Decoder { reason: String },
    #[error("the decoder gave up on this file: {why}")]
    GaveUp { why: &'static str },
    #[error("no process could be had to decode the video in")]
    NoDecoder(#[source] std::io::Error),
    #[error("the video file could not be read")]
    Io(#[from] std::io::Error),
}

impl MediaError {
    /// Whether the file is to blame, not the service.
    pub fn is_about_the_file(&self) -> bool {
        match self {
            Self::Empty
            | Self::NotAVideo
            | Self::NoVideoStream
            | Self::NoFrames
            | Self::TooLarge { .. }
            | Self::TooLong { .. }
            | Self::TooManyPixels { .. }
            | Self::HiddenPixels { .. }
            | Self::TooManyStreams { .. }
            | Self::TooManyPackets { .. }
            | Self::UnsupportedCodec { .. }
            | Self::Decoder { .. }
            | Self::GaveUp { .. } => true,
            Self::Windows { .. } | Self::NoDecoder(_) | Self::Io(_) => false,
        }
    }
}
