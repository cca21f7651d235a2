//! How much the mouth moves within the face: people speak and smile, prints do not, whoever blinks behind them.

use crate::pipeline::liveness::glimpse::{Glimpse, WatchedFace};
use crate::pipeline::liveness::relief::{LEAST_FRAMES, ahead, most_ahead};
use crate::scoring::functions::{Function, median};
use crate::vision::homography::Homography;

/// Nearly the most that it moves: single frames stray.
const MOST: Function = Function::Quantile(0.95);
/// Lips that move so much, of the distance between the eyes, surely speak or smile. Half of it is more
/// than any print came to (docs/liveness.md).
const SURELY_ALIVE: f64 = 0.12;

/// 100 where the mouth opens, spreads or rounds, 0 where it keeps its shape; nothing of hardly any frames.
///
/// The bones are laid over each other as planes first, so that a print that is swung does not seem to smile.
pub fn of_mouth(glimpses: &[Glimpse]) -> Option<f64> {
    let faces: Vec<&WatchedFace> = ahead(glimpses).collect();
    if faces.len() < LEAST_FRAMES {
        return None;
    }
    let still = most_ahead(&faces)?;
    let heights: Vec<f64> = faces
        .iter()
        .filter_map(|face| {
            let back = Homography::fit(&face.bones, &still.bones)?;
            let [[x, y], [u, v]] = face.lips.map(|point| back.apply(point));
            let height = (u - x).hypot(v - y) / still.eye_distance.max(1.0);
            height.is_finite().then(|| f64::from(height))
        })
        .collect();
    let usual = median(&heights)?;
    let strays: Vec<f64> = heights
        .iter()
        .map(|height| (height - usual).abs())
        .collect();
    Some(100.0 * (MOST.of(&strays)? / SURELY_ALIVE).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::liveness::glimpse::tests::glimpses;

    /// A face that is swung like a board and whose lips open by so much of the distance between the eyes.
    fn swung(opens: f32) -> Vec<Glimpse> {
        glimpses(60, |time, face| {
            let swing = (time as f32 / 300.0).sin();
            let place = |x: f32, y: f32| {
                let depth = 1.0 + 0.0006 * swing * x;
                [240.0 + x / depth, 320.0 + y / depth]
            };
            face.bones = (0..30)
                .map(|at| place((at % 6) as f32 * 25.0 - 62.5, (at / 6) as f32 * 30.0 - 60.0))
                .collect();
            let open = opens * 50.0 * (1.0 + (time as f32 / 150.0).sin());
            face.lips = [place(0.0, 60.0), place(0.0, 80.0 + open)];
        })
    }

    #[test]
    fn who_speaks_is_told_from_a_print_that_is_swung() {
        assert!(of_mouth(&swung(0.4)).unwrap() > 90.0);
        assert!(of_mouth(&swung(0.0)).unwrap() < 5.0);
    }

    #[test]
    fn hardly_any_frames_say_nothing() {
        assert_eq!(of_mouth(&glimpses(10, |_, _| {})), None);
    }
}
