//! Cuts a level square about a face out of a picture, by its box and the line of its eyes alone.

use kernels::shrink::Values;

use crate::vision::alignment::align;
use crate::vision::detector::Face;
use crate::vision::error::VisionError;
use crate::vision::geometry::Point;
use crate::vision::picture::Picture;
use crate::vision::quality;
use crate::vision::resample::{Region, area_averages};

/// Pixels of a shrunken picture that one pixel of the chip is drawn from, along one side.
const FINE: f32 = 2.0;

/// Bytes as they are.
const LEVELS: Values = Values {
    centre: 0.0,
    scale: 1.0,
};

/// A square that stands with a face: where the eyes lean, it leans.
///
/// Unlike [`align`] it asks for no nose and no mouth, which something may hide.
#[derive(Clone, Copy, Debug)]
pub struct LevelSquare {
    centre: Point,
    /// In pixels of the picture.
    width: f32,
    /// Clockwise, in radians.
    lean: f32,
    /// In pixels of the chip.
    side: u32,
}

impl LevelSquare {
    /// The square about a face that is `reach` times as wide as the longer side of its box, to be
    /// brought to `side` pixels.
    pub fn about(face: &Face, reach: f32, side: u32) -> Self {
        let bounds = &face.bounds;
        Self {
            centre: bounds.centre(),
            width: (bounds.width().max(bounds.height()) * reach).max(1.0),
            lean: quality::pose(face).roll.to_radians(),
            side,
        }
    }

    /// Where a point of the picture lies in the chip.
    pub fn place(&self, point: Point) -> Point {
        let (sin, cos) = self.lean.sin_cos();
        let (x, y) = (point.x - self.centre.x, point.y - self.centre.y);
        let scale = self.side as f32 / self.width;
        let middle = self.side as f32 / 2.0;
        Point {
            x: middle + (x * cos + y * sin) * scale,
            y: middle + (y * cos - x * sin) * scale,
        }
    }

    /// What the square holds; what lies outside the picture repeats its border.
    pub fn cut(&self, picture: &Picture) -> Result<Picture, VisionError> {
        let (sin, cos) = self.lean.sin_cos();
        let region = self.region(picture);
        let (across, down) = (
            (region.right - region.left) as f32,
            (region.bottom - region.top) as f32,
        );
        // First shrunk as a whole and then turned: so a large face costs hardly more than a small one.
        let scale = (FINE * self.side as f32 / self.width).min(1.0);
        let size = [across, down].map(|length| ((length * scale).round() as usize).max(1));
        let small = shrunk(picture, region, size)?;
        let in_small = |across_square: f32, down_square: f32| {
            let x = self.centre.x + across_square * cos - down_square * sin;
            let y = self.centre.y + across_square * sin + down_square * cos;
            // A pixel's own place is its middle.
            Point {
                x: (x - region.left as f32) * size[0] as f32 / across - 0.5,
                y: (y - region.top as f32) * size[1] as f32 / down - 0.5,
            }
        };
        let (near, far) = (0.0, self.width / 2.0);
        let points = [
            in_small(near, near),
            in_small(-far, near),
            in_small(far, near),
            in_small(near, -far),
            in_small(near, far),
        ];
        align(&small, &points, &self.template(), self.side)
    }

    /// The middle of the chip and of its sides, as `align` counts: from the middle of the first pixel.
    fn template(&self) -> [Point; 5] {
        let first = -0.5;
        let last = self.side as f32 - 0.5;
        let middle = f32::midpoint(first, last);
        let point = |x, y| Point { x, y };
        [
            point(middle, middle),
            point(first, middle),
            point(last, middle),
            point(middle, first),
            point(middle, last),
        ]
    }

    /// The upright part of the picture that holds the square, with a pixel around it; the whole
    /// picture where they have nothing in common.
    fn region(&self, picture: &Picture) -> Region {
        let (sin, cos) = self.lean.sin_cos();
        let reach = self.width / 2.0 * (sin.abs() + cos.abs()) + 1.0;
        let edge = |value: f32| value.max(0.0) as usize;
        Region {
            left: edge((self.centre.x - reach).floor()),
            top: edge((self.centre.y - reach).floor()),
            right: edge((self.centre.x + reach).ceil()),
            bottom: edge((self.centre.y + reach).ceil()),
        }
        .within(picture)
        .unwrap_or_else(|| Region::whole(picture))
    }
}

/// A part of the picture at another size.
fn shrunk(
    picture: &Picture,
    region: Region,
    [width, height]: [usize; 2],
) -> Result<Picture, VisionError> {
    let means = area_averages(picture, &[region], (width, height), LEVELS)?;
    let byte = |value: &f32| value.round().clamp(0.0, 255.0) as u8;
    let rgb = means
        .pixels()
        .flat_map(|pixel| pixel.iter().take(3).map(byte))
        .collect();
    Picture::from_rgb(width as u32, height as u32, rgb)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vision::geometry::BoundingBox;

    /// A face of 40×60 pixels about (x, y), leaning so many degrees.
    fn face(x: f32, y: f32, degrees: f32) -> Face {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let at = |across: f32, down: f32| Point {
            x: x + across * cos - down * sin,
            y: y + across * sin + down * cos,
        };
        Face {
            bounds: BoundingBox {
                left: x - 20.0,
                top: y - 30.0,
                right: x + 20.0,
                bottom: y + 30.0,
            },
            confidence: 1.0,
            landmarks: [
                at(-10.0, -10.0),
                at(10.0, -10.0),
                at(0.0, 5.0),
                at(-8.0, 15.0),
                at(8.0, 15.0),
            ],
        }
    }

    /// Bright to the right of a line through (100, 80) that leans so many degrees, dark to its left.
    fn split(degrees: f32) -> Picture {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let rgb = (0..200 * 160).flat_map(|at| {
            let (x, y) = ((at % 200) as f32 + 0.5, (at / 200) as f32 + 0.5);
            let right = (x - 100.0) * cos + (y - 80.0) * sin > 0.0;
            [if right { 200 } else { 20 }; 3]
        });
        Picture::from_rgb(200, 160, rgb.collect()).unwrap()
    }

    #[test]
    fn a_leaning_face_is_cut_out_level() {
        for degrees in [0.0, 25.0, -40.0] {
            let square = LevelSquare::about(&face(100.0, 80.0, degrees), 1.2, 48);
            let chip = square.cut(&split(degrees)).unwrap();
            for row in chip.rgb().chunks_exact(48 * 3) {
                assert!(row[..22 * 3].iter().all(|value| *value < 60), "{degrees}");
                assert!(row[26 * 3..].iter().all(|value| *value > 160), "{degrees}");
            }
        }
    }

    #[test]
    fn points_are_placed_where_their_pixels_go() {
        let face = face(100.0, 80.0, 30.0);
        let square = LevelSquare::about(&face, 1.5, 96);
        let [left, right, ..] = face.landmarks.map(|point| square.place(point));
        assert!((left.y - right.y).abs() < 1e-3);
        // 20 pixels of the picture, in a square of 90 brought to 96.
        assert!((right.x - left.x - 20.0 * 96.0 / 90.0).abs() < 1e-3);
        assert!((f32::midpoint(left.x, right.x) - 48.0).abs() < 1e-3);
    }

    #[test]
    fn a_large_face_is_shrunk_by_its_means() {
        let stripes = (0..1200 * 1200 * 3).map(|at| if at / 3 % 2 == 0 { 0 } else { 200 });
        let picture = Picture::from_rgb(1200, 1200, stripes.collect()).unwrap();
        let mut large = face(600.0, 600.0, 0.0);
        large.bounds = BoundingBox {
            left: 200.0,
            top: 200.0,
            right: 1000.0,
            bottom: 1000.0,
        };
        let chip = LevelSquare::about(&large, 1.2, 48).cut(&picture).unwrap();
        assert!(chip.rgb().iter().all(|value| (90..=110).contains(value)));
    }

    #[test]
    fn beside_the_picture_there_is_a_chip_too() {
        let picture = Picture::from_rgb(4, 3, vec![9; 36]).unwrap();
        for x in [-1e6, 1e6, f32::NAN] {
            let chip = LevelSquare::about(&face(x, 1.0, 0.0), 1.2, 8).cut(&picture);
            assert_eq!(chip.unwrap().rgb(), [9; 8 * 8 * 3]);
        }
    }
}
