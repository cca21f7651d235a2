//! Where files of strangers are decoded: in a process behind walls, or, for an operator's own files, in this one.

use std::fs::File;
use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::path::Path;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

use crate::media::error::MediaError;
use crate::media::facts::VideoFacts;
use crate::media::frame::Frame;
use crate::media::limits::MediaLimits;
use crate::media::probe;
use crate::media::sampling::{self, SampleOrder, SamplingReport, Window};
use crate::media::watch::{self, WatchOrder, WatchReport};
use crate::sandbox::pool::Sandbox;
use crate::vision::error::VisionError;
use crate::vision::picture::{Picture, PictureLimits};

/// Decodes videos and pictures; what comes out is the same either way.
#[derive(Clone, Debug)]
pub enum Decoding {
    /// In this process, which whoever made the file may then take over: for files of one's own.
    InProcess,
    /// Each file in a process of its own.
    Walled(Sandbox),
}

impl Decoding {
    /// The processes, where there are any.
    pub fn sandbox(&self) -> Option<&Sandbox> {
        match self {
            Self::InProcess => None,
            Self::Walled(sandbox) => Some(sandbox),
        }
    }

    /// See [`probe::check`].
    pub fn check_video(&self, path: &Path, limits: &MediaLimits) -> Result<VideoFacts, MediaError> {
        match self {
            Self::InProcess => probe::check(path, limits),
            Self::Walled(sandbox) => sandbox.check_video(&File::open(path)?, limits),
        }
    }

    /// See [`sampling::sample`]; nothing is reported when `on_window` broke off.
    pub fn sample(
        &self,
        path: &Path,
        limits: &MediaLimits,
        order: SampleOrder,
        on_window: &mut dyn FnMut(Window) -> ControlFlow<()>,
    ) -> Result<Option<SamplingReport>, MediaError> {
        match self {
            Self::InProcess => sampling::sample(path, limits, order, on_window).map(Some),
            Self::Walled(sandbox) => sandbox.sample(&File::open(path)?, limits, order, on_window),
        }
    }

    /// See [`watch::watch`].
    pub fn watch(
        &self,
        path: &Path,
        limits: &MediaLimits,
        order: WatchOrder,
        on_frame: &mut dyn FnMut(Frame) -> ControlFlow<()>,
    ) -> Result<WatchReport, MediaError> {
        match self {
            Self::InProcess => watch::watch(path, limits, order, on_frame),
            Self::Walled(sandbox) => sandbox.watch(&File::open(path)?, limits, order, on_frame),
        }
    }

    /// See [`Picture::open`].
    pub fn open_picture(
        &self,
        path: &Path,
        limits: &PictureLimits,
    ) -> Result<Picture, VisionError> {
        match self {
            Self::InProcess => Picture::open(path, limits),
            Self::Walled(sandbox) => sandbox.decode_picture(&opened(path)?, limits.max_pixels),
        }
    }

    /// See [`Picture::decode`].
    pub fn decode_picture(
        &self,
        bytes: &[u8],
        limits: &PictureLimits,
    ) -> Result<Picture, VisionError> {
        match self {
            Self::InProcess => Picture::decode(bytes, limits),
            Self::Walled(sandbox) => {
                let file = in_memory(bytes).map_err(VisionError::Io)?;
                sandbox.decode_picture(&file, limits.max_pixels)
            }
        }
    }

    /// Decodes a picture file to see that it can be, and tells its media type.
    pub fn check_picture(
        &self,
        path: &Path,
        limits: &PictureLimits,
    ) -> Result<&'static str, VisionError> {
        match self {
            Self::InProcess => {
                let bytes = std::fs::read(path).map_err(VisionError::Io)?;
                Picture::decode(&bytes, limits)?;
                Picture::media_type(&bytes)
            }
            Self::Walled(sandbox) => sandbox.check_picture(&opened(path)?, limits.max_pixels),
        }
    }
}

fn opened(path: &Path) -> Result<File, VisionError> {
    File::open(path).map_err(VisionError::Io)
}

/// A file that lies in memory and that nobody can change, so that a process can read it and no disk ever holds it.
fn in_memory(bytes: &[u8]) -> io::Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut file = File::from(memfd_create("picture", flags)?);
    file.write_all(bytes)?;
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    fcntl_add_seals(&file, seals)?;
    Ok(file)
}
