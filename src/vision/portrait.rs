//! Cuts a face out for people to compare: however it was captured, its eyes lie where those of every other cut do.

use crate::vision::alignment::{MAX_OVERSAMPLING, Similarity, Source};
use crate::vision::error::VisionError;
use crate::vision::geometry::Point;
use crate::vision::picture::Picture;

/// Width and height of every cut.
pub const SIZE: (u32, u32) = (320, 400);

/// Where the eyes lie in it, the left one as it is seen first. Heads are about two and a half times
/// as wide as their eyes lie apart: hair, ears and chin are seen with a margin around them.
pub const EYES: [Point; 2] = [Point { x: 120.0, y: 170.0 }, Point { x: 200.0, y: 170.0 }];

/// The eyes of a head that is turned aside lie closer to each other than this many times the way down to
/// the mouth; the head is no larger for it. In faces that look ahead they lie about as far apart
/// as the mouth lies below them.
const TURNED: f32 = 0.8;

/// What is shown of places outside the picture: repeated borders would look like hair and skin.
const NOTHING: [u8; 3] = [128; 3];

/// The face of these five points (as in [`crate::vision::detector::Face`]), turned and scaled. The eyes of a head
/// that is turned far aside come closer together about the same middle, so that its size is kept.
pub fn cut(picture: &Picture, points: &[Point; 5]) -> Result<Picture, VisionError> {
    let placing = Similarity::between(&EYES, &eyes(points));
    let source = Source::new(picture);
    // A place between four pixels is a mean already, so that half as many do as pixels are covered.
    // `max` first, so that what is not a number becomes 1.
    let fine = (placing.scale() / 2.0).ceil().max(1.0) as u32;
    let fine = fine.min(MAX_OVERSAMPLING);
    let (width, height) = SIZE;
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    for y in 0..height {
        for x in 0..width {
            let place = placing.apply(Point {
                x: x as f32,
                y: y as f32,
            });
            rgb.extend(if source.holds(place) {
                source.mean(&placing, x, y, fine)
            } else {
                NOTHING
            });
        }
    }
    Picture::from_rgb(width, height, rgb)
}

/// The eyes, as far from each other as those of a head that looks ahead.
fn eyes(points: &[Point; 5]) -> [Point; 2] {
    let [left, right, _, left_mouth, right_mouth] = points;
    let eyes = middle(*left, *right);
    let mouth = middle(*left_mouth, *right_mouth);
    let (dx, dy) = (right.x - left.x, right.y - left.y);
    let apart = dx.hypot(dy);
    let ahead = apart.max(TURNED * (mouth.x - eyes.x).hypot(mouth.y - eyes.y));
    // Eyes on one spot lie level, for want of better.
    let (dx, dy) = if apart > 0.0 {
        (dx / apart * ahead, dy / apart * ahead)
    } else {
        (ahead.max(1.0), 0.0)
    };
    [-0.5, 0.5].map(|side| Point {
        x: eyes.x + side * dx,
        y: eyes.y + side * dy,
    })
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

    /// A face that looks ahead: eyes, nose, mouth.
    const AHEAD: [(f32, f32); 5] = [
        (-20.0, -10.0),
        (20.0, -10.0),
        (0.0, 8.0),
        (-15.0, 30.0),
        (15.0, 30.0),
    ];

    /// The face turned, scaled and shifted, in a dark picture with a bright spot at each eye.
    fn spotted(face: [(f32, f32); 5], placing: &Similarity) -> (Picture, [Point; 5]) {
        let points = face.map(|(x, y)| placing.apply(Point { x, y }));
        let [left, right, ..] = &points;
        let radius = (2.5 * placing.scale()).max(3.0);
        let light = |x: u32, y: u32, eye: &Point| {
            let far = (x as f32 - eye.x).hypot(y as f32 - eye.y);
            ((1.0 - far / radius).max(0.0) * 200.0) as u8
        };
        let mut rgb = Vec::new();
        for y in 0..600 {
            for x in 0..800 {
                rgb.extend([light(x, y, left), 0, light(x, y, right)]);
            }
        }
        (Picture::from_rgb(800, 600, rgb).unwrap(), points)
    }

    /// Where the light of one colour is on average.
    fn spot(cut: &Picture, colour: usize) -> Point {
        let (mut x, mut y, mut all) = (0.0, 0.0, 0.0);
        for (at, pixel) in cut.rgb().chunks_exact(3).enumerate() {
            // What lies outside the picture is grey.
            if pixel[1] == 0 {
                let light = f32::from(pixel[colour]);
                x += light * (at % SIZE.0 as usize) as f32;
                y += light * (at / SIZE.0 as usize) as f32;
                all += light;
            }
        }
        assert!(all > 0.0, "the spot is in sight");
        Point {
            x: x / all,
            y: y / all,
        }
    }

    fn off(one: Point, other: Point) -> f32 {
        (one.x - other.x).hypot(one.y - other.y)
    }

    #[test]
    fn eyes_land_in_their_place_however_the_face_was_turned_and_scaled() {
        for (scale, degrees, x, y) in [
            (1.0, 0.0, 400.0, 300.0),
            (0.4, 25.0, 200.0, 300.0),
            (2.5, -40.0, 400.0, 250.0),
            (4.0, 8.0, 380.0, 320.0),
            (1.3, 175.0, 500.0, 200.0),
            // At the picture's edge, most of the cut lies outside.
            (1.0, 10.0, 30.0, 30.0),
        ] {
            let placing = Similarity::new(scale, f32::to_radians(degrees), Point { x, y });
            let (picture, points) = spotted(AHEAD, &placing);
            let cut = cut(&picture, &points).unwrap();
            assert_eq!((cut.width(), cut.height()), SIZE);
            for (colour, place) in [(0, EYES[0]), (2, EYES[1])] {
                let found = spot(&cut, colour);
                assert!(
                    off(found, place) < 0.75,
                    "{scale} {degrees}: {found:?} is not {place:?}"
                );
            }
        }
    }

    #[test]
    fn a_head_that_is_turned_aside_is_no_larger() {
        let aside = AHEAD.map(|(x, y)| (x * 0.3, y));
        let centre = Point { x: 400.0, y: 300.0 };
        let (picture, points) = spotted(aside, &Similarity::new(2.0, 0.1, centre));
        let cut = cut(&picture, &points).unwrap();
        let [left, right] = [0, 2].map(|colour| spot(&cut, colour));
        assert!(off(middle(left, right), middle(EYES[0], EYES[1])) < 0.75);
        // The mouth is as far below the eyes as of a head that looks ahead with eyes 0.8 times as far apart,
        // so that a third of their distance is left.
        let apart = off(left, right);
        assert!((25.0..35.0).contains(&apart), "{apart}");
    }

    #[test]
    fn what_lies_outside_the_picture_is_grey_and_strange_points_give_a_cut() {
        let picture = Picture::from_rgb(4, 3, vec![9; 36]).unwrap();
        let face = AHEAD.map(|(x, y)| Point { x, y });
        let outside = cut(&picture, &face).unwrap();
        assert_eq!(outside.rgb()[..3], NOTHING);
        assert!(outside.rgb().contains(&9));
        let strange = [f32::NAN, f32::INFINITY, -1e30, 1e30, 0.0];
        for x in strange {
            let mut odd = face;
            odd[1] = Point { x, y: x };
            let cut = cut(&picture, &odd).unwrap();
            assert_eq!((cut.width(), cut.height()), SIZE);
        }
        let spot = cut(&picture, &[Point { x: 1.0, y: 1.0 }; 5]).unwrap();
        assert_eq!((spot.width(), spot.height()), SIZE);
    }
}
