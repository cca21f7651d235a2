//! Points, boxes and the transforms between pictures: plain arithmetic, no pixels.

use serde::{Deserialize, Serialize};

/// A place in a picture, in pixels from the top left corner.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub x: f32,
    pub y: f32,
}

/// An upright box in pixels; `right` and `bottom` lie outside it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoundingBox {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl BoundingBox {
    pub fn width(&self) -> f32 {
        (self.right - self.left).max(0.0)
    }

    pub fn height(&self) -> f32 {
        (self.bottom - self.top).max(0.0)
    }

    pub fn area(&self) -> f32 {
        self.width() * self.height()
    }

    pub fn centre(&self) -> Point {
        Point {
            x: f32::midpoint(self.left, self.right),
            y: f32::midpoint(self.top, self.bottom),
        }
    }

    /// The square of the longer side about the same centre.
    #[must_use]
    pub fn squared(&self) -> Self {
        let width = self.right - self.left;
        let height = self.bottom - self.top;
        let side = width.max(height);
        let left = self.left + width * 0.5 - side * 0.5;
        let top = self.top + height * 0.5 - side * 0.5;
        Self {
            left,
            top,
            right: left + side,
            bottom: top + side,
        }
    }

    /// Intersection over union, 0 (apart) to 1 (the same box).
    pub fn iou(&self, other: &Self) -> f32 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.bottom.min(other.bottom) - self.top.max(other.top);
        let shared = width.max(0.0) * height.max(0.0);
        let total = self.area() + other.area() - shared;
        if total > 0.0 { shared / total } else { 0.0 }
    }
}
