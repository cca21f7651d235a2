//! Every container with every codec that it carries.

use likeness::media::probe;

use crate::media::clips::{COUNTING, Clips, LIMITS, number, sampled};

/// The encoder's settings for each codec, chosen for speed.
const CODECS: [(&str, &str); 6] = [
    ("h264", "-c:v libx264 -preset veryfast"),
    (
        "hevc",
        "-c:v libx265 -preset ultrafast -x265-params log-level=none",
    ),
    ("vp8", "-c:v libvpx -deadline realtime -b:v 300k"),
    ("vp9", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8"),
    (
        "av1",
        "-c:v libaom-av1 -cpu-used 8 -usage realtime -b:v 300k",
    ),
    ("mpeg4", "-c:v mpeg4 -bf 2 -q:v 2"),
];

fn check(container: &str, codecs: &[&str]) {
    let clips = Clips::new();
    for (codec, options) in CODECS
        .into_iter()
        .filter(|(codec, _)| codecs.contains(codec))
    {
        let clip = clips.make(&format!("{codec}.{container}"), COUNTING, options);
        let facts = probe::check(&clip, &LIMITS).unwrap();
        assert_eq!(
            (facts.container.as_str(), facts.codec.as_str()),
            (container, codec)
        );
        assert_eq!(
            (facts.width, facts.height, facts.rotation, facts.streams),
            (64, 64, 0, 1)
        );
        let lasts = facts.duration_ms.unwrap();
        assert!(
            (1950..=2090).contains(&lasts),
            "{codec} in {container} lasts {lasts} ms"
        );

        let (report, windows) = sampled(&clip, 4).unwrap();
        assert_eq!(report.facts, facts);
        assert!(!report.truncated, "{codec} in {container}");
        let indices: Vec<_> = windows.iter().map(|window| window.index).collect();
        assert_eq!(indices, [0, 1, 2, 3], "{codec} in {container}");
        let mut before = None;
        for window in &windows {
            assert_eq!(window.candidates.len(), 3, "{codec} in {container}");
            for frame in &window.candidates {
                assert!(before < Some(frame.time_ms));
                before = Some(frame.time_ms);
                assert_eq!(frame.time_ms / 500, window.index as u64);
                let expected = frame.time_ms as f64 / 40.0;
                let number = number(frame);
                assert!(
                    (number - expected).abs() < 1.5,
                    "{codec} in {container}: {number} {frame:?}"
                );
            }
        }
    }
}

#[test]
fn mp4() {
    check("mp4", &["h264", "hevc", "vp9", "av1", "mpeg4"]);
}

#[test]
fn mov() {
    check("mov", &["h264", "hevc", "mpeg4"]);
}

#[test]
fn mkv() {
    check("mkv", &["h264", "hevc", "vp8", "vp9", "av1", "mpeg4"]);
}

#[test]
fn webm() {
    check("webm", &["vp8", "vp9", "av1"]);
}

#[test]
fn avi() {
    check("avi", &["h264", "vp8", "mpeg4"]);
}
