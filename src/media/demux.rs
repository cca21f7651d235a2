//! A file taken apart into packets by FFmpeg, which gets to see these bytes and nothing else.

use std::fs::File;
use std::sync::Once;

use ffmpeg_next::codec::{Context, Id, Parameters};
use ffmpeg_next::format::context::{Input, StreamIo};
use ffmpeg_next::format::stream::Disposition;
use ffmpeg_next::packet::side_data;
use ffmpeg_next::{Dictionary, Error, Rational, Stream, decoder, format, media};

use crate::media::container::{Container, HEAD, recognise};
use crate::media::error::MediaError;
use crate::media::limits::MediaLimits;
use crate::media::orientation::Orientation;
use crate::media::source::{BudgetedFile, head_of, size_of};

/// The codecs that are understood; everything else in FFmpeg stays out of reach of an upload.
const CODECS: [Id; 6] = [Id::H264, Id::HEVC, Id::VP8, Id::VP9, Id::AV1, Id::MPEG4];

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
    pub(super) inner: ffmpeg_next::Packet,
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
    /// Takes the open file apart from its beginning and holds what can be known before decoding against the
    /// limits. The same file may be taken apart several times at once.
    pub(super) fn open(file: &File, limits: &MediaLimits) -> Result<Self, MediaError> {
        silence();
        let file = file.try_clone()?;
        let bytes = size_of(&file)?;
        if bytes == 0 {
            return Err(MediaError::Empty);
        }
        if bytes > limits.max_bytes {
            return Err(MediaError::TooLarge {
                bytes,
                limit: limits.max_bytes,
            });
        }
        let container = recognise(&head_of(&file, HEAD)?).ok_or(MediaError::NotAVideo)?;
        let input = open_input(BudgetedFile::new(file, bytes))?;
        let streams = input.nb_streams() as usize;
        if streams > limits.max_streams {
            return Err(MediaError::TooManyStreams {
                streams,
                limit: limits.max_streams,
            });
        }
        let track = choose_track(&input)?;
        refuse_large(track.width, track.height, limits)?;
        Ok(Self {
            input,
            container,
            track: track.index,
            time_base: track.time_base,
            expected_us: 0,
        })
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
        if self.container == Container::Avi {
            // The container keeps the order of decoding alone; what passes for a time of showing is
            // made up from it, and wrong where pictures are stored out of order.
            packet.set_pts(None);
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

    /// What the container says about the pictures.
    pub(super) fn parameters(&self) -> Option<Parameters> {
        self.input
            .stream(self.track)
            .map(|stream| stream.parameters())
    }

    /// The length of a tick of the pictures' times.
    pub(super) fn time_base(&self) -> Rational {
        self.time_base
    }

    /// How the container says that the pictures lie.
    pub(super) fn orientation(&self) -> Option<Orientation> {
        let stream = self.input.stream(self.track)?;
        let matrix = stream
            .side_data()
            .find(|data| data.kind() == side_data::Type::DisplayMatrix)?;
        Orientation::from_matrix(matrix.data())
    }

    pub(super) fn codec(&self) -> &'static str {
        self.parameters()
            .map_or("", |parameters| parameters.id().name())
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

/// The track to look at.
struct Track {
    index: usize,
    time_base: Rational,
    width: u32,
    height: u32,
}

/// Of the tracks with moving pictures the default one, and of several the largest.
fn choose_track(input: &Input) -> Result<Track, MediaError> {
    let mut best: Option<((bool, u64), Track)> = None;
    let mut unknown = None;
    for stream in input.streams() {
        let id = stream.parameters().id();
        let cover = stream.disposition().contains(Disposition::ATTACHED_PIC);
        if stream.parameters().medium() != media::Type::Video || cover {
            continue;
        }
        if !CODECS.contains(&id) {
            unknown = Some(id.name());
            continue;
        }
        let track = Track::of(&stream)?;
        let preferred = stream.disposition().contains(Disposition::DEFAULT);
        let rank = (preferred, u64::from(track.width) * u64::from(track.height));
        if best.as_ref().is_none_or(|(held, _)| rank > *held) {
            best = Some((rank, track));
        }
    }
    match (best, unknown) {
        (Some((_, track)), _) if track.time_base.0 > 0 && track.time_base.1 > 0 => Ok(track),
        (Some(_), _) => Err(MediaError::NoFrames),
        (None, Some(codec)) => Err(MediaError::UnsupportedCodec {
            codec: codec.to_owned(),
        }),
        (None, None) if input.nb_streams() == 0 => Err(MediaError::NoFrames),
        (None, None) => Err(MediaError::NoVideoStream),
    }
}

impl Track {
    fn of(stream: &Stream<'_>) -> Result<Self, MediaError> {
        let context = Context::from_parameters(stream.parameters()).map_err(failed)?;
        // A decoder that is never opened, because only this type tells the size.
        let unopened = decoder::Video(decoder::Opened(context.decoder()));
        Ok(Self {
            index: stream.index(),
            time_base: stream.time_base(),
            width: unopened.width(),
            height: unopened.height(),
        })
    }
}

/// Refuses pictures beyond the limit.
pub(super) fn refuse_large(
    width: u32,
    height: u32,
    limits: &MediaLimits,
) -> Result<(), MediaError> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels > limits.max_pixels {
        return Err(MediaError::TooManyPixels {
            pixels,
            limit: limits.max_pixels,
        });
    }
    Ok(())
}

/// A time in ticks of `base` as microseconds.
pub(super) fn micros(ticks: i64, base: Rational) -> i64 {
    let scaled = i128::from(ticks) * i128::from(base.0) * 1_000_000 / i128::from(base.1.max(1));
    i64::try_from(scaled).unwrap_or(if scaled < 0 { i64::MIN } else { i64::MAX })
}

/// A failure of FFmpeg's that is nobody's limit and no known kind of damage.
pub(super) fn failed(error: Error) -> MediaError {
    MediaError::Decoder {
        reason: error.to_string(),
    }
}
