//! Whose face is taken, from real pictures: a card lying any way, ghosts, passers-by, nobody.

use likeness::vision::detector::Detector;
use likeness::vision::geometry::BoundingBox;
use likeness::vision::picture::Picture;
use likeness::vision::quality;
use likeness::vision::subject::{document_subject, frame_subject, min_face_for};

use crate::vision::chips::picture;
use crate::weights;

fn detector(test: &str) -> Option<Detector> {
    let pack = weights::detector(test)?;
    Some(Detector::load(&pack.weights).expect("the weights fit"))
}

/// A plain surface with pictures on it, each at its left upper corner.
fn surface(width: u32, height: u32, pictures: &[(&Picture, u32, u32)]) -> Picture {
    let mut rgb = [150, 170, 160].repeat(width as usize * height as usize);
    for (picture, left, top) in pictures {
        let row = picture.width() as usize * 3;
        for (y, pixels) in picture.rgb().chunks_exact(row).enumerate() {
            let at = ((*top as usize + y) * width as usize + *left as usize) * 3;
            rgb[at..at + row].copy_from_slice(pixels);
        }
    }
    Picture::from_rgb(width, height, rgb).expect("a picture")
}

/// A card with a portrait and, beside it, a ghost of half the size.
fn card() -> Picture {
    let portrait = picture("mtcnn/obama.png");
    let ghost = portrait.scaled_to_fit(portrait.height() / 2);
    surface(520, 330, &[(&ghost, 380, 150), (&portrait, 30, 30)])
}

/// Where the portrait's face lies on [`card`].
fn portrait_face() -> BoundingBox {
    BoundingBox {
        left: 120.0,
        top: 52.0,
        right: 176.0,
        bottom: 131.0,
    }
}

#[test]
fn a_card_is_set_upright_from_any_side_and_its_portrait_taken() {
    let Some(detector) = detector("a_card_is_set_upright_from_any_side_and_its_portrait_taken")
    else {
        return;
    };
    let card = card();
    for quarter_turns in 0..4 {
        let lying = card.turned(quarter_turns);
        let found = document_subject(&detector, &lying).expect("the networks run");
        let found = found.expect("the portrait is found");
        assert_eq!(found.quarter_turns, (4 - quarter_turns) % 4);
        assert!(found.upright == card, "turned by {quarter_turns}");
        let overlap = found.face.bounds.iou(&portrait_face());
        assert!(
            overlap > 0.8,
            "turned by {quarter_turns}: overlap {overlap}"
        );
        assert!(quality::pose(&found.face).roll.abs() < 10.0);
        assert_eq!(found.all.len(), 2, "the ghost is counted");
    }
}

#[test]
fn a_small_portrait_on_a_large_scan_is_found() {
    let Some(detector) = detector("a_small_portrait_on_a_large_scan_is_found") else {
        return;
    };
    let portrait = picture("mtcnn/obama.png");
    // The face is 55 pixels wide, an eighteenth of the page: less than is looked for at first.
    let page = surface(1400, 1000, &[(&portrait, 900, 600)]).turned(1);
    assert!(min_face_for(&page) > 60.0);
    let found = document_subject(&detector, &page).expect("the networks run");
    let found = found.expect("the portrait is found");
    assert_eq!(found.quarter_turns, 3);
    assert!(found.face.bounds.left > 900.0);
}

#[test]
fn a_face_of_the_smallest_size_that_matters_is_found_and_one_far_below_is_not() {
    let Some(detector) =
        detector("a_face_of_the_smallest_size_that_matters_is_found_and_one_far_below_is_not")
    else {
        return;
    };
    // The face is 56 pixels wide.
    let portrait = picture("mtcnn/obama.png");
    for (shorter, found) in [(56 * 12, 1), (56 * 36, 0)] {
        let frame = surface(shorter + 200, shorter, &[(&portrait, 300, 200)]);
        let faces = detector.detect(&frame, min_face_for(&frame));
        assert_eq!(faces.expect("the networks run").len(), found, "{shorter}");
    }
}

#[test]
fn faces_above_the_bound_are_those_that_looking_for_everything_finds() {
    let Some(detector) =
        detector("faces_above_the_bound_are_those_that_looking_for_everything_finds")
    else {
        return;
    };
    let (left, right) = (picture("mtcnn/astronaut.png"), picture("mtcnn/obama.png"));
    let frame = surface(900, 640, &[(&left, 40, 300), (&right, 560, 120)]);
    assert!(min_face_for(&frame) > 50.0);
    let bounded = detector.detect(&frame, min_face_for(&frame));
    let all = detector.detect(&frame, 20.0).expect("the networks run");
    let bounded = bounded.expect("the networks run");
    assert_eq!(
        (bounded.len(), all.len()),
        (2, 2),
        "two people are two people"
    );
    for (bounded, face) in bounded.iter().zip(&all) {
        let overlap = bounded.bounds.iou(&face.bounds);
        assert!(overlap > 0.8, "{overlap}");
    }
}

#[test]
fn a_card_on_a_photograph_of_many_pixels_is_seen_as_on_a_small_one() {
    let Some(detector) =
        detector("a_card_on_a_photograph_of_many_pixels_is_seen_as_on_a_small_one")
    else {
        return;
    };
    let card = card().turned(1);
    let large = enlarged(&card, ENLARGED);
    // Faces have pixels to spare, so that a smaller picture is searched.
    assert!(min_face_for(&large) > 96.0);
    let found = document_subject(&detector, &large).expect("the networks run");
    let found = found.expect("the portrait is found");
    assert_eq!(found.quarter_turns, 3);
    assert_eq!(found.upright.width(), 520 * ENLARGED);
    let there = portrait_face();
    let times = |side: f32| side * ENLARGED as f32;
    let expected = BoundingBox {
        left: times(there.left),
        top: times(there.top),
        right: times(there.right),
        bottom: times(there.bottom),
    };
    let overlap = found.face.bounds.iou(&expected);
    assert!(overlap > 0.8, "overlap {overlap}");
    assert_eq!(found.all.len(), 2, "the ghost is counted");
}

/// How many times larger the large photograph is, on each side.
const ENLARGED: u32 = 7;

/// Each pixel repeated so many times across and down.
fn enlarged(picture: &Picture, times: u32) -> Picture {
    let row = picture.width() as usize * 3;
    let mut rgb = Vec::new();
    for pixels in picture.rgb().chunks_exact(row) {
        let wide: Vec<u8> = pixels
            .chunks_exact(3)
            .flat_map(|pixel| pixel.repeat(times as usize))
            .collect();
        rgb.extend(wide.repeat(times as usize));
    }
    Picture::from_rgb(picture.width() * times, picture.height() * times, rgb).expect("a picture")
}

#[test]
fn a_document_without_a_face_has_no_subject() {
    let Some(detector) = detector("a_document_without_a_face_has_no_subject") else {
        return;
    };
    for page in [
        surface(400, 300, &[]),
        surface(400, 300, &[(&picture("mtcnn/nobody.png"), 100, 80)]),
    ] {
        let found = document_subject(&detector, &page).expect("the networks run");
        assert!(found.is_none());
    }
}

#[test]
fn in_a_frame_the_large_face_in_the_middle_is_taken() {
    let Some(detector) = detector("in_a_frame_the_large_face_in_the_middle_is_taken") else {
        return;
    };
    let (subject, behind) = (picture("mtcnn/astronaut.png"), picture("mtcnn/biden.png"));
    let behind = behind.scaled_to_fit(120);
    let frame = surface(480, 300, &[(&subject, 115, 25), (&behind, 360, 150)]);
    let faces = detector.detect(&frame, 20.0).expect("the networks run");
    assert_eq!(faces.len(), 2);
    let chosen = frame_subject(&faces, frame.width(), frame.height());
    let bounds = faces[chosen.expect("a subject")].bounds;
    assert!(bounds.left > 115.0 && bounds.right < 365.0);
}
