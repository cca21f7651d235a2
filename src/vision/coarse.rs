//! A picture made as coarse as finding faces from a given size on allows.

use std::borrow::Cow;

use kernels::shrink::Values;

use crate::vision::detector::Face;
use crate::vision::error::VisionError;
use crate::vision::geometry::{BoundingBox, Point};
use crate::vision::picture::Picture;
use crate::vision::resample::{self, Region};

/// No network of the detector looks at a face with more pixels on a side: finer ones tell it nothing.
const FINEST: f32 = 48.0;

const BYTES: Values = Values {
    centre: 0.0,
    scale: 1.0,
};

/// A picture, smaller by a whole number where its smallest face has pixels to spare.
#[derive(Debug)]
pub struct Coarse<'a> {
    picture: Cow<'a, Picture>,
    /// How many pixels of the full picture lie across and down one of this one.
    pixel: (f32, f32),
}

impl<'a> Coarse<'a> {
    /// For finding faces whose side is `min_face` pixels or more.
    pub fn of(picture: &'a Picture, min_face: f32) -> Result<Self, VisionError> {
        let shorter = picture.width().min(picture.height());
        let spare = ((min_face / FINEST) as u32).clamp(1, shorter);
        if spare == 1 {
            return Ok(Self {
                picture: Cow::Borrowed(picture),
                pixel: (1.0, 1.0),
            });
        }
        let (width, height) = (
            picture.width().div_ceil(spare),
            picture.height().div_ceil(spare),
        );
        let size = (width as usize, height as usize);
        let means = resample::area_averages(picture, &[Region::whole(picture)], size, BYTES)?;
        let rgb = means.pixels().flatten().map(|mean| mean.round() as u8);
        let pixel = (
            picture.width() as f32 / width as f32,
            picture.height() as f32 / height as f32,
        );
        Ok(Self {
            picture: Cow::Owned(Picture::from_rgb(width, height, rgb.collect())?),
            pixel,
        })
    }

    /// The same after so many quarter turns clockwise.
    #[must_use]
    pub fn turned(&self, quarter_turns: u8) -> Coarse<'_> {
        let (across, down) = self.pixel;
        Coarse {
            picture: match quarter_turns % 4 {
                0 => Cow::Borrowed(&self.picture),
                turns => Cow::Owned(self.picture.turned(turns)),
            },
            pixel: match quarter_turns % 2 {
                0 => (across, down),
                _ => (down, across),
            },
        }
    }

    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// What so many pixels of the full picture are here.
    pub fn length(&self, pixels: f32) -> f32 {
        pixels / self.pixel.0
    }

    /// A face found here as it lies in the full picture.
    #[must_use]
    pub fn in_full(&self, face: &Face) -> Face {
        let (across, down) = self.pixel;
        Face {
            bounds: BoundingBox {
                left: face.bounds.left * across,
                top: face.bounds.top * down,
                right: face.bounds.right * across,
                bottom: face.bounds.bottom * down,
            },
            confidence: face.confidence,
            landmarks: face.landmarks.map(|Point { x, y }| Point {
                x: x * across,
                y: y * down,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Dark but for one bright pixel.
    fn lit(width: u32, height: u32, (x, y): (u32, u32)) -> Picture {
        let mut rgb = vec![0; (width * height * 3) as usize];
        rgb[((y * width + x) * 3) as usize] = 250;
        Picture::from_rgb(width, height, rgb).unwrap()
    }

    /// The middle of the brightest pixel, in the full picture.
    fn light(coarse: &Coarse<'_>) -> Point {
        let picture = coarse.picture();
        let reds = picture.rgb().iter().step_by(3).enumerate();
        let (index, _) = reds.max_by_key(|(_, red)| **red).unwrap();
        let (x, y) = (
            index as u32 % picture.width(),
            index as u32 / picture.width(),
        );
        let middle = Point {
            x: x as f32 + 0.5,
            y: y as f32 + 0.5,
        };
        let face = Face {
            bounds: BoundingBox {
                left: middle.x,
                top: middle.y,
                right: middle.x + 1.0,
                bottom: middle.y + 1.0,
            },
            confidence: 1.0,
            landmarks: [middle; 5],
        };
        let full = coarse.in_full(&face);
        assert_eq!(full.landmarks[0].x.to_bits(), full.bounds.left.to_bits());
        assert_eq!(full.landmarks[4].y.to_bits(), full.bounds.top.to_bits());
        full.landmarks[2]
    }

    #[test]
    fn only_what_has_pixels_to_spare_is_made_smaller() {
        let picture = lit(700, 500, (0, 0));
        for (min_face, width, height) in [
            (20.0, 700, 500),
            (95.9, 700, 500),
            (96.0, 350, 250),
            (150.0, 234, 167),
            (1e9, 2, 1),
            (f32::INFINITY, 2, 1),
            (f32::NAN, 700, 500),
            (-7.0, 700, 500),
        ] {
            let coarse = Coarse::of(&picture, min_face).unwrap();
            let size = (coarse.picture().width(), coarse.picture().height());
            assert_eq!(size, (width, height), "{min_face}");
        }
    }

    #[test]
    fn what_is_found_lies_where_it_lay_whichever_way_it_is_turned() {
        let picture = lit(701, 503, (612, 77));
        let coarse = Coarse::of(&picture, 200.0).unwrap();
        for quarter_turns in 0..4 {
            let found = light(&coarse.turned(quarter_turns));
            let full = picture.turned(quarter_turns);
            let expected = light(&Coarse::of(&full, 0.0).unwrap());
            let astray = (found.x - expected.x).hypot(found.y - expected.y);
            assert!(astray < 4.0, "{quarter_turns}: {astray}");
        }
    }
}
