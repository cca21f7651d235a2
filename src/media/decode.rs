//! Packets in, pictures out, by one of FFmpeg's decoders.

use ffmpeg_next::codec::{Context, Id, threading};
use ffmpeg_next::{Dictionary, Discard, Error, Rational, decoder, frame};

use crate::media::demux::{Demuxer, Packet, failed, micros, refuse_large};
use crate::media::error::MediaError;
use crate::media::frame::Frame;
use crate::media::limits::MediaLimits;
use crate::media::orientation::Orientation;
use crate::media::render::{Renderer, small_size, square_size};

/// Threads of one decoder at most: each holds pictures of its own, and pictures built on one another
/// leave little to a third.
const MOST_THREADS: usize = 2;
/// Failing answers in a row after which a decoder is taken to have nothing to say.
const PATIENCE: usize = 64;
/// FFmpeg's answer to figures that it does not accept.
const INVALID: Error = Error::Other {
    errno: ffmpeg_next::error::EINVAL,
};
/// FFmpeg's answer when it wants more packets first.
const AGAIN: Error = Error::Other {
    errno: ffmpeg_next::error::EAGAIN,
};

/// Which pictures a decoder makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    EveryPicture,
    /// Leaves out those that no other picture is built on.
    ReferencesOnly,
    /// Leaves out all that are built on others.
    KeysOnly,
}

/// A decoded picture, as the codec left it.
pub(super) struct Picture {
    pub(super) inner: frame::Video,
    pub(super) time_us: i64,
}

/// Packets in, pictures out.
pub(super) struct Decoder {
    inner: decoder::Video,
    time_base: Rational,
    orientation: Option<Orientation>,
    renderer: Renderer,
    limits: MediaLimits,
    damaged: bool,
    /// Pixels of a picture that was too large to decode; 0 where the decoder did not keep the figure.
    oversize: Option<u64>,
    /// The moment of the packet sent last, for pictures that bear no time.
    sent_us: i64,
}

impl Decoder {
    /// Opens a decoder for the demuxer's track, which holds every picture against the limits itself.
    /// What comes out of a sound stream is the same whatever the number of threads; holes of a damaged one are filled
    /// from the picture before, and several threads may take another one for that.
    pub(super) fn open(
        demuxer: &Demuxer,
        limits: &MediaLimits,
        pace: Pace,
        threads: usize,
    ) -> Result<Self, MediaError> {
        let parameters = demuxer.parameters().ok_or(MediaError::NoVideoStream)?;
        let id = parameters.id();
        let mut context = Context::from_parameters(parameters).map_err(failed)?;
        let mut threading = threading::Config::count(threads.clamp(1, MOST_THREADS));
        threading.kind = threading::Type::Frame;
        context.set_threading(threading);
        let mut decoder = context.decoder();
        decoder.set_packet_time_base(demuxer.time_base());
        match pace {
            Pace::EveryPicture => {}
            Pace::ReferencesOnly => decoder.skip_frame(Discard::NonReference),
            Pace::KeysOnly => decoder.skip_frame(Discard::NonKey),
        }
        let mut options = Dictionary::new();
        options.set("max_pixels", &padded_pixels(limits).to_string());
        let opened = decoder
            .open_as_with(id, options)
            .map_err(|error| refused(id, error, limits))?;
        Ok(Self {
            inner: opened.video().map_err(failed)?,
            time_base: demuxer.time_base(),
            orientation: demuxer.orientation(),
            renderer: Renderer::default(),
            limits: *limits,
            damaged: false,
            oversize: None,
            sent_us: 0,
        })
    }

    /// Hands a packet to the decoder; one that it cannot use counts as damage and is passed over.
    pub(super) fn send(&mut self, packet: &Packet) {
        self.sent_us = packet.time_us;
        if let Err(error) = self.inner.send_packet(&packet.inner) {
            self.damage(error);
        }
    }

    /// Says that no more packets follow, so that the pictures still inside come out.
    pub(super) fn finish(&mut self) {
        if self.inner.send_eof().is_err() {
            self.damaged = true;
        }
    }

    /// Forgets everything, to start again at a key frame.
    pub(super) fn restart(&mut self) {
        self.inner.flush();
    }

    /// The next picture that is ready, if one is.
    pub(super) fn receive(&mut self) -> Result<Option<Picture>, MediaError> {
        for _ in 0..PATIENCE {
            let mut picture = frame::Video::empty();
            match self.inner.receive_frame(&mut picture) {
                Ok(()) => return self.accept(picture).map(Some),
                Err(Error::Eof | AGAIN) => return Ok(None),
                Err(error) => self.damage(error),
            }
        }
        Ok(None)
    }

    /// Whether some packet could not be used.
    pub(super) fn damaged(&self) -> bool {
        self.damaged
    }

    /// Why there was nothing, when nothing came out.
    pub(super) fn nothing(&self) -> MediaError {
        let limit = self.limits.max_pixels;
        match self.oversize {
            Some(0) => MediaError::HiddenPixels { limit },
            Some(pixels) => MediaError::TooManyPixels { pixels, limit },
            None => MediaError::NoFrames,
        }
    }

    /// Degrees clockwise by which pictures are turned.
    pub(super) fn rotation(&self) -> u16 {
        self.orientation.unwrap_or_default().degrees()
    }

    /// Width and height that the picture has once it stands upright.
    pub(super) fn upright_size(&mut self, picture: &Picture) -> (u32, u32) {
        let (width, height) = square_size(&picture.inner, &self.limits);
        self.orient(picture).size(width, height)
    }

    /// Makes an upright RGB frame of square pixels; its time counts from `first_us`.
    pub(super) fn render(&mut self, picture: &Picture, first_us: i64) -> Result<Frame, MediaError> {
        let size = square_size(&picture.inner, &self.limits);
        self.render_at(picture, first_us, size)
    }

    /// The same, small enough for its shorter side to have at most so many pixels.
    pub(super) fn render_small(
        &mut self,
        picture: &Picture,
        first_us: i64,
        shorter_side: u32,
    ) -> Result<Frame, MediaError> {
        let size = small_size(square_size(&picture.inner, &self.limits), shorter_side);
        self.render_at(picture, first_us, size)
    }

    fn render_at(
        &mut self,
        picture: &Picture,
        first_us: i64,
        (width, height): (u32, u32),
    ) -> Result<Frame, MediaError> {
        let orientation = self.orient(picture);
        let rgb = self.renderer.rgb(&picture.inner, width, height)?;
        let rgb = orientation.apply(rgb, width, height);
        let (width, height) = orientation.size(width, height);
        let since = picture.time_us.saturating_sub(first_us);
        Ok(Frame {
            time_ms: u64::try_from(since / 1000).unwrap_or(0),
            width,
            height,
            rgb,
        })
    }

    fn accept(&mut self, picture: frame::Video) -> Result<Picture, MediaError> {
        refuse_large(picture.width(), picture.height(), &self.limits)?;
        let stamp = picture.timestamp().or(picture.pts());
        let time_us = stamp.map_or(self.sent_us, |stamp| micros(stamp, self.time_base));
        Ok(Picture {
            inner: picture,
            time_us,
        })
    }

    /// The track's orientation; where it has none, the one that the first picture carries itself.
    fn orient(&mut self, picture: &Picture) -> Orientation {
        *self.orientation.get_or_insert_with(|| {
            picture
                .inner
                .side_data(frame::side_data::Type::DisplayMatrix)
                .and_then(|data| Orientation::from_matrix(data.data()))
                .unwrap_or_default()
        })
    }

    /// Notes that a packet could not be used, and whether its size was the reason: the decoder then
    /// knows the size, or has cleared it.
    fn damage(&mut self, error: Error) {
        self.damaged = true;
        let pixels = u64::from(self.inner.width()) * u64::from(self.inner.height());
        let cleared = pixels == 0 && error == INVALID;
        if pixels > self.limits.max_pixels || cleared {
            self.oversize = Some(pixels);
        }
    }
}

/// Why a decoder would not start on what the container says.
fn refused(id: Id, error: Error, limits: &MediaLimits) -> MediaError {
    if error == Error::DecoderNotFound {
        MediaError::UnsupportedCodec {
            codec: id.name().to_owned(),
        }
    } else if error == INVALID && id == Id::AV1 {
        // Only for AV1 does a decoder see the pictures' size, and hold it against the limit, so early.
        MediaError::HiddenPixels {
            limit: limits.max_pixels,
        }
    } else if error == INVALID || error == Error::InvalidData {
        MediaError::NoFrames
    } else {
        failed(error)
    }
}

/// The limit as the decoder is told it, which counts the padding of its buffers as well.
fn padded_pixels(limits: &MediaLimits) -> u64 {
    limits
        .max_pixels
        .saturating_mul(2)
        .saturating_add(1 << 16)
        .min(i32::MAX as u64)
}
