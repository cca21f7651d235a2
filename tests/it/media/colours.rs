//! Colours survive each standard, range and depth.

use crate::media::clips::{Clips, near, pixel, sampled};

/// Left half of one colour, right half of another, in small and in large.
fn halves(size: &str) -> String {
    format!("color=0xC08060:s={size}:r=10:d=0.3,drawbox=x=iw/2:w=iw/2:h=ih:c=0x2040E0:t=fill,")
}

#[test]
fn standards_ranges_and_depths() {
    let clips = Clips::new();
    let h264 = "-c:v libx264 -qp 4";
    let hevc = "-c:v libx265 -preset ultrafast -x265-params log-level=none:qp=4";
    let cases = [
        ("bt709", "tv", "yuv420p", h264),
        ("bt709", "pc", "yuv420p", h264),
        ("smpte170m", "tv", "yuv420p", h264),
        ("smpte170m", "pc", "yuvj420p", h264),
        ("bt2020nc", "tv", "yuv420p10le", hevc),
        ("bt709", "pc", "yuv420p10le", hevc),
        ("bt709", "tv", "yuv422p10le", hevc),
        ("smpte170m", "tv", "yuv444p", h264),
    ];
    for (standard, range, format, encoder) in cases {
        let matrix = if standard == "bt2020nc" {
            "bt2020"
        } else {
            standard
        };
        let source = format!(
            "{}scale=out_color_matrix={matrix}:out_range={range},format={format}",
            halves("128x64")
        );
        let options = format!("{encoder} -colorspace {standard} -color_range {range}");
        let clip = clips.make("coloured.mkv", &source, &options);
        let (_, windows) = sampled(&clip, 1).unwrap();
        let frame = &windows[0].candidates[0];
        let (left, right) = (pixel(frame, 0.25, 0.5), pixel(frame, 0.75, 0.5));
        let close = |found: [u8; 3], wanted: [u8; 3]| {
            found
                .iter()
                .zip(wanted)
                .all(|(found, wanted)| found.abs_diff(wanted) <= 5)
        };
        assert!(
            close(left, [0xC0, 0x80, 0x60]),
            "{standard} {range} {format}: {left:?}"
        );
        assert!(
            close(right, [0x20, 0x40, 0xE0]),
            "{standard} {range} {format}: {right:?}"
        );
    }
}

#[test]
fn grey_and_rgb_streams() {
    let clips = Clips::new();
    let grey = clips.make(
        "grey.mkv",
        "color=0x808080:s=64x64:r=5:d=1",
        "-c:v libx264 -pix_fmt gray",
    );
    let (_, windows) = sampled(&grey, 1).unwrap();
    let found = pixel(&windows[0].candidates[0], 0.5, 0.5);
    assert!(near(found, [0x80; 3]), "{found:?}");

    let source = format!("{}format=gbrp", halves("128x64"));
    let rgb = clips.make("rgb.mkv", &source, "-c:v libx264rgb -qp 0");
    let (_, windows) = sampled(&rgb, 1).unwrap();
    let frame = &windows[0].candidates[0];
    assert!(near(pixel(frame, 0.25, 0.5), [0xC0, 0x80, 0x60]));
    assert!(near(pixel(frame, 0.75, 0.5), [0x20, 0x40, 0xE0]));
}
