//! Messages between the service and a decoding process, read by somebody who believes nothing of them.
//!
//! A message is a header of 20 bytes (magic, version, kind, two zeros, the length of the details, the length of the pixels; numbers are
//! little-endian), its details as JSON, and pixels where it carries some. Both lengths are held against limits, and the pixels'
//! against width × height × 3, before anything is given room.

use std::io::{self, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::media::frame::Frame;
use crate::sandbox::facts::ToldFacts;
use crate::sandbox::orders::Order;
use crate::sandbox::refusal::Refusal;

const MAGIC: [u8; 4] = *b"LKDC";
const VERSION: u8 = 1;
/// Bytes of a header.
pub const HEADER: usize = 20;
/// Details are a few figures and a sentence at most.
const MOST_DETAILS: u32 = 4096;

/// What a message may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Width times height of a picture in it.
    pub max_pixels: u64,
}

/// Why a message is none.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    #[error("the channel broke")]
    Channel(#[from] io::Error),
    #[error("what came is no message: {0}")]
    Nonsense(&'static str),
}

/// One message. Its `Debug` shows no pixel.
#[derive(Debug, PartialEq)]
pub struct Message(pub(super) Body);

/// What it says.
#[derive(Debug, PartialEq)]
pub(super) enum Body {
    /// The first word of a process: which walls stand.
    Hello { walls: u32 },
    /// So many frames of a window follow.
    Window { index: usize, frames: usize },
    /// A picture, or a frame of a video.
    Pixels(Frame),
    /// The last word, when the file could be used.
    Done(Done),
    /// The last word, when it could not.
    Refused(Refusal),
    /// What the service asks.
    Order(Order),
}

/// The end of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Done {
    PictureKind {
        media_type: String,
    },
    Video {
        facts: ToldFacts,
    },
    Sampled {
        facts: ToldFacts,
        decoded_frames: u64,
        truncated: bool,
    },
    Watched {
        frames: u64,
        cut_short: bool,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HelloDetails {
    walls: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowDetails {
    index: usize,
    frames: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PixelDetails {
    time_ms: u64,
    width: u32,
    height: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Hello = 1,
    Window = 2,
    Pixels = 3,
    Done = 4,
    Refused = 5,
    Order = 6,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        [
            Self::Hello,
            Self::Window,
            Self::Pixels,
            Self::Done,
            Self::Refused,
            Self::Order,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == byte)
    }
}

/// A header that was checked.
struct Header {
    kind: Kind,
    details: usize,
    pixels: u64,
}

/// Reads one message, no larger than the limits allow, and no byte behind it.
pub fn read_message(source: &mut impl Read, limits: &Limits) -> Result<Message, ProtocolError> {
    let mut header = [0; HEADER];
    source.read_exact(&mut header)?;
    read_rest(header, source, *limits)
}

/// The same when the header was read already.
pub(super) fn read_rest(
    header: [u8; HEADER],
    source: &mut impl Read,
    limits: Limits,
) -> Result<Message, ProtocolError> {
    let header = Header::check(header, limits)?;
    let mut details = vec![0; header.details];
    source.read_exact(&mut details)?;
    let details = details.as_slice();
    let body = match header.kind {
        Kind::Pixels => Body::Pixels(read_pixels(&parsed(details)?, &header, source, limits)?),
        Kind::Hello => {
            let HelloDetails { walls } = parsed(details)?;
            Body::Hello { walls }
        }
        Kind::Window => {
            let WindowDetails { index, frames } = parsed(details)?;
            Body::Window { index, frames }
        }
        Kind::Done => Body::Done(parsed(details)?),
        Kind::Refused => Body::Refused(parsed(details)?),
        Kind::Order => Body::Order(parsed(details)?),
    };
    Ok(Message(body))
}

/// Writes one message.
pub(super) fn write_message(out: &mut impl Write, body: &Body) -> io::Result<()> {
    let (mut head, pixels) = written(body)?;
    if pixels.is_empty() {
        return out.write_all(&head);
    }
    // A short head would cost a call of its own; the pixels are too many to be copied.
    let with_head = pixels.len().min(HEAD_ROOM);
    head.extend_from_slice(&pixels[..with_head]);
    out.write_all(&head)?;
    out.write_all(&pixels[with_head..])
}

/// Pixels that travel with the head.
const HEAD_ROOM: usize = 32 * 1024;

/// The header and the details, and the pixels that are to follow.
pub(super) fn written(body: &Body) -> io::Result<(Vec<u8>, &[u8])> {
    let (kind, details, pixels) = match body {
        Body::Hello { walls } => (Kind::Hello, json(&HelloDetails { walls: *walls })?, &[][..]),
        Body::Window { index, frames } => {
            let (index, frames) = (*index, *frames);
            (
                Kind::Window,
                json(&WindowDetails { index, frames })?,
                &[][..],
            )
        }
        Body::Pixels(frame) => {
            let details = PixelDetails {
                time_ms: frame.time_ms,
                width: frame.width,
                height: frame.height,
            };
            (Kind::Pixels, json(&details)?, frame.rgb.as_slice())
        }
        Body::Done(done) => (Kind::Done, json(done)?, &[][..]),
        Body::Refused(refusal) => (Kind::Refused, json(refusal)?, &[][..]),
        Body::Order(order) => (Kind::Order, json(order)?, &[][..]),
    };
    let mut head = Vec::with_capacity(HEADER + details.len() + pixels.len().min(HEAD_ROOM));
    head.extend_from_slice(&MAGIC);
    head.extend_from_slice(&[VERSION, kind as u8, 0, 0]);
    head.extend_from_slice(&(details.len() as u32).to_le_bytes());
    head.extend_from_slice(&(pixels.len() as u64).to_le_bytes());
    head.extend_from_slice(&details);
    Ok((head, pixels))
}

fn json(details: &impl Serialize) -> io::Result<Vec<u8>> {
    serde_json::to_vec(details).map_err(io::Error::other)
}

impl Header {
    fn check(bytes: [u8; HEADER], limits: Limits) -> Result<Self, ProtocolError> {
        let [
            m0,
            m1,
            m2,
            m3,
            version,
            kind,
            zero,
            nought,
            d0,
            d1,
            d2,
            d3,
            pixels @ ..,
        ] = bytes;
        let nonsense = |why| Err(ProtocolError::Nonsense(why));
        if [m0, m1, m2, m3] != MAGIC || [zero, nought] != [0, 0] {
            return nonsense("its first bytes are others");
        }
        if version != VERSION {
            return nonsense("it is of another version");
        }
        let Some(kind) = Kind::of(kind) else {
            return nonsense("its kind is unknown");
        };
        let details = u32::from_le_bytes([d0, d1, d2, d3]);
        if details > MOST_DETAILS {
            return nonsense("its details are too long");
        }
        let pixels = u64::from_le_bytes(pixels);
        let room = limits.max_pixels.saturating_mul(3);
        if pixels > room || (pixels > 0 && kind != Kind::Pixels) {
            return nonsense("it has pixels that nobody asked for");
        }
        Ok(Self {
            kind,
            details: details as usize,
            pixels,
        })
    }
}

fn read_pixels(
    details: &PixelDetails,
    header: &Header,
    source: &mut impl Read,
    limits: Limits,
) -> Result<Frame, ProtocolError> {
    let pixels = u64::from(details.width) * u64::from(details.height);
    let fits = pixels > 0 && pixels <= limits.max_pixels;
    if !fits || pixels.checked_mul(3) != Some(header.pixels) {
        return Err(ProtocolError::Nonsense("its pixels do not fill it"));
    }
    let length = usize::try_from(header.pixels)
        .map_err(|_| ProtocolError::Nonsense("its pixels do not fit into memory"))?;
    let mut rgb = vec![0; length];
    source.read_exact(&mut rgb)?;
    Ok(Frame {
        time_ms: details.time_ms,
        width: details.width,
        height: details.height,
        rgb,
    })
}

fn parsed<T: DeserializeOwned>(details: &[u8]) -> Result<T, ProtocolError> {
    serde_json::from_slice(details)
        .map_err(|_| ProtocolError::Nonsense("its details are not what they should be"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { max_pixels: 100 };

    fn bytes_of(body: &Body) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_message(&mut bytes, body).unwrap();
        bytes
    }

    fn frame(width: u32, height: u32) -> Frame {
        Frame {
            time_ms: 40,
            width,
            height,
            rgb: (0..width * height * 3).map(|byte| byte as u8).collect(),
        }
    }

    /// Counts what is asked of it, and never has enough.
    struct Endless(u64);

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += buffer.len() as u64;
            buffer.fill(b' ');
            Ok(buffer.len())
        }
    }

    #[test]
    fn every_message_is_read_as_it_was_written_and_no_byte_behind_it() {
        let bodies = [
            Body::Hello { walls: 7 },
            Body::Window {
                index: 3,
                frames: 2,
            },
            Body::Pixels(frame(10, 10)),
            Body::Done(Done::Watched {
                frames: 9,
                cut_short: true,
            }),
            Body::Refused(Refusal::example()),
            Body::Order(Order::DecodePicture { max_pixels: 9 }),
        ];
        for body in bodies {
            let mut bytes = bytes_of(&body);
            bytes.push(77);
            let mut rest = bytes.as_slice();
            assert_eq!(read_message(&mut rest, &LIMITS).unwrap(), Message(body));
            assert_eq!(rest, [77]);
        }
    }

    #[test]
    fn a_header_that_asks_for_too_much_is_refused_before_anything_is_read() {
        let good = bytes_of(&Body::Pixels(frame(10, 10)));
        let header: [u8; HEADER] = good[..HEADER].try_into().unwrap();
        let changed = |at: usize, with: &[u8]| {
            let mut header = header;
            header[at..at + with.len()].copy_from_slice(with);
            header
        };
        let hostile = [
            changed(0, b"X"),
            changed(4, &[2]),
            changed(5, &[0]),
            changed(5, &[7]),
            changed(5, &[255]),
            changed(6, &[1]),
            changed(7, &[1]),
            changed(8, &4097_u32.to_le_bytes()),
            changed(8, &u32::MAX.to_le_bytes()),
            changed(12, &301_u64.to_le_bytes()),
            changed(12, &u64::MAX.to_le_bytes()),
            changed(12, &(1_u64 << 63).to_le_bytes()),
            // Pixels on a message of a kind that has none.
            changed(5, &[4]),
        ];
        for header in hostile {
            let mut endless = Endless(0);
            let answer = read_rest(header, &mut endless, LIMITS);
            assert!(
                matches!(answer, Err(ProtocolError::Nonsense(_))),
                "{header:?}"
            );
            assert_eq!(endless.0, 0, "{header:?}");
        }
    }

    #[test]
    fn pixels_that_do_not_fill_their_picture_are_refused_before_they_are_read() {
        for (width, height, told) in [
            (10, 10, 299),
            (10, 9, 300),
            (0, 0, 0),
            (0, 100, 0),
            (u32::MAX, u32::MAX, 300),
            (1 << 31, 2, 0),
            (101, 1, 303),
        ] {
            let details = json(&PixelDetails {
                time_ms: 0,
                width,
                height,
            })
            .unwrap();
            let mut bytes = bytes_of(&Body::Pixels(frame(1, 1)));
            bytes.truncate(HEADER);
            bytes[8..12].copy_from_slice(&(details.len() as u32).to_le_bytes());
            bytes[12..20].copy_from_slice(&u64::to_le_bytes(told));
            bytes.extend(details);
            let end = bytes.len();
            bytes.extend([0; 400]);
            let mut rest = bytes.as_slice();
            let answer = read_message(&mut rest, &LIMITS);
            assert!(
                matches!(answer, Err(ProtocolError::Nonsense(_))),
                "{width}x{height}"
            );
            assert!(rest.len() >= bytes.len() - end, "{width}x{height}");
        }
    }

    #[test]
    fn whatever_bytes_come_there_is_an_answer() {
        let mut state = 1_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        };
        let good = bytes_of(&Body::Done(Done::PictureKind {
            media_type: "image/png".to_owned(),
        }));
        for _ in 0..20_000 {
            let mut bytes = good.clone();
            let at = usize::from(next()) % bytes.len();
            bytes[at] = next();
            bytes.truncate(usize::from(next()).max(1));
            let _ = read_message(&mut bytes.as_slice(), &LIMITS);
        }
    }
}
