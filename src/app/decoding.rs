//! How much decoding may cost, and where it is done: in processes behind walls unless the setting says otherwise.

use std::path::PathBuf;
use std::time::Duration;

use crate::app::{AppError, workers};
use crate::config::{Config, SandboxMode};
use crate::media::limits::MediaLimits;
use crate::sandbox::bounds::Bounds;
use crate::sandbox::decoding::Decoding;
use crate::sandbox::error::SandboxError;
use crate::sandbox::pool::{self, Sandbox, SandboxSettings};
use crate::vision::picture::PictureLimits;

/// Received files that are looked at at once, before anything of them is stored.
pub(super) const INTAKE_THREADS: usize = 2;

/// What a picture may cost.
pub fn picture_limits(config: &Config) -> PictureLimits {
    PictureLimits {
        max_pixels: config.max_document_pixels,
    }
}

/// What a video may cost.
pub fn media_limits(config: &Config) -> MediaLimits {
    MediaLimits {
        max_bytes: config.max_video_bytes,
        max_duration_ms: u64::from(config.max_video_seconds) * 1000,
        max_pixels: config.max_video_pixels,
        max_streams: config.max_video_streams,
    }
}

/// Where files of strangers are decoded; no process is started before there is a file.
pub fn decoding(config: &Config) -> Result<Decoding, AppError> {
    if config.sandbox == SandboxMode::Off {
        return Ok(Decoding::InProcess);
    }
    Ok(Decoding::Walled(Sandbox::open(sandbox_settings(config))?))
}

/// The same with a process started and its walls announced, so that a service which cannot have them does not start.
pub(super) async fn proven_decoding(config: &Config) -> Result<Decoding, AppError> {
    let decoding = decoding(config)?;
    let Decoding::Walled(sandbox) = &decoding else {
        tracing::warn!("uploads are decoded without walls: sandbox = \"off\"");
        return Ok(decoding);
    };
    let sandbox = sandbox.clone();
    let proven = tokio::task::spawn_blocking(move || sandbox.prove()).await;
    pool::announce(proven.map_err(|error| SandboxError::Start(error.into()))??);
    Ok(decoding)
}

/// Bytes for a pixel of a picture: it is decoded with up to eight, held a second time while it is turned, and again as RGB.
const BYTES_PER_DOCUMENT_PIXEL: u64 = 24;
/// And of a video: up to three in each of the pictures that a decoder keeps, and three in each that is handed over.
const BYTES_PER_VIDEO_PIXEL: u64 = 96;
/// What everything else takes: the file's bytes, the threads' stacks, tables.
const OTHER_DECODING_BYTES: u64 = 256 << 20;
/// Threads that may compute at once in one decoding process.
const DECODING_THREADS: u64 = 3;

fn sandbox_settings(config: &Config) -> SandboxSettings {
    let video_seconds = match config.sandbox_seconds {
        0 => config
            .max_video_seconds
            .saturating_mul(2)
            .saturating_add(60),
        asked => asked,
    };
    let memory_bytes = match config.sandbox_memory_megabytes {
        0 => {
            let document = config.max_document_pixels * BYTES_PER_DOCUMENT_PIXEL;
            let video = config.max_video_pixels * BYTES_PER_VIDEO_PIXEL;
            document.max(video) + config.max_document_bytes + OTHER_DECODING_BYTES
        }
        asked => asked.saturating_mul(1_000_000),
    };
    let program = if config.decoder.as_os_str().is_empty() {
        // Whatever lies at the program's path by then: this is what runs now.
        PathBuf::from("/proc/self/exe")
    } else {
        config.decoder.clone()
    };
    SandboxSettings {
        program,
        strict: config.sandbox == SandboxMode::Strict,
        ready: config.sandbox_ready,
        // An examination decodes its document and, twice at a time, its video.
        most: 3 * workers(config) + config.look_threads + INTAKE_THREADS,
        bounds: Bounds {
            memory_bytes,
            computing_seconds: u64::from(video_seconds) * DECODING_THREADS,
        },
        picture_patience: Duration::from_secs(u64::from(video_seconds.min(60))),
        video_patience: Duration::from_secs(u64::from(video_seconds)),
    }
}
