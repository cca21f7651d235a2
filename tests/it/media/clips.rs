//! Makes small videos with the ffmpeg program and reads samples back from them.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use likeness::media::error::MediaError;
use likeness::media::frame::Frame;
use likeness::media::limits::MediaLimits;
use likeness::media::sampling::{SampleOrder, SamplingReport, Window, sample};
use tempfile::TempDir;

use crate::sandbox::walled;

/// Limits that none of the well-made clips reaches.
pub(super) const LIMITS: MediaLimits = MediaLimits {
    max_bytes: 10_000_000,
    max_duration_ms: 60_000,
    max_pixels: 640 * 480,
    max_streams: 4,
};

/// Fifty frames in two seconds, each a little lighter than the one before.
pub(super) const COUNTING: &str =
    "color=black:s=64x64:r=25:d=2,geq=lum='16+4*N':cb=128:cr=128,format=yuv420p";

/// A folder of clips that goes away with the test.
pub(super) struct Clips(TempDir);

impl Clips {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Makes clip `name` from a lavfi `source` with further options, all parted by blanks.
    pub(super) fn make(&self, name: &str, source: &str, options: &str) -> PathBuf {
        let mut arguments = vec!["-f", "lavfi", "-i", source];
        arguments.extend(options.split_whitespace());
        self.run(name, &arguments)
    }

    /// Makes clip `name` from another file, with options on reading it and on writing.
    pub(super) fn remake(&self, name: &str, reading: &str, from: &Path, writing: &str) -> PathBuf {
        let mut arguments: Vec<_> = reading.split_whitespace().collect();
        arguments.extend(["-i", from.to_str().unwrap()]);
        arguments.extend(writing.split_whitespace());
        self.run(name, &arguments)
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn run(&self, name: &str, arguments: &[&str]) -> PathBuf {
        let path = self.path(name);
        let done = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-y"])
            .args(arguments)
            .arg(&path)
            .stdin(Stdio::null())
            .output()
            .expect("these tests need the ffmpeg program: run the project's set-up first");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(
            done.status.success(),
            "ffmpeg could not make {name}: {said}"
        );
        path
    }
}

/// Samples a clip and keeps everything, which a caller with long clips would not. Does it on one
/// thread and on two, and in a process behind walls, which must all give the same.
pub(super) fn sampled(path: &Path, windows: usize) -> Sampled {
    let [alone, together] = [1, 2].map(|threads| on_threads(path, windows, threads));
    assert_same(path, &alone, &together);
    assert_same(path, &alone, &behind_walls(path, windows));
    alone
}

type Sampled = Result<(SamplingReport, Vec<Window>), MediaError>;

fn assert_same(path: &Path, one: &Sampled, other: &Sampled) {
    match (one, other) {
        (Ok(one), Ok(other)) => assert!(
            one == other,
            "{}: {:?} and {:?}",
            path.display(),
            one.0,
            other.0
        ),
        _ => assert_eq!(
            one.as_ref().map_err(ToString::to_string),
            other.as_ref().map_err(ToString::to_string),
            "{}",
            path.display()
        ),
    }
}

fn behind_walls(path: &Path, windows: usize) -> Sampled {
    let mut kept = Vec::new();
    let order = SampleOrder {
        windows,
        threads: 2,
    };
    let report = walled().sample(path, &LIMITS, order, &mut |window| {
        kept.push(window);
        ControlFlow::Continue(())
    })?;
    Ok((report.expect("nobody broke it off"), kept))
}

/// Whether a damaged clip gives anything, on one thread and on two. What is made of the damage may differ
/// between the two: a decoder that fills a hole from the picture before takes the one that is ready.
pub(super) fn any_of_it(path: &Path, windows: usize) -> bool {
    let [alone, together] = [1, 2].map(|threads| on_threads(path, windows, threads).is_ok());
    alone || together
}

fn on_threads(path: &Path, windows: usize, threads: usize) -> Sampled {
    let mut kept = Vec::new();
    let order = SampleOrder { windows, threads };
    let report = sample(path, &LIMITS, order, &mut |window| {
        kept.push(window);
        ControlFlow::Continue(())
    })?;
    Ok((report, kept))
}

/// The RGB value at a part of the picture's width and height.
pub(super) fn pixel(frame: &Frame, across: f64, down: f64) -> [u8; 3] {
    let x = (f64::from(frame.width) * across) as usize;
    let y = (f64::from(frame.height) * down) as usize;
    let at = (y * frame.width as usize + x) * 3;
    frame.rgb[at..at + 3].try_into().unwrap()
}

/// Which frame of [`COUNTING`] this is, by its brightness.
pub(super) fn number(frame: &Frame) -> f64 {
    let grey = f64::from(pixel(frame, 0.5, 0.5)[1]);
    grey * 219.0 / 255.0 / 4.0
}

/// Whether two colours are the same but for what compression does to them.
pub(super) fn near(left: [u8; 3], right: [u8; 3]) -> bool {
    left.iter()
        .zip(right)
        .all(|(left, right)| left.abs_diff(right) <= 24)
}
