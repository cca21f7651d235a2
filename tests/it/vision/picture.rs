//! Pictures as people send them: every format, every way to lie on its side, and broken in every way.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageEncoder, ImageFormat, RgbImage};
use likeness::vision::error::VisionError;
use likeness::vision::picture::{Picture, PictureLimits};

use crate::vision::chips::fixture;

const LIMITS: PictureLimits = PictureLimits { max_pixels: 10_000 };

/// 40×24; red from left to right, green from top to bottom, so that a turn shows.
fn ramp() -> RgbImage {
    RgbImage::from_fn(40, 24, |x, y| image::Rgb([x as u8 * 6, y as u8 * 10, 60]))
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    image
        .write_to(&mut Cursor::new(&mut bytes), format)
        .expect("the picture encodes");
    bytes
}

fn decode(bytes: &[u8]) -> Picture {
    Picture::decode(bytes, &LIMITS).expect("the picture decodes")
}

fn pixel(picture: &Picture, x: u32, y: u32) -> [u8; 3] {
    let at = (y * picture.width() + x) as usize * 3;
    picture.rgb()[at..at + 3].try_into().expect("three bytes")
}

fn assert_near(found: [u8; 3], expected: [u8; 3], what: &str) {
    let astray = found.iter().zip(expected).map(|(a, b)| a.abs_diff(b));
    assert!(
        astray.max() <= Some(12),
        "{what}: {found:?}, not {expected:?}"
    );
}

#[test]
fn every_format_gives_the_same_picture() {
    let image = DynamicImage::from(ramp());
    for format in [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::WebP,
        ImageFormat::Bmp,
    ] {
        let picture = decode(&encoded(&image, format));
        assert_eq!((picture.width(), picture.height()), (40, 24));
        for (x, y) in [(1, 1), (38, 1), (1, 22), (38, 22)] {
            let expected = ramp().get_pixel(x, y).0;
            assert_near(pixel(&picture, x, y), expected, &format!("{format:?}"));
        }
    }
}

#[test]
fn other_kinds_of_pixels_become_rgb() {
    let image = DynamicImage::from(ramp());
    let grey = ramp().get_pixel(30, 20).0;
    let kinds = [
        DynamicImage::from(image.to_rgba8()),
        DynamicImage::from(image.to_rgb16()),
        DynamicImage::from(image.to_rgba16()),
    ];
    for kind in kinds {
        let picture = decode(&encoded(&kind, ImageFormat::Png));
        assert_near(
            pixel(&picture, 30, 20),
            grey,
            &format!("{:?}", kind.color()),
        );
    }
    let greys = [
        DynamicImage::from(image.to_luma8()),
        DynamicImage::from(image.to_luma16()),
        DynamicImage::from(image.to_luma_alpha8()),
    ];
    let expected = [image.to_luma8().get_pixel(30, 20).0[0]; 3];
    for kind in greys {
        let picture = decode(&encoded(&kind, ImageFormat::Png));
        assert_near(
            pixel(&picture, 30, 20),
            expected,
            &format!("{:?}", kind.color()),
        );
    }
    let grey_jpeg = encoded(&DynamicImage::from(image.to_luma8()), ImageFormat::Jpeg);
    assert_near(pixel(&decode(&grey_jpeg), 30, 20), expected, "grey JPEG");
}

#[test]
fn what_is_transparent_shows_the_white_behind_it() {
    let mut image = DynamicImage::from(ramp()).to_rgba8();
    image.get_pixel_mut(5, 5).0 = [0, 0, 0, 0];
    image.get_pixel_mut(6, 5).0 = [0, 0, 0, 128];
    let picture = decode(&encoded(&DynamicImage::from(image), ImageFormat::Png));
    assert_eq!(pixel(&picture, 5, 5), [255, 255, 255]);
    assert_near(pixel(&picture, 6, 5), [127, 127, 127], "half transparent");
}

#[test]
fn a_palette_and_the_colours_of_print_are_understood() {
    for name in ["palette.png", "cmyk.jpg"] {
        let path = fixture(&format!("picture/{name}"));
        let picture = Picture::open(&path, &LIMITS).expect("the picture decodes");
        assert_near(pixel(&picture, 8, 8), [220, 30, 40], name);
        assert_near(pixel(&picture, 24, 8), [30, 60, 200], name);
    }
}

/// A JPEG of the ramp with an EXIF orientation.
fn jpeg_with_orientation(orientation: u16) -> Vec<u8> {
    // A TIFF header and one entry: tag 0x0112, one short.
    let mut exif = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    exif.extend(orientation.to_be_bytes());
    exif.extend([0; 6]);
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
    encoder.set_exif_metadata(exif).expect("JPEG holds EXIF");
    encoder.encode_image(&ramp()).expect("the picture encodes");
    bytes
}

#[test]
fn every_exif_orientation_is_set_upright() {
    // Where the ramp's first pixel lies once the picture is upright.
    let corners = [
        (1, (1, 1)),
        (2, (38, 1)),
        (3, (38, 22)),
        (4, (1, 22)),
        (5, (1, 1)),
        (6, (22, 1)),
        (7, (22, 38)),
        (8, (1, 38)),
    ];
    for (orientation, (x, y)) in corners {
        let picture = decode(&jpeg_with_orientation(orientation));
        let size = if orientation < 5 { (40, 24) } else { (24, 40) };
        assert_eq!((picture.width(), picture.height()), size);
        let expected = ramp().get_pixel(1, 1).0;
        assert_near(
            pixel(&picture, x, y),
            expected,
            &format!("orientation {orientation}"),
        );
    }
    let nonsense = decode(&jpeg_with_orientation(77));
    assert_eq!((nonsense.width(), nonsense.height()), (40, 24));
}

#[test]
fn too_many_pixels_are_refused_by_the_header() {
    // The header of a PNG of 60 000×60 000 and nothing behind it: refused for its size, unread.
    let mut bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bomb.extend([60_000_u32.to_be_bytes(), 60_000_u32.to_be_bytes()].concat());
    bomb.extend(b"\x08\x02\0\0\0");
    bomb.extend(crc32(&bomb[12..]).to_be_bytes());
    bomb.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
    assert!(matches!(
        Picture::decode(&bomb, &LIMITS),
        Err(VisionError::TooManyPixels {
            pixels: 3_600_000_000,
            limit: 10_000
        })
    ));
    let limit = PictureLimits { max_pixels: 959 };
    for format in [ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Bmp] {
        let bytes = encoded(&DynamicImage::from(ramp()), format);
        assert!(matches!(
            Picture::decode(&bytes, &limit),
            Err(VisionError::TooManyPixels { pixels: 960, .. })
        ));
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 }
        })
    })
}

#[test]
fn a_picture_cut_anywhere_is_damaged() {
    // A PNG's last chunk and the padding of a WebP hold no pixel.
    for (format, spare) in [
        (ImageFormat::Jpeg, 0),
        (ImageFormat::Png, 12),
        (ImageFormat::WebP, 1),
        (ImageFormat::Bmp, 0),
    ] {
        let bytes = encoded(&DynamicImage::from(ramp()), format);
        let needed = bytes.len() - spare;
        for length in 1..needed {
            let error = Picture::decode(&bytes[..length], &LIMITS).map(|_| ());
            assert!(
                matches!(
                    error,
                    Err(VisionError::Damaged { .. } | VisionError::UnknownFormat)
                ),
                "{format:?} cut to {length} of {}: {error:?}",
                bytes.len()
            );
        }
    }
}

#[test]
fn no_wrong_byte_makes_it_panic() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for format in [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::WebP,
        ImageFormat::Bmp,
    ] {
        let bytes = encoded(&DynamicImage::from(ramp()), format);
        for _ in 0..1500 {
            let mut changed = bytes.clone();
            let at = (next() % bytes.len() as u64) as usize;
            changed[at] = next() as u8;
            if let Ok(picture) = Picture::decode(&changed, &LIMITS) {
                assert!(u64::from(picture.width()) * u64::from(picture.height()) <= 10_000);
            }
        }
    }
}

#[test]
fn what_is_no_picture_is_named_so() {
    assert!(matches!(
        Picture::decode(b"", &LIMITS),
        Err(VisionError::Empty)
    ));
    for other in [&b"hello, this is text"[..], b"GIF89a\x01\0\x01\0", b"\0\0"] {
        assert!(matches!(
            Picture::decode(other, &LIMITS),
            Err(VisionError::UnknownFormat)
        ));
    }
}

#[test]
fn turning_and_cutting_keep_the_pixels() {
    let picture = Picture::from_rgb(40, 24, ramp().into_raw()).expect("a picture");
    let turned = picture.turned(1);
    assert_eq!((turned.width(), turned.height()), (24, 40));
    assert_eq!(pixel(&turned, 23, 0), pixel(&picture, 0, 0));
    assert_eq!(turned.turned(3), picture);
    assert_eq!(picture.turned(2).turned(2), picture);
    let bounds = likeness::vision::geometry::BoundingBox {
        left: 10.0,
        top: 4.0,
        right: 20.0,
        bottom: 14.0,
    };
    let cut = picture.crop(&bounds, 0.0);
    assert_eq!((cut.width(), cut.height()), (10, 10));
    assert_eq!(pixel(&cut, 0, 0), pixel(&picture, 10, 4));
    let wider = picture.crop(&bounds, 0.5);
    assert_eq!((wider.width(), wider.height()), (20, 19));
    assert_eq!(pixel(&wider, 0, 0), pixel(&picture, 5, 0));
    let small = picture.scaled_to_fit(10);
    assert_eq!((small.width(), small.height()), (10, 6));
    let jpeg = picture.to_jpeg(90).expect("the picture encodes");
    assert_near(
        pixel(&decode(&jpeg), 20, 12),
        pixel(&picture, 20, 12),
        "JPEG",
    );
}
