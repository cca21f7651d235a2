//! A first walk over a clip's packets, without decoding: how long it is and where its key frames lie.

use crate::media::decode::{Demuxer, Step};
use crate::media::error::MediaError;
use crate::media::limits::MediaLimits;

/// A declared end further off than this beyond what is there means that the file was cut.
const MISSING_AT_LEAST_US: i64 = 500_000;
/// And more than this part of the whole, since declared durations are rounded and padded.
const MISSING_PART: i64 = 20;

/// What the packets of a clip say.
#[derive(Debug)]
pub(super) struct Survey {
    /// Moment of the first picture shown.
    pub(super) first_us: i64,
    /// Moment of the last picture shown.
    pub(super) last_us: i64,
    /// When the last picture ends.
    pub(super) end_us: i64,
    /// Packets with a picture.
    pub(super) pictures: u64,
    /// Moments of the key frames, ascending.
    pub(super) keys: Vec<i64>,
    /// Something is missing or unreadable.
    pub(super) damaged: bool,
}

impl Survey {
    /// Walks over the whole clip, or as far as the limits permit.
    pub(super) fn of(demuxer: &mut Demuxer, limits: &MediaLimits) -> Result<Self, MediaError> {
        let mut walk = Walk::default();
        let most = limits.max_packets();
        let mut steps = 0_u64;
        loop {
            match demuxer.step() {
                Step::Picture(packet) => {
                    walk.damaged |= packet.damaged;
                    walk.reached(packet.time_us.saturating_add(packet.duration_us));
                    walk.picture(
                        packet.time_us,
                        packet.duration_us,
                        packet.key,
                        demuxer.start_us(),
                    );
                }
                Step::Other { end_us } => walk.reached(end_us),
                Step::Damaged => walk.damaged = true,
                Step::End { whole } => {
                    walk.damaged |= !whole;
                    break;
                }
            }
            walk.refuse_long(limits)?;
            steps += 1;
            if steps > most {
                return Err(MediaError::TooManyPackets { limit: most });
            }
        }
        walk.finish(demuxer.declared_us())
    }

    /// Time from the first picture to the end of the last.
    pub(super) fn duration_ms(&self) -> Option<u64> {
        let length = u64::try_from(self.end_us.saturating_sub(self.first_us)).ok()?;
        (length > 0).then_some(length.div_ceil(1000))
    }
}

/// The walk's running figures; nothing here grows with the clip but the thinned key frames.
#[derive(Default)]
struct Walk {
    span: Option<(i64, i64)>,
    end: Option<i64>,
    reach: Option<i64>,
    pictures: u64,
    keys: KeyTimes,
    damaged: bool,
}

impl Walk {
    fn reached(&mut self, end: i64) {
        self.reach = self.reach.max(Some(end));
    }

    fn picture(&mut self, time: i64, duration: i64, key: bool, start: Option<i64>) {
        self.pictures += 1;
        if key {
            self.keys.add(time);
        }
        // What an edit list cuts away is decoded for its successors' sake but never shown.
        if start.is_some_and(|start| time < start) {
            return;
        }
        let (first, last) = self.span.unwrap_or((time, time));
        self.span = Some((first.min(time), last.max(time)));
        self.end = self.end.max(Some(time.saturating_add(duration)));
    }

    fn refuse_long(&self, limits: &MediaLimits) -> Result<(), MediaError> {
        let Some((first, last)) = self.span else {
            return Ok(());
        };
        let length = u64::try_from(last.saturating_sub(first)).unwrap_or(0) / 1000;
        if length > limits.max_duration_ms {
            return Err(MediaError::TooLong {
                duration_ms: length,
                limit_ms: limits.max_duration_ms,
            });
        }
        Ok(())
    }

    fn finish(self, declared: Option<i64>) -> Result<Survey, MediaError> {
        let Some((first, last)) = self.span else {
            return Err(MediaError::NoFrames);
        };
        let declared = declared.unwrap_or(0);
        let missing = declared.saturating_sub(self.reach.unwrap_or(first).saturating_sub(first));
        let cut = missing > MISSING_AT_LEAST_US && missing > declared / MISSING_PART;
        Ok(Survey {
            first_us: first,
            last_us: last,
            end_us: self.end.unwrap_or(last).max(last),
            pictures: self.pictures,
            keys: self.keys.sorted(),
            damaged: self.damaged || cut,
        })
    }
}

/// Moments of key frames, thinned evenly when there are more than any plan needs.
#[derive(Default)]
struct KeyTimes {
    kept: Vec<i64>,
    gap: i64,
}

impl KeyTimes {
    /// More than ten for each candidate of the finest division.
    const MOST: usize = 4096;

    fn add(&mut self, time: i64) {
        if self
            .kept
            .last()
            .is_some_and(|last| time.saturating_sub(*last) < self.gap)
        {
            return;
        }
        self.kept.push(time);
        if self.kept.len() > Self::MOST {
            let (first, last) = (self.kept[0], time);
            self.gap = (last.saturating_sub(first) / (Self::MOST as i64 / 2)).max(1);
            let mut previous = None;
            let gap = self.gap;
            self.kept.retain(|&time| {
                let keep = previous.is_none_or(|before: i64| time.saturating_sub(before) >= gap);
                if keep {
                    previous = Some(time);
                }
                keep
            });
            self.kept.truncate(Self::MOST);
        }
    }

    fn sorted(mut self) -> Vec<i64> {
        self.kept.sort_unstable();
        self.kept.dedup();
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_frames_are_thinned_evenly_and_stay_few() {
        let mut keys = KeyTimes::default();
        for frame in 0..100_000 {
            keys.add(frame * 40_000);
        }
        let kept = keys.sorted();
        assert!(kept.len() <= KeyTimes::MOST);
        assert!(kept.len() > KeyTimes::MOST / 4);
        assert_eq!(kept[0], 0);
        let widest = kept.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
        assert!(widest < 4_000_000_000 / 400, "{widest}");
    }

    #[test]
    fn a_clip_that_ends_far_before_its_declared_end_is_damaged() {
        let walk = |declared| {
            let mut walk = Walk::default();
            for frame in 0..50 {
                walk.picture(frame * 40_000, 40_000, frame == 0, None);
            }
            walk.reached(2_000_000);
            walk.finish(declared).unwrap()
        };
        assert!(walk(Some(4_000_000)).damaged);
        assert!(!walk(Some(2_040_000)).damaged);
        assert!(!walk(None).damaged);
        assert_eq!(walk(None).duration_ms(), Some(2000));
    }

    #[test]
    fn what_lies_before_the_shown_start_is_not_counted_as_shown() {
        let mut walk = Walk::default();
        for frame in -10..10 {
            walk.picture(frame * 40_000, 40_000, frame == -10, Some(0));
        }
        let survey = walk.finish(None).unwrap();
        assert_eq!((survey.first_us, survey.last_us), (0, 360_000));
        assert_eq!(survey.keys, vec![-400_000]);
    }
}
