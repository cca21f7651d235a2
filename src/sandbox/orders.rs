//! What the service asks of a decoding process.

use serde::{Deserialize, Serialize};

use crate::media::limits::MediaLimits;
use crate::media::sampling::SampleOrder;
use crate::media::watch::WatchOrder;

/// One thing to do with one file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Order {
    /// Decode a picture and tell only what kind it is.
    CheckPicture { max_pixels: u64 },
    /// Decode a picture.
    DecodePicture { max_pixels: u64 },
    /// Tell what kind of video it is.
    CheckVideo { limits: VideoLimits },
    /// Frames from all over a video.
    Sample {
        limits: VideoLimits,
        windows: usize,
        threads: usize,
    },
    /// Small frames at an even pace.
    Watch {
        limits: VideoLimits,
        rate: u32,
        most_ms: u64,
        shorter_side: u32,
        threads: usize,
    },
}

impl Order {
    pub(super) fn sample(limits: &MediaLimits, order: SampleOrder) -> Self {
        Self::Sample {
            limits: limits.into(),
            windows: order.windows,
            threads: order.threads,
        }
    }

    pub(super) fn watch(limits: &MediaLimits, order: WatchOrder) -> Self {
        Self::Watch {
            limits: limits.into(),
            rate: order.rate,
            most_ms: order.most_ms,
            shorter_side: order.shorter_side,
            threads: order.threads,
        }
    }

    /// The most pixels that a picture of the answer may have.
    pub(super) fn max_pixels(&self) -> u64 {
        match self {
            Self::CheckPicture { max_pixels } | Self::DecodePicture { max_pixels } => *max_pixels,
            Self::CheckVideo { limits }
            | Self::Sample { limits, .. }
            | Self::Watch { limits, .. } => limits.max_pixels,
        }
    }

    /// A word for logs.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::CheckPicture { .. } => "check picture",
            Self::DecodePicture { .. } => "decode picture",
            Self::CheckVideo { .. } => "check video",
            Self::Sample { .. } => "sample",
            Self::Watch { .. } => "watch",
        }
    }
}

/// [`MediaLimits`] as they are written in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct VideoLimits {
    bytes: u64,
    duration_ms: u64,
    max_pixels: u64,
    streams: usize,
}

impl From<&MediaLimits> for VideoLimits {
    fn from(limits: &MediaLimits) -> Self {
        Self {
            bytes: limits.max_bytes,
            duration_ms: limits.max_duration_ms,
            max_pixels: limits.max_pixels,
            streams: limits.max_streams,
        }
    }
}

impl From<VideoLimits> for MediaLimits {
    fn from(limits: VideoLimits) -> Self {
        Self {
            max_bytes: limits.bytes,
            max_duration_ms: limits.duration_ms,
            max_pixels: limits.max_pixels,
            max_streams: limits.streams,
        }
    }
}
