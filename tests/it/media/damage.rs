//! Clips that were cut short or damaged: what decodes is used and said to be a part, and nothing panics.

use likeness::media::error::MediaError;
use likeness::media::probe;

use crate::media::clips::{Clips, LIMITS, any_of_it, sampled};

const PICTURES: &str = "testsrc2=s=64x64:r=25:d=4";

#[test]
fn a_clip_cut_in_half_gives_what_is_left_and_says_so() {
    let clips = Clips::new();
    let kinds = [
        ("a.mp4", "-c:v libx264 -movflags faststart"),
        (
            "b.mov",
            "-c:v libx265 -x265-params log-level=none -movflags faststart",
        ),
        ("c.mkv", "-c:v libx264"),
        ("d.webm", "-c:v libvpx -deadline realtime -b:v 300k"),
        ("e.avi", "-c:v mpeg4"),
        (
            "f.mp4",
            "-c:v libx264 -g 25 -movflags frag_keyframe+empty_moov",
        ),
    ];
    for (name, options) in kinds {
        let whole = clips.make(name, PICTURES, options);
        assert!(!sampled(&whole, 8).unwrap().0.truncated, "{name}");
        let bytes = std::fs::read(&whole).unwrap();
        let cut = clips.write(name, &bytes[..bytes.len() / 2]);
        let facts = probe::check(&cut, &LIMITS).unwrap();
        assert!(facts.duration_ms.unwrap() < 3900, "{name} {facts:?}");
        let (report, windows) = sampled(&cut, 8).unwrap();
        assert!(report.truncated, "{name} {report:?}");
        assert!(windows.len() >= 6, "{name} {}", windows.len());
    }
}

#[test]
fn a_clip_cut_before_anything_decodes() {
    let clips = Clips::new();
    let front = clips.make("front.mp4", PICTURES, "-c:v libx264 -movflags faststart");
    let back = clips.make("back.mp4", PICTURES, "-c:v libx264");
    let matroska = clips.make("c.mkv", PICTURES, "-c:v libx264");
    let front = std::fs::read(front).unwrap();
    let data = front.windows(4).position(|word| word == b"mdat").unwrap() + 4;
    let back = std::fs::read(back).unwrap();
    let matroska = std::fs::read(matroska).unwrap();
    for part in [
        &front[..data],
        &front[..data + 20],
        &front[..40],
        &back[..back.len() / 2],
        &matroska[..60],
    ] {
        let cut = clips.write("cut.mp4", part);
        assert!(
            matches!(probe::check(&cut, &LIMITS), Err(MediaError::NoFrames)),
            "{}",
            part.len()
        );
        assert!(
            matches!(sampled(&cut, 8), Err(MediaError::NoFrames)),
            "{}",
            part.len()
        );
    }
}

#[test]
fn holes_in_the_data_are_stepped_over() {
    let clips = Clips::new();
    let whole = clips.make(
        "holes.mp4",
        PICTURES,
        "-c:v libx264 -g 25 -movflags faststart",
    );
    let mut bytes = std::fs::read(whole).unwrap();
    let (start, end) = (bytes.len() * 45 / 100, bytes.len() * 55 / 100);
    bytes[start..end].fill(0);
    let (report, windows) = sampled(&clips.write("holes.mp4", &bytes), 8).unwrap();
    assert!(windows.len() >= 6, "{report:?}");
}

/// Numbers that look random and are the same on every run (xorshift64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

#[test]
fn random_bytes_panic_nothing() {
    let clips = Clips::new();
    let kinds = [
        ("a.mp4", "-c:v libx264 -movflags faststart"),
        ("b.webm", "-c:v libvpx -deadline realtime -b:v 100k"),
        ("c.avi", "-c:v mpeg4"),
        ("d.mkv", "-c:v libx265 -x265-params log-level=none"),
        ("e.mp4", "-c:v libaom-av1 -cpu-used 8 -usage realtime"),
    ];
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    let mut usable = 0;
    for (name, options) in kinds {
        let clip = clips.make(name, "testsrc2=s=32x32:r=10:d=1", options);
        let whole = std::fs::read(clip).unwrap();
        for round in 0..60 {
            let mut bytes = whole.clone();
            // Every other time only the headers, where the figures stand that sizes come from.
            let reach = if round % 2 == 0 {
                bytes.len()
            } else {
                bytes.len().min(1500)
            };
            for _ in 0..=chance.below(8) {
                bytes[chance.below(reach)] = chance.below(256) as u8;
            }
            usable += usize::from(any_of_it(&clips.write(name, &bytes), 4));
        }
    }
    assert!(usable > 60, "{usable}");
}
