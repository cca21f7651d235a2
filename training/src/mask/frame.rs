//! A face's own measure: places told by its eyes and its mouth, so that what is drawn sits where it would.

use likeness::vision::geometry::Point;
use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::canvas::{Canvas, Colour, Outline};

/// The face's axes: across from the middle of the eyes, one being half way from eye to eye; down from
/// there, one being the line of the mouth. The chin lies at about 1.8.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    origin: Point,
    across: Point,
    down: Point,
    /// Where the nose's tip lies across: how far the face is turned.
    pub(crate) turned: f32,
}

impl Frame {
    pub(crate) fn of(points: &[Point; 5]) -> Self {
        let [left_eye, right_eye, nose, left_mouth, right_mouth] = *points;
        let origin = middle(left_eye, right_eye);
        let mouth = middle(left_mouth, right_mouth);
        let down = minus(mouth, origin);
        let long = down.x.hypot(down.y).max(1.0);
        let half = minus(right_eye, origin);
        // A face in profile is as wide as before, though its eyes lie close together.
        let wide = half.x.hypot(half.y).max(0.45 * long);
        let across = Point {
            x: down.y / long * wide,
            y: -down.x / long * wide,
        };
        let to_nose = minus(nose, origin);
        Self {
            origin,
            across,
            down,
            turned: (to_nose.x * across.x + to_nose.y * across.y) / (wide * wide),
        }
    }

    pub(crate) fn place(&self, across: f32, down: f32) -> Point {
        Point {
            x: self.origin.x + self.across.x * across + self.down.x * down,
            y: self.origin.y + self.across.y * across + self.down.y * down,
        }
    }

    /// The place of a point of the chip on the face's axes.
    pub(crate) fn where_is(&self, point: Point) -> (f32, f32) {
        let from = minus(point, self.origin);
        let along = |axis: Point| {
            (from.x * axis.x + from.y * axis.y) / (axis.x * axis.x + axis.y * axis.y).max(1e-6)
        };
        (along(self.across), along(self.down))
    }

    pub(crate) fn outline(&self, places: &[(f32, f32)]) -> Outline {
        let points = places
            .iter()
            .map(|(across, down)| self.place(*across, *down));
        Outline::new(points.collect())
    }

    /// The colour of a cheek.
    pub(crate) fn skin(&self, canvas: &Canvas, random: &mut StdRng) -> Colour {
        let side = if random.random_bool(0.5) { 0.6 } else { -0.6 };
        canvas.at(self.place(side, random.random_range(0.5..0.7)))
    }
}

fn middle(a: Point, b: Point) -> Point {
    Point {
        x: f32::midpoint(a.x, b.x),
        y: f32::midpoint(a.y, b.y),
    }
}

fn minus(a: Point, b: Point) -> Point {
    Point {
        x: a.x - b.x,
        y: a.y - b.y,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_axes_are_each_others_way_back() {
        let point = |x, y| Point { x, y };
        let frame = Frame::of(&[
            point(40.0, 40.0),
            point(60.0, 42.0),
            point(52.0, 52.0),
            point(42.0, 62.0),
            point(58.0, 63.0),
        ]);
        let (across, down) = frame.where_is(frame.place(0.7, 1.3));
        assert!((across - 0.7).abs() < 1e-4 && (down - 1.3).abs() < 1e-4);
        assert!(frame.turned > 0.0);
    }
}
