//! Processes that were taken over, played by shell scripts: they lie, fall silent, or break down, and are believed nothing.

use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use likeness::media::error::MediaError;
use likeness::media::limits::MediaLimits;
use likeness::media::sampling::{SampleOrder, SamplingReport};
use likeness::media::watch::WatchOrder;
use likeness::sandbox::deaths::Deaths;
use likeness::sandbox::decoding::Decoding;
use likeness::sandbox::pool::SandboxSettings;
use likeness::vision::picture::PictureLimits;
use tempfile::TempDir;

use crate::sandbox::{settings, walled_by};

/// Every wall, as a process tells it.
pub(super) const ALL_WALLS: u32 = (1 << 12) - 1;

const LIMITS: MediaLimits = MediaLimits {
    max_bytes: 1000,
    max_duration_ms: 1000,
    max_pixels: 100,
    max_streams: 2,
};

const PICTURES: PictureLimits = PictureLimits { max_pixels: 100 };

const FACTS: &str = r#"{"container":"mp4","codec":"h264","width":2,"height":1,"rotation":0,"duration_ms":40,"streams":1}"#;

/// A message as it lies on the channel.
fn message(kind: u8, details: &str, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = b"LKDC".to_vec();
    bytes.extend([1, kind, 0, 0]);
    bytes.extend((details.len() as u32).to_le_bytes());
    bytes.extend((pixels.len() as u64).to_le_bytes());
    bytes.extend(details.as_bytes());
    bytes.extend(pixels);
    bytes
}

fn window(index: u64, frames: u64) -> Vec<u8> {
    let details = format!("{{\"index\":{index},\"frames\":{frames}}}");
    message(2, &details, &[])
}

fn pixels(time_ms: u64) -> Vec<u8> {
    let details = format!("{{\"time_ms\":{time_ms},\"width\":2,\"height\":1}}");
    message(3, &details, &[7; 6])
}

fn sampled(facts: &str) -> Vec<u8> {
    let details =
        format!("{{\"Sampled\":{{\"facts\":{facts},\"decoded_frames\":1,\"truncated\":false}}}}");
    message(4, &details, &[])
}

fn watched(frames: u64) -> Vec<u8> {
    let details = format!("{{\"Watched\":{{\"frames\":{frames},\"cut_short\":false}}}}");
    message(4, &details, &[])
}

/// A script that tells of those walls, and then does what else it was told.
pub(super) fn program(folder: &Path, walls: u32, then: &str) -> PathBuf {
    let hello = message(1, &format!("{{\"walls\":{walls}}}"), &[]);
    let mut octal = String::new();
    for byte in hello {
        write!(octal, "\\{byte:03o}").unwrap();
    }
    let path = folder.join("fake");
    fs::write(&path, format!("#!/bin/sh\nprintf '{octal}' >&0\n{then}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path
}

/// A service whose processes are such scripts, and a file for them.
struct Fakes {
    folder: TempDir,
    decoding: Decoding,
}

impl Fakes {
    fn doing(then: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = program(folder.path(), ALL_WALLS, then);
        fs::write(folder.path().join("file"), b"a file").unwrap();
        Self {
            folder,
            decoding: walled_by(SandboxSettings {
                program,
                picture_patience: Duration::from_millis(300),
                video_patience: Duration::from_millis(300),
                ..settings()
            }),
        }
    }

    /// Says this, and then listens until nobody speaks.
    fn saying(answer: &[u8]) -> Self {
        let fakes = Self::doing("/bin/cat \"$0.answer\" >&0\nexec /bin/cat >/dev/null");
        fs::write(fakes.folder.path().join("fake.answer"), answer).unwrap();
        fakes.with_patience()
    }

    /// The same with as much time as a busy machine needs.
    fn with_patience(self) -> Self {
        let program = self.folder.path().join("fake");
        Self {
            decoding: walled_by(SandboxSettings {
                program,
                ..settings()
            }),
            ..self
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("file")
    }

    fn sample(&self) -> Result<Option<SamplingReport>, MediaError> {
        let order = SampleOrder {
            windows: 2,
            threads: 1,
        };
        self.decoding
            .sample(&self.file(), &LIMITS, order, &mut |_| {
                ControlFlow::Continue(())
            })
    }

    fn watch(&self) -> Result<u64, MediaError> {
        let order = WatchOrder {
            rate: 2,
            most_ms: 1000,
            shorter_side: 100,
            threads: 1,
        };
        let watched = self.decoding.watch(&self.file(), &LIMITS, order, &mut |_| {
            ControlFlow::Continue(())
        });
        watched.map(|report| report.frames)
    }

    fn deaths(&self) -> Deaths {
        self.decoding.sandbox().unwrap().deaths()
    }
}

fn assert_nonsense(answer: Result<impl std::fmt::Debug, MediaError>, fakes: &Fakes) {
    let error = answer.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the decoder gave up on this file: what came out made no sense"
    );
    assert!(error.is_about_the_file());
    assert_eq!((fakes.deaths().nonsense, fakes.deaths().sum()), (1, 1));
}

#[test]
fn what_a_well_behaved_process_says_is_believed() {
    let answer = [
        window(0, 1),
        pixels(0),
        window(1, 1),
        pixels(40),
        sampled(FACTS),
    ];
    let report = Fakes::saying(&answer.concat()).sample().unwrap().unwrap();
    assert_eq!(report.facts.codec, "h264");
    let answer = [pixels(0), pixels(40), watched(2)].concat();
    assert_eq!(Fakes::saying(&answer).watch().unwrap(), 2);
}

#[test]
fn a_sampled_clip_that_cannot_be_is_not_believed() {
    let lies = [
        b"this is no message at all, whichever way it is read".to_vec(),
        // A window that nobody asked for, one that comes twice, one without and one with too many frames.
        [window(2, 1), pixels(0)].concat(),
        [window(u64::MAX, 1), pixels(0)].concat(),
        [window(0, 1), pixels(0), window(0, 1), pixels(0)].concat(),
        [window(1, 1), pixels(0), window(0, 1), pixels(0)].concat(),
        window(0, 0),
        window(0, 4),
        [window(0, 2), pixels(0), window(1, 1)].concat(),
        // A frame without a window, a report without a frame, another answer than was asked for.
        pixels(0),
        sampled(FACTS),
        [window(0, 1), pixels(0), watched(1)].concat(),
        message(1, "{\"walls\":0}", &[]),
        message(5, "\"UnknownFormat\"", &[]),
        message(6, "{\"CheckPicture\":{\"max_pixels\":1}}", &[]),
        // Facts that would go where they must not.
        [
            window(0, 1),
            pixels(0),
            sampled(&FACTS.replace("h264", "<b>")),
        ]
        .concat(),
        [
            window(0, 1),
            pixels(0),
            sampled(&FACTS.replace("\"streams\":1", "\"streams\":3")),
        ]
        .concat(),
        // Pixels that do not fill their frame, or are beyond the limit.
        [
            window(0, 1),
            message(3, "{\"time_ms\":0,\"width\":2,\"height\":2}", &[7; 6]),
        ]
        .concat(),
        [
            window(0, 1),
            message(3, "{\"time_ms\":0,\"width\":101,\"height\":1}", &[7; 303]),
        ]
        .concat(),
    ];
    for lie in lies {
        let fakes = Fakes::saying(&lie);
        assert_nonsense(fakes.sample(), &fakes);
    }
}

#[test]
fn a_watched_clip_that_cannot_be_is_not_believed() {
    let lies = [
        watched(0),
        [pixels(0), watched(2)].concat(),
        // Time does not go backwards, and no clip has more frames than its pace.
        [pixels(40), pixels(0)].concat(),
        (0..100).map(pixels).collect::<Vec<_>>().concat(),
        [window(0, 1), pixels(0)].concat(),
    ];
    for lie in lies {
        let fakes = Fakes::saying(&lie);
        assert_nonsense(fakes.watch(), &fakes);
    }
}

#[test]
fn a_picture_that_cannot_be_is_not_believed() {
    for lie in [
        message(4, "{\"PictureKind\":{\"media_type\":\"text/html\"}}", &[]),
        message(4, "{\"Watched\":{\"frames\":1,\"cut_short\":false}}", &[]),
        message(5, "\"NoVideoStream\"", &[]),
        window(0, 1),
    ] {
        let fakes = Fakes::saying(&lie);
        let checked = fakes.decoding.check_picture(&fakes.file(), &PICTURES);
        let told = checked.unwrap_err().to_string();
        assert!(told.ends_with("what came out made no sense"), "{told}");
        let fakes = Fakes::saying(&lie);
        let opened = fakes.decoding.open_picture(&fakes.file(), &PICTURES);
        let told = opened.unwrap_err().to_string();
        assert!(told.ends_with("what came out made no sense"), "{told}");
    }
}

#[test]
fn a_process_that_falls_silent_is_killed() {
    let fakes = Fakes::doing("exec /bin/sleep 1000");
    let error = fakes.sample().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the decoder gave up on this file: it took too long"
    );
    assert!(error.is_about_the_file());
    assert_eq!((fakes.deaths().overdue, fakes.deaths().sum()), (1, 1));
}

#[test]
fn what_a_process_died_of_is_told() {
    for (how, why) in [
        ("exit 7", "it broke off"),
        ("kill -SEGV $$", "it broke down, or took too much memory"),
        ("kill -ABRT $$", "it broke down, or took too much memory"),
        ("kill -XCPU $$", "it took too much computing time"),
        ("kill -SYS $$", "it tried what decoding does not need"),
        ("kill -KILL $$", "it was killed"),
        ("exec 0<&-; /bin/sleep 1000", "it was killed"),
    ] {
        // A byte of the order is waited for, so that it dies of what it was asked.
        let fakes = Fakes::doing(&format!("/usr/bin/head -c 1 >/dev/null\n{how}"));
        let fakes = fakes.with_patience();
        let told = fakes.sample().unwrap_err();
        assert_eq!(
            told.to_string(),
            format!("the decoder gave up on this file: {why}")
        );
        assert!(told.is_about_the_file());
        assert_eq!(fakes.deaths().sum(), 1, "{how}");
    }
}

#[test]
fn processes_that_never_get_ready_are_the_fault_of_the_service() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"a file").unwrap();
    let mute = folder.path().join("mute");
    fs::write(&mute, "#!/bin/sh\nexit 0\n").unwrap();
    fs::set_permissions(&mute, fs::Permissions::from_mode(0o700)).unwrap();
    for program in [folder.path().join("nothing"), mute, "/bin/false".into()] {
        let decoding = walled_by(SandboxSettings {
            program,
            ..settings()
        });
        let error = decoding.check_video(&file, &LIMITS).unwrap_err();
        assert!(matches!(error, MediaError::NoDecoder(_)), "{error}");
        assert!(!error.is_about_the_file());
    }
}
