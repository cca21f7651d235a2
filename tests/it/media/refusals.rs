//! What is no usable video is refused, each with its own reason.

use std::path::Path;

use likeness::media::error::MediaError;
use likeness::media::limits::MediaLimits;
use likeness::media::probe;
use likeness::media::sampling::{SampleOrder, sample};

use crate::media::clips::{COUNTING, Clips, LIMITS, sampled};

/// What both doors answer, which has to be the same.
fn refusal(path: &Path, limits: &MediaLimits) -> MediaError {
    let checked = probe::check(path, limits).unwrap_err();
    let order = SampleOrder {
        windows: 8,
        threads: 1,
    };
    let sampled = sample(path, limits, order, &mut |_| {
        panic!("a refused file gave a window")
    });
    assert_eq!(checked.to_string(), sampled.unwrap_err().to_string());
    checked
}

#[test]
fn what_is_no_video() {
    let clips = Clips::new();
    assert!(matches!(
        refusal(&clips.write("a.mp4", b""), &LIMITS),
        MediaError::Empty
    ));
    let text = clips.write("b.mp4", &b"Dear Sir or Madam,\n".repeat(200));
    assert!(matches!(refusal(&text, &LIMITS), MediaError::NotAVideo));
    for (name, options) in [
        ("c.jpg", "-frames:v 1"),
        ("d.gif", ""),
        ("e.png", "-frames:v 1"),
    ] {
        let picture = clips.make(name, COUNTING, options);
        assert!(
            matches!(refusal(&picture, &LIMITS), MediaError::NotAVideo),
            "{name}"
        );
    }
    let transport = clips.make("f.ts", COUNTING, "-c:v libx264");
    assert!(matches!(
        refusal(&transport, &LIMITS),
        MediaError::NotAVideo
    ));
    assert!(matches!(
        refusal(&clips.path("absent.mp4"), &LIMITS),
        MediaError::Io(_)
    ));
}

#[test]
fn lists_of_other_files_are_not_followed() {
    let clips = Clips::new();
    let other = clips.make(
        "other.mp4",
        COUNTING,
        "-c:v libx264 -movflags frag_keyframe+empty_moov",
    );
    let other = other.display();
    let lists = [
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{other}\n#EXT-X-ENDLIST\n"),
        format!("ffconcat version 1.0\nfile '{other}'\n"),
        format!("<?xml version=\"1.0\"?><MPD><BaseURL>{other}</BaseURL></MPD>"),
        format!("\0\0\0\x18ftypmp42\0\0\0\0mp42isom#EXTM3U\n#EXTINF:2,\n{other}\n#EXT-X-ENDLIST\n"),
    ];
    for list in lists {
        let path = clips.write("list.mp4", list.as_bytes());
        let refused = refusal(&path, &LIMITS);
        assert!(
            matches!(refused, MediaError::NotAVideo | MediaError::NoFrames),
            "{list}: {refused}"
        );
    }
}

#[test]
fn sound_alone() {
    let clips = Clips::new();
    for (name, codec) in [
        ("a.m4a", "aac"),
        ("b.mp4", "aac"),
        ("c.webm", "libopus"),
        ("d.avi", "mp3"),
    ] {
        let sound = clips.make(name, "sine=d=1", &format!("-c:a {codec}"));
        assert!(
            matches!(refusal(&sound, &LIMITS), MediaError::NoVideoStream),
            "{name}"
        );
    }
    let cover = clips.make(
        "cover.mp4",
        "sine=d=1",
        "-f lavfi -i color=red:s=32x32:r=1:d=1 -map 0 -map 1 -c:a aac -c:v mjpeg -frames:v 1 \
         -disposition:v attached_pic",
    );
    assert!(matches!(
        refusal(&cover, &LIMITS),
        MediaError::NoVideoStream
    ));
}

#[test]
fn no_frames_at_all() {
    let clips = Clips::new();
    for name in ["none.mp4", "none.mkv", "none.webm", "none.avi", "none.mov"] {
        let codec = if name.ends_with("webm") {
            "libvpx"
        } else {
            "mpeg4"
        };
        let clip = clips.make(name, COUNTING, &format!("-c:v {codec} -frames:v 0"));
        assert!(
            matches!(refusal(&clip, &LIMITS), MediaError::NoFrames),
            "{name}"
        );
    }
}

#[test]
fn what_is_too_much() {
    let clips = Clips::new();
    let clip = clips.make("clip.mp4", COUNTING, "-c:v libx264");
    let bytes = std::fs::metadata(&clip).unwrap().len();
    let check = |limits: MediaLimits, expected: &str| {
        assert_eq!(refusal(&clip, &limits).to_string(), expected);
    };
    check(
        MediaLimits {
            max_bytes: bytes - 1,
            ..LIMITS
        },
        &format!("the file has {bytes} bytes; the limit is {}", bytes - 1),
    );
    check(
        MediaLimits {
            max_pixels: 64 * 64 - 1,
            ..LIMITS
        },
        "the video's pictures have 4096 pixels; the limit is 4095",
    );
    let long = refusal(
        &clip,
        &MediaLimits {
            max_duration_ms: 1000,
            ..LIMITS
        },
    );
    assert!(
        matches!(
            long,
            MediaError::TooLong {
                duration_ms: 1001..,
                limit_ms: 1000
            }
        ),
        "{long}"
    );
    let exact = MediaLimits {
        max_bytes: bytes,
        max_pixels: 64 * 64,
        max_duration_ms: 2000,
        max_streams: 1,
    };
    assert!(probe::check(&clip, &exact).is_ok());

    let crowd = clips.remake(
        "crowd.mkv",
        "",
        &clip,
        "-map 0 -map 0 -map 0 -map 0 -map 0 -c copy",
    );
    let crowded = refusal(&crowd, &LIMITS);
    assert!(
        matches!(
            crowded,
            MediaError::TooManyStreams {
                streams: 5,
                limit: 4
            }
        ),
        "{crowded}"
    );
}

#[test]
fn a_header_that_understates_the_picture_is_seen_through() {
    let clips = Clips::new();
    let encoders = [
        ("a.mp4", "-c:v libx264", &b"avc1"[..]),
        ("b.mp4", "-c:v libx265 -x265-params log-level=none", b"hev1"),
        (
            "c.mp4",
            "-c:v libvpx-vp9 -deadline realtime -cpu-used 8",
            b"vp09",
        ),
        (
            "d.mp4",
            "-c:v libaom-av1 -cpu-used 8 -usage realtime",
            b"av01",
        ),
        ("e.mp4", "-c:v mpeg4", b"mp4v"),
    ];
    for (name, options, entry) in encoders {
        let clip = clips.make(name, "testsrc2=s=1280x960:r=5:d=0.4", options);
        let mut bytes = std::fs::read(&clip).unwrap();
        let at = bytes.windows(4).rposition(|word| word == entry).unwrap() + 4 + 24;
        assert_eq!(bytes[at..at + 4], [5, 0, 3, 192], "{name}");
        bytes[at..at + 4].copy_from_slice(&[0, 64, 0, 48]);
        let refused = refusal(&clips.write(name, &bytes), &LIMITS);
        let seen = matches!(
            refused,
            MediaError::TooManyPixels {
                pixels: 1_228_800,
                ..
            } | MediaError::HiddenPixels { .. }
        );
        assert!(seen, "{name}: {refused}");
    }
}

#[test]
fn codecs_beyond_the_list() {
    let clips = Clips::new();
    let clip = clips.make("motion.avi", COUNTING, "-c:v mjpeg");
    let refused = refusal(&clip, &LIMITS);
    assert!(
        matches!(&refused, MediaError::UnsupportedCodec { codec } if codec == "mjpeg"),
        "{refused}"
    );
    assert!(sampled(&clip, 8).is_err());
}
