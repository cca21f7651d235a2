//! Which defects a capture has, by bounds on what was measured (pure).

use crate::session::defect::Defect;
use crate::session::examination::{FaceBox, FaceFinding};

/// The bounds of one kind of capture. What is None is not asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The least width and height of the face, in pixels.
    pub smallest_face: f32,
    /// The least distance between the pupils, in pixels.
    pub least_pupil_distance: Option<f32>,
    /// By how much the face's box may leave the picture, as a share of its own width: it is drawn
    /// around more than the face.
    pub cropping: f32,
    /// The least room between the face and the picture's edge, in pixels.
    pub least_padding: Option<f32>,
    /// A face that takes more than this share of the picture's width or height is too close.
    pub closest: Option<f32>,
    /// The most that the head may be turned or nod, in degrees.
    pub steepest: Option<f32>,
    /// The most that the head may lean, in degrees.
    pub most_lean: Option<f32>,
}

/// Below this Laplacian variance a face is blurred: the bound of the rule files
/// (`scoring-rules/default.json`). Of LFW's faces, press pictures of 250 pixels, 7 in 100 lie below.
const SHARP: f32 = 40.0;

/// Mean grey levels between which a face can be seen: the bounds of the rule files. Of 3 811 faces of
/// LFW none lies outside.
const DARKEST: f32 = 50.0;
const BRIGHTEST: f32 = 225.0;

/// The most that one half of the face may be brighter than the other, relative to the mean of both:
/// here it is twice as bright. Of LFW's faces 6 in 1000 lie above (docs/observations.md).
const UNEVEN: f32 = 0.7;

/// Eyes less open than this, the gap between the lids against its width, are shut: 4 of 763 pictures of
/// LFW lie below, most of people who look down.
const OPEN: f32 = 0.13;

impl Bounds {
    /// Of a single picture: what the page of `OpenCV FR` asks of one whose liveness is to be told, 150
    /// pixels with a margin of 15, 50 between the pupils, and 30 degrees. How close is too close is ours.
    pub const PICTURE: Self = Self {
        smallest_face: 150.0,
        least_pupil_distance: Some(50.0),
        cropping: 0.0,
        least_padding: Some(15.0),
        closest: Some(0.75),
        steepest: Some(30.0),
        most_lean: Some(30.0),
    };

    /// Of a frame of a video: the face as large as `scoring-rules/strict.json` asks and turned no
    /// further, and cut off by the rule that a video's capture code has. Who films themselves may
    /// fill the frame, and moves in it.
    pub const FRAME: Self = Self {
        smallest_face: 90.0,
        least_pupil_distance: None,
        cropping: 0.1,
        least_padding: None,
        closest: None,
        steepest: Some(25.0),
        most_lean: Some(30.0),
    };

    /// Of a document: a portrait as large as `scoring-rules/default.json` asks. It may lie anywhere
    /// on the card, and look where it was photographed to look.
    pub const DOCUMENT: Self = Self {
        smallest_face: 60.0,
        least_pupil_distance: None,
        cropping: 0.1,
        least_padding: None,
        closest: None,
        steepest: None,
        most_lean: None,
    };
}

/// What was seen of a capture's subject.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// Width and height of the upright picture.
    pub size: (u32, u32),
    pub face: &'a FaceFinding,
    /// Between the pupils, in pixels.
    pub pupil_distance: f32,
    /// Faces that could be the subject's as well, the subject among them.
    pub comparable: usize,
    /// Whether something covers the face, where that was asked.
    pub covered: Option<bool>,
    /// How sure it is that the eyes are open, 0–1, where that was asked.
    pub eyes_open: Option<f32>,
}

/// What is wrong, in the order of [`Defect::ALL`]; without a sight there is no face.
pub fn defects(sight: Option<Sight<'_>>, bounds: &Bounds) -> Vec<Defect> {
    let Some(sight) = sight else {
        return vec![Defect::NoFace];
    };
    let mut defects = Vec::new();
    let mut note = |holds: bool, defect: Defect| {
        if holds {
            defects.push(defect);
        }
    };
    let Sight { face, size, .. } = sight;
    note(sight.comparable > 1, Defect::TooManyFaces);
    let (width, height) = (size.0 as f32, size.1 as f32);
    let at = face.face_box;
    let padding = padding(at, width, height);
    let cropped = padding < -bounds.cropping * at.width;
    note(cropped, Defect::FaceCropped);
    let narrow = bounds
        .least_pupil_distance
        .is_some_and(|least| sight.pupil_distance < least);
    let small = at.width.min(at.height) < bounds.smallest_face;
    note(small || narrow, Defect::FaceTooSmall);
    let close = bounds
        .closest
        .is_some_and(|share| at.width > share * width || at.height > share * height);
    note(close, Defect::FaceTooClose);
    // What is cropped is close to the border, and is told once.
    let near = !cropped && bounds.least_padding.is_some_and(|least| padding < least);
    note(near, Defect::FaceCloseToBorder);
    note(is_turned(face, bounds), Defect::AngleTooLarge);
    note(sight.covered == Some(true), Defect::Occluded);
    note(
        sight.eyes_open.is_some_and(|open| open < OPEN),
        Defect::EyesClosed,
    );
    note(face.sharpness < SHARP, Defect::Blurred);
    note(face.brightness < DARKEST, Defect::TooDark);
    note(face.brightness > BRIGHTEST, Defect::TooBright);
    note(
        face.unevenness.is_some_and(|uneven| uneven > UNEVEN),
        Defect::UnevenLight,
    );
    defects
}

/// The room between a box and the nearest edge; less than none where it leaves the picture.
fn padding(at: FaceBox, width: f32, height: f32) -> f32 {
    [
        at.left,
        at.top,
        width - at.left - at.width,
        height - at.top - at.height,
    ]
    .into_iter()
    .fold(f32::INFINITY, f32::min)
}

fn is_turned(face: &FaceFinding, bounds: &Bounds) -> bool {
    let pose = face.pose;
    let over = |most: Option<f32>, degrees: f32| most.is_some_and(|most| degrees.abs() > most);
    over(bounds.steepest, pose.yaw)
        || over(bounds.steepest, pose.pitch)
        || over(bounds.most_lean, pose.roll)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::examination::HeadPose;

    fn face(left: f32, top: f32, width: f32, height: f32) -> FaceFinding {
        FaceFinding {
            face_box: FaceBox {
                left,
                top,
                width,
                height,
            },
            confidence: 0.99,
            sharpness: 500.0,
            brightness: 120.0,
            unevenness: Some(0.1),
            pose: HeadPose {
                yaw: 0.0,
                pitch: 0.0,
                roll: 0.0,
            },
            mask: None,
            eyes_open: None,
            landmarks: None,
        }
    }

    fn sight(face: &FaceFinding) -> Sight<'_> {
        Sight {
            size: (600, 800),
            face,
            pupil_distance: face.face_box.width * 0.4,
            comparable: 1,
            covered: None,
            eyes_open: None,
        }
    }

    fn of_box(left: f32, top: f32, width: f32, height: f32) -> Vec<Defect> {
        defects(
            Some(sight(&face(left, top, width, height))),
            &Bounds::PICTURE,
        )
    }

    /// What is wrong with a good picture once its face is changed.
    fn changed(change: impl FnOnce(&mut FaceFinding)) -> Vec<Defect> {
        let mut face = face(200.0, 200.0, 200.0, 260.0);
        change(&mut face);
        defects(Some(sight(&face)), &Bounds::PICTURE)
    }

    #[test]
    fn a_good_picture_has_none_and_one_without_a_face_has_that_alone() {
        assert_eq!(changed(|_| ()), []);
        assert_eq!(defects(None, &Bounds::PICTURE), [Defect::NoFace]);
    }

    #[test]
    fn the_face_lies_inside_with_room_around_it() {
        for (found, defect) in [
            (of_box(-1.0, 200.0, 200.0, 200.0), Defect::FaceCropped),
            (of_box(401.0, 200.0, 200.0, 200.0), Defect::FaceCropped),
            (of_box(14.0, 200.0, 200.0, 200.0), Defect::FaceCloseToBorder),
            (
                of_box(200.0, 590.0, 200.0, 200.0),
                Defect::FaceCloseToBorder,
            ),
            (of_box(200.0, 200.0, 149.0, 200.0), Defect::FaceTooSmall),
            (of_box(20.0, 20.0, 460.0, 500.0), Defect::FaceTooClose),
            (of_box(100.0, 50.0, 400.0, 610.0), Defect::FaceTooClose),
        ] {
            assert_eq!(found, [defect]);
        }
        assert_eq!(of_box(15.0, 15.0, 150.0, 150.0), []);
    }

    #[test]
    fn pose_light_and_sharpness_have_their_bounds() {
        for degrees in [-31.0, 31.0] {
            for turn in [
                changed(|face| face.pose.yaw = degrees),
                changed(|face| face.pose.pitch = degrees),
                changed(|face| face.pose.roll = degrees),
            ] {
                assert_eq!(turn, [Defect::AngleTooLarge]);
            }
        }
        assert_eq!(changed(|face| face.pose.yaw = 30.0), []);
        assert_eq!(changed(|face| face.sharpness = 39.0), [Defect::Blurred]);
        assert_eq!(changed(|face| face.brightness = 49.0), [Defect::TooDark]);
        assert_eq!(changed(|face| face.brightness = 226.0), [Defect::TooBright]);
        let uneven = changed(|face| face.unevenness = Some(0.71));
        assert_eq!(uneven, [Defect::UnevenLight]);
        assert_eq!(changed(|face| face.unevenness = None), []);
    }

    #[test]
    fn pupils_neighbours_covers_and_eyes_are_asked_for() {
        let face = face(200.0, 200.0, 200.0, 260.0);
        let told = |change: fn(&mut Sight<'_>)| {
            let mut sight = sight(&face);
            change(&mut sight);
            defects(Some(sight), &Bounds::PICTURE)
        };
        let narrow = told(|sight| sight.pupil_distance = 49.0);
        assert_eq!(narrow, [Defect::FaceTooSmall]);
        assert_eq!(told(|sight| sight.comparable = 2), [Defect::TooManyFaces]);
        assert_eq!(told(|sight| sight.covered = Some(true)), [Defect::Occluded]);
        assert_eq!(told(|sight| sight.covered = Some(false)), []);
        assert_eq!(
            told(|sight| sight.eyes_open = Some(0.1)),
            [Defect::EyesClosed]
        );
        assert_eq!(told(|sight| sight.eyes_open = Some(0.9)), []);
    }

    #[test]
    fn a_frame_and_a_document_ask_for_less() {
        let mut face = face(-5.0, 0.0, 95.0, 700.0);
        face.pose.yaw = 29.0;
        let of = |bounds: &Bounds| defects(Some(sight(&face)), bounds);
        assert_eq!(of(&Bounds::FRAME), [Defect::AngleTooLarge]);
        assert_eq!(of(&Bounds::DOCUMENT), []);
        face.face_box.width = 59.0;
        let of = |bounds: &Bounds| defects(Some(sight(&face)), bounds);
        assert_eq!(
            of(&Bounds::FRAME),
            [Defect::FaceTooSmall, Defect::AngleTooLarge]
        );
        assert_eq!(of(&Bounds::DOCUMENT), [Defect::FaceTooSmall]);
    }

    #[test]
    fn several_are_told_in_the_order_of_the_list() {
        let mut face = face(-30.0, 0.0, 100.0, 120.0);
        face.brightness = 20.0;
        face.sharpness = 1.0;
        let mut sight = sight(&face);
        sight.comparable = 3;
        let found = defects(Some(sight), &Bounds::PICTURE);
        let listed: Vec<Defect> = Defect::ALL
            .into_iter()
            .filter(|defect| found.contains(defect))
            .collect();
        assert_eq!(found, listed);
        assert_eq!(found.len(), 5);
    }
}
