//! Whether a file is a video that can be used, and what kind it is.

use std::fs::File;
use std::path::Path;

use crate::media::decode::{Decoder, Pace};
use crate::media::demux::{Demuxer, Step};
use crate::media::error::MediaError;
use crate::media::facts::VideoFacts;
use crate::media::limits::MediaLimits;
use crate::media::survey::Survey;

/// Opens the file, holds it against the limits, walks over it once and decodes its first picture.
pub fn check(path: &Path, limits: &MediaLimits) -> Result<VideoFacts, MediaError> {
    check_file(&File::open(path)?, limits)
}

/// The same of a file that is open.
pub fn check_file(file: &File, limits: &MediaLimits) -> Result<VideoFacts, MediaError> {
    let survey = Survey::of(&mut Demuxer::open(file, limits)?, limits)?;
    let mut demuxer = Demuxer::open(file, limits)?;
    let mut decoder = Decoder::open(&demuxer, limits, Pace::EveryPicture, 1)?;
    let (width, height) = first_size(&mut demuxer, &mut decoder)?;
    Ok(facts(&demuxer, &decoder, &survey, (width, height)))
}

/// The facts of a clip of which one picture was decoded.
pub(super) fn facts(
    demuxer: &Demuxer,
    decoder: &Decoder,
    survey: &Survey,
    (width, height): (u32, u32),
) -> VideoFacts {
    VideoFacts {
        container: demuxer.container().name().to_owned(),
        codec: demuxer.codec().to_owned(),
        width,
        height,
        rotation: decoder.rotation(),
        duration_ms: survey.duration_ms(),
        streams: demuxer.streams(),
    }
}

/// Decodes until the first picture comes out.
fn first_size(demuxer: &mut Demuxer, decoder: &mut Decoder) -> Result<(u32, u32), MediaError> {
    loop {
        match demuxer.step() {
            Step::Picture(packet) => decoder.send(&packet),
            Step::Other { .. } | Step::Damaged => continue,
            Step::End { .. } => {
                decoder.finish();
                let picture = decoder.receive()?.ok_or_else(|| decoder.nothing())?;
                return Ok(decoder.upright_size(&picture));
            }
        }
        if let Some(picture) = decoder.receive()? {
            return Ok(decoder.upright_size(&picture));
        }
    }
}
