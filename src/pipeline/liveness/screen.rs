//! Looks for the bands that run over a screen when a camera films it: light and dark across the whole
//! width of the picture, wandering from one frame to the next.

use crate::pipeline::liveness::glimpse::{Glimpse, Sketch};
use crate::scoring::functions::median;

/// Of what changes between two frames, the share that changes along whole rows or whole columns alike.
/// People and hands change little so (at most 0.12 over all clips that were looked at), screens from
/// 0.21 on (docs/liveness.md).
const USUAL: f64 = 0.12;
const BANDED: f64 = 0.24;
/// Steps between pictures, at least.
const LEAST_STEPS: usize = 8;

/// 100 where nothing looks like a screen's bands, 0 where they surely are; nothing of hardly any pictures.
pub fn free_of_bands(glimpses: &[Glimpse]) -> Option<f64> {
    let shares: Vec<f64> = glimpses
        .windows(2)
        .map(|pair| banded_share(&pair[1].sketch.without(&pair[0].sketch)))
        .collect();
    if shares.len() < LEAST_STEPS {
        return None;
    }
    let share = median(&shares)?;
    Some(100.0 * ((BANDED - share) / (BANDED - USUAL)).clamp(0.0, 1.0))
}

/// Which share of the change's variance whole rows have, or whole columns where that is more: of an
/// upright phone the camera's own rows stand upright.
fn banded_share(change: &[f32]) -> f64 {
    let side = Sketch::SIDE;
    let mut rows = vec![0.0; side];
    let mut columns = vec![0.0; side];
    for (at, value) in change.iter().enumerate() {
        rows[at / side] += f64::from(*value) / side as f64;
        columns[at % side] += f64::from(*value) / side as f64;
    }
    let mean = rows.iter().sum::<f64>() / side as f64;
    let spread = |values: &[f64]| {
        values
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>()
            / values.len() as f64
    };
    let all = change
        .iter()
        .map(|value| (f64::from(*value) - mean).powi(2))
        .sum::<f64>()
        / change.len().max(1) as f64;
    if all <= f64::EPSILON {
        return 0.0;
    }
    spread(&rows).max(spread(&columns)) / all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::liveness::glimpse::tests::sketches;

    /// A pattern that wanders, as a person before a wall does.
    fn person(row: usize, column: usize, time: u64) -> f32 {
        let (x, y) = (column as f32 + time as f32 / 90.0, row as f32);
        110.0 + 40.0 * (x / 7.0).sin() * (y / 9.0).cos()
    }

    #[test]
    fn bands_that_wander_are_a_screen_s_whichever_way_the_phone_was_held() {
        let bands =
            |along: usize, time: u64| 12.0 * (along as f32 / 12.0 + time as f32 / 37.0).sin();
        let live = sketches(40, person);
        assert_eq!(free_of_bands(&live), Some(100.0));
        let upright = sketches(40, |row, column, time| {
            person(row, column, time) + bands(row, time)
        });
        assert_eq!(free_of_bands(&upright), Some(0.0));
        let lying = sketches(40, |row, column, time| {
            person(row, column, time) + bands(column, time)
        });
        assert_eq!(free_of_bands(&lying), Some(0.0));
    }

    #[test]
    fn light_that_changes_everywhere_at_once_is_no_band() {
        let lamp = sketches(40, |row, column, time| {
            person(row, column, time) + (time % 400) as f32 / 20.0
        });
        assert_eq!(free_of_bands(&lamp), Some(100.0));
        assert_eq!(free_of_bands(&sketches(3, person)), None);
    }
}
