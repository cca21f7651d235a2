//! The largest files that the default limits allow are decoded within the memory that these limits grant.

use std::ops::ControlFlow;
use std::process::{Command, Stdio};

use likeness::app;
use likeness::config::Config;
use likeness::media::sampling::SampleOrder;

use crate::helpers::decoder;

fn config() -> Config {
    Config {
        decoder: decoder(),
        sandbox_ready: 0,
        ..Config::default()
    }
}

#[test]
fn a_video_of_the_largest_frames_is_decoded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.mp4");
    // Ten bits a sample, and as many pictures kept for one another as the standard allows at this size.
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-f", "lavfi"])
        .args(["-i", "testsrc2=s=3840x2160:r=30:d=1"])
        .args(["-pix_fmt", "yuv420p10le", "-c:v", "libx265"])
        .args([
            "-preset",
            "ultrafast",
            "-x265-params",
            "ref=6:bframes=4:log-level=none",
        ])
        .arg(&path)
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
    let config = config();
    let decoding = app::decoding::decoding(&config).unwrap();
    let order = SampleOrder {
        windows: 4,
        threads: 2,
    };
    let mut windows = 0;
    let report = decoding.sample(
        &path,
        &app::decoding::media_limits(&config),
        order,
        &mut |window| {
            windows += 1;
            assert_eq!(window.candidates[0].width, 3840);
            ControlFlow::Continue(())
        },
    );
    assert!(report.unwrap().is_some());
    assert_eq!(windows, 4);
}

#[test]
fn a_document_of_the_most_pixels_is_decoded() {
    let folder = tempfile::tempdir().unwrap();
    let config = config();
    let decoding = app::decoding::decoding(&config).unwrap();
    let limits = app::decoding::picture_limits(&config);
    // Sixteen bits and transparency: the most that a pixel takes.
    let wide = image::ImageBuffer::<image::Rgba<u16>, _>::from_fn(7000, 7000, |x, y| {
        image::Rgba([x as u16, y as u16, 9, u16::MAX])
    });
    let png = folder.path().join("large.png");
    wide.save(&png).unwrap();
    let picture = decoding.open_picture(&png, &limits).unwrap();
    assert_eq!((picture.width(), picture.height()), (7000, 7000));
}
