//! Pictures come out upright and with square pixels, however they were stored.

use std::path::PathBuf;

use crate::media::clips::{Clips, near, pixel, sampled};

/// Four corners: red, green, blue and white, on black.
const CORNERS: &str = "color=black:s=96x64:r=10:d=0.5,drawbox=w=32:h=24:c=red:t=fill,\
    drawbox=x=64:w=32:h=24:c=lime:t=fill,drawbox=y=40:w=32:h=24:c=blue:t=fill,\
    drawbox=x=64:y=40:w=32:h=24:c=white:t=fill";
const RED: [u8; 3] = [255, 0, 0];
const GREEN: [u8; 3] = [0, 255, 0];
const BLUE: [u8; 3] = [0, 0, 255];
const WHITE: [u8; 3] = [255; 3];
const CORNER_NAMES: [(f64, f64); 4] = [(0.1, 0.1), (0.9, 0.1), (0.1, 0.9), (0.9, 0.9)];

/// Writes the first, second, fourth and fifth number into the track's matrix.
fn turn(clips: &Clips, clip: &PathBuf, numbers: [i32; 4]) -> PathBuf {
    let mut bytes = std::fs::read(clip).unwrap();
    let header = bytes.windows(4).position(|word| word == b"tkhd").unwrap();
    // After the name come version and flags, five numbers, and eight more bytes of each.
    let matrix = header + 4 + 4 + 20 + 16;
    for (place, number) in [0, 1, 3, 4].into_iter().zip(numbers) {
        let at = matrix + place * 4;
        bytes[at..at + 4].copy_from_slice(&(number << 16).to_be_bytes());
    }
    clips.write("turned.mp4", &bytes)
}

#[test]
fn every_turn_and_mirroring_is_undone() {
    let clips = Clips::new();
    let clip = clips.make("corners.mp4", CORNERS, "-c:v libx264 -pix_fmt yuv444p");
    let cases = [
        ([1, 0, 0, 1], 0, [RED, GREEN, BLUE, WHITE]),
        ([0, 1, -1, 0], 90, [BLUE, RED, WHITE, GREEN]),
        ([-1, 0, 0, -1], 180, [WHITE, BLUE, GREEN, RED]),
        ([0, -1, 1, 0], 270, [GREEN, WHITE, RED, BLUE]),
        ([-1, 0, 0, 1], 0, [GREEN, RED, WHITE, BLUE]),
        ([1, 0, 0, -1], 180, [BLUE, WHITE, RED, GREEN]),
        ([0, 1, 1, 0], 270, [RED, BLUE, GREEN, WHITE]),
        ([0, -1, -1, 0], 90, [WHITE, GREEN, BLUE, RED]),
    ];
    for (numbers, degrees, corners) in cases {
        let (report, windows) = sampled(&turn(&clips, &clip, numbers), 1).unwrap();
        let frame = &windows[0].candidates[0];
        let size = if numbers[0] == 0 { (64, 96) } else { (96, 64) };
        assert_eq!((frame.width, frame.height), size, "{numbers:?}");
        assert_eq!((report.facts.width, report.facts.height), size);
        assert_eq!(report.facts.rotation, degrees, "{numbers:?}");
        for ((across, down), corner) in CORNER_NAMES.into_iter().zip(corners) {
            let found = pixel(frame, across, down);
            assert!(
                near(found, corner),
                "{numbers:?} at {across},{down}: {found:?}"
            );
        }
    }
}

#[test]
fn oblong_pixels_are_made_square_before_the_picture_is_turned() {
    let clips = Clips::new();
    for (ratio, size) in [("2/1", (192, 64)), ("1/2", (96, 128)), ("400/1", (96, 64))] {
        let source = format!("{CORNERS},setsar={ratio}");
        let clip = clips.make("oblong.mp4", &source, "-c:v libx264 -pix_fmt yuv444p");
        let (report, windows) = sampled(&clip, 1).unwrap();
        assert_eq!((report.facts.width, report.facts.height), size, "{ratio}");
        assert!(near(pixel(&windows[0].candidates[0], 0.9, 0.1), GREEN));

        let (report, windows) = sampled(&turn(&clips, &clip, [0, 1, -1, 0]), 1).unwrap();
        assert_eq!((report.facts.height, report.facts.width), size, "{ratio}");
        assert!(near(pixel(&windows[0].candidates[0], 0.9, 0.1), RED));
    }
}
