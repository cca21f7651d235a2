//! A clip watched from its beginning at an even pace, small: for what moves rather than for what it looks like.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;

use crate::media::decode::{Decoder, Pace};
use crate::media::demux::{Demuxer, Step};
use crate::media::error::MediaError;
use crate::media::frame::Frame;
use crate::media::limits::{FASTEST_RATE, MediaLimits};
use crate::media::survey::Survey;

/// How much of a clip is decoded to see which of its pictures are worth it.
const TRIAL_US: i64 = 2_000_000;
/// Percent of the pace that is enough: what a decoder still holds at the end of the trial is missing from it.
const ENOUGH: i64 = 70;

/// How closely a clip is watched, and with how much of the machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WatchOrder {
    /// Most pictures a second; a clip with fewer gives all it has.
    pub rate: u32,
    /// Nothing after this much of the clip is watched.
    pub most_ms: u64,
    /// Pictures are made small until their shorter side has at most so many pixels.
    pub shorter_side: u32,
    /// Threads that may decode; what comes out does not depend on them.
    pub threads: usize,
}

impl WatchOrder {
    /// Pictures that are decoded at most: a clip whose times stand still comes to an end as well.
    fn most_pictures(&self) -> u64 {
        (self.most_ms / 1000 + 1).saturating_mul(FASTEST_RATE)
    }
}

/// What was watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WatchReport {
    /// Pictures that were handed over.
    pub frames: u64,
    /// The clip goes on after what was watched of it.
    pub cut_short: bool,
}

/// Hands every picture of the pace to `on_frame`, in order of time, until it breaks off.
pub fn watch(
    path: &Path,
    limits: &MediaLimits,
    order: WatchOrder,
    on_frame: &mut dyn FnMut(Frame) -> ControlFlow<()>,
) -> Result<WatchReport, MediaError> {
    watch_file(&File::open(path)?, limits, order, on_frame)
}

/// The same of a file that is open.
pub fn watch_file(
    file: &File,
    limits: &MediaLimits,
    order: WatchOrder,
    on_frame: &mut dyn FnMut(Frame) -> ControlFlow<()>,
) -> Result<WatchReport, MediaError> {
    let survey = Survey::of(&mut Demuxer::open(file, limits)?, limits)?;
    let pace = pace(file, limits, order, &survey)?;
    let mut demuxer = Demuxer::open(file, limits)?;
    let decoder = Decoder::open(&demuxer, limits, pace, order.threads)?;
    let mut watcher = Watcher {
        decoder,
        order,
        ticks: Ticks::from(survey.first_us, order.rate),
        first_us: survey.first_us,
        report: WatchReport::default(),
        decoded: 0,
        on_frame,
    };
    loop {
        match demuxer.step() {
            Step::Picture(packet) => {
                watcher.decoder.send(&packet);
                if watcher.collect()?.is_break() {
                    break;
                }
            }
            Step::Other { .. } | Step::Damaged => {}
            Step::End { .. } => {
                watcher.decoder.finish();
                let _ = watcher.collect()?;
                break;
            }
        }
    }
    if watcher.report.frames == 0 {
        return Err(watcher.decoder.nothing());
    }
    Ok(watcher.report)
}

/// Leaving out the pictures that no other is built on halves the work where enough others are left, as
/// most cameras' clips have them. The beginning tells.
fn pace(
    file: &File,
    limits: &MediaLimits,
    order: WatchOrder,
    survey: &Survey,
) -> Result<Pace, MediaError> {
    let mut demuxer = Demuxer::open(file, limits)?;
    let mut decoder = Decoder::open(&demuxer, limits, Pace::ReferencesOnly, order.threads)?;
    let until = survey.first_us.saturating_add(TRIAL_US);
    let mut seen = 0;
    while let Step::Picture(packet) = next_picture(&mut demuxer) {
        if packet.time_us > until {
            break;
        }
        decoder.send(&packet);
        while decoder.receive()?.is_some() {
            seen += 1;
        }
    }
    let enough = i64::from(order.rate) * TRIAL_US / 1_000_000 * ENOUGH / 100;
    Ok(if seen >= enough {
        Pace::ReferencesOnly
    } else {
        Pace::EveryPicture
    })
}

fn next_picture(demuxer: &mut Demuxer) -> Step {
    loop {
        match demuxer.step() {
            Step::Other { .. } | Step::Damaged => {}
            found @ (Step::Picture(_) | Step::End { .. }) => return found,
        }
    }
}

struct Watcher<'a> {
    decoder: Decoder,
    order: WatchOrder,
    ticks: Ticks,
    first_us: i64,
    report: WatchReport,
    decoded: u64,
    on_frame: &'a mut dyn FnMut(Frame) -> ControlFlow<()>,
}

impl Watcher<'_> {
    /// Takes every picture that is ready and hands on those that the pace asks for.
    fn collect(&mut self) -> Result<ControlFlow<()>, MediaError> {
        while let Some(picture) = self.decoder.receive()? {
            self.decoded += 1;
            if self.decoded > self.order.most_pictures() {
                self.report.cut_short = true;
                return Ok(ControlFlow::Break(()));
            }
            let since = picture.time_us.saturating_sub(self.first_us);
            if since / 1000 > i64::try_from(self.order.most_ms).unwrap_or(i64::MAX) {
                self.report.cut_short = true;
                return Ok(ControlFlow::Break(()));
            }
            if !self.ticks.due(picture.time_us) {
                continue;
            }
            let frame =
                self.decoder
                    .render_small(&picture, self.first_us, self.order.shorter_side)?;
            self.report.frames += 1;
            if (self.on_frame)(frame).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// An even pace, kept by the clip's own times however they wander.
struct Ticks {
    next_us: i64,
    gap_us: i64,
}

impl Ticks {
    fn from(first_us: i64, rate: u32) -> Self {
        Self {
            next_us: first_us,
            gap_us: 1_000_000 / i64::from(rate.max(1)),
        }
    }

    /// Whether the picture of that moment is the first of its tick.
    fn due(&mut self, time_us: i64) -> bool {
        if time_us < self.next_us {
            return false;
        }
        // A picture a little late does not put off those after it; a gap is not made up for.
        let missed = (time_us - self.next_us) / self.gap_us;
        self.next_us = self
            .next_us
            .saturating_add(missed.saturating_add(1).saturating_mul(self.gap_us));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(times: impl Iterator<Item = i64>, rate: u32) -> Vec<i64> {
        let mut ticks = Ticks::from(0, rate);
        times.filter(|time| ticks.due(*time)).collect()
    }

    #[test]
    fn of_thirty_pictures_a_second_every_other_is_taken() {
        let times = taken((0..90).map(|frame| frame * 1_000_000 / 30), 15);
        assert!((44..=46).contains(&times.len()), "{}", times.len());
    }

    #[test]
    fn a_slow_clip_gives_all_it_has_and_a_gap_is_not_made_up_for() {
        assert_eq!(taken((0..20).map(|frame| frame * 100_000), 15).len(), 20);
        assert_eq!(
            taken([0, 1_000_000, 1_010_000, 1_070_000].into_iter(), 15),
            [0, 1_000_000, 1_070_000]
        );
    }

    #[test]
    fn times_at_the_ends_of_what_can_be_written_overflow_nothing() {
        assert_eq!(taken([i64::MAX, i64::MAX].into_iter(), 15).len(), 2);
    }
}
