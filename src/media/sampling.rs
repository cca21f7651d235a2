//! Frames spread over a whole clip, a few for each stretch of it, with no more decoded than they need.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;

use crate::media::decode::{Decoder, Pace, Picture};
use crate::media::demux::{Demuxer, Packet, Step};
use crate::media::error::MediaError;
use crate::media::facts::VideoFacts;
use crate::media::frame::Frame;
use crate::media::limits::MediaLimits;
use crate::media::plan::{CANDIDATES, Want, wants, wants_without_jumps};
use crate::media::probe;
use crate::media::survey::Survey;

/// The most windows that a clip may be divided into.
pub const MOST_WINDOWS: usize = 64;
/// The most candidates that a window has.
pub const MOST_CANDIDATES: usize = CANDIDATES;
/// Pictures for each candidate from which on those that no other depends on may be left out.
const PLENTY: u64 = 8;

/// How closely a clip is looked at, and with how much of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleOrder {
    /// Equal stretches of time, 1 to [`MOST_WINDOWS`].
    pub windows: usize,
    /// Threads that may decode; what comes out does not depend on them.
    pub threads: usize,
}

/// One of the equal stretches of time that a clip is divided into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Which stretch, from 0.
    pub index: usize,
    /// One to three distinct moments of it, in order of time.
    pub candidates: Vec<Frame>,
}

/// What was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SamplingReport {
    pub facts: VideoFacts,
    /// Pictures that were decoded on the way to those that were wanted.
    pub decoded_frames: u64,
    /// Part of the file is missing or unreadable; the windows come from the rest.
    pub truncated: bool,
}

/// Divides the clip into equal stretches of time and hands each that holds a picture to
/// `on_window`, in order, until it breaks off. A clip with fewer pictures than windows gives fewer.
pub fn sample(
    path: &Path,
    limits: &MediaLimits,
    order: SampleOrder,
    on_window: &mut dyn FnMut(Window) -> ControlFlow<()>,
) -> Result<SamplingReport, MediaError> {
    sample_file(&File::open(path)?, limits, order, on_window)
}

/// The same of a file that is open.
pub fn sample_file(
    file: &File,
    limits: &MediaLimits,
    SampleOrder { windows, threads }: SampleOrder,
    on_window: &mut dyn FnMut(Window) -> ControlFlow<()>,
) -> Result<SamplingReport, MediaError> {
    if !(1..=MOST_WINDOWS).contains(&windows) {
        return Err(MediaError::Windows {
            asked: windows,
            most: MOST_WINDOWS,
        });
    }
    let survey = Survey::of(&mut Demuxer::open(file, limits)?, limits)?;
    let mut nothing = MediaError::NoFrames;
    for wants in [
        wants(&survey, windows),
        wants_without_jumps(&survey, windows),
    ] {
        let demuxer = Demuxer::open(file, limits)?;
        let decoder = Decoder::open(&demuxer, limits, pace(&survey, &wants), threads)?;
        let mut sampler = Sampler::new(demuxer, decoder, &survey, &wants, on_window);
        sampler.run()?;
        if let Some(report) = sampler.report() {
            return Ok(report);
        }
        nothing = sampler.decoder.nothing();
    }
    Err(nothing)
}

/// Leaving out pictures that no other depends on costs nothing but choice; where there are few,
/// choice is what is short.
fn pace(survey: &Survey, wants: &[Want]) -> Pace {
    if survey.pictures >= PLENTY * wants.len() as u64 {
        Pace::ReferencesOnly
    } else {
        Pace::EveryPicture
    }
}

/// Where the sampler stands between two packets.
#[derive(Clone, Copy)]
enum Gear {
    /// Packets pass undecoded until the key frame that the next want starts from.
    Coasting,
    /// Every packet is decoded.
    Decoding {
        /// Pictures before this moment lack what they refer to.
        sound_from: i64,
        /// The latest moment handed to the decoder.
        sent_until: i64,
    },
}

/// One pass over the clip, filling the wants in order.
struct Sampler<'a> {
    demuxer: Demuxer,
    decoder: Decoder,
    survey: &'a Survey,
    wants: &'a [Want],
    gear: Gear,
    /// A picture of the current want's stretch from before its moment, in case nothing follows.
    held: Option<Picture>,
    window: Option<Window>,
    size: Option<(u32, u32)>,
    decoded: u64,
    stopped: bool,
    on_window: &'a mut dyn FnMut(Window) -> ControlFlow<()>,
}

impl<'a> Sampler<'a> {
    fn new(
        demuxer: Demuxer,
        decoder: Decoder,
        survey: &'a Survey,
        wants: &'a [Want],
        on_window: &'a mut dyn FnMut(Window) -> ControlFlow<()>,
    ) -> Self {
        Self {
            demuxer,
            decoder,
            survey,
            wants,
            gear: Gear::Coasting,
            held: None,
            window: None,
            size: None,
            decoded: 0,
            stopped: false,
            on_window,
        }
    }

    fn run(&mut self) -> Result<(), MediaError> {
        while !self.done() {
            match self.demuxer.step() {
                Step::Picture(packet) => self.packet(&packet)?,
                Step::Other { .. } | Step::Damaged => {}
                Step::End { .. } => {
                    if let Gear::Decoding { sound_from, .. } = self.gear {
                        self.decoder.finish();
                        self.collect(sound_from)?;
                    }
                    break;
                }
            }
        }
        if !self.done()
            && let Some(held) = self.held.take()
        {
            self.fill(&held)?;
        }
        self.close_window();
        Ok(())
    }

    /// The report, when at least one picture was delivered.
    fn report(&self) -> Option<SamplingReport> {
        Some(SamplingReport {
            facts: probe::facts(&self.demuxer, &self.decoder, self.survey, self.size?),
            decoded_frames: self.decoded,
            truncated: self.survey.damaged || self.decoder.damaged(),
        })
    }

    fn done(&self) -> bool {
        self.stopped || self.wants.is_empty()
    }

    fn packet(&mut self, packet: &Packet) -> Result<(), MediaError> {
        let Some(want) = self.wants.first() else {
            return Ok(());
        };
        match self.gear {
            Gear::Coasting => {
                if want
                    .key
                    .is_some_and(|key| !packet.key || packet.time_us < key)
                {
                    return Ok(());
                }
                if want.key_alone {
                    return self.key_alone(packet);
                }
                let sound_from = want.key.unwrap_or(i64::MIN);
                self.gear = Gear::Decoding {
                    sound_from,
                    sent_until: packet.time_us,
                };
            }
            Gear::Decoding {
                sound_from,
                sent_until,
            } => {
                let sent_until = sent_until.max(packet.time_us);
                self.gear = Gear::Decoding {
                    sound_from,
                    sent_until,
                };
            }
        }
        self.decoder.send(packet);
        if let Gear::Decoding {
            sound_from,
            sent_until,
        } = self.gear
        {
            self.collect(sound_from)?;
            self.coast_if_ahead(sent_until);
        }
        Ok(())
    }

    /// Decodes one key frame and nothing else.
    fn key_alone(&mut self, packet: &Packet) -> Result<(), MediaError> {
        let waiting = self.wants.len();
        self.decoder.send(packet);
        self.decoder.finish();
        self.collect(packet.time_us)?;
        self.decoder.restart();
        if self.wants.len() == waiting {
            self.wants = &self.wants[1..];
        }
        Ok(())
    }

    /// Takes every picture that the decoder has ready. One from before the key frame that the
    /// current want starts from came only because a decoder with more threads answers later.
    fn collect(&mut self, sound_from: i64) -> Result<(), MediaError> {
        while let Some(want) = self.wants.first()
            && !self.stopped
            && let Some(picture) = self.decoder.receive()?
        {
            if picture.time_us >= want.key.map_or(sound_from, |key| key.max(sound_from)) {
                self.decoded += 1;
                self.take(picture)?;
            }
        }
        Ok(())
    }

    /// Stops decoding when the next want starts from a key frame still to come.
    fn coast_if_ahead(&mut self, sent_until: i64) {
        let ahead = |want: &Want| want.key.is_some_and(|key| key > sent_until);
        if self.held.is_none() && self.wants.first().is_some_and(ahead) {
            self.decoder.restart();
            self.gear = Gear::Coasting;
        }
    }

    /// Gives a picture to the want whose stretch it lies in.
    fn take(&mut self, picture: Picture) -> Result<(), MediaError> {
        while let Some(want) = self.wants.first().copied() {
            if picture.time_us < want.from {
                return Ok(());
            }
            if picture.time_us >= want.until {
                match self.held.take() {
                    Some(held) => self.fill(&held)?,
                    None => self.wants = &self.wants[1..],
                }
                if self.done() {
                    return Ok(());
                }
            } else if picture.time_us >= want.at {
                self.held = None;
                return self.fill(&picture);
            } else {
                self.held = Some(picture);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Renders the picture for the current want and moves on to the next.
    fn fill(&mut self, picture: &Picture) -> Result<(), MediaError> {
        let Some((want, rest)) = self.wants.split_first() else {
            return Ok(());
        };
        self.wants = rest;
        if self
            .window
            .as_ref()
            .is_some_and(|window| window.index != want.window)
        {
            self.close_window();
            if self.stopped {
                return Ok(());
            }
        }
        let frame = self.decoder.render(picture, self.survey.first_us)?;
        self.size.get_or_insert((frame.width, frame.height));
        let window = Window {
            index: want.window,
            candidates: Vec::new(),
        };
        self.window.get_or_insert(window).candidates.push(frame);
        Ok(())
    }

    fn close_window(&mut self) {
        if let Some(window) = self.window.take() {
            self.stopped |= (self.on_window)(window).is_break();
        }
    }
}
