//! A whole clip decoded and nothing kept: what decoding costs by itself.

use std::fs::File;
use std::path::Path;

use crate::media::decode::{Decoder, Pace};
use crate::media::demux::{Demuxer, Step};
use crate::media::error::MediaError;
use crate::media::limits::MediaLimits;

/// Decodes the clip at that pace and tells how many pictures came out.
pub fn count(
    path: &Path,
    limits: &MediaLimits,
    pace: Pace,
    threads: usize,
) -> Result<u64, MediaError> {
    let mut demuxer = Demuxer::open(&File::open(path)?, limits)?;
    let mut decoder = Decoder::open(&demuxer, limits, pace, threads)?;
    let mut pictures = 0;
    loop {
        let ended = match demuxer.step() {
            Step::Picture(packet) => {
                decoder.send(&packet);
                false
            }
            Step::Other { .. } | Step::Damaged => continue,
            Step::End { .. } => {
                decoder.finish();
                true
            }
        };
        while decoder.receive()?.is_some() {
            pictures += 1;
        }
        if ended {
            return Ok(pictures);
        }
    }
}
