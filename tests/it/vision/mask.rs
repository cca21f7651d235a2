//! The built-in classifier on real faces: bare as they are, masked once a mask is drawn over them.

use std::fs;

use likeness::app;
use likeness::config::Config;
use likeness::pipeline::examiner::{Examiner as _, LookOrder};
use likeness::session::defect::Defect;
use likeness::vision::detector::{Detector, Face};
use likeness::vision::error::VisionError;
use likeness::vision::geometry::Point;
use likeness::vision::mask::{MaskClassifier, WORN, sha256_of_weights};
use likeness::vision::picture::{Picture, PictureLimits};
use likeness::vision::subject::document_subject;

use crate::helpers::{decoder, sample};
use crate::vision::chips::picture;
use crate::weights;

/// Real people's faces, each upright and the largest of its picture.
const FACES: [&str; 3] = ["mtcnn/obama.png", "mtcnn/biden.png", "mtcnn/astronaut.png"];

/// Surgical blue, black and white.
const CLOTHS: [[u8; 3]; 3] = [[120, 175, 200], [28, 28, 32], [232, 234, 236]];

/// The face of a document, and the upright document.
fn found(detector: &Detector, picture: &Picture) -> (Picture, Face) {
    let found = document_subject(detector, picture).expect("the networks run");
    let found = found.expect("a face is found");
    (found.upright, found.face)
}

/// The picture with cloth over nose, mouth and chin: from under the eyes to below the mouth, narrower at the chin.
fn with_mask(picture: &Picture, face: &Face, cloth: [u8; 3]) -> Picture {
    let [left_eye, right_eye, _, left_mouth, right_mouth] = face.landmarks;
    let middle = |a: Point, b: Point| (f32::midpoint(a.x, b.x), f32::midpoint(a.y, b.y));
    let (eyes, mouth) = (middle(left_eye, right_eye), middle(left_mouth, right_mouth));
    let (down, half) = (mouth.1 - eyes.1, (right_eye.x - left_eye.x) / 2.0);
    let mut rgb = picture.rgb().to_vec();
    for (index, pixel) in rgb.chunks_exact_mut(3).enumerate() {
        let x = (index % picture.width() as usize) as f32;
        let y = (index / picture.width() as usize) as f32;
        let along = (y - eyes.1) / down;
        let wide = half
            * if along < 1.2 {
                1.6
            } else {
                1.6 - (along - 1.2)
            };
        let axis = eyes.0 + (mouth.0 - eyes.0) * along;
        if (0.4..1.9).contains(&along) && (x - axis).abs() < wide {
            let fold = ((along * 18.0).sin() * 6.0) as i16;
            let shaded = cloth.map(|value| (i16::from(value) + fold).clamp(0, 255) as u8);
            pixel.copy_from_slice(&shaded);
        }
    }
    Picture::from_rgb(picture.width(), picture.height(), rgb).expect("a picture")
}

#[test]
fn bare_faces_are_bare_and_drawn_masks_are_worn() {
    let Some(pack) = weights::detector("bare_faces_are_bare_and_drawn_masks_are_worn") else {
        return;
    };
    let detector = Detector::load(&pack.weights).expect("the weights fit");
    let classifier = MaskClassifier::built_in().expect("the weights fit");
    let limits = PictureLimits {
        max_pixels: 50_000_000,
    };
    let cards = ["genuine", "another-card"]
        .map(|name| Picture::open(&sample(&format!("{name}/document.jpg")), &limits).unwrap());
    for picture in FACES.map(picture).iter().chain(&cards) {
        let (upright, face) = found(&detector, picture);
        let bare = classifier.worn(&upright, &face).unwrap();
        assert!(bare < WORN, "{picture:?} bare: {bare}");
        for cloth in CLOTHS {
            let masked = with_mask(&upright, &face, cloth);
            let worn = classifier.worn(&masked, &face).unwrap();
            assert!(worn >= WORN, "{picture:?} under {cloth:?}: {worn}");
        }
    }
}

#[test]
fn a_look_tells_of_a_mask_where_it_is_asked() {
    let test = "a_look_tells_of_a_mask_where_it_is_asked";
    let Some(packs) = weights::packs("dlib", test) else {
        return;
    };
    let config = Config {
        models: weights::root().join("models"),
        embedder: "dlib".to_owned(),
        decoder: decoder(),
        ..Config::default()
    };
    let (examiner, facts) = app::models::examiner(&config).unwrap();
    assert!(facts.mask.is_some());
    let hashes = &facts.hashes;
    assert!(hashes.iter().any(|pack| pack.sha256 == sha256_of_weights()));

    let detector = Detector::load(&packs.detector.weights).unwrap();
    let bare = picture("mtcnn/astronaut.png");
    let (upright, face) = found(&detector, &bare);
    let masked = with_mask(&upright, &face, CLOTHS[0]);
    let look = |picture: &Picture, mask: bool| {
        let order = LookOrder {
            picture: &picture.to_jpeg(95).unwrap(),
            templates: 0,
            mask,
            liveness: false,
        };
        let looked = examiner.look(order).unwrap();
        (looked.faces[0].masked, looked.defects)
    };
    let (told, defects) = look(&bare, true);
    assert_eq!(told, Some(false));
    assert!(!defects.contains(&Defect::Occluded), "{defects:?}");
    let (told, defects) = look(&masked, true);
    assert_eq!(told, Some(true));
    assert!(defects.contains(&Defect::Occluded), "{defects:?}");
    let (told, defects) = look(&masked, false);
    assert_eq!(told, None);
    assert!(!defects.contains(&Defect::Occluded), "{defects:?}");
}

#[test]
fn the_report_is_about_these_weights() {
    let report = fs::read_to_string(weights::root().join("models/mask.md")).unwrap();
    let hash = sha256_of_weights();
    assert!(
        report.contains(&hash),
        "models/mask.md does not name {hash}"
    );
}

#[test]
fn a_chip_of_another_size_and_other_weights_are_refused() {
    let classifier = MaskClassifier::built_in().expect("the weights fit");
    let chip = Picture::from_rgb(47, 48, vec![9; 47 * 48 * 3]).unwrap();
    let refused = classifier.raw(&[chip]);
    assert!(matches!(refused, Err(VisionError::WrongSize { .. })));
    let refused = MaskClassifier::from_bytes(b"no weights".to_vec());
    assert!(matches!(refused, Err(VisionError::Weights { .. })));
}
