//! Why nothing could be decoded that is no file's doing, and what that is to those who asked.

use std::io;

use thiserror::Error;

use crate::media::error::MediaError;
use crate::sandbox::deaths::Ending;
use crate::sandbox::walls::Wall;
use crate::vision::error::VisionError;

/// Why no decoding process could be had.
#[derive(Debug, Error)]
pub enum SandboxError {
    #[error("a decoding process cannot be started")]
    Start(#[source] io::Error),
    #[error("a decoding process ended before it was ready ({})", .0.kind())]
    Stillborn(Ending),
    #[error(
        "the kernel does not offer every wall around decoding: {} missing; the setting sandbox = \"on\" does without",
        names(.0)
    )]
    WallsMissing(Vec<Wall>),
    #[error("every decoding process is taken")]
    Busy,
    #[error("a decoding process was stopped from outside")]
    Stopped,
}

/// The walls' names in a row.
pub fn names(walls: &[Wall]) -> String {
    let names: Vec<_> = walls.iter().map(|wall| wall.name()).collect();
    names.join(", ")
}

/// Why an order was not carried out.
#[derive(Debug)]
pub(super) enum Broken {
    /// The process ended over the file.
    Ended(Ending),
    /// There was none to begin with.
    Fault(SandboxError),
}

impl From<SandboxError> for Broken {
    fn from(fault: SandboxError) -> Self {
        Self::Fault(fault)
    }
}

impl From<Ending> for Broken {
    fn from(ending: Ending) -> Self {
        if ending.is_from_outside() {
            Self::Fault(SandboxError::Stopped)
        } else {
            Self::Ended(ending)
        }
    }
}

/// What another node may be able to, or this one once it has room for processes again: nothing that a file is to blame for.
fn passing(fault: SandboxError) -> io::Error {
    io::Error::new(io::ErrorKind::ResourceBusy, fault)
}

impl From<Broken> for MediaError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Ended(ending) => Self::GaveUp { why: ending.why() },
            Broken::Fault(fault) => Self::NoDecoder(passing(fault)),
        }
    }
}

impl From<Broken> for VisionError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Ended(ending) => Self::GaveUp { why: ending.why() },
            Broken::Fault(fault) => Self::NoDecoder(passing(fault)),
        }
    }
}
