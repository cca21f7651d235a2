//! FFmpeg behind a small face of plain values: packets out of a file, pictures out of packets.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Once;

use ffmpeg_next::codec::{Context, Id, threading};
use ffmpeg_next::format::context::{Input, StreamIo};
use ffmpeg_next::format::stream::Disposition;
use ffmpeg_next::software::scaling::{self, Flags};
use ffmpeg_next::util::format::Pixel;
use ffmpeg_next::{Dictionary, Discard, Error, Rational, color, decoder, format, frame, media};

use crate::media::colour::{Coding, Plane, Standard, to_rgb};
use crate::media::container::{Container, HEAD, recognise};
use crate::media::error::MediaError;
use crate::media::frame::Frame;
use crate::media::limits::MediaLimits;
use crate::media::orientation::Orientation;
use crate::media::source::BudgetedFile;

/// The codecs that are understood; everything else in FFmpeg stays out of reach of an upload.
const CODECS: [Id; 6] = [Id::H264, Id::HEVC, Id::VP8, Id::VP9, Id::AV1, Id::MPEG4];
/// Threads of one decoder: work in parallel is the worker's to arrange, over whole clips.
const THREADS: usize = 2;
/// Pixels wider than this many times their height, or the reverse, are taken for a mistake.
const OBLONG: f64 = 4.0;

/// What one step through a file finds.
pub(super) enum Step {
    /// A packet of the track of pictures.
    Picture(Packet),
    /// A packet of another track, and when it ends.
    Other { end_us: i64 },
    /// Something unreadable; later steps may still succeed.
    Damaged,
    /// Nothing more; `whole` unless reading failed.
    End { whole: bool },
}

/// One packet of the track of pictures.
pub(super) struct Packet {
    inner: ffmpeg_next::Packet,
    pub(super) time_us: i64,
    pub(super) duration_us: i64,
    pub(super) key: bool,
    pub(super) damaged: bool,
}

/// A file taken apart into packets.
pub(super) struct Demuxer {
    input: Input,
    container: Container,
    track: usize,
    time_base: Rational,
    /// For packets that bear no time: the end of the one before.
    expected_us: i64,
}

impl Demuxer {
    /// Opens the file and holds what can be known before decoding against the limits.
    pub(super) fn open(path: &Path, limits: &MediaLimits) -> Result<Self, MediaError> {
        silence();
        let mut file = File::open(path)?;
        let bytes = file.metadata()?.len();
        if bytes == 0 {
            return Err(MediaError::Empty);
        }
        if bytes > limits.max_bytes {
            return Err(MediaError::TooLarge {
                bytes,
                limit: limits.max_bytes,
            });
        }
        let mut head = Vec::with_capacity(HEAD);
        Read::by_ref(&mut file)
            .take(HEAD as u64)
            .read_to_end(&mut head)?;
        let container = recognise(&head).ok_or(MediaError::NotAVideo)?;
        std::io::Seek::rewind(&mut file)?;
        let input = open_input(BudgetedFile::new(file, bytes))?;
        let streams = input.nb_streams() as usize;
        if streams > limits.max_streams {
            return Err(MediaError::TooManyStreams {
                streams,
                limit: limits.max_streams,
            });
        }
        let (track, time_base) = choose_track(&input)?;
        let demuxer = Self {
            input,
            container,
            track,
            time_base,
            expected_us: 0,
        };
        let (width, height) = unopened(&demuxer)?.declared_size();
        refuse_large(width, height, limits)?;
        Ok(demuxer)
    }

    /// The next packet, whatever its track.
    pub(super) fn step(&mut self) -> Step {
        let mut packet = ffmpeg_next::Packet::empty();
        match packet.read(&mut self.input) {
            Ok(()) => {}
            Err(Error::Eof) => return Step::End { whole: true },
            Err(Error::InvalidData) => return Step::Damaged,
            Err(_) => return Step::End { whole: false },
        }
        let stamp = packet.pts().or(packet.dts());
        if packet.stream() != self.track {
            let base = self
                .input
                .stream(packet.stream())
                .map_or(self.time_base, |s| s.time_base());
            let end = stamp.unwrap_or(0).saturating_add(packet.duration());
            return Step::Other {
                end_us: micros(end, base),
            };
        }
        let time_us = stamp.map_or(self.expected_us, |stamp| micros(stamp, self.time_base));
        let duration_us = micros(packet.duration().max(0), self.time_base);
        self.expected_us = time_us.saturating_add(duration_us);
        let (key, damaged) = (packet.is_key(), packet.is_corrupt());
        Step::Picture(Packet {
            inner: packet,
            time_us,
            duration_us,
            key,
            damaged,
        })
    }

    pub(super) fn container(&self) -> Container {
        self.container
    }

    pub(super) fn streams(&self) -> usize {
        self.input.nb_streams() as usize
    }

    pub(super) fn codec(&self) -> &'static str {
        self.input
            .stream(self.track)
            .map_or("", |stream| stream.parameters().id().name())
    }

    /// The length that the file claims for itself, if it claims one.
    pub(super) fn declared_us(&self) -> Option<i64> {
        let of_track = self
            .input
            .stream(self.track)
            .map_or(0, |stream| stream.duration());
        let of_file = self.input.duration();
        let claimed = if of_track > 0 {
            micros(of_track, self.time_base)
        } else {
            of_file
        };
        (claimed > 0).then_some(claimed)
    }

    /// The moment from which pictures are shown, if the file says so.
    pub(super) fn start_us(&self) -> Option<i64> {
        let start = self.input.stream(self.track)?.start_time();
        (start != i64::MIN).then(|| micros(start, self.time_base))
    }
}

/// Keeps FFmpeg's own messages off standard error: what matters comes back as errors, whose texts
/// are looked up here once.
fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        ffmpeg_next::util::error::register_all();
        ffmpeg_next::log::set_level(ffmpeg_next::log::Level::Quiet);
    });
}

/// Opens a file that is already open: FFmpeg gets a stream of bytes and no way to any other file or
/// address, only these demuxers, and no decoder before the limits were seen to.
fn open_input(source: BudgetedFile) -> Result<Input, MediaError> {
    let options: Dictionary = [
        (
            "format_whitelist",
            "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi",
        ),
        ("protocol_whitelist", "none"),
        ("codec_whitelist", "none"),
        ("probesize", "1048576"),
    ]
    .iter()
    .collect();
    let source = StreamIo::from_read_seek(source).map_err(failed)?;
    // The first bytes promise a container; one that then cannot be opened was cut off or damaged.
    format::input_from_stream(source, None, Some(options)).map_err(|_| MediaError::NoFrames)
}

/// The track to look at: of those with moving pictures the default one, else the largest.
fn choose_track(input: &Input) -> Result<(usize, Rational), MediaError> {
    let mut best: Option<((bool, u64), usize, Rational)> = None;
    let mut unknown = None;
    for stream in input.streams() {
        let parameters = stream.parameters();
        let cover = stream.disposition().contains(Disposition::ATTACHED_PIC);
        if parameters.medium() != media::Type::Video || cover {
            continue;
        }
        if !CODECS.contains(&parameters.id()) {
            unknown = Some(parameters.id().name());
            continue;
        }
        let preferred = stream.disposition().contains(Disposition::DEFAULT);
        let (width, height) = Unopened::of(&stream)?.declared_size();
        let rank = (preferred, u64::from(width) * u64::from(height));
        if best.is_none_or(|(held, ..)| rank > held) {
            best = Some((rank, stream.index(), stream.time_base()));
        }
    }
    match (best, unknown) {
        (Some((_, index, base)), _) if base.0 > 0 && base.1 > 0 => Ok((index, base)),
        (Some(_), _) => Err(MediaError::NoFrames),
        (None, Some(codec)) => Err(MediaError::UnsupportedCodec {
            codec: codec.to_owned(),
        }),
        (None, None) if input.nb_streams() == 0 => Err(MediaError::NoFrames),
        (None, None) => Err(MediaError::NoVideoStream),
    }
}

/// A decoder that knows what the container says but has not been opened.
struct Unopened(decoder::Video);

impl Unopened {
    fn of(stream: &ffmpeg_next::Stream<'_>) -> Result<Self, MediaError> {
        let context = Context::from_parameters(stream.parameters()).map_err(failed)?;
        Ok(Self(decoder::Video(decoder::Opened(context.decoder()))))
    }

    fn declared_size(&self) -> (u32, u32) {
        (self.0.width(), self.0.height())
    }
}

fn unopened(demuxer: &Demuxer) -> Result<Unopened, MediaError> {
    let stream = demuxer
        .input
        .stream(demuxer.track)
        .ok_or(MediaError::NoVideoStream)?;
    Unopened::of(&stream)
}

/// Which pictures a decoder makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    EveryPicture,
    /// Leaves out those that no other picture is built on.
    ReferencesOnly,
}

/// A decoded picture, as the codec left it.
pub(super) struct Picture {
    inner: frame::Video,
    pub(super) time_us: i64,
}

/// Packets in, pictures out.
pub(super) struct Decoder {
    inner: decoder::Video,
    time_base: Rational,
    orientation: Option<Orientation>,
    converter: Option<scaling::Context>,
    limits: MediaLimits,
    decoded: u64,
    damaged: bool,
    /// The moment of the packet sent last, for pictures that bear no time.
    sent_us: i64,
}

impl Decoder {
    pub(super) fn open(
        demuxer: &Demuxer,
        limits: &MediaLimits,
        pace: Pace,
    ) -> Result<Self, MediaError> {
        let stream = demuxer
            .input
            .stream(demuxer.track)
            .ok_or(MediaError::NoVideoStream)?;
        let parameters = stream.parameters();
        let id = parameters.id();
        let mut context = Context::from_parameters(parameters).map_err(failed)?;
        let mut threads = threading::Config::count(THREADS);
        threads.kind = threading::Type::Frame;
        context.set_threading(threads);
        let mut decoder = context.decoder();
        decoder.set_packet_time_base(demuxer.time_base);
        if pace == Pace::ReferencesOnly {
            decoder.skip_frame(Discard::NonReference);
        }
        let mut options = Dictionary::new();
        options.set("max_pixels", &padded_pixels(limits).to_string());
        let opened = decoder
            .open_as_with(id, options)
            .map_err(|error| match error {
                Error::DecoderNotFound => MediaError::UnsupportedCodec {
                    codec: id.name().to_owned(),
                },
                other => failed(other),
            })?;
        let matrix = stream
            .side_data()
            .find(|data| data.kind() == ffmpeg_next::packet::side_data::Type::DisplayMatrix)
            .and_then(|data| Orientation::from_matrix(data.data()));
        Ok(Self {
            inner: opened.video().map_err(failed)?,
            time_base: demuxer.time_base,
            orientation: matrix,
            converter: None,
            limits: *limits,
            decoded: 0,
            damaged: false,
            sent_us: 0,
        })
    }

    /// Hands a packet to the decoder; a packet that it cannot use counts as damage and is passed over.
    pub(super) fn send(&mut self, packet: &Packet) -> Result<(), MediaError> {
        self.sent_us = packet.time_us;
        if let Err(error) = self.inner.send_packet(&packet.inner) {
            self.damage(error)?;
        }
        Ok(())
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
        // Each failing call has consumed a packet, so there are at most as many as were sent.
        for _ in 0..=THREADS {
            let mut picture = frame::Video::empty();
            match self.inner.receive_frame(&mut picture) {
                Ok(()) => {
                    refuse_large(picture.width(), picture.height(), &self.limits)?;
                    self.decoded += 1;
                    let stamp = picture.timestamp().or(picture.pts());
                    let time_us = stamp.map_or(self.sent_us, |stamp| micros(stamp, self.time_base));
                    return Ok(Some(Picture {
                        inner: picture,
                        time_us,
                    }));
                }
                Err(Error::Eof) => return Ok(None),
                Err(Error::Other { errno }) if errno == ffmpeg_next::error::EAGAIN => {
                    return Ok(None);
                }
                Err(error) => self.damage(error)?,
            }
        }
        Ok(None)
    }

    /// How many pictures came out.
    pub(super) fn decoded(&self) -> u64 {
        self.decoded
    }

    /// Whether some packet could not be used.
    pub(super) fn damaged(&self) -> bool {
        self.damaged
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

    /// Makes an upright RGB frame of square pixels.
    pub(super) fn render(&mut self, picture: &Picture, first_us: i64) -> Result<Frame, MediaError> {
        let orientation = self.orient(picture);
        let (width, height) = square_size(&picture.inner, &self.limits);
        let rgb = orientation.apply(self.convert(&picture.inner, width, height)?, width, height);
        let (width, height) = orientation.size(width, height);
        let since = picture.time_us.saturating_sub(first_us);
        Ok(Frame {
            time_ms: u64::try_from(since / 1000).unwrap_or(0),
            width,
            height,
            rgb,
        })
    }

    /// The track's orientation; where it has none, the one that the picture itself carries.
    fn orient(&mut self, picture: &Picture) -> Orientation {
        *self.orientation.get_or_insert_with(|| {
            picture
                .inner
                .side_data(frame::side_data::Type::DisplayMatrix)
                .and_then(|data| Orientation::from_matrix(data.data()))
                .unwrap_or_default()
        })
    }

    /// Scales to the size wanted and converts to RGB. The scaler knows no other luma weights than
    /// BT.601's unless told through raw pointers, so it only resamples; the colours are made here.
    fn convert(
        &mut self,
        picture: &frame::Video,
        width: u32,
        height: u32,
    ) -> Result<Vec<u8>, MediaError> {
        let layout = Layout::of(picture.format());
        let wanted = (
            picture.format(),
            picture.width(),
            picture.height(),
            width,
            height,
        );
        let held = self.converter.take().filter(|held| {
            let (from, to) = (held.input(), held.output());
            (from.format, from.width, from.height, to.width, to.height) == wanted
        });
        let converter = match held {
            Some(held) => self.converter.insert(held),
            None => self.converter.insert(
                scaling::Context::get(
                    picture.format(),
                    picture.width(),
                    picture.height(),
                    layout.target,
                    width,
                    height,
                    Flags::BILINEAR | Flags::ACCURATE_RND,
                )
                .map_err(failed)?,
            ),
        };
        let mut out = frame::Video::empty();
        converter.run(picture, &mut out).map_err(failed)?;
        let (columns, rows) = (width as usize, height as usize);
        if out.planes() < if layout.target == Pixel::RGB24 { 1 } else { 3 } {
            return Err(MediaError::Decoder {
                reason: "no memory for a picture".to_owned(),
            });
        }
        if layout.target == Pixel::RGB24 {
            return Ok(packed(out.data(0), out.stride(0), columns * 3, rows));
        }
        let plane = |index| Plane {
            samples: out.data(index),
            stride: out.stride(index),
        };
        let planes = [plane(0), plane(1), plane(2)];
        Ok(to_rgb(
            planes,
            columns,
            rows,
            coding(picture, layout.full_range),
        ))
    }

    /// Notes that a packet could not be used; running into the pixel limit ends everything.
    fn damage(&mut self, error: Error) -> Result<(), MediaError> {
        self.damaged = true;
        if self.decoded == 0
            && error
                == (Error::Other {
                    errno: ffmpeg_next::error::EINVAL,
                })
        {
            return Err(MediaError::HiddenPixels {
                limit: self.limits.max_pixels,
            });
        }
        Ok(())
    }
}

/// What the scaler should turn a pixel format into.
struct Layout {
    target: Pixel,
    /// The format itself says that its samples use the whole byte.
    full_range: bool,
}

impl Layout {
    fn of(format: Pixel) -> Self {
        let name = format
            .descriptor()
            .map_or("", |descriptor| descriptor.name());
        let full_range = name.starts_with("yuvj");
        let target = if full_range || name.starts_with("gray") {
            // Grey counts as full range for the scaler: going to a full-range target keeps its samples.
            Pixel::YUVJ444P
        } else if name.starts_with("yuv") || name.starts_with("nv") || name.starts_with("p0") {
            Pixel::YUV444P
        } else {
            Pixel::RGB24
        };
        Self { target, full_range }
    }
}

/// How the picture's colours are coded, by what it says or, where it is silent, by its size.
fn coding(picture: &frame::Video, full_range: bool) -> Coding {
    let space = picture.color_space();
    let standard = if space == color::Space::BT709 {
        Standard::Bt709
    } else if space == color::Space::BT2020NCL || space == color::Space::BT2020CL {
        Standard::Bt2020
    } else if space == color::Space::SMPTE240M {
        Standard::Smpte240
    } else if space == color::Space::Unspecified {
        Standard::assumed_for(picture.width(), picture.height())
    } else {
        Standard::Bt601
    };
    Coding {
        standard,
        full_range: full_range || picture.color_range() == color::Range::JPEG,
    }
}

/// The picture's size with square pixels: grown along its short side, or shrunk along its long one
/// where growing would break the limit.
fn square_size(picture: &frame::Video, limits: &MediaLimits) -> (u32, u32) {
    let (width, height) = (picture.width(), picture.height());
    let Rational(across, down) = picture.aspect_ratio();
    if across <= 0 || down <= 0 || across == down {
        return (width, height);
    }
    let ratio = f64::from(across) / f64::from(down);
    if !(1.0 / OBLONG..=OBLONG).contains(&ratio) {
        return (width, height);
    }
    let scaled = |side: u32, by: f64| ((f64::from(side) * by).round() as u32).max(1);
    let grown = if ratio > 1.0 {
        (scaled(width, ratio), height)
    } else {
        (width, scaled(height, 1.0 / ratio))
    };
    if u64::from(grown.0) * u64::from(grown.1) <= limits.max_pixels {
        grown
    } else if ratio > 1.0 {
        (width, scaled(height, 1.0 / ratio))
    } else {
        (scaled(width, ratio), height)
    }
}

/// Lines without the padding behind them.
fn packed(data: &[u8], stride: usize, line: usize, rows: usize) -> Vec<u8> {
    data.chunks(stride.max(1))
        .take(rows)
        .flat_map(|row| &row[..line.min(row.len())])
        .copied()
        .collect()
}

fn refuse_large(width: u32, height: u32, limits: &MediaLimits) -> Result<(), MediaError> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels > limits.max_pixels {
        return Err(MediaError::TooManyPixels {
            pixels,
            limit: limits.max_pixels,
        });
    }
    Ok(())
}

/// The limit as the decoder is told it, which counts the padding of its buffers as well.
fn padded_pixels(limits: &MediaLimits) -> u64 {
    limits
        .max_pixels
        .saturating_mul(2)
        .saturating_add(1 << 16)
        .min(i32::MAX as u64)
}

/// A time in ticks of `base` as microseconds.
fn micros(ticks: i64, base: Rational) -> i64 {
    let scaled = i128::from(ticks) * i128::from(base.0) * 1_000_000 / i128::from(base.1.max(1));
    i64::try_from(scaled).unwrap_or(if scaled < 0 { i64::MIN } else { i64::MAX })
}

fn failed(error: Error) -> MediaError {
    MediaError::Decoder {
        reason: error.to_string(),
    }
}
