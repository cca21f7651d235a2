//! Looks for pictures that were shown before: a clip that stands still, or begins again.

use crate::pipeline::liveness::glimpse::Glimpse;

/// Grey levels below which two pictures are the same one: cameras' noise leaves more, also after coding.
const SAME: f64 = 0.05;
/// A picture that stands for longer than this was frozen: slow cameras show one for less.
const FROZEN_MS: u64 = 250;
/// What begins again does so after this long at least.
const LEAST_LAG_MS: u64 = 400;
/// Steps over which a loop's moments are compared with those of its turn before: 0.8 s of them.
const RUN: usize = 12;
/// Over those, two moments of a loop differ by less than this share of what one differs from the next.
/// Loops came to 0.53 at most, people who hardly move to 0.88 at least.
const ALIKE: f64 = 0.7;
/// Pictures, at least.
const LEAST: usize = 2 * RUN;

/// The share of pictures, in percent, that show something new; nothing of hardly any pictures.
pub fn fresh(glimpses: &[Glimpse]) -> Option<f64> {
    if glimpses.len() < LEAST {
        return None;
    }
    let mut stale = vec![false; glimpses.len()];
    mark_frozen(glimpses, &mut stale);
    mark_loops(glimpses, &mut stale);
    let fresh = stale.iter().filter(|stale| !**stale).count();
    Some(100.0 * fresh as f64 / glimpses.len() as f64)
}

fn mark_frozen(glimpses: &[Glimpse], stale: &mut [bool]) {
    let mut from = 0;
    for at in 1..=glimpses.len() {
        let goes_on =
            at < glimpses.len() && glimpses[at].sketch.difference(&glimpses[at - 1].sketch) < SAME;
        if goes_on {
            continue;
        }
        if glimpses[at - 1].time_ms - glimpses[from].time_ms > FROZEN_MS {
            stale[from + 1..at].fill(true);
        }
        from = at;
    }
}

fn mark_loops(glimpses: &[Glimpse], stale: &mut [bool]) {
    let difference = |a: usize, b: usize| glimpses[a].sketch.difference(&glimpses[b].sketch);
    let steps: Vec<f64> = (1..glimpses.len())
        .map(|at| difference(at, at - 1).max(SAME))
        .collect();
    for lag in 1..glimpses.len() - RUN {
        if glimpses[lag].time_ms - glimpses[0].time_ms < LEAST_LAG_MS {
            continue;
        }
        let apart: Vec<f64> = (lag..glimpses.len())
            .map(|at| difference(at, at - lag))
            .collect();
        let pairs = apart.windows(RUN).zip(steps[lag - 1..].windows(RUN));
        for (start, (apart, steps)) in pairs.enumerate() {
            if apart.iter().sum::<f64>() < ALIKE * steps.iter().sum::<f64>() {
                stale[lag + start..lag + start + RUN].fill(true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::liveness::glimpse::tests::sketches;

    /// Something that goes on moving and never comes back to where it was.
    fn scene(row: usize, column: usize, time: u64) -> f32 {
        let x = column as f32 + time as f32 / 220.0;
        100.0 + 30.0 * (x / 5.0).sin() * (row as f32 / 11.0).cos()
    }

    #[test]
    fn what_goes_on_is_fresh_and_what_begins_again_is_not() {
        assert_eq!(fresh(&sketches(90, scene)), Some(100.0));
        let looped = sketches(90, |row, column, time| scene(row, column, time % 1_600));
        let share = fresh(&looped).unwrap();
        assert!((25.0..32.0).contains(&share), "{share}");
    }

    #[test]
    fn a_clip_that_stands_still_for_a_while_is_as_stale_as_that() {
        let frozen = sketches(90, |row, column, time| {
            scene(row, column, if time > 3_000 { 3_000 } else { time })
        });
        let share = fresh(&frozen).unwrap();
        assert!((50.0..53.0).contains(&share), "{share}");
        let slow_camera = sketches(90, |row, column, time| scene(row, column, time / 130 * 130));
        assert_eq!(fresh(&slow_camera), Some(100.0));
    }

    #[test]
    fn hardly_any_pictures_say_nothing() {
        assert_eq!(fresh(&sketches(20, scene)), None);
    }
}
