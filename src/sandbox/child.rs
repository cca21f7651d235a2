//! The decoding process from within: it walls itself in, takes one order with one open file, answers, and ends.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::ControlFlow;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;

use crate::media::frame::Frame;
use crate::media::limits::MediaLimits;
use crate::media::probe;
use crate::media::sampling::{self, SampleOrder};
use crate::media::watch::{self, WatchOrder};
use crate::sandbox::bounds::Bounds;
use crate::sandbox::deeds::Deed;
use crate::sandbox::orders::Order;
use crate::sandbox::passing;
use crate::sandbox::protocol::{Body, Done, ProtocolError, write_message};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::walls::{self, Standing};
use crate::vision::error::VisionError;
use crate::vision::picture::{Picture, PictureLimits};

/// The first descriptor that is none of input, output and errors.
const FIRST_STRANGER: i32 = 3;
/// Descriptors that may have been inherited where the system does not list them.
const MOST_STRANGERS: i32 = 1024;

/// What a decoding process is started with.
#[derive(Clone, Copy, Debug)]
pub struct ChildSettings {
    /// The process that it dies with.
    pub parent: u32,
    pub bounds: Bounds,
}

/// Why a process could not answer.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    #[error("the channel to the service: {0}")]
    Channel(#[from] io::Error),
    #[error("the order: {0}")]
    Order(#[from] ProtocolError),
}

/// Carries out one order, or none where the service is gone.
pub fn serve(settings: ChildSettings) -> Result<(), ChildError> {
    close_strangers();
    go_first();
    let channel = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let walls = walls::raise(settings.bounds, settings.parent);
    let mut out = &channel;
    let hello = Body::Hello {
        walls: walls.bits(),
    };
    write_message(&mut out, &hello)?;
    if let Some((order, file)) = passing::take(&channel)? {
        let last = answer(order, &file, &channel).unwrap_or_else(Body::Refused);
        write_message(&mut out, &last)?;
    }
    Ok(())
}

/// Raises the walls, with or without the list of system calls, and tries one deed that they are there to stop, for a test to
/// see what becomes of it.
pub fn try_deed(
    settings: ChildSettings,
    deed: Deed,
    without_calls: bool,
) -> (Standing, io::Result<String>) {
    close_strangers();
    let raise = if without_calls {
        walls::raise_but_calls
    } else {
        walls::raise
    };
    let walls = raise(settings.bounds, settings.parent);
    (walls, deed.carry_out(settings.parent))
}

/// Has the kernel, when memory is short, end this process before the service.
fn go_first() {
    // Where that is not to be had, the limit on memory stands all the same.
    let _ = fs::write("/proc/self/oom_score_adj", "500");
}

/// Closes what whoever started the service left open in it for its children.
fn close_strangers() {
    let listed: Option<Vec<i32>> = fs::read_dir("/proc/self/fd").ok().map(|open| {
        let names = open.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.filter_map(|name| name.parse().ok()).collect()
    });
    let open = listed.unwrap_or_else(|| (FIRST_STRANGER..MOST_STRANGERS).collect());
    for descriptor in open.into_iter().filter(|open| *open >= FIRST_STRANGER) {
        // The list's own descriptor is closed by now.
        let _ = nix::unistd::close(descriptor);
    }
}

/// The last word of the answer; the words before it are on their way by then.
fn answer(order: Order, file: &File, channel: &UnixStream) -> Result<Body, Refusal> {
    match order {
        Order::CheckPicture { max_pixels } => {
            let bytes = bytes_of(file).map_err(VisionError::Io)?;
            Picture::decode(&bytes, &PictureLimits { max_pixels })?;
            let media_type = Picture::media_type(&bytes)?.to_owned();
            Ok(Body::Done(Done::PictureKind { media_type }))
        }
        Order::DecodePicture { max_pixels } => {
            let bytes = bytes_of(file).map_err(VisionError::Io)?;
            let picture = Picture::decode(&bytes, &PictureLimits { max_pixels })?;
            let (width, height) = (picture.width(), picture.height());
            Ok(Body::Pixels(Frame {
                time_ms: 0,
                width,
                height,
                rgb: picture.into_rgb(),
            }))
        }
        Order::CheckVideo { limits } => {
            let facts = probe::check_file(file, &limits.into())?;
            Ok(Body::Done(Done::Video {
                facts: facts.into(),
            }))
        }
        Order::Sample {
            limits,
            windows,
            threads,
        } => sample(
            file,
            &limits.into(),
            SampleOrder { windows, threads },
            channel,
        ),
        Order::Watch {
            limits,
            rate,
            most_ms,
            shorter_side,
            threads,
        } => {
            let order = WatchOrder {
                rate,
                most_ms,
                shorter_side,
                threads,
            };
            let report = watch::watch_file(file, &limits.into(), order, &mut |frame| {
                say(channel, &Body::Pixels(frame))
            })?;
            Ok(Body::Done(Done::Watched {
                frames: report.frames,
                cut_short: report.cut_short,
            }))
        }
    }
}

fn sample(
    file: &File,
    limits: &MediaLimits,
    order: SampleOrder,
    channel: &UnixStream,
) -> Result<Body, Refusal> {
    let report = sampling::sample_file(file, limits, order, &mut |window| {
        let head = Body::Window {
            index: window.index,
            frames: window.candidates.len(),
        };
        say(channel, &head)?;
        for frame in window.candidates {
            say(channel, &Body::Pixels(frame))?;
        }
        ControlFlow::Continue(())
    })?;
    Ok(Body::Done(Done::Sampled {
        facts: report.facts.into(),
        decoded_frames: report.decoded_frames,
        truncated: report.truncated,
    }))
}

/// A word before the last. When nobody hears it, there is nothing left to do.
fn say(mut channel: &UnixStream, body: &Body) -> ControlFlow<()> {
    match write_message(&mut channel, body) {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}

fn bytes_of(mut file: &File) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(0))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
