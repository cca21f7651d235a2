//! Which moments come out, and how little is decoded for them.

use std::ops::ControlFlow;
use std::path::Path;

use likeness::media::error::MediaError;
use likeness::media::sampling::{SampleOrder, Window, sample};

use crate::media::clips::{COUNTING, Clips, LIMITS, number, sampled};

fn indices(windows: &[Window]) -> Vec<usize> {
    windows.iter().map(|window| window.index).collect()
}

/// Twenty seconds at 25 frames a second with a key frame every `gap` frames.
fn long(clips: &Clips, gap: u32, more: &str) -> std::path::PathBuf {
    let options =
        format!("-c:v libx264 -preset veryfast -sc_threshold 0 -g {gap} -keyint_min {gap} {more}");
    clips.make("long.mp4", "testsrc2=s=64x64:r=25:d=20", &options)
}

#[test]
fn dense_key_frames_are_the_only_ones_decoded() {
    let clips = Clips::new();
    let (report, windows) = sampled(&long(&clips, 10, ""), 8).unwrap();
    assert_eq!(indices(&windows), (0..8).collect::<Vec<_>>());
    assert!(windows.iter().all(|window| window.candidates.len() == 3));
    assert_eq!(report.decoded_frames, 24);
    for frame in windows.iter().flat_map(|window| &window.candidates) {
        assert_eq!(frame.time_ms % 400, 0);
    }
}

#[test]
fn sparse_key_frames_are_decoded_a_little_beyond() {
    let clips = Clips::new();
    let (report, windows) = sampled(&long(&clips, 125, "-bf 0"), 2).unwrap();
    assert_eq!(indices(&windows), [0, 1]);
    assert!(report.decoded_frames < 120, "{}", report.decoded_frames);
}

#[test]
fn frames_that_nothing_depends_on_are_left_out() {
    let clips = Clips::new();
    let (report, windows) = sampled(&long(&clips, 1000, "-bf 3 -b_strategy 0"), 8).unwrap();
    assert_eq!(indices(&windows), (0..8).collect::<Vec<_>>());
    assert!(
        report.decoded_frames < 300,
        "{} of 500",
        report.decoded_frames
    );
}

#[test]
fn decoding_ends_with_the_caller_s_interest() {
    let clips = Clips::new();
    let mut seen = 0;
    let order = SampleOrder {
        windows: 8,
        threads: 2,
    };
    let report = sample(&long(&clips, 1000, "-bf 0"), &LIMITS, order, &mut |_| {
        seen += 1;
        ControlFlow::Break(())
    })
    .unwrap();
    assert_eq!(seen, 1);
    assert!(report.decoded_frames < 100, "{}", report.decoded_frames);
}

#[test]
fn a_still_picture_gives_one_window() {
    let clips = Clips::new();
    let one = clips.make(
        "one.mp4",
        "testsrc2=s=64x64:r=25:d=1",
        "-c:v libx264 -frames:v 1",
    );
    let (report, windows) = sampled(&one, 8).unwrap();
    assert_eq!(indices(&windows), [0]);
    assert_eq!(windows[0].candidates.len(), 1);
    assert_eq!(report.decoded_frames, 1);

    let held = clips.make(
        "held.mkv",
        "testsrc2=s=64x64:r=1/10:d=10",
        "-c:v libvpx -b:v 300k",
    );
    assert_eq!(sampled(&held, 8).unwrap().1.len(), 1);
}

#[test]
fn a_clip_with_fewer_frames_than_windows_gives_each_frame_once() {
    let clips = Clips::new();
    let five = clips.make("five.mp4", COUNTING, "-c:v libx264 -frames:v 5");
    let (_, windows) = sampled(&five, 64).unwrap();
    let numbers: Vec<_> = windows
        .iter()
        .flat_map(|window| &window.candidates)
        .map(|frame| number(frame).round() as u32)
        .collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
    assert_eq!(windows.len(), 5);
}

#[test]
fn variable_frame_rate_goes_by_time_not_by_count() {
    let clips = Clips::new();
    // The first half second holds fifty frames, the rest of the clip ten.
    let source = "color=black:s=64x64:r=100:d=6,geq=lum='16+floor(T*30)':cb=128:cr=128,\
        select='lt(t,0.5)+not(mod(n,50))',format=yuv420p";
    for name in ["uneven.mp4", "uneven.mkv"] {
        let clip = clips.make(name, source, "-c:v libx264 -vsync vfr -g 1000");
        let (_, windows) = sampled(&clip, 6).unwrap();
        assert_eq!(indices(&windows), [0, 1, 2, 3, 4, 5], "{name}");
        for window in &windows {
            for frame in &window.candidates {
                assert_eq!(
                    frame.time_ms / 1000,
                    window.index as u64,
                    "{name} {frame:?}"
                );
                let shown = number(frame) * 4.0 / 30.0;
                assert!(
                    (shown - frame.time_ms as f64 / 1000.0).abs() < 0.15,
                    "{name} {shown} {frame:?}"
                );
            }
        }
    }
}

#[test]
fn a_stream_that_states_no_length_is_spread_all_the_same() {
    let clips = Clips::new();
    let vp8 = "-c:v libvpx -deadline realtime -b:v 300k -live 1 -f webm";
    check_unstated(&clips.make("live.webm", COUNTING, vp8));
    let fragments = "-c:v libx264 -movflags frag_keyframe+empty_moov+default_base_moof -g 25";
    check_unstated(&clips.make("fragments.mp4", COUNTING, fragments));
}

fn check_unstated(clip: &Path) {
    let (report, windows) = sampled(clip, 4).unwrap();
    assert_eq!(indices(&windows), [0, 1, 2, 3], "{}", clip.display());
    assert!(!report.truncated, "{}", clip.display());
    let lasts = report.facts.duration_ms.unwrap();
    assert!((1950..=2090).contains(&lasts), "{lasts}");
}

#[test]
fn sound_of_another_length_does_not_count() {
    let clips = Clips::new();
    for (name, sound) in [("sound.mkv", "libopus"), ("sound.mp4", "aac")] {
        let options = format!("-f lavfi -i sine=d=4 -map 0:v -map 1:a -c:v libx264 -c:a {sound}");
        let (report, windows) = sampled(&clips.make(name, COUNTING, &options), 4).unwrap();
        assert_eq!((windows.len(), report.facts.streams), (4, 2), "{name}");
        assert!(!report.truncated, "{name}");
        assert!(report.facts.duration_ms.unwrap() < 2100, "{name}");
    }
}

#[test]
fn an_edit_list_that_cuts_the_beginning_away_is_heeded() {
    let clips = Clips::new();
    let whole = clips.make("whole.mp4", COUNTING, "-c:v libx264 -g 1000");
    // Copied from the key frame at 0 on; shown from the second second on.
    let cut = clips.remake("cut.mp4", "-ss 1", &whole, "-c copy");
    let (_, windows) = sampled(&cut, 2).unwrap();
    let first = &windows[0].candidates[0];
    assert!(
        number(first) > 24.0 && first.time_ms < 400,
        "{} {first:?}",
        number(first)
    );
}

#[test]
fn the_number_of_windows_has_bounds() {
    let clips = Clips::new();
    let clip = clips.make("few.mp4", COUNTING, "-c:v libx264 -frames:v 5");
    for asked in [0, 65] {
        assert!(matches!(
            sampled(&clip, asked),
            Err(MediaError::Windows { .. })
        ));
    }
    assert_eq!(sampled(&clip, 1).unwrap().1.len(), 1);
}
