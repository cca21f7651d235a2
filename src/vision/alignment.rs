//! Turns a face upright into a chip of fixed size, so that its five points lie where a network learned to expect them.

use crate::vision::error::VisionError;
use crate::vision::geometry::Point;
use crate::vision::picture::Picture;

/// Most picture pixels, along one side, that one chip pixel is averaged from.
pub(super) const MAX_OVERSAMPLING: u32 = 16;

/// A square cut of `side` pixels out of `picture`, turned, scaled and shifted so that `points` come closest to
/// `template` (in chip pixels), without mirroring or shear. Where one chip pixel covers several of the picture, it is their mean; what
/// lies outside the picture repeats its border.
pub fn align(
    picture: &Picture,
    points: &[Point; 5],
    template: &[Point; 5],
    side: u32,
) -> Result<Picture, VisionError> {
    let placing = Similarity::between(template, points);
    // `max` first, so that what is not a number becomes 1.
    let fine = placing.scale().round().max(1.0) as u32;
    let fine = fine.min(MAX_OVERSAMPLING);
    let source = Source::new(picture);
    let mut rgb = Vec::with_capacity(side as usize * side as usize * 3);
    for y in 0..side {
        for x in 0..side {
            rgb.extend(source.mean(&placing, x, y, fine));
        }
    }
    Picture::from_rgb(side, side, rgb)
}

/// The same picture as a mirror shows it.
pub fn mirrored(picture: &Picture) -> Result<Picture, VisionError> {
    let row = picture.width() as usize * 3;
    let rgb = picture
        .rgb()
        .chunks_exact(row)
        .flat_map(|row| row.chunks_exact(3).rev().flatten().copied())
        .collect();
    Picture::from_rgb(picture.width(), picture.height(), rgb)
}

/// A turn with a scale, and a shift: (x, y) to (ax − by + u, bx + ay + v).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Similarity {
    a: f32,
    b: f32,
    shift: Point,
}

impl Similarity {
    /// Longer by `scale`, turned clockwise by `radians` as the picture is seen, then shifted.
    pub fn new(scale: f32, radians: f32, shift: Point) -> Self {
        let (sin, cos) = radians.sin_cos();
        Self {
            a: scale * cos,
            b: scale * sin,
            shift,
        }
    }

    /// The one that brings `from` closest to `to`, by the sum of squared distances (Umeyama 1991, in the plane and
    /// without its reflection). Points that all lie on one spot give a shift.
    pub fn between(from: &[Point], to: &[Point]) -> Self {
        let (centre_from, centre_to) = (centre(from), centre(to));
        let (mut along, mut across, mut spread) = (0.0_f64, 0.0_f64, 0.0_f64);
        for (p, q) in from.iter().zip(to) {
            let (px, py) = (
                f64::from(p.x) - centre_from.0,
                f64::from(p.y) - centre_from.1,
            );
            let (qx, qy) = (f64::from(q.x) - centre_to.0, f64::from(q.y) - centre_to.1);
            along += px * qx + py * qy;
            across += px * qy - py * qx;
            spread += px * px + py * py;
        }
        let (a, b) = if spread > 0.0 {
            (along / spread, across / spread)
        } else {
            (1.0, 0.0)
        };
        let shift = Point {
            x: (centre_to.0 - a * centre_from.0 + b * centre_from.1) as f32,
            y: (centre_to.1 - b * centre_from.0 - a * centre_from.1) as f32,
        };
        Self {
            a: a as f32,
            b: b as f32,
            shift,
        }
    }

    /// How many times longer a line becomes.
    pub fn scale(&self) -> f32 {
        self.a.hypot(self.b)
    }

    pub fn apply(&self, point: Point) -> Point {
        Point {
            x: self.a * point.x - self.b * point.y + self.shift.x,
            y: self.b * point.x + self.a * point.y + self.shift.y,
        }
    }
}

fn centre(points: &[Point]) -> (f64, f64) {
    let count = points.len().max(1) as f64;
    let sum = points.iter().fold((0.0, 0.0), |sum, point| {
        (sum.0 + f64::from(point.x), sum.1 + f64::from(point.y))
    });
    (sum.0 / count, sum.1 / count)
}

/// A picture that can be asked between its pixels.
pub(super) struct Source<'a> {
    rgb: &'a [u8],
    width: usize,
    last_x: f32,
    last_y: f32,
}

impl<'a> Source<'a> {
    pub(super) fn new(picture: &'a Picture) -> Self {
        Self {
            rgb: picture.rgb(),
            width: picture.width() as usize,
            last_x: (picture.width() - 1) as f32,
            last_y: (picture.height() - 1) as f32,
        }
    }

    /// Whether a place lies within the picture. What is not a number does not.
    pub(super) fn holds(&self, place: Point) -> bool {
        let within = |value: f32, last: f32| value >= -0.5 && value <= last + 0.5;
        within(place.x, self.last_x) && within(place.y, self.last_y)
    }

    /// The mean of `fine` × `fine` places spread over one chip pixel.
    pub(super) fn mean(&self, placing: &Similarity, x: u32, y: u32, fine: u32) -> [u8; 3] {
        let step = 1.0 / fine as f32;
        let offset = |i: u32| (i as f32 + 0.5) * step - 0.5;
        let mut sum = [0.0_f32; 3];
        for dy in 0..fine {
            for dx in 0..fine {
                let place = placing.apply(Point {
                    x: x as f32 + offset(dx),
                    y: y as f32 + offset(dy),
                });
                let colour = self.between(place);
                for (sum, value) in sum.iter_mut().zip(colour) {
                    *sum += value;
                }
            }
        }
        sum.map(|sum| (sum * step * step).round().clamp(0.0, 255.0) as u8)
    }

    /// Linear in both directions between the four pixels around `place`.
    pub(super) fn between(&self, place: Point) -> [f32; 3] {
        // `max` before `min` also sends what is not a number to 0.
        let x = place.x.max(0.0).min(self.last_x);
        let y = place.y.max(0.0).min(self.last_y);
        // Neither is negative, so that cutting their fractions off rounds them down.
        let (left, top) = (x as i32 as f32, y as i32 as f32);
        let (fx, fy) = (x - left, y - top);
        let right = (left + 1.0).min(self.last_x) as usize;
        let bottom = (top + 1.0).min(self.last_y) as usize;
        let (left, top) = (left as usize, top as usize);
        let corners = [
            (self.pixel(left, top), (1.0 - fx) * (1.0 - fy)),
            (self.pixel(right, top), fx * (1.0 - fy)),
            (self.pixel(left, bottom), (1.0 - fx) * fy),
            (self.pixel(right, bottom), fx * fy),
        ];
        std::array::from_fn(|c| corners.iter().map(|(p, w)| f32::from(p[c]) * w).sum())
    }

    fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        let at = (y * self.width + x) * 3;
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(places: [(f32, f32); 5]) -> [Point; 5] {
        places.map(|(x, y)| Point { x, y })
    }

    const FACE: [(f32, f32); 5] = [
        (40.0, 50.0),
        (90.0, 52.0),
        (66.0, 80.0),
        (45.0, 110.0),
        (85.0, 111.0),
    ];

    #[test]
    fn an_exact_similarity_is_found_again() {
        let known = Similarity {
            a: 1.6,
            b: -0.7,
            shift: Point { x: 12.0, y: -30.0 },
        };
        let from = points(FACE);
        let to = from.map(|p| known.apply(p));
        let found = Similarity::between(&from, &to);
        for (p, q) in from.iter().zip(&to) {
            let r = found.apply(*p);
            assert!((r.x - q.x).abs() < 1e-3 && (r.y - q.y).abs() < 1e-3);
        }
        assert!((found.scale() - known.scale()).abs() < 1e-5);
    }

    #[test]
    fn points_on_one_spot_give_a_shift() {
        let from = points([(3.0, 4.0); 5]);
        let found = Similarity::between(&from, &points([(10.0, 20.0); 5]));
        assert_eq!(
            found.apply(Point { x: 4.0, y: 4.0 }),
            Point { x: 11.0, y: 20.0 }
        );
    }

    #[test]
    fn points_that_already_fit_copy_the_pixels() {
        let rgb: Vec<u8> = (0..20 * 20 * 3).map(|i| (i * 7 % 251) as u8).collect();
        let picture = Picture::from_rgb(20, 20, rgb).unwrap();
        let template = points(FACE.map(|(x, y)| (x / 8.0, y / 8.0)));
        let chip = align(&picture, &template, &template, 16).unwrap();
        for y in 0..16 {
            let (from, to) = (y * 20 * 3, y * 16 * 3);
            assert_eq!(chip.rgb()[to..to + 48], picture.rgb()[from..from + 48]);
        }
    }

    #[test]
    fn shrinking_takes_the_mean_and_not_a_single_pixel() {
        // Stripes of one pixel: every single pixel is 0 or 200, every mean about 100.
        let rgb: Vec<u8> = (0..400 * 400 * 3)
            .map(|i| if i / 3 % 2 == 0 { 0 } else { 200 })
            .collect();
        let picture = Picture::from_rgb(400, 400, rgb).unwrap();
        let template = points(FACE.map(|(x, y)| (x / 4.0, y / 4.0)));
        let large = points(FACE.map(|(x, y)| (x * 2.0, y * 2.0)));
        let chip = align(&picture, &large, &template, 32).unwrap();
        // The first row and column lean over the picture's border, which repeats.
        let inside = chip
            .rgb()
            .chunks_exact(32 * 3)
            .skip(1)
            .flat_map(|row| &row[3..]);
        let mut inside = inside.copied();
        assert!(inside.all(|value| (90..=110).contains(&value)));
    }

    #[test]
    fn points_outside_or_not_numbers_still_give_a_chip() {
        let picture = Picture::from_rgb(4, 3, vec![9; 36]).unwrap();
        let template = points(FACE);
        for strange in [f32::NAN, f32::INFINITY, -1e30, 1e30] {
            let mut outside = template;
            outside[1].x = strange;
            let chip = align(&picture, &outside, &template, 8).unwrap();
            assert_eq!(chip.rgb(), [9; 8 * 8 * 3]);
        }
    }

    #[test]
    fn a_mirror_turns_rows_around() {
        let picture = Picture::from_rgb(2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(mirrored(&picture).unwrap().rgb(), [4, 5, 6, 1, 2, 3]);
    }
}
