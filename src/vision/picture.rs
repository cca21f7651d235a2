//! A decoded picture: upright RGB pixels in memory, and the bounded way to get one from a file.

use std::fmt;
use std::io::Cursor;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder as _, ImageFormat, ImageReader,
    RgbImage, imageops,
};

use crate::vision::error::VisionError;
use crate::vision::geometry::BoundingBox;
use crate::vision::jpeg;

/// Upright RGB, eight bits a channel, rows from the top. Its `Debug` shows the size and no pixel.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}x{}, …)", self.width, self.height)
    }
}

/// What a picture may cost before it is decoded.
#[derive(Clone, Copy, Debug)]
pub struct PictureLimits {
    pub max_pixels: u64,
}

impl Picture {
    /// Wraps pixels that are already RGB; `rgb` holds exactly width × height × 3 bytes.
    pub fn from_rgb(width: u32, height: u32, rgb: Vec<u8>) -> Result<Self, VisionError> {
        let bytes = u64::from(width) * u64::from(height) * 3;
        if bytes == 0 || rgb.len() as u64 != bytes {
            return Err(VisionError::WrongSize { width, height });
        }
        Ok(Self { width, height, rgb })
    }

    /// Reads a JPEG, PNG, WebP or BMP by its bytes, whatever its name, and sets it upright by its
    /// EXIF orientation. The pixel limit is held against the header before any pixel is given room.
    pub fn decode(bytes: &[u8], limits: &PictureLimits) -> Result<Self, VisionError> {
        let format = format_of(bytes)?;
        if format == ImageFormat::Jpeg && !jpeg::is_whole(bytes) {
            return Err(damaged("the JPEG breaks off"));
        }
        let mut decoder = ImageReader::with_format(Cursor::new(bytes), format)
            .into_decoder()
            .map_err(damaged)?;
        let (width, height) = decoder.dimensions();
        let pixels = u64::from(width) * u64::from(height);
        if pixels > limits.max_pixels {
            return Err(VisionError::TooManyPixels {
                pixels,
                limit: limits.max_pixels,
            });
        }
        let orientation = decoder.orientation().map_err(damaged)?;
        let mut image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
        image.apply_orientation(orientation);
        Ok(Self::from_image(opaque(image)))
    }

    /// Reads the picture file at `path` as [`Picture::decode`] does.
    pub fn open(path: &Path, limits: &PictureLimits) -> Result<Self, VisionError> {
        let bytes = std::fs::read(path).map_err(VisionError::Io)?;
        Self::decode(&bytes, limits)
    }

    /// The media type of a file's bytes, when it is one that [`Picture::decode`] reads.
    pub fn media_type(bytes: &[u8]) -> Result<&'static str, VisionError> {
        Ok(format_of(bytes)?.to_mime_type())
    }

    pub fn width(&self) -> u32 {
        self.width
    }

    pub fn height(&self) -> u32 {
        self.height
    }

    /// The pixels, row by row from the top, three bytes each.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The same, given away.
    pub fn into_rgb(self) -> Vec<u8> {
        self.rgb
    }

    /// The picture turned clockwise by so many quarter turns.
    #[must_use]
    pub fn turned(&self, quarter_turns: u8) -> Self {
        if quarter_turns.is_multiple_of(4) {
            return self.clone();
        }
        let image = self.to_image();
        Self::from_image(match quarter_turns % 4 {
            1 => imageops::rotate90(&image),
            2 => imageops::rotate180(&image),
            _ => imageops::rotate270(&image),
        })
    }

    /// The picture no longer than `side` on either side; a smaller one stays as it is.
    #[must_use]
    pub fn scaled_to_fit(&self, side: u32) -> Self {
        let longer = self.width.max(self.height);
        if longer <= side {
            return self.clone();
        }
        let shrunk = |length: u32| {
            let shrunk = u64::from(length) * u64::from(side) / u64::from(longer);
            (shrunk as u32).max(1)
        };
        let image = imageops::resize(
            &self.to_image(),
            shrunk(self.width),
            shrunk(self.height),
            imageops::FilterType::Triangle,
        );
        Self::from_image(image)
    }

    /// What lies in the box, widened on every side by `margin` of the box's own size and held
    /// within the picture.
    #[must_use]
    pub fn crop(&self, bounds: &BoundingBox, margin: f32) -> Self {
        let within = |value: f32, most: u32| value.clamp(0.0, most as f32) as u32;
        let (dx, dy) = (bounds.width() * margin, bounds.height() * margin);
        let left = within(bounds.left - dx, self.width - 1);
        let top = within(bounds.top - dy, self.height - 1);
        let right = within((bounds.right + dx).ceil(), self.width).max(left + 1);
        let bottom = within((bounds.bottom + dy).ceil(), self.height).max(top + 1);
        let image = self.to_image();
        let view = imageops::crop_imm(&image, left, top, right - left, bottom - top);
        Self::from_image(view.to_image())
    }

    /// The picture as a JPEG of that quality, 1–100.
    pub fn to_jpeg(&self, quality: u8) -> Result<Vec<u8>, VisionError> {
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, quality)
            .write_image(&self.rgb, self.width, self.height, ExtendedColorType::Rgb8)
            .map_err(|error| VisionError::Encoding {
                reason: error.to_string(),
            })?;
        Ok(jpeg)
    }

    fn from_image(image: RgbImage) -> Self {
        let (width, height) = image.dimensions();
        Self {
            width,
            height,
            rgb: image.into_raw(),
        }
    }

    fn to_image(&self) -> RgbImage {
        // The sizes agree by construction; an empty picture in their stead would only be black.
        RgbImage::from_raw(self.width, self.height, self.rgb.clone()).unwrap_or_default()
    }
}

/// What is transparent shows white, as on the page that most programs put behind it.
fn opaque(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    let mut white = RgbImage::new(image.width(), image.height());
    for (over, pixel) in white.pixels_mut().zip(image.pixels()) {
        let [red, green, blue, alpha] = pixel.0.map(u32::from);
        over.0 = [red, green, blue]
            .map(|value| ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8);
    }
    white
}

fn format_of(bytes: &[u8]) -> Result<ImageFormat, VisionError> {
    if bytes.is_empty() {
        return Err(VisionError::Empty);
    }
    image::guess_format(bytes)
        .ok()
        .filter(|format| {
            [
                ImageFormat::Jpeg,
                ImageFormat::Png,
                ImageFormat::WebP,
                ImageFormat::Bmp,
            ]
            .contains(format)
        })
        .ok_or(VisionError::UnknownFormat)
}

fn damaged(reason: impl fmt::Display) -> VisionError {
    VisionError::Damaged {
        reason: reason.to_string(),
    }
}
