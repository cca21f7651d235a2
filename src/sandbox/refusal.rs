//! Why a file cannot be used, as a decoding process tells it.

use std::io;

use serde::{Deserialize, Serialize};

use crate::media::error::MediaError;
use crate::vision::error::VisionError;

/// Letters of a reason at most; it is shown to whoever sent the file.
const REASON: usize = 200;

/// [`MediaError`] and [`VisionError`], as far as decoding meets them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Refusal {
    Empty,
    /// The process could not read what it was handed.
    Unreadable,
    NotAVideo,
    NoVideoStream,
    NoFrames,
    TooLarge {
        bytes: u64,
        limit: u64,
    },
    TooLong {
        duration_ms: u64,
        limit_ms: u64,
    },
    TooManyPixels {
        pixels: u64,
        limit: u64,
    },
    HiddenPixels {
        limit: u64,
    },
    TooManyStreams {
        streams: usize,
        limit: usize,
    },
    TooManyPackets {
        limit: u64,
    },
    UnsupportedCodec {
        codec: String,
    },
    Decoder {
        reason: String,
    },
    UnknownFormat,
    Damaged {
        reason: String,
    },
}

impl Refusal {
    #[cfg(test)]
    pub(super) fn example() -> Self {
        Self::Damaged {
            reason: "it breaks off".to_owned(),
        }
    }
}

impl From<MediaError> for Refusal {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::Empty => Self::Empty,
            MediaError::NotAVideo => Self::NotAVideo,
            MediaError::NoVideoStream => Self::NoVideoStream,
            MediaError::NoFrames => Self::NoFrames,
            MediaError::TooLarge { bytes, limit } => Self::TooLarge { bytes, limit },
            MediaError::TooLong {
                duration_ms,
                limit_ms,
            } => Self::TooLong {
                duration_ms,
                limit_ms,
            },
            MediaError::TooManyPixels { pixels, limit } => Self::TooManyPixels { pixels, limit },
            MediaError::HiddenPixels { limit } => Self::HiddenPixels { limit },
            MediaError::TooManyStreams { streams, limit } => {
                Self::TooManyStreams { streams, limit }
            }
            MediaError::TooManyPackets { limit } => Self::TooManyPackets { limit },
            MediaError::UnsupportedCodec { codec } => Self::UnsupportedCodec {
                codec: plain(&codec),
            },
            MediaError::Decoder { reason } => Self::Decoder {
                reason: plain(&reason),
            },
            MediaError::Windows { .. }
            | MediaError::GaveUp { .. }
            | MediaError::NoDecoder(_)
            | MediaError::Io(_) => Self::Unreadable,
        }
    }
}

impl From<VisionError> for Refusal {
    fn from(error: VisionError) -> Self {
        match error {
            VisionError::Empty => Self::Empty,
            VisionError::UnknownFormat => Self::UnknownFormat,
            VisionError::Damaged { reason } => Self::Damaged {
                reason: plain(&reason),
            },
            VisionError::TooManyPixels { pixels, limit } => Self::TooManyPixels { pixels, limit },
            // A picture without a pixel, which its header must have promised.
            VisionError::WrongSize { .. } => Self::Damaged {
                reason: "it has no pixels".to_owned(),
            },
            VisionError::GaveUp { .. }
            | VisionError::NoDecoder(_)
            | VisionError::Io(_)
            | VisionError::Encoding { .. }
            | VisionError::Weights { .. }
            | VisionError::NoMatrixTiles
            | VisionError::Network(_) => Self::Unreadable,
        }
    }
}

/// The refusal as one of a video; `None` where it is none of a video's.
pub(super) fn of_video(refusal: Refusal) -> Option<MediaError> {
    Some(match refusal {
        Refusal::Empty => MediaError::Empty,
        Refusal::Unreadable => MediaError::Io(unreadable()),
        Refusal::NotAVideo => MediaError::NotAVideo,
        Refusal::NoVideoStream => MediaError::NoVideoStream,
        Refusal::NoFrames => MediaError::NoFrames,
        Refusal::TooLarge { bytes, limit } => MediaError::TooLarge { bytes, limit },
        Refusal::TooLong {
            duration_ms,
            limit_ms,
        } => MediaError::TooLong {
            duration_ms,
            limit_ms,
        },
        Refusal::TooManyPixels { pixels, limit } => MediaError::TooManyPixels { pixels, limit },
        Refusal::HiddenPixels { limit } => MediaError::HiddenPixels { limit },
        Refusal::TooManyStreams { streams, limit } => MediaError::TooManyStreams { streams, limit },
        Refusal::TooManyPackets { limit } => MediaError::TooManyPackets { limit },
        Refusal::UnsupportedCodec { codec } => MediaError::UnsupportedCodec {
            codec: plain(&codec),
        },
        Refusal::Decoder { reason } => MediaError::Decoder {
            reason: plain(&reason),
        },
        Refusal::UnknownFormat | Refusal::Damaged { .. } => return None,
    })
}

/// The refusal as one of a picture; `None` where it is none of a picture's.
pub(super) fn of_picture(refusal: Refusal) -> Option<VisionError> {
    Some(match refusal {
        Refusal::Empty => VisionError::Empty,
        Refusal::Unreadable => VisionError::Io(unreadable()),
        Refusal::UnknownFormat => VisionError::UnknownFormat,
        Refusal::Damaged { reason } => VisionError::Damaged {
            reason: plain(&reason),
        },
        Refusal::TooManyPixels { pixels, limit } => VisionError::TooManyPixels { pixels, limit },
        Refusal::NotAVideo
        | Refusal::NoVideoStream
        | Refusal::NoFrames
        | Refusal::TooLarge { .. }
        | Refusal::TooLong { .. }
        | Refusal::HiddenPixels { .. }
        | Refusal::TooManyStreams { .. }
        | Refusal::TooManyPackets { .. }
        | Refusal::UnsupportedCodec { .. }
        | Refusal::Decoder { .. } => return None,
    })
}

fn unreadable() -> io::Error {
    io::Error::other("the decoding process could not read it")
}

/// Letters, digits and signs of one line: what somebody else wrote goes into answers and reports.
fn plain(text: &str) -> String {
    let printable = |letter: &char| letter.is_ascii_graphic() || *letter == ' ';
    text.chars().filter(printable).take(REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_short_line_whoever_wrote_it() {
        let reason = format!("a\r\nb\u{1b}[2J\u{202e}{}", "c".repeat(999));
        let error = of_picture(Refusal::Damaged { reason });
        let Some(VisionError::Damaged { reason }) = error else {
            panic!("it is of a picture");
        };
        assert!(reason.starts_with("ab[2Jccc"), "{reason}");
        assert_eq!(reason.len(), REASON);
    }

    #[test]
    fn a_refusal_comes_back_as_it_went() {
        let errors = [
            MediaError::Empty,
            MediaError::NotAVideo,
            MediaError::NoFrames,
            MediaError::TooLong {
                duration_ms: 3,
                limit_ms: 2,
            },
            MediaError::UnsupportedCodec {
                codec: "theora".to_owned(),
            },
        ];
        for error in errors {
            let told = error.to_string();
            let back = of_video(Refusal::from(error)).unwrap();
            assert_eq!(back.to_string(), told);
            assert!(back.is_about_the_file());
        }
        assert!(of_video(Refusal::UnknownFormat).is_none());
        assert!(of_picture(Refusal::NoFrames).is_none());
    }
}
