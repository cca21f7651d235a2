//! One order and its answer, checked word by word.

use std::fs::File;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::media::error::MediaError;
use crate::media::facts::VideoFacts;
use crate::media::frame::Frame;
use crate::media::limits::MediaLimits;
use crate::media::sampling::{MOST_CANDIDATES, MOST_WINDOWS, SampleOrder, SamplingReport, Window};
use crate::media::watch::{WatchOrder, WatchReport};
use crate::sandbox::deaths::Ending;
use crate::sandbox::error::Broken;
use crate::sandbox::orders::Order;
use crate::sandbox::pool::{Sandbox, Turn};
use crate::sandbox::process::Process;
use crate::sandbox::protocol::{Body, Done, Limits, Message};
use crate::sandbox::refusal::{self, Refusal};
use crate::vision::error::VisionError;
use crate::vision::picture::Picture;

/// Media types that a picture may turn out to have.
const PICTURES: [&str; 4] = ["image/jpeg", "image/png", "image/webp", "image/bmp"];

/// A process that was given an order. Dropping it ends the process, whatever it is doing.
pub(super) struct Talk {
    pub(super) process: Process,
    pub(super) order: Order,
    pub(super) patience: Duration,
    pub(super) sandbox: Sandbox,
    /// Given back last, when the process is gone.
    pub(super) _turn: Turn,
}

impl Talk {
    /// The next word of the answer.
    fn next(&mut self) -> Result<Body, Broken> {
        let limits = Limits {
            max_pixels: self.order.max_pixels(),
        };
        match self.process.next(limits, &mut self.patience) {
            Ok(Message(body)) => Ok(body),
            Err(ending) => Err(self.over(ending)),
        }
    }

    /// What was said is none of what could be.
    fn nonsense(&mut self) -> Broken {
        let ending = self.process.nonsense();
        self.over(ending)
    }

    fn over(&self, ending: Ending) -> Broken {
        self.sandbox
            .bury(self.process.id(), self.order.name(), ending);
        ending.into()
    }

    fn frame(&mut self) -> Result<Frame, Broken> {
        if let Body::Pixels(frame) = self.next()? {
            Ok(frame)
        } else {
            Err(self.nonsense())
        }
    }

    /// A last word that refuses a video, or one that nobody understands.
    fn refused_video(&mut self, body: Body) -> MediaError {
        let refused = refusal_in(body).and_then(refusal::of_video);
        refused.unwrap_or_else(|| self.nonsense().into())
    }

    fn refused_picture(&mut self, body: Body) -> VisionError {
        let refused = refusal_in(body).and_then(refusal::of_picture);
        refused.unwrap_or_else(|| self.nonsense().into())
    }
}

/// The refusal, where the word is one.
fn refusal_in(body: Body) -> Option<Refusal> {
    if let Body::Refused(refusal) = body {
        Some(refusal)
    } else {
        None
    }
}

impl Sandbox {
    /// See [`crate::media::probe::check`].
    pub(super) fn check_video(
        &self,
        file: &File,
        limits: &MediaLimits,
    ) -> Result<VideoFacts, MediaError> {
        let order = Order::CheckVideo {
            limits: limits.into(),
        };
        let mut talk = self.give(order, file)?;
        let body = talk.next()?;
        let Body::Done(Done::Video { facts }) = body else {
            return Err(talk.refused_video(body));
        };
        let facts = facts.believed(limits);
        facts.ok_or_else(|| talk.nonsense().into())
    }

    /// See [`crate::media::sampling::sample`]; nothing is reported when `on_window` broke off.
    pub(super) fn sample(
        &self,
        file: &File,
        limits: &MediaLimits,
        order: SampleOrder,
        on_window: &mut dyn FnMut(Window) -> ControlFlow<()>,
    ) -> Result<Option<SamplingReport>, MediaError> {
        if !(1..=MOST_WINDOWS).contains(&order.windows) {
            return Err(MediaError::Windows {
                asked: order.windows,
                most: MOST_WINDOWS,
            });
        }
        let mut talk = self.give(Order::sample(limits, order), file)?;
        // The least index that a window may still have.
        let mut next = 0;
        loop {
            let body = talk.next()?;
            if let Body::Window { index, frames } = body {
                let in_order = (next..order.windows).contains(&index);
                if !in_order || !(1..=MOST_CANDIDATES).contains(&frames) {
                    return Err(talk.nonsense().into());
                }
                next = index + 1;
                let candidates = (0..frames).map(|_| talk.frame());
                let candidates = candidates.collect::<Result<_, _>>()?;
                if on_window(Window { index, candidates }).is_break() {
                    return Ok(None);
                }
                continue;
            }
            let Body::Done(Done::Sampled {
                facts,
                decoded_frames,
                truncated,
            }) = body
            else {
                return Err(talk.refused_video(body));
            };
            let believed = facts.believed(limits).filter(|_| next > 0);
            let facts = believed.ok_or_else(|| talk.nonsense())?;
            return Ok(Some(SamplingReport {
                facts,
                decoded_frames,
                truncated,
            }));
        }
    }

    /// See [`crate::media::watch::watch`].
    pub(super) fn watch(
        &self,
        file: &File,
        limits: &MediaLimits,
        order: WatchOrder,
        on_frame: &mut dyn FnMut(Frame) -> ControlFlow<()>,
    ) -> Result<WatchReport, MediaError> {
        let mut talk = self.give(Order::watch(limits, order), file)?;
        let most = u64::from(order.rate).saturating_mul(order.most_ms / 1000 + 2);
        let mut report = WatchReport::default();
        let mut since = 0;
        loop {
            let body = talk.next()?;
            if let Body::Pixels(frame) = body {
                if report.frames == most || frame.time_ms < since {
                    return Err(talk.nonsense().into());
                }
                since = frame.time_ms;
                report.frames += 1;
                if on_frame(frame).is_break() {
                    return Ok(report);
                }
                continue;
            }
            let Body::Done(Done::Watched { frames, cut_short }) = body else {
                return Err(talk.refused_video(body));
            };
            if frames != report.frames || frames == 0 {
                return Err(talk.nonsense().into());
            }
            report.cut_short = cut_short;
            return Ok(report);
        }
    }

    /// See [`Picture::decode`].
    pub(super) fn decode_picture(
        &self,
        file: &File,
        max_pixels: u64,
    ) -> Result<Picture, VisionError> {
        let mut talk = self.give(Order::DecodePicture { max_pixels }, file)?;
        let body = talk.next()?;
        if let Body::Pixels(frame) = body {
            Picture::from_rgb(frame.width, frame.height, frame.rgb)
        } else {
            Err(talk.refused_picture(body))
        }
    }

    /// Decodes a picture for nothing but to see that it can be, and tells its media type.
    pub(super) fn check_picture(
        &self,
        file: &File,
        max_pixels: u64,
    ) -> Result<&'static str, VisionError> {
        let mut talk = self.give(Order::CheckPicture { max_pixels }, file)?;
        let body = talk.next()?;
        let Body::Done(Done::PictureKind { media_type }) = body else {
            return Err(talk.refused_picture(body));
        };
        let known = PICTURES.into_iter().find(|known| *known == media_type);
        known.ok_or_else(|| talk.nonsense().into())
    }
}
