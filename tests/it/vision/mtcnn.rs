//! The detector in candle against facenet-pytorch, on the same pixels.

use likeness::vision::detector::{Detector, Face};
use likeness::vision::geometry::{BoundingBox, Point};
use serde::Deserialize;

use crate::vision::chips::{picture, reference};
use crate::weights;

/// What facenet-pytorch finds in one picture, the surest first.
#[derive(Deserialize)]
struct Case {
    picture: String,
    min_face: f32,
    faces: Vec<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    #[serde(rename = "box")]
    sides: [f32; 4],
    confidence: f32,
    points: [[f32; 2]; 5],
}

impl Expected {
    fn bounds(&self) -> BoundingBox {
        let [left, top, right, bottom] = self.sides;
        BoundingBox {
            left,
            top,
            right,
            bottom,
        }
    }
}

fn detector(test: &str) -> Option<Detector> {
    let pack = weights::detector(test)?;
    Some(Detector::load(&pack.weights).expect("the weights fit"))
}

/// In pixels.
fn distance(a: Point, b: [f32; 2]) -> f32 {
    (a.x - b[0]).hypot(a.y - b[1])
}

fn assert_same(found: &Face, expected: &Expected, case: &str) {
    let overlap = found.bounds.iou(&expected.bounds());
    assert!(overlap >= 0.98, "{case}: overlap {overlap}");
    let astray = (found.confidence - expected.confidence).abs();
    assert!(astray <= 1e-3, "{case}: confidence off by {astray}");
    for (point, expected) in found.landmarks.iter().zip(expected.points) {
        let astray = distance(*point, expected);
        assert!(astray <= 1.0, "{case}: a point off by {astray} pixels");
    }
}

#[test]
fn faces_are_those_of_facenet_pytorch() {
    let Some(detector) = detector("faces_are_those_of_facenet_pytorch") else {
        return;
    };
    let cases: Vec<Case> = reference("mtcnn/reference.json");
    assert!(cases.iter().any(|case| case.faces.len() > 2));
    for case in cases {
        let picture = picture(&format!("mtcnn/{}.png", case.picture));
        let found = detector
            .detect(&picture, case.min_face)
            .expect("the networks run");
        let name = format!("{} from {} pixels", case.picture, case.min_face);
        assert_eq!(found.len(), case.faces.len(), "{name}");
        for (found, expected) in found.iter().zip(&case.faces) {
            assert_same(found, expected, &name);
        }
    }
}

#[test]
fn the_same_picture_gives_the_same_faces_from_any_thread() {
    let Some(detector) = detector("the_same_picture_gives_the_same_faces_from_any_thread") else {
        return;
    };
    let picture = picture("mtcnn/group.png");
    let first = detector.detect(&picture, 20.0).expect("the networks run");
    let others: Vec<Vec<Face>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| detector.detect(&picture, 20.0).expect("the networks run")))
            .collect();
        let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.map(|faces| faces.expect("no panic")).collect()
    });
    assert!(others.iter().all(|faces| *faces == first));
}

#[test]
fn a_picture_smaller_than_a_face_shows_nobody() {
    let Some(detector) = detector("a_picture_smaller_than_a_face_shows_nobody") else {
        return;
    };
    let picture = picture("mtcnn/astronaut.png").scaled_to_fit(8);
    for min_face in [0.0, 20.0, f32::NAN, f32::INFINITY, -3.0] {
        let found = detector.detect(&picture, min_face);
        assert_eq!(found.expect("the networks run"), []);
    }
}
