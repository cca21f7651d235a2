//! A decoded picture's samples as RGB of square pixels.

use ffmpeg_next::software::scaling::{self, Flags};
use ffmpeg_next::util::format::Pixel;
use ffmpeg_next::{Rational, color, frame};

use crate::media::colour::{Coding, Plane, Standard, halved_to_rgb, to_rgb};
use crate::media::demux::failed;
use crate::media::error::MediaError;
use crate::media::limits::MediaLimits;

/// Pixels wider than this many times their height, or the reverse, are taken for a mistake.
const OBLONG: f64 = 4.0;

/// Below this side the scaler places colours by a rule of its own.
const LEAST_SIDE: usize = 16;

/// Converts pictures; keeps the scaler, since they are mostly alike.
#[derive(Default)]
pub(super) struct Renderer {
    scaler: Option<scaling::Context>,
}

impl Renderer {
    /// Scales to the size wanted and converts to RGB.
    pub(super) fn rgb(
        &mut self,
        picture: &frame::Video,
        width: u32,
        height: u32,
    ) -> Result<Vec<u8>, MediaError> {
        match as_it_is(picture, width, height) {
            Some(rgb) => Ok(rgb),
            None => self.resampled(picture, width, height),
        }
    }

    /// By way of the scaler, which knows no other luma weights than BT.601's unless told through
    /// raw pointers: it only resamples, and the colours are made here.
    fn resampled(
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
        let held = self.scaler.take().filter(|held| {
            let (from, to) = (held.input(), held.output());
            (from.format, from.width, from.height, to.width, to.height) == wanted
        });
        let converter = match held {
            Some(held) => self.scaler.insert(held),
            None => self.scaler.insert(
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
        Ok(to_rgb(
            planes(&out),
            columns,
            rows,
            coding_of(picture, layout.full_range),
        ))
    }
}

/// What nearly every camera writes, converted without the scaler, to the same bytes: there is
/// nothing to resample but the colours.
fn as_it_is(picture: &frame::Video, width: u32, height: u32) -> Option<Vec<u8>> {
    let (columns, rows) = (width as usize, height as usize);
    let even = columns.is_multiple_of(2) && rows.is_multiple_of(2);
    let large = columns.min(rows) >= LEAST_SIDE;
    let usual = matches!(picture.format(), Pixel::YUV420P | Pixel::YUVJ420P);
    // A line's length comes as a number without a sign; one that was below zero counts upwards in memory.
    let downwards = (0..picture.planes()).all(|index| i32::try_from(picture.stride(index)).is_ok());
    let same = (picture.width(), picture.height()) == (width, height);
    if !(even && large && usual && downwards && same && picture.planes() == 3) {
        return None;
    }
    let full_range = picture.format() == Pixel::YUVJ420P;
    let coding = coding_of(picture, full_range);
    Some(halved_to_rgb(planes(picture), columns, rows, coding))
}

fn planes(picture: &frame::Video) -> [Plane<'_>; 3] {
    [0, 1, 2].map(|index| Plane {
        samples: picture.data(index),
        stride: picture.stride(index),
    })
}

/// The size at which the shorter side has at most so many pixels, even as colours are stored.
pub(super) fn small_size((width, height): (u32, u32), shorter_side: u32) -> (u32, u32) {
    let shorter = width.min(height);
    if shorter <= shorter_side {
        return (width, height);
    }
    let scale = f64::from(shorter_side) / f64::from(shorter);
    let scaled = |side: u32| ((f64::from(side) * scale / 2.0).round() as u32 * 2).max(2);
    (scaled(width), scaled(height))
}

/// The picture's size with square pixels: grown along its short side, or shrunk along its long one
/// where growing would break the limit.
pub(super) fn square_size(picture: &frame::Video, limits: &MediaLimits) -> (u32, u32) {
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
fn coding_of(picture: &frame::Video, full_range: bool) -> Coding {
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

/// Lines without the padding behind them.
fn packed(data: &[u8], stride: usize, line: usize, rows: usize) -> Vec<u8> {
    data.chunks(stride.max(1))
        .take(rows)
        .flat_map(|row| &row[..line.min(row.len())])
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_scaler_come_the_same_bytes() {
        for (width, height) in [(16, 16), (34, 50), (64, 18), (720, 40)] {
            for format in [Pixel::YUV420P, Pixel::YUVJ420P] {
                let picture = noise(format, width, height);
                let direct = as_it_is(&picture, width, height).unwrap();
                let scaled = Renderer::default().resampled(&picture, width, height);
                assert!(direct == scaled.unwrap(), "{format:?} {width}x{height}");
            }
        }
    }

    #[test]
    fn what_has_to_be_resampled_goes_to_the_scaler() {
        assert_eq!(as_it_is(&noise(Pixel::YUV420P, 60, 40), 80, 40), None);
        assert_eq!(as_it_is(&noise(Pixel::YUV420P, 61, 40), 61, 40), None);
        assert_eq!(as_it_is(&noise(Pixel::YUV444P, 60, 40), 60, 40), None);
        assert_eq!(as_it_is(&noise(Pixel::YUV420P, 64, 8), 64, 8), None);
    }

    fn noise(format: Pixel, width: u32, height: u32) -> frame::Video {
        let mut picture = frame::Video::new(format, width, height);
        let mut state = 12345_u32;
        for index in 0..3 {
            for sample in picture.data_mut(index) {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *sample = (state >> 24) as u8;
            }
        }
        picture
    }
}
