//! Finds faces and their five points in a picture, by the three-stage cascade of MTCNN.

use crate::vision::geometry::{BoundingBox, Point};

/// A face in a picture. The points are named as they are seen: the left eye is the one further left.
#[derive(Clone, Debug, PartialEq)]
pub struct Face {
    pub bounds: BoundingBox,
    /// The last network's probability that this is a face, 0–1.
    pub confidence: f32,
    /// Left eye, right eye, nose tip, left and right corner of the mouth.
    pub landmarks: [Point; 5],
}
