//! Where the five points of a face lie in the chip that each embedder learned from.

use crate::vision::geometry::Point;
use crate::vision::nets::{dlib_resnet, retail_0095};

/// Left eye, right eye, nose tip, left and right corner of the mouth, as parts of the chip's side: from the model's
/// page in the Open Model Zoo.
const RETAIL_0095: [(f32, f32); 5] = [
    (0.315_568_75, 0.461_574_1),
    (0.682_622_9, 0.461_574_1),
    (0.500_262_5, 0.640_505_4),
    (0.349_471_9, 0.824_692),
    (0.653_436_5, 0.824_692),
];

/// The same points of dlib's mean face (the mean of its 68 points, in the unit square around them).
/// The nose is point 30, its tip: on the pairs of LFW's folds 0–4, mirror-averaged, that judged 99.17 % rightly, point 33
/// at the nose's base 99.07 %.
const DLIB_MEAN_FACE: [(f32, f32); 5] = [
    (0.225_492, 0.215_990),
    (0.754_761, 0.215_990),
    (0.490_127, 0.515_625),
    (0.254_149, 0.780_233),
    (0.726_104, 0.780_233),
];

/// What dlib leaves around the mean face on each side, as part of the face's size.
const DLIB_PADDING: f32 = 0.25;

/// In pixels of the 128×128 chip.
pub(super) fn retail_0095() -> [Point; 5] {
    let side = retail_0095::SIDE as f32;
    RETAIL_0095.map(|(x, y)| Point {
        x: x * side,
        y: y * side,
    })
}

/// In pixels of the 150×150 chip.
pub(super) fn dlib_resnet() -> [Point; 5] {
    let side = dlib_resnet::SIDE as f32;
    let place = |v: f32| (v + DLIB_PADDING) / (1.0 + 2.0 * DLIB_PADDING) * side;
    DLIB_MEAN_FACE.map(|(x, y)| Point {
        x: place(x),
        y: place(y),
    })
}
