//! How well a face was captured: sharpness, brightness, evenness of the light, and where the head points.

use crate::vision::detector::Face;
use crate::vision::geometry::{BoundingBox, Point};
use crate::vision::grey;
use crate::vision::picture::Picture;
use crate::vision::resample::Region;

/// Faces are brought to this side before they are measured, so that a near one and a far one can be
/// compared. A face smaller than it keeps its own size: enlarging adds no detail to measure.
const SIDE: f32 = 128.0;

/// How far the tip of the nose stands out before the line of the eyes, in distances between the
/// eyes. Fitted, like the next constant, to what head-pose-estimation-adas-0001 (Open Model Zoo) says
/// of 240 faces of LFW.
const NOSE: f32 = 0.62;

/// Where the nose of a level face lies on the way from the eyes to the mouth.
const LEVEL_NOSE: f32 = 0.54;

/// Where a head points, in degrees: yaw towards the right edge of the picture, pitch up and roll
/// clockwise are positive.
///
/// Drawn from five points and an average nose. Of the faces that its constants were fitted to, yaw
/// strays by 4 degrees and pitch by 7 (standard deviation): enough to tell a face that looks ahead
/// from one that is turned away, and no more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    pub yaw: f32,
    pub pitch: f32,
    pub roll: f32,
}

/// Variance of the Laplacian over the face, at most 128 pixels high; higher is sharper.
pub fn sharpness(picture: &Picture, face: &Face) -> f32 {
    laplacian_variance(&grey(picture, &face.bounds))
}

/// Variance of the Laplacian over a part of the picture, brought to at most 128 pixels.
pub fn sharpness_within(picture: &Picture, bounds: &BoundingBox) -> f32 {
    laplacian_variance(&grey(picture, bounds))
}

/// Mean grey level of the face, 0–255.
pub fn brightness(picture: &Picture, face: &Face) -> f32 {
    let Grey { values, .. } = grey(picture, &face.bounds);
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

/// By how much one half of the face, left or right, is brighter than the other, relative to the mean of both: 0
/// where both are alike, 2 where one is black.
pub fn unevenness(picture: &Picture, face: &Face) -> f32 {
    let Grey { width, values } = grey(picture, &face.bounds);
    let half = width / 2;
    if half == 0 {
        return 0.0;
    }
    let (mut left, mut right) = (0.0, 0.0);
    for row in values.chunks_exact(width) {
        left += row[..half].iter().sum::<f32>();
        right += row[width - half..].iter().sum::<f32>();
    }
    let mean = f32::midpoint(left, right);
    if mean > 0.0 {
        (left - right).abs() / mean
    } else {
        0.0
    }
}

/// Where the head points.
pub fn pose(face: &Face) -> Pose {
    let [left_eye, right_eye, nose, left_mouth, right_mouth] = face.landmarks;
    let roll = (right_eye.y - left_eye.y).atan2(right_eye.x - left_eye.x);
    let eyes = middle(left_eye, right_eye);
    let mouth = middle(left_mouth, right_mouth);
    // In the head's own upright frame, the eyes at the origin.
    let level = |point: Point| {
        let (sin, cos) = (-roll).sin_cos();
        let (x, y) = (point.x - eyes.x, point.y - eyes.y);
        (x * cos - y * sin, x * sin + y * cos)
    };
    let apart = (right_eye.x - left_eye.x)
        .hypot(right_eye.y - left_eye.y)
        .max(1.0);
    let (nose_across, nose_down) = level(nose);
    let (mouth_across, mouth_down) = level(mouth);
    // The face's middle line runs from the eyes to the mouth; the nose leaves it by the yaw.
    let on_the_way = nose_down / mouth_down.max(1.0);
    let yaw = ((nose_across - mouth_across * on_the_way) / (NOSE * apart)).atan();
    let pitch = ((LEVEL_NOSE - on_the_way) * mouth_down.max(1.0) / (NOSE * apart)).atan();
    Pose {
        yaw: yaw.to_degrees(),
        pitch: pitch.to_degrees(),
        roll: roll.to_degrees(),
    }
}

#[derive(Default)]
struct Grey {
    width: usize,
    values: Vec<f32>,
}

fn grey(picture: &Picture, bounds: &BoundingBox) -> Grey {
    let edge = |value: f32| value.max(0.0) as usize;
    let region = Region {
        left: edge(bounds.left),
        top: edge(bounds.top),
        right: edge(bounds.right),
        bottom: edge(bounds.bottom),
    };
    let Some(region) = region.within(picture) else {
        return Grey::default();
    };
    let (across, down) = (region.right - region.left, region.bottom - region.top);
    let scale = (SIDE / across.max(down) as f32).min(1.0);
    let shrunk = |length: usize| ((length as f32 * scale) as usize).max(1);
    let (width, height) = (shrunk(across), shrunk(down));
    let values = grey::grey(picture, region, (width, height));
    Grey { width, values }
}

fn laplacian_variance(grey: &Grey) -> f32 {
    let Grey { width, values } = grey;
    let height = values.len() / (*width).max(1);
    if *width < 3 || height < 3 {
        return 0.0;
    }
    let mut sum = 0.0_f64;
    let mut squares = 0.0_f64;
    for y in 1..height - 1 {
        for x in 1..width - 1 {
            let at = y * width + x;
            let around = values[at - 1] + values[at + 1] + values[at - width] + values[at + width];
            let value = f64::from(around - 4.0 * values[at]);
            sum += value;
            squares += value * value;
        }
    }
    let count = ((width - 2) * (height - 2)) as f64;
    (squares / count - (sum / count).powi(2)) as f32
}

fn middle(a: Point, b: Point) -> Point {
    Point {
        x: f32::midpoint(a.x, b.x),
        y: f32::midpoint(a.y, b.y),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face_with(nose: (f32, f32)) -> Face {
        let point = |x, y| Point { x, y };
        Face {
            bounds: BoundingBox {
                left: 0.0,
                top: 0.0,
                right: 64.0,
                bottom: 64.0,
            },
            confidence: 1.0,
            landmarks: [
                point(20.0, 20.0),
                point(40.0, 20.0),
                point(nose.0, nose.1),
                point(22.0, 40.0),
                point(38.0, 40.0),
            ],
        }
    }

    fn turned(face: &Face, degrees: f32) -> Face {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let mut turned = face.clone();
        for point in &mut turned.landmarks {
            *point = Point {
                x: point.x * cos - point.y * sin,
                y: point.x * sin + point.y * cos,
            };
        }
        turned
    }

    fn picture(pixel: impl Fn(u32, u32) -> u8) -> Picture {
        let rgb = (0..64 * 64)
            .flat_map(|at| [pixel(at % 64, at / 64); 3])
            .collect();
        Picture::from_rgb(64, 64, rgb).unwrap()
    }

    #[test]
    fn a_frontal_face_points_ahead() {
        let pose = pose(&face_with((30.0, 20.0 + 20.0 * LEVEL_NOSE)));
        assert!(pose.yaw.abs() < 0.1 && pose.pitch.abs() < 0.1 && pose.roll.abs() < 0.1);
    }

    #[test]
    fn signs_are_as_documented_and_roll_does_not_leak_into_the_others() {
        let face = face_with((34.0, 26.0));
        let upright = pose(&face);
        assert!(upright.yaw > 10.0 && upright.pitch > 5.0);
        let rolled = pose(&turned(&face, 25.0));
        assert!((rolled.roll - 25.0).abs() < 0.1);
        assert!((rolled.yaw - upright.yaw).abs() < 0.1);
        assert!((rolled.pitch - upright.pitch).abs() < 0.1);
    }

    #[test]
    fn detail_is_sharper_than_a_ramp_and_a_flat_face_has_none() {
        let face = face_with((30.0, 30.0));
        let board = sharpness(
            &picture(|x, y| if (x / 4 + y / 4) % 2 == 0 { 60 } else { 200 }),
            &face,
        );
        let ramp = sharpness(&picture(|x, _| (x * 2) as u8), &face);
        assert!(board > 100.0 * ramp.max(1.0));
        assert!(sharpness(&picture(|_, _| 90), &face).abs() < 0.01);
    }

    #[test]
    fn brightness_is_the_mean_grey() {
        let value = brightness(&picture(|_, _| 90), &face_with((30.0, 30.0)));
        assert!((value - 90.0).abs() < 0.1);
    }

    #[test]
    fn unevenness_is_the_halves_difference_relative_to_their_mean() {
        let face = face_with((30.0, 30.0));
        let uneven = |left: u8, right: u8| {
            unevenness(&picture(|x, _| if x < 32 { left } else { right }), &face)
        };
        assert!(uneven(90, 90).abs() < 1e-4);
        assert!((uneven(150, 50) - 1.0).abs() < 0.01);
        assert!((uneven(50, 150) - 1.0).abs() < 0.01);
        assert!(uneven(0, 0).abs() < f32::EPSILON);
    }

    #[test]
    fn a_box_beside_the_picture_measures_nothing() {
        let mut face = face_with((30.0, 30.0));
        face.bounds = BoundingBox {
            left: 100.0,
            top: 100.0,
            right: 90.0,
            bottom: 120.0,
        };
        assert!(sharpness(&picture(|_, _| 90), &face).abs() < f32::EPSILON);
        assert!(brightness(&picture(|_, _| 90), &face).abs() < f32::EPSILON);
        assert!(unevenness(&picture(|_, _| 90), &face).abs() < f32::EPSILON);
    }
}
