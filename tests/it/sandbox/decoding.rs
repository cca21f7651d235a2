//! What comes out of a process behind walls is what would have come out without, and no process is left behind.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::thread;

use likeness::media::limits::MediaLimits;
use likeness::media::sampling::SampleOrder;
use likeness::media::watch::WatchOrder;
use likeness::sandbox::bounds::Bounds;
use likeness::sandbox::decoding::Decoding;
use likeness::sandbox::pool::SandboxSettings;
use likeness::vision::error::VisionError;
use likeness::vision::picture::PictureLimits;

use crate::helpers::sample;
use crate::sandbox::{is_gone, processes, settings, walled, walled_by};

const LIMITS: MediaLimits = MediaLimits {
    max_bytes: 50_000_000,
    max_duration_ms: 120_000,
    max_pixels: 8_400_000,
    max_streams: 8,
};

const PICTURES: PictureLimits = PictureLimits {
    max_pixels: 50_000_000,
};

const ORDER: SampleOrder = SampleOrder {
    windows: 8,
    threads: 2,
};

fn with_memory(memory_bytes: u64) -> SandboxSettings {
    SandboxSettings {
        bounds: Bounds {
            memory_bytes,
            ..settings().bounds
        },
        ..settings()
    }
}

/// Everything that sampling and watching a clip tell.
fn told(decoding: &Decoding, name: &str) -> impl PartialEq + use<> {
    let video = sample(name);
    let (mut windows, mut frames) = (Vec::new(), Vec::new());
    let report = decoding.sample(&video, &LIMITS, ORDER, &mut |window| {
        windows.push(window);
        ControlFlow::Continue(())
    });
    let order = WatchOrder {
        rate: 15,
        most_ms: 60_000,
        shorter_side: 200,
        threads: 1,
    };
    let watched = decoding.watch(&video, &LIMITS, order, &mut |frame| {
        frames.push(frame);
        ControlFlow::Continue(())
    });
    assert!(!windows.is_empty() && !frames.is_empty(), "{name}");
    let facts = decoding.check_video(&video, &LIMITS).unwrap();
    (report.unwrap(), windows, watched.unwrap(), frames, facts)
}

#[test]
fn videos_are_the_same_behind_walls() {
    for name in [
        "genuine/video.mp4",
        "rotated-phone/video.mp4",
        "hevc/video.mov",
    ] {
        let same = told(walled(), name) == told(&Decoding::InProcess, name);
        assert!(same, "{name}");
    }
}

#[test]
fn pictures_are_the_same_behind_walls() {
    for name in ["genuine/document.jpg", "exif-document/document.jpg"] {
        let path = sample(name);
        let bytes = std::fs::read(&path).unwrap();
        let inside = Decoding::InProcess.open_picture(&path, &PICTURES).unwrap();
        assert!(walled().open_picture(&path, &PICTURES).unwrap() == inside);
        assert!(walled().decode_picture(&bytes, &PICTURES).unwrap() == inside);
        let media_type = walled().check_picture(&path, &PICTURES).unwrap();
        assert_eq!(media_type, "image/jpeg");
    }
}

#[test]
fn refusals_are_the_same_behind_walls() {
    let small = PictureLimits { max_pixels: 1000 };
    let folder = tempfile::tempdir().unwrap();
    let nothing = folder.path().join("nothing");
    std::fs::write(&nothing, b"").unwrap();
    let text = folder.path().join("text");
    std::fs::write(&text, b"neither a picture nor a video").unwrap();
    let cut = folder.path().join("cut");
    let whole = std::fs::read(sample("genuine/document.jpg")).unwrap();
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let gone = folder.path().join("gone");
    let document = sample("genuine/document.jpg");
    for (path, limits) in [
        (&nothing, PICTURES),
        (&text, PICTURES),
        (&cut, PICTURES),
        (&gone, PICTURES),
        (&document, small),
    ] {
        let refusals = [walled(), &Decoding::InProcess].map(|decoding| {
            let error = decoding.open_picture(path, &limits).unwrap_err();
            let checked = decoding.check_picture(path, &limits).unwrap_err();
            assert_eq!(error.to_string(), checked.to_string());
            (error.to_string(), error.is_about_the_picture())
        });
        assert_eq!(refusals[0], refusals[1]);
    }
    let short = MediaLimits {
        max_duration_ms: 100,
        ..LIMITS
    };
    let few = MediaLimits {
        max_pixels: 1000,
        ..LIMITS
    };
    let video = sample("genuine/video.mp4");
    for (path, limits) in [
        (&nothing, LIMITS),
        (&text, LIMITS),
        (&document, LIMITS),
        (&gone, LIMITS),
        (&video, short),
        (&video, few),
    ] {
        let refusals = [walled(), &Decoding::InProcess].map(|decoding| {
            let error = decoding.check_video(path, &limits).unwrap_err();
            (error.to_string(), error.is_about_the_file())
        });
        assert_eq!(refusals[0], refusals[1]);
    }
}

#[test]
fn who_breaks_off_gets_no_more_and_the_process_is_gone() {
    let memory = 900_000_001;
    let decoding = walled_by(with_memory(memory));
    let (mut windows, mut pids) = (0, Vec::new());
    let video = sample("genuine/video.mp4");
    let report = decoding.sample(&video, &LIMITS, ORDER, &mut |_| {
        windows += 1;
        pids = processes(memory);
        ControlFlow::Break(())
    });
    assert_eq!((report.unwrap(), windows), (None, 1));
    assert_eq!(pids.len(), 1);
    assert!(is_gone(pids[0]));
    let sandbox = decoding.sandbox().unwrap();
    assert_eq!((sandbox.deaths().sum(), sandbox.taken()), (0, 0));
}

#[test]
fn many_at_once_are_no_more_than_allowed_and_leave_nothing_behind() {
    let memory = 900_000_002;
    let most = 3;
    let decoding = walled_by(SandboxSettings {
        most,
        ready: 2,
        ..with_memory(memory)
    });
    let sandbox = decoding.sandbox().unwrap();
    let expected = Decoding::InProcess
        .open_picture(&sample("genuine/document.jpg"), &PICTURES)
        .unwrap();
    let pids = Mutex::new(Vec::new());
    thread::scope(|threads| {
        for number in 0..12 {
            let (pids, expected, decoding) = (&pids, &expected, &decoding);
            threads.spawn(move || {
                if number % 2 == 0 {
                    let document = sample("genuine/document.jpg");
                    let picture = decoding.open_picture(&document, &PICTURES).unwrap();
                    assert!(picture == *expected);
                    return;
                }
                let mut windows = 0;
                let video = sample("genuine/video.mp4");
                let report = decoding.sample(&video, &LIMITS, ORDER, &mut |_| {
                    windows += 1;
                    assert!(sandbox.taken() <= most);
                    let running = processes(memory);
                    pids.lock().unwrap().extend(running);
                    ControlFlow::Continue(())
                });
                assert!(report.unwrap().is_some());
                assert_eq!(windows, 8);
            });
        }
    });
    assert_eq!((sandbox.deaths().sum(), sandbox.taken()), (0, 0));
    // Those that are ready end with the last clone of the pool.
    pids.lock().unwrap().extend(processes(memory));
    drop(decoding);
    let pids = pids.into_inner().unwrap();
    assert!(pids.len() > 12);
    for pid in pids {
        while !is_gone(pid) {
            thread::yield_now();
        }
    }
}

#[test]
fn a_picture_that_takes_too_much_memory_costs_its_sender_an_answer() {
    let decoding = walled_by(SandboxSettings {
        bounds: Bounds {
            memory_bytes: 8 << 20,
            computing_seconds: 60,
        },
        ..settings()
    });
    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("large.png");
    image::RgbImage::new(5000, 5000).save(&large).unwrap();
    let error = decoding.open_picture(&large, &PICTURES).unwrap_err();
    assert!(error.is_about_the_picture(), "{error}");
    assert!(
        matches!(
            error,
            VisionError::GaveUp { .. } | VisionError::Damaged { .. }
        ),
        "{error}"
    );
    let small = folder.path().join("small.png");
    image::RgbImage::new(50, 50).save(&small).unwrap();
    assert!(decoding.open_picture(&small, &PICTURES).is_ok());
}
