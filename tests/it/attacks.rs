//! Attacks made of the samples, with the real networks: none of them looks like a live person. The samples
//! themselves are moving stills, the plainest attack.

use std::path::{Path, PathBuf};
use std::process::Command;

use likeness::app;
use likeness::config::Config;
use likeness::pipeline::examine::FaceExaminer;
use likeness::scoring::reasons::ReasonCode;
use likeness::scoring::rules::{self, Check, Rules};
use likeness::scoring::signals::Signals;
use likeness::scoring::verdict::{Outcome, judge};
use tempfile::TempDir;

use crate::helpers::{decoder, sample};
use crate::weights;

const STILL: &str = "genuine/video.mp4";
const SOMEBODY_ELSE: &str = "impostor/video.mp4";

/// What an examination without any of the others' reasons would still be referred for, where the upstream pack
/// is not installed.
const NOT_HERE: ReasonCode = ReasonCode::LivenessNotExamined;

struct Attack {
    examiner: FaceExaminer,
    folder: TempDir,
}

impl Attack {
    fn new(test: &str) -> Option<Self> {
        weights::landmarks(test)?;
        let config = Config {
            models: weights::root().join("models"),
            embedder: "dlib".to_owned(),
            decoder: decoder(),
            ..Config::default()
        };
        Some(Self {
            examiner: app::models::examiner(&config).unwrap().0,
            folder: tempfile::tempdir().unwrap(),
        })
    }

    /// Makes a clip with the ffmpeg program.
    fn made(&self, inputs: &[&Path], filter: &str) -> PathBuf {
        let path = self.folder.path().join("attack.mp4");
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-v", "error", "-nostdin", "-y"]);
        for input in inputs {
            ffmpeg.arg("-i").arg(input);
        }
        ffmpeg.args(["-filter_complex", filter, "-an", "-c:v", "libx264"]);
        ffmpeg
            .args(["-preset", "veryfast", "-crf", "20"])
            .arg(&path);
        let made = ffmpeg.output().unwrap();
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{said}");
        path
    }

    /// What is drawn from the clip, and why the default rules do not let it pass.
    fn seen(&self, clip: &Path) -> (Signals, Vec<ReasonCode>) {
        let signals = self.examiner.examine_video(clip, 8).unwrap().signals;
        let rules = Rules::parse(rules::DEFAULT).unwrap();
        let verdict = judge(&rules, &signals, &[Check::Liveness, Check::Quality]);
        assert_ne!(verdict.outcome, Outcome::Pass);
        let codes = verdict.reasons.into_iter().map(|reason| reason.code);
        let mut codes: Vec<ReasonCode> = codes.filter(|code| *code != NOT_HERE).collect();
        codes.dedup();
        (signals, codes)
    }
}

#[test]
fn a_moved_still_neither_blinks_nor_has_relief() {
    let Some(attack) = Attack::new("attacks::a_moved_still_neither_blinks_nor_has_relief") else {
        return;
    };
    let (signals, reasons) = attack.seen(&sample(STILL));
    assert_eq!(signals.blink_count, Some(0.0));
    assert!(signals.head_relief.unwrap() < 50.0, "{signals:?}");
    assert_eq!(reasons, [ReasonCode::LivenessNotShown]);
    assert_eq!(signals.same_person, Some(100.0));
    assert_eq!(signals.unbroken, Some(100.0));
}

#[test]
fn a_clip_that_begins_again_or_stands_still_is_stale() {
    let Some(attack) = Attack::new("attacks::a_clip_that_begins_again_or_stands_still_is_stale")
    else {
        return;
    };
    let still = sample(STILL);
    let looped = "[0:v]trim=duration=1.5,setpts=PTS-STARTPTS,loop=loop=2:size=36:start=0";
    let frozen = "[0:v]trim=duration=2,setpts=PTS-STARTPTS,tpad=stop_mode=clone:stop_duration=2";
    for filter in [looped, frozen] {
        let (signals, reasons) = attack.seen(&attack.made(&[&still], filter));
        let fresh = signals.fresh_frames.unwrap();
        assert!((20.0..70.0).contains(&fresh), "{filter}: {fresh}");
        assert!(reasons.contains(&ReasonCode::VideoRepeats));
    }
}

#[test]
fn another_person_from_the_middle_on_is_a_cut_and_another_person() {
    let Some(attack) =
        Attack::new("attacks::another_person_from_the_middle_on_is_a_cut_and_another_person")
    else {
        return;
    };
    let (one, other) = (sample(STILL), sample(SOMEBODY_ELSE));
    let spliced = "[0:v]trim=duration=2,setpts=PTS-STARTPTS[a];[1:v]trim=duration=2,setpts=PTS-STARTPTS[b];[a][b]concat=n=2:v=1";
    let (signals, reasons) = attack.seen(&attack.made(&[&one, &other], spliced));
    assert!(signals.same_person.unwrap() <= 75.0, "{signals:?}");
    assert!(signals.unbroken.unwrap() < 50.0, "{signals:?}");
    for code in [ReasonCode::VideoCut, ReasonCode::PersonChanges] {
        assert!(reasons.contains(&code), "{code:?}");
    }
}

#[test]
fn the_bands_of_a_filmed_screen_are_seen() {
    let Some(attack) = Attack::new("attacks::the_bands_of_a_filmed_screen_are_seen") else {
        return;
    };
    let bands = "[0:v]format=yuv444p,geq=lum='lum(X,Y)*(1+0.12*sin(Y/45+N*1.9))':cb='cb(X,Y)':cr='cr(X,Y)',format=yuv420p";
    let (signals, reasons) = attack.seen(&attack.made(&[&sample(STILL)], bands));
    assert!(signals.screen_free.unwrap() < 50.0, "{signals:?}");
    assert!(reasons.contains(&ReasonCode::ScreenSeen));
}
