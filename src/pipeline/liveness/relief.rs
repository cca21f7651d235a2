//! Tells a head from a picture of one by how its points move: those of a plane move as a plane,
//! whatever a hand does with it.

use crate::pipeline::liveness::glimpse::{Glimpse, WatchedFace};
use crate::scoring::functions::Function;
use crate::vision::homography::Homography;

/// Of the frames compared, most stray less than what is told.
const MOST: Function = Function::Quantile(0.9);
/// Where the points of a head turned further than this are, the landmarks guess, in a print as well.
const STEEPEST: f32 = 30.0;
/// Frames with a face that looks ahead, at least: a second of them.
pub(super) const LEAST_FRAMES: usize = 15;
/// Bones that stray by so much of the distance between the eyes are a head's for sure.
/// Nothing flat came to half of it (docs/liveness.md).
const SURELY_A_HEAD: f64 = 0.06;

/// 100 where the face moves as a head does, 0 where it moves as a plane or not at all, which a still
/// head does too; nothing of hardly any frames.
pub fn of_head(glimpses: &[Glimpse]) -> Option<f64> {
    let faces: Vec<&WatchedFace> = ahead(glimpses).collect();
    if faces.len() < LEAST_FRAMES {
        return None;
    }
    let still = most_ahead(&faces)?;
    let strays: Vec<f64> = faces
        .iter()
        .filter_map(|face| {
            let map = Homography::fit(&still.bones, &face.bones)?;
            let strayed = map.strays(&still.bones, &face.bones);
            Some(f64::from(strayed / face.eye_distance.max(1.0)))
        })
        .collect();
    let strayed = MOST.of(&strays)?;
    Some(100.0 * (strayed / SURELY_A_HEAD).clamp(0.0, 1.0))
}

/// The faces that look ahead.
pub(super) fn ahead(glimpses: &[Glimpse]) -> impl Iterator<Item = &WatchedFace> {
    let faces = glimpses.iter().filter_map(|glimpse| glimpse.face.as_ref());
    faces.filter(|face| turn(face) <= STEEPEST)
}

/// The one of them that is turned the least.
pub(super) fn most_ahead<'a>(faces: &[&'a WatchedFace]) -> Option<&'a WatchedFace> {
    let least = faces.iter().min_by(|a, b| turn(a).total_cmp(&turn(b)));
    least.copied()
}

fn turn(face: &WatchedFace) -> f32 {
    face.pose.yaw.hypot(face.pose.pitch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::liveness::glimpse::tests::glimpses;

    /// Points of a face as a camera sees it that swings about it; a print has no depth.
    fn seen(time: u64, depth: f32) -> Vec<[f32; 2]> {
        let (sin, cos) = (0.3 * (time as f32 / 400.0).sin()).sin_cos();
        (0..30)
            .map(|at| {
                let (x, y) = ((at % 6) as f32 * 25.0 - 62.5, (at / 6) as f32 * 30.0 - 60.0);
                let z = depth * (60.0 - x * x / 70.0 - y * y / 130.0);
                let (x, z) = (x * cos + z * sin, z * cos - x * sin);
                let near = 800.0 / (800.0 - z);
                [240.0 + x * near, 320.0 + y * near]
            })
            .collect()
    }

    #[test]
    fn a_head_that_turns_has_relief_and_a_print_that_is_swung_has_none() {
        let head = glimpses(60, |time, face| face.bones = seen(time, 1.0));
        assert_eq!(of_head(&head), Some(100.0));
        let print = glimpses(60, |time, face| face.bones = seen(time, 0.0));
        assert!(of_head(&print).unwrap() < 1.0);
    }

    #[test]
    fn heads_turned_away_and_hardly_any_frames_say_nothing() {
        let away = glimpses(60, |time, face| {
            face.bones = seen(time, 1.0);
            face.pose.yaw = 45.0;
        });
        assert_eq!(of_head(&away), None);
        let short = glimpses(10, |time, face| face.bones = seen(time, 1.0));
        assert_eq!(of_head(&short), None);
    }
}
