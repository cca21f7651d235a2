//! Processes that are killed: whoever's file it was gets a reason, and the next file is decoded.

use std::ops::ControlFlow;

use likeness::media::error::MediaError;
use likeness::media::limits::MediaLimits;
use likeness::media::sampling::{SampleOrder, SamplingReport};
use likeness::sandbox::bounds::Bounds;
use likeness::sandbox::decoding::Decoding;
use likeness::sandbox::pool::SandboxSettings;
use likeness::vision::picture::PictureLimits;

use crate::helpers::sample;
use crate::sandbox::{kill, processes, settings, walled_by};

const LIMITS: MediaLimits = MediaLimits {
    max_bytes: 50_000_000,
    max_duration_ms: 120_000,
    max_pixels: 8_400_000,
    max_streams: 8,
};

fn sampled(
    decoding: &Decoding,
    meanwhile: &mut dyn FnMut(),
) -> Result<Option<SamplingReport>, MediaError> {
    let order = SampleOrder {
        windows: 8,
        threads: 1,
    };
    let video = sample("genuine/video.mp4");
    decoding.sample(&video, &LIMITS, order, &mut |_| {
        meanwhile();
        ControlFlow::Continue(())
    })
}

#[test]
fn a_process_that_is_killed_over_a_file_costs_that_file_and_no_other() {
    let memory = 900_000_011;
    let decoding = walled_by(of(memory, 0));
    // Most of the clip is still to come: a channel holds no frame of it whole.
    let mut left = 1;
    let killed = sampled(&decoding, &mut || {
        if left > 0 {
            left -= 1;
            for pid in processes(memory) {
                kill(pid, "-KILL");
            }
        }
    });
    let error = killed.unwrap_err();
    assert!(matches!(error, MediaError::GaveUp { .. }));
    assert!(error.is_about_the_file());
    assert_eq!(
        error.to_string(),
        "the decoder gave up on this file: it was killed"
    );
    let sandbox = decoding.sandbox().unwrap();
    assert_eq!((sandbox.deaths().signal, sandbox.deaths().sum()), (1, 1));
    assert!(sampled(&decoding, &mut || ()).unwrap().is_some());
    assert_eq!((sandbox.deaths().sum(), sandbox.taken()), (1, 0));
}

#[test]
fn who_stops_the_service_and_its_children_blames_no_file() {
    let memory = 900_000_012;
    let decoding = walled_by(of(memory, 0));
    let stopped = sampled(&decoding, &mut || {
        for pid in processes(memory) {
            kill(pid, "-TERM");
        }
    });
    let error = stopped.unwrap_err();
    assert!(matches!(error, MediaError::NoDecoder(_)), "{error}");
    assert!(!error.is_about_the_file());
}

#[test]
fn a_process_that_dies_while_it_waits_costs_nobody_anything() {
    let memory = 900_000_013;
    let decoding = walled_by(of(memory, 1));
    let sandbox = decoding.sandbox().unwrap();
    sandbox.prove().unwrap();
    let [waiting] = processes(memory)[..] else {
        panic!("one process waits");
    };
    kill(waiting, "-KILL");
    let status = format!("/proc/{waiting}/status");
    while !std::fs::read_to_string(&status)
        .unwrap()
        .contains("State:\tZ")
    {
        std::thread::yield_now();
    }
    let document = sample("genuine/document.jpg");
    let limits = PictureLimits {
        max_pixels: 50_000_000,
    };
    assert!(decoding.open_picture(&document, &limits).is_ok());
    assert_eq!(sandbox.deaths().sum(), 1);
}

fn of(memory_bytes: u64, ready: usize) -> SandboxSettings {
    SandboxSettings {
        bounds: Bounds {
            memory_bytes,
            ..settings().bounds
        },
        ready,
        ..settings()
    }
}
