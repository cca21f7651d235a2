//! Files made wrong in many ways, each the same for the same number.

use crate::helpers::sample;
use crate::reliability::formats;
use crate::soak::Chance;

/// What a hostile file is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Picture,
    Video,
}

/// A file that is sent, and what was done to it.
pub(super) struct Damaged {
    pub(super) kind: Kind,
    pub(super) how: &'static str,
    pub(super) bytes: Vec<u8>,
}

/// The good files that all others are made from.
pub(super) struct Good {
    pictures: Vec<Vec<u8>>,
    videos: Vec<Vec<u8>>,
}

impl Good {
    /// The project's samples, and further files that a test made.
    pub(super) fn with(pictures: &[Vec<u8>], videos: &[Vec<u8>]) -> Self {
        let read = |name: &str| std::fs::read(sample(name)).unwrap();
        let mut good = Self {
            pictures: ["genuine/document.jpg", "exif-document/document.jpg"]
                .map(read)
                .to_vec(),
            videos: ["poor/video.mp4", "hevc/video.mov", "webm/video.webm"]
                .map(read)
                .to_vec(),
        };
        good.pictures.extend_from_slice(pictures);
        good.videos.extend_from_slice(videos);
        good
    }
}

/// The ways; a case's number picks one.
type Way = (&'static str, fn(&mut Chance, &[u8], &[u8]) -> Vec<u8>);

const WAYS: [Way; 17] = [
    ("cut short", |chance, file, _| {
        file[..chance.below(file.len())].to_vec()
    }),
    ("bits turned over", |chance, file, _| {
        let mut bytes = file.to_vec();
        for _ in 0..=chance.below(64) {
            let at = chance.below(bytes.len());
            bytes[at] ^= 1 << chance.below(8);
        }
        bytes
    }),
    ("bits of the header turned over", |chance, file, _| {
        let mut bytes = file.to_vec();
        let reach = bytes.len().min(2_000);
        for _ in 0..=chance.below(12) {
            bytes[chance.below(reach)] = chance.byte();
        }
        bytes
    }),
    ("extreme numbers in the header", |chance, file, _| {
        let mut bytes = file.to_vec();
        let extremes: [u32; 7] = [
            0,
            1,
            0x7fff_ffff,
            0x8000_0000,
            u32::MAX,
            0xffff,
            0x00ff_ffff,
        ];
        for _ in 0..=chance.below(4) {
            let at = chance.below(bytes.len().min(4_000).saturating_sub(4));
            let number = chance.of_these(&extremes).to_be_bytes();
            bytes[at..at + 4].copy_from_slice(&number);
        }
        bytes
    }),
    ("a piece twice", |chance, file, _| {
        let (from, to) = piece(chance, file);
        [&file[..to], &file[from..]].concat()
    }),
    ("a piece left out", |chance, file, _| {
        let (from, to) = piece(chance, file);
        [&file[..from], &file[to..]].concat()
    }),
    ("a piece of noughts", |chance, file, _| {
        let (from, to) = piece(chance, file);
        let mut bytes = file.to_vec();
        bytes[from..to].fill(0);
        bytes
    }),
    ("a piece of noise", |chance, file, _| {
        let (from, to) = piece(chance, file);
        let noise = chance.bytes(to - from);
        [&file[..from], &noise, &file[to..]].concat()
    }),
    ("half of this and half of that", |chance, file, other| {
        let (here, there) = (chance.below(file.len()), chance.below(other.len()));
        [&file[..here], &other[there..]].concat()
    }),
    ("one behind the other", |_, file, other| {
        [file, other].concat()
    }),
    ("a part's length changed", |chance, file, _| {
        let mut bytes = file.to_vec();
        for _ in 0..=chance.below(2) {
            change_length(chance, &mut bytes);
        }
        bytes
    }),
    ("a known start and noise", |chance, _, _| {
        let count = chance.below(4_000);
        let start = *chance.of_these(&formats::STARTS);
        [start, &chance.bytes(count)].concat()
    }),
    ("another start", |chance, file, _| {
        let start = *chance.of_these(&formats::STARTS);
        [start, file].concat()
    }),
    ("it leads elsewhere", |chance, _, _| {
        chance.of_these(&formats::LEADING_ELSEWHERE).to_vec()
    }),
    ("nothing", |chance, _, _| vec![0; chance.below(2)]),
    ("a declared size", |chance, _, _| {
        let side = *chance.of_these(&[1, 7, 4_000, 7_000, 7_100, 30_000, 60_000]);
        match chance.below(4) {
            // Seven thousand squared is just within the limit, and its black packs into 140 KB.
            0 => formats::png(side, side, (side as usize + 1) * side as usize * 3 / 8),
            1 => formats::png(side, 1, chance.below(5_000_000)),
            2 => formats::moving_webp(side.min(16_000), chance.below(500)),
            _ => {
                let side = side as i32;
                let height = *chance.of_these(&[side, -side, 0, i32::MIN, i32::MAX]);
                let bits = *chance.of_these(&[0, 1, 4, 8, 16, 24, 32, 255]);
                formats::bmp(side, height, bits, chance.below(8) as u32)
            }
        }
    }),
    ("further segments", |chance, file, other| {
        if !file.starts_with(b"\xff\xd8") {
            return [other, file].concat();
        }
        let marker = *chance.of_these(&[0xe1, 0xe2, 0xed, 0xfe, 0xc4, 0xdb, 0xc0]);
        let content = match chance.below(3) {
            0 => formats::endless_exif(chance.below(300) as u16),
            1 => chance.bytes(60_000),
            _ => b"ICC_PROFILE\0\x01\xff".to_vec(),
        };
        let mut bytes = file.to_vec();
        for _ in 0..=chance.below(20) {
            bytes = formats::with_segment(&bytes, marker, &content);
        }
        bytes
    }),
];

/// The file of that number.
pub(super) fn damaged(case: usize, good: &Good) -> Damaged {
    let mut chance = Chance::of(case);
    // Each way comes as often as any other, and with both kinds.
    let (how, way) = WAYS[case % WAYS.len()];
    let kind = if (case / WAYS.len()).is_multiple_of(2) {
        Kind::Picture
    } else {
        Kind::Video
    };
    let (these, those) = match kind {
        Kind::Picture => (&good.pictures, &good.videos),
        Kind::Video => (&good.videos, &good.pictures),
    };
    let file = chance.of_these(these).clone();
    let others = if chance.below(2) == 0 { these } else { those };
    let other = chance.of_these(others).clone();
    let bytes = way(&mut chance, &file, &other);
    Damaged { kind, how, bytes }
}

/// Where a piece of the file begins and ends: some bytes or much of it.
fn piece(chance: &mut Chance, file: &[u8]) -> (usize, usize) {
    let from = chance.below(file.len());
    let longest = match chance.below(3) {
        0 => 16,
        1 => 4_000,
        _ => file.len(),
    };
    let length = chance.below(longest.min(file.len() - from)) + 1;
    (from, (from + length).min(file.len()))
}

/// Finds a length that the file's format knows and writes another one in its place.
fn change_length(chance: &mut Chance, bytes: &mut [u8]) {
    let lengths = if bytes.starts_with(b"\xff\xd8") {
        segments(bytes)
    } else if bytes.starts_with(b"\x1a\x45\xdf\xa3") {
        elements(bytes)
    } else {
        atoms(bytes)
    };
    if lengths.is_empty() {
        return;
    }
    let (at, width) = *chance.of_these(&lengths);
    let old = bytes[at..at + width]
        .iter()
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let new = match chance.below(8) {
        0 => 0,
        1 => 1,
        2 => 7,
        3 => u64::MAX,
        4 => u64::MAX >> 1,
        5 => old.wrapping_add(1),
        6 => old.wrapping_sub(1),
        _ => old.wrapping_mul(2 + chance.below(1_000) as u64),
    };
    let new = new.to_be_bytes();
    bytes[at..at + width].copy_from_slice(&new[8 - width..]);
}

/// Where the lengths of a JPEG's segments stand.
fn segments(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 2;
    while at + 4 <= bytes.len() && bytes[at] == 0xff {
        found.push((at + 2, 2));
        // Behind the start of the scan come no segments.
        if bytes[at + 1] == 0xda {
            break;
        }
        at += 2 + usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
    }
    found
}

/// Where the lengths and the first counts of an MP4's atoms stand, those within others among them.
fn atoms(bytes: &[u8]) -> Vec<(usize, usize)> {
    const HOLDING: [&[u8]; 8] = [
        b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"udta", b"dinf",
    ];
    let mut found = Vec::new();
    let mut open = vec![(0, bytes.len())];
    while let Some((mut at, end)) = open.pop() {
        while at + 8 <= end {
            let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
            found.push((at, 4));
            // Version and flags, then how many entries there are.
            if at + 16 <= end {
                found.push((at + 12, 4));
            }
            let next = match length {
                8.. => at.saturating_add(length).min(end),
                _ => end,
            };
            if HOLDING.contains(&&bytes[at + 4..at + 8]) {
                open.push((at + 8, next));
            }
            at = next;
        }
    }
    found
}

/// Where the lengths of a `WebM`'s first elements stand.
fn elements(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while found.len() < 200 && at < bytes.len() {
        let name = bytes[at].leading_zeros() as usize + 1;
        let Some(first) = bytes.get(at + name).filter(|_| name <= 4) else {
            break;
        };
        let width = first.leading_zeros() as usize + 1;
        if width > 8 || at + name + width > bytes.len() {
            break;
        }
        found.push((at + name, width));
        let content = &bytes[at + name..at + name + width];
        let length = content
            .iter()
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
            & ((1 << (7 * width)) - 1);
        // Segment, tracks, track, video and cluster hold others; what is in them comes next.
        let holds = matches!(
            bytes[at..at + name],
            [0x18, 0x53, 0x80, 0x67]
                | [0x16, 0x54, 0xae, 0x6b]
                | [0xae | 0xe0]
                | [0x1f, 0x43, 0xb6, 0x75]
        );
        at += name + width;
        if !holds {
            at = at.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
        }
    }
    found
}
