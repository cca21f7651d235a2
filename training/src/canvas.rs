//! A square of colours that can be painted on and looked at between its pixels.

use likeness::vision::error::VisionError;
use likeness::vision::geometry::Point;
use likeness::vision::picture::Picture;

/// Red, green and blue, 0–255.
pub(crate) type Colour = [f32; 3];

/// A square picture in numbers.
#[derive(Clone)]
pub(crate) struct Canvas {
    pub(crate) side: usize,
    pub(crate) pixels: Vec<Colour>,
}

impl Canvas {
    /// A square picture's pixels.
    pub(crate) fn of(picture: &Picture) -> Self {
        let pixels = picture.rgb().chunks_exact(3);
        Self {
            side: picture.width() as usize,
            pixels: pixels.map(|p| [p[0], p[1], p[2]].map(f32::from)).collect(),
        }
    }

    pub(crate) fn to_picture(&self) -> Result<Picture, VisionError> {
        let byte = |value: &f32| value.round().clamp(0.0, 255.0) as u8;
        let rgb = self.pixels.iter().flatten().map(byte).collect();
        Picture::from_rgb(self.side as u32, self.side as u32, rgb)
    }

    /// The colour at a place, linear between the pixels around it; beyond the edge, the edge's.
    pub(crate) fn at(&self, place: Point) -> Colour {
        let last = self.side as f32 - 1.0;
        let x = (place.x - 0.5).max(0.0).min(last);
        let y = (place.y - 0.5).max(0.0).min(last);
        let (left, top) = (x.floor(), y.floor());
        let (fx, fy) = (x - left, y - top);
        let (right, bottom) = (
            (left + 1.0).min(last) as usize,
            (top + 1.0).min(last) as usize,
        );
        let (left, top) = (left as usize, top as usize);
        let pixel = |x: usize, y: usize| self.pixels[y * self.side + x];
        let (a, b) = (pixel(left, top), pixel(right, top));
        let (c, d) = (pixel(left, bottom), pixel(right, bottom));
        std::array::from_fn(|i| {
            (a[i] * (1.0 - fx) + b[i] * fx) * (1.0 - fy) + (c[i] * (1.0 - fx) + d[i] * fx) * fy
        })
    }

    /// Paints over every pixel by as much as `cover` says (0–1), with the colour that it says.
    pub(crate) fn paint(&mut self, mut cover: impl FnMut(Point) -> Option<(f32, Colour)>) {
        for y in 0..self.side {
            for x in 0..self.side {
                let place = Point {
                    x: x as f32 + 0.5,
                    y: y as f32 + 0.5,
                };
                if let Some((alpha, colour)) = cover(place) {
                    let pixel = &mut self.pixels[y * self.side + x];
                    for (under, over) in pixel.iter_mut().zip(colour) {
                        *under += (over - *under) * alpha.clamp(0.0, 1.0);
                    }
                }
            }
        }
    }

    /// Every pixel blurred with those around it, by a bell of that width.
    pub(crate) fn blur(&mut self, sigma: f32) {
        let reach = (sigma * 2.5).ceil() as isize;
        let weights: Vec<f32> = (-reach..=reach)
            .map(|at| (-(at as f32 / sigma).powi(2) / 2.0).exp())
            .collect();
        let total: f32 = weights.iter().sum();
        let last = self.side as isize - 1;
        for across in [true, false] {
            let from = self.pixels.clone();
            for (index, pixel) in self.pixels.iter_mut().enumerate() {
                let (x, y) = ((index % self.side) as isize, (index / self.side) as isize);
                let mut sum = [0.0; 3];
                for (at, weight) in (-reach..=reach).zip(&weights) {
                    let (x, y) = if across { (x + at, y) } else { (x, y + at) };
                    let (x, y) = (x.clamp(0, last) as usize, y.clamp(0, last) as usize);
                    for (sum, value) in sum.iter_mut().zip(from[y * self.side + x]) {
                        *sum += value * weight / total;
                    }
                }
                *pixel = sum;
            }
        }
    }
}

/// A closed outline.
#[derive(Clone, Debug)]
pub(crate) struct Outline {
    points: Vec<Point>,
    /// Left, top, right and bottom.
    bounds: [f32; 4],
}

impl Outline {
    pub(crate) fn new(points: Vec<Point>) -> Self {
        let bounds = points.iter().fold(
            [f32::MAX, f32::MAX, f32::MIN, f32::MIN],
            |[left, top, right, bottom], point| {
                [
                    left.min(point.x),
                    top.min(point.y),
                    right.max(point.x),
                    bottom.max(point.y),
                ]
            },
        );
        Self { points, bounds }
    }

    /// How much of the pixel about a place lies within: of four points in it.
    pub(crate) fn covers(&self, place: Point) -> f32 {
        let [left, top, right, bottom] = self.bounds;
        if place.x < left - 1.0
            || place.x > right + 1.0
            || place.y < top - 1.0
            || place.y > bottom + 1.0
        {
            return 0.0;
        }
        let inside = [(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)]
            .iter()
            .filter(|(dx, dy)| self.holds(place.x + dx, place.y + dy))
            .count();
        inside as f32 / 4.0
    }

    fn holds(&self, x: f32, y: f32) -> bool {
        let mut inside = false;
        for (index, a) in self.points.iter().enumerate() {
            let b = &self.points[(index + 1) % self.points.len()];
            if (a.y > y) != (b.y > y) && x < (b.x - a.x) * (y - a.y) / (b.y - a.y) + a.x {
                inside = !inside;
            }
        }
        inside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_covers_what_lies_in_it() {
        let point = |x, y| Point { x, y };
        let square = Outline::new(vec![
            point(2.0, 2.0),
            point(6.0, 2.0),
            point(6.0, 6.0),
            point(2.0, 6.0),
        ]);
        let near = |a: f32, b: f32| (a - b).abs() < 1e-6;
        assert!(near(square.covers(point(4.5, 4.5)), 1.0));
        assert!(near(square.covers(point(8.5, 4.5)), 0.0));
        assert!(near(square.covers(point(6.0, 4.5)), 0.5));
    }

    #[test]
    fn what_is_between_pixels_is_between_their_colours() {
        let mut canvas = Canvas {
            side: 2,
            pixels: vec![[0.0; 3], [100.0; 3], [0.0; 3], [100.0; 3]],
        };
        let middle = canvas.at(Point { x: 1.0, y: 1.0 });
        assert!((middle[0] - 50.0).abs() < 1e-3);
        let before: f32 = canvas.pixels.iter().map(|pixel| pixel[0]).sum();
        canvas.blur(1.0);
        let after: f32 = canvas.pixels.iter().map(|pixel| pixel[0]).sum();
        assert!((before - after).abs() < 1e-2 && canvas.pixels[0][0] > 10.0);
    }
}
