//! The face mesh against `TensorFlow` Lite on the same crops, and what is read from its points.

use std::collections::BTreeMap;

use likeness::vision::eyes::{head_pose, openness};
use likeness::vision::geometry::Point;
use likeness::vision::landmarks::{Landmarker, Mesh, MeshCrop};
use likeness::vision::picture::Picture;
use serde::Deserialize;

use crate::vision::chips;
use crate::weights;

/// What the reference says of one picture.
#[derive(Deserialize)]
struct Expected {
    /// Across and down, side, and by how much it is turned.
    crop: [f32; 4],
    presence: f32,
    points: Vec<[f32; 3]>,
}

impl Expected {
    fn crop(&self) -> MeshCrop {
        let [x, y, side, radians] = self.crop;
        MeshCrop {
            centre: Point { x, y },
            side,
            radians,
        }
    }
}

fn reference() -> BTreeMap<String, Expected> {
    chips::reference("face_mesh/reference.json")
}

fn picture(name: &str) -> Picture {
    chips::picture(&format!("mtcnn/{name}.png"))
}

fn landmarker(test: &str) -> Option<Landmarker> {
    let pack = weights::landmarks(test)?;
    Some(Landmarker::load(&pack).expect("the weights fit"))
}

/// The distance of the eyes' outer corners.
fn eyes_apart(points: &[[f32; 3]]) -> f32 {
    let ([ax, ay, _], [bx, by, _]) = (points[33], points[263]);
    (ax - bx).hypot(ay - by)
}

#[test]
fn points_are_those_of_tensorflow_lite() {
    let Some(landmarker) = landmarker("points_are_those_of_tensorflow_lite") else {
        return;
    };
    for (name, expected) in reference() {
        let found = landmarker.find(&picture(&name), &expected.crop());
        let found = found.expect("the network runs");
        assert_eq!(found.points.len(), expected.points.len());
        let apart = found.points.iter().zip(&expected.points);
        let errors: Vec<f32> = apart
            .map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1]).hypot(a[2] - b[2]))
            .collect();
        let mean = errors.iter().sum::<f32>() / errors.len() as f32;
        let share = mean / eyes_apart(&expected.points);
        assert!(share < 0.001, "{name}: {share} of the eyes' distance");
        let apart = (found.presence - expected.presence).abs();
        assert!(
            apart < 1e-3,
            "{name}: {} for {}",
            found.presence,
            expected.presence
        );
    }
}

#[test]
fn a_picture_without_a_face_has_no_presence() {
    let reference = reference();
    for (name, expected) in &reference {
        let nobody = name == "nobody";
        assert_eq!(expected.presence < 0.5, nobody, "{name}");
    }
}

#[test]
fn a_followed_crop_settles_where_it_is() {
    let Some(landmarker) = landmarker("a_followed_crop_settles_where_it_is") else {
        return;
    };
    for name in ["astronaut", "obama", "tilted"] {
        let picture = picture(name);
        let start = reference()[name].crop();
        let first = landmarker.find(&picture, &start).expect("the network runs");
        let second = landmarker.find(&picture, &MeshCrop::of_mesh(&first));
        let second = second.expect("the network runs");
        let (one, two) = (MeshCrop::of_mesh(&first), MeshCrop::of_mesh(&second));
        let moved = (one.centre.x - two.centre.x).hypot(one.centre.y - two.centre.y);
        assert!(moved < 0.05 * one.side, "{name}: {moved} of {}", one.side);
        assert!((one.side / two.side - 1.0).abs() < 0.05, "{name}");
        assert!((one.radians - two.radians).abs() < 0.05, "{name}");
        assert!(second.presence > 0.9, "{name}");
    }
}

/// Eyes, pose and lean of a face, whatever the turn of the crop that it was found in.
#[test]
fn what_is_read_from_the_points_does_not_lean_with_the_head() {
    let mut upright = mesh(&reference()["astronaut"]);
    let (left, right) = openness(&upright);
    assert!((0.15..0.5).contains(&left) && (0.15..0.5).contains(&right));
    let pose = head_pose(&upright);
    for point in &mut upright.points {
        let (sin, cos) = 0.4_f32.sin_cos();
        let [x, y, z] = *point;
        *point = [x * cos - y * sin, x * sin + y * cos, z];
    }
    let (turned_left, turned_right) = openness(&upright);
    assert!((turned_left - left).abs() < 1e-4 && (turned_right - right).abs() < 1e-4);
    let turned = head_pose(&upright);
    assert!((turned.roll - pose.roll - 0.4_f32.to_degrees()).abs() < 0.01);
    assert!((turned.yaw - pose.yaw).abs() < 0.01 && (turned.pitch - pose.pitch).abs() < 0.01);
}

#[test]
fn a_mirrored_face_turns_and_blinks_the_other_way() {
    let straight = mesh(&reference()["biden"]);
    let mut mirrored = straight.clone();
    for (index, point) in mirrored.points.iter_mut().enumerate() {
        let [x, y, z] = straight.points[mirror_of(index)];
        *point = [240.0 - x, y, z];
    }
    let (one, two) = (head_pose(&straight), head_pose(&mirrored));
    assert!((one.yaw + two.yaw).abs() < 0.01 && (one.roll + two.roll).abs() < 0.01);
    assert!((one.pitch - two.pitch).abs() < 0.01);
    let ((left, right), (mirrored_left, mirrored_right)) =
        (openness(&straight), openness(&mirrored));
    assert!((left - mirrored_right).abs() < 1e-4 && (right - mirrored_left).abs() < 1e-4);
}

/// Pairs of points that a mirror exchanges, as far as eyes and pose read them.
fn mirror_of(index: usize) -> usize {
    const PAIRS: [[usize; 2]; 11] = [
        [33, 263],
        [133, 362],
        [160, 387],
        [159, 386],
        [158, 385],
        [144, 373],
        [145, 374],
        [153, 380],
        [129, 358],
        [127, 356],
        [234, 454],
    ];
    for [a, b] in PAIRS {
        if index == a {
            return b;
        }
        if index == b {
            return a;
        }
    }
    index
}

fn mesh(expected: &Expected) -> Mesh {
    Mesh {
        points: expected.points.clone(),
        presence: expected.presence,
    }
}
