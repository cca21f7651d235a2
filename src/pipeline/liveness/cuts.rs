//! Looks for cuts: a picture that has little to do with the one before, while its neighbours resemble each other.

use crate::pipeline::liveness::glimpse::Glimpse;
use crate::scoring::functions::median;

/// Steps on either side that a step is compared with.
const AROUND: usize = 8;
/// A step so many times its neighbours' begins to look like a cut, and at the second surely is one.
/// Of the clips of people that were looked at none reaches 6; splices of other scenes reach 22, one of two
/// moved stills in the same room 11.
const UNUSUAL: f64 = 7.0;
const SURE: f64 = 13.0;
/// Grey levels that neighbours are taken to differ by at least: where hardly anything moves, anything
/// would be unusual.
const QUIET: f64 = 0.8;

/// 100 where nothing looks like a cut, 0 where something surely is one; nothing of hardly any pictures.
pub fn unbroken(glimpses: &[Glimpse]) -> Option<f64> {
    let steps: Vec<f64> = glimpses
        .windows(2)
        .map(|pair| pair[0].sketch.difference(&pair[1].sketch))
        .collect();
    if steps.len() < AROUND {
        return None;
    }
    let worst = (0..steps.len())
        .map(|at| steps[at] / usual(&steps, at))
        .fold(0.0, f64::max);
    Some(100.0 * ((SURE - worst) / (SURE - UNUSUAL)).clamp(0.0, 1.0))
}

/// The step that is usual about there, that one itself left out.
fn usual(steps: &[f64], at: usize) -> f64 {
    let before = &steps[at.saturating_sub(AROUND)..at];
    let after = &steps[at + 1..(at + 1 + AROUND).min(steps.len())];
    median(&[before, after].concat()).unwrap_or(0.0).max(QUIET)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::liveness::glimpse::tests::sketches;

    fn scene(row: usize, column: usize, time: u64) -> f32 {
        100.0 + 30.0 * ((column as f32 + time as f32 / 60.0) / 8.0).sin() + row as f32 / 4.0
    }

    #[test]
    fn another_scene_half_way_is_a_cut_and_motion_is_none() {
        assert_eq!(unbroken(&sketches(60, scene)), Some(100.0));
        let spliced = sketches(60, |row, column, time| match time {
            ..2_000 => scene(row, column, time),
            _ => scene(column, row, time) - 70.0,
        });
        assert_eq!(unbroken(&spliced), Some(0.0));
    }

    #[test]
    fn hardly_any_pictures_say_nothing() {
        assert_eq!(unbroken(&sketches(5, scene)), None);
    }
}
