//! Files that no camera makes: bombs, declared sizes without pixels, files of two kinds at once, and texts that tell a
//! reader to open others.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// A PNG that declares a size and holds so many bytes of black, which pack a thousand to one.
pub(super) fn png(width: u32, height: u32, bytes: usize) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png_chunk(&mut png, *b"IHDR", &png_header(width, height));
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    let black = vec![0; 1 << 16];
    let mut left = bytes;
    while left > 0 {
        let now = left.min(black.len());
        packed.write_all(&black[..now]).unwrap();
        left -= now;
    }
    png_chunk(&mut png, *b"IDAT", &packed.finish().unwrap());
    png_chunk(&mut png, *b"IEND", &[]);
    png
}

/// The content of an `IHDR`: eight bits, three channels.
pub(super) fn png_header(width: u32, height: u32) -> Vec<u8> {
    [
        &width.to_be_bytes()[..],
        &height.to_be_bytes(),
        &[8, 2, 0, 0, 0],
    ]
    .concat()
}

/// Adds a chunk with the check sum that it needs to be read at all.
pub(super) fn png_chunk(png: &mut Vec<u8>, name: [u8; 4], content: &[u8]) {
    png.extend_from_slice(&(content.len() as u32).to_be_bytes());
    png.extend_from_slice(&name);
    png.extend_from_slice(content);
    let mut check = flate2::Crc::new();
    check.update(&name);
    check.update(content);
    png.extend_from_slice(&check.sum().to_be_bytes());
}

/// A WebP of the kind that moves, with so many frames that declare a size each and hold nothing.
pub(super) fn moving_webp(side: u32, frames: usize) -> Vec<u8> {
    let three = |number: u32| number.to_le_bytes()[..3].to_vec();
    let chunk = |name: &[u8; 4], content: &[u8]| {
        let mut chunk = name.to_vec();
        chunk.extend_from_slice(&(content.len() as u32).to_le_bytes());
        chunk.extend_from_slice(content);
        chunk.resize(chunk.len() + content.len() % 2, 0);
        chunk
    };
    let size = [three(side - 1), three(side - 1)].concat();
    let canvas = [&[0x02, 0, 0, 0][..], &size].concat();
    let mut body = b"WEBP".to_vec();
    body.extend(chunk(b"VP8X", &canvas));
    body.extend(chunk(b"ANIM", &[0; 6]));
    let frame = [&[0; 6][..], &size, &[1, 0, 0, 0], &chunk(b"VP8 ", &[0; 10])].concat();
    for _ in 0..frames {
        body.extend(chunk(b"ANMF", &frame));
    }
    chunk(b"RIFF", &body)
}

/// A BMP that declares a size, a depth and a packing, and holds a few bytes.
pub(super) fn bmp(width: i32, height: i32, bits: u16, packing: u32) -> Vec<u8> {
    let mut bmp = b"BM".to_vec();
    for word in [0x0fff_ffff_u32, 0, 54, 40] {
        bmp.extend_from_slice(&word.to_le_bytes());
    }
    bmp.extend_from_slice(&width.to_le_bytes());
    bmp.extend_from_slice(&height.to_le_bytes());
    bmp.extend_from_slice(&1_u16.to_le_bytes());
    bmp.extend_from_slice(&bits.to_le_bytes());
    for word in [packing, 0, 0, 0, u32::MAX, 0] {
        bmp.extend_from_slice(&word.to_le_bytes());
    }
    bmp.extend_from_slice(&[0xff; 64]);
    bmp
}

/// A JPEG with a further segment behind its first two bytes.
pub(super) fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = (content.len() + 2) as u16;
    let mut made = jpeg[..2].to_vec();
    made.extend_from_slice(&[0xff, marker]);
    made.extend_from_slice(&length.to_be_bytes());
    made.extend_from_slice(content);
    made.extend_from_slice(&jpeg[2..]);
    made
}

/// EXIF whose folders lead into each other without end, with an orientation that there is not.
pub(super) fn endless_exif(orientation: u16) -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0".to_vec();
    exif.extend_from_slice(&3_u16.to_le_bytes());
    let mut entry = |tag: u16, kind: u16, count: u32, value: u32| {
        exif.extend_from_slice(&tag.to_le_bytes());
        exif.extend_from_slice(&kind.to_le_bytes());
        exif.extend_from_slice(&count.to_le_bytes());
        exif.extend_from_slice(&value.to_le_bytes());
    };
    entry(0x0112, 3, 1, u32::from(orientation));
    // The folder below this one is this one.
    entry(0x8769, 4, 1, 8);
    entry(0x9286, 7, u32::MAX, 8);
    exif.extend_from_slice(&8_u32.to_le_bytes());
    exif
}

/// Texts that a reader of videos might follow to another file, or to an address.
pub(super) const LEADING_ELSEWHERE: [&[u8]; 6] = [
    b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n",
    b"ffconcat version 1.0\nfile /etc/passwd\n",
    b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    b"<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"><BaseURL>file:///etc/</BaseURL></MPD>",
    b"<svg xmlns=\"http://www.w3.org/2000/svg\"><image href=\"file:///etc/passwd\"/></svg>",
];

/// Starts by which files of many kinds are known.
pub(super) const STARTS: [&[u8]; 18] = [
    b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    b"\x89PNG\r\n\x1a\n",
    b"RIFF\xff\xff\xff\x7fWEBPVP8 ",
    b"RIFF\xff\xff\xff\x7fAVI LIST",
    b"BM",
    b"GIF89a",
    b"II*\0",
    b"\0\0\x01\0",
    b"\0\0\0\x20ftypisom",
    b"\0\0\0\x18ftypheic",
    b"\x1a\x45\xdf\xa3",
    b"FLV\x01",
    b"OggS",
    b"\x47\x40\0\x10",
    b"\0\0\x01\xba",
    b"PK\x03\x04",
    b"%PDF-1.7\n",
    b"\x7fELF",
];
