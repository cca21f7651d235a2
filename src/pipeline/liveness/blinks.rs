//! Counts blinks: both eyes narrow for a moment and open again, much faster than a face changes otherwise.

use crate::pipeline::liveness::glimpse::Glimpse;
use crate::scoring::functions::median;

/// Where the lids of a head turned further than this are, the landmarks guess.
const STEEPEST: f32 = 35.0;
/// What is usual for these eyes is the median of so long before and after.
const AROUND_MS: u64 = 1_000;
/// Shut is below the first share of what is usual, open again above the second. At 15 pictures a
/// second the lids are seldom caught at their lowest: 0.8 is where blinks that were counted by eye
/// and a still's noise (0.95) leave most room (docs/liveness.md).
const SHUT: f64 = 0.82;
const OPEN: f64 = 0.9;
/// From open to open again; a blink of a tired person takes less.
const LONGEST_MS: u64 = 500;

/// Blinks, or nothing where a face ahead was seen in less than half of the pictures.
pub fn count(glimpses: &[Glimpse]) -> Option<u32> {
    times(glimpses).map(|times| times.len() as u32)
}

/// When the eyes were open again after each blink; nothing as above.
pub fn times(glimpses: &[Glimpse]) -> Option<Vec<u64>> {
    let lids: Vec<Lids> = glimpses.iter().filter_map(lids).collect();
    if lids.is_empty() || lids.len() * 2 < glimpses.len() {
        return None;
    }
    let mut blinks = Vec::new();
    let mut open_at = None;
    let mut shut = false;
    for moment in &lids {
        let share = moment.openness / usual(&lids, moment.time_ms);
        if share >= OPEN {
            let fast = open_at.is_some_and(|open| moment.time_ms - open <= LONGEST_MS);
            if shut && fast {
                blinks.push(moment.time_ms);
            }
            shut = false;
            open_at = Some(moment.time_ms);
        } else if share < SHUT {
            shut = true;
        }
    }
    Some(blinks)
}

struct Lids {
    time_ms: u64,
    openness: f64,
}

fn lids(glimpse: &Glimpse) -> Option<Lids> {
    let face = glimpse.face.as_ref()?;
    let ahead = face.pose.yaw.abs() <= STEEPEST && face.pose.pitch.abs() <= STEEPEST;
    ahead.then(|| Lids {
        time_ms: glimpse.time_ms,
        openness: f64::from(face.openness),
    })
}

/// How far these eyes are open at about that time.
fn usual(lids: &[Lids], time: u64) -> f64 {
    let from = lids.partition_point(|other| other.time_ms + AROUND_MS < time);
    let until = lids.partition_point(|other| other.time_ms <= time + AROUND_MS);
    let near: Vec<f64> = lids[from..until]
        .iter()
        .map(|other| other.openness)
        .collect();
    median(&near).unwrap_or(0.0).max(f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::liveness::glimpse::tests::glimpses;

    /// Ten seconds of eyes as the function of the time in ms says.
    fn eyes(openness: impl Fn(u64) -> f32) -> Vec<Glimpse> {
        glimpses(150, |time, face| face.openness = openness(time))
    }

    #[test]
    fn each_short_dip_is_a_blink_however_shallow_the_pictures_caught_it() {
        let clip = eyes(|time| match time % 3_000 {
            1_500..1_600 => 0.21,
            _ => 0.3 + 0.005 * ((time / 66 % 3) as f32 - 1.0),
        });
        assert_eq!(count(&clip), Some(3));
    }

    #[test]
    fn eyes_that_narrow_slowly_or_stay_shut_do_not_blink() {
        let smiling = eyes(|time| 0.3 - 0.1 * ((time as f32 / 2_000.0).sin().powi(2)));
        assert_eq!(count(&smiling), Some(0));
        let asleep = eyes(|time| {
            if (4_000..5_000).contains(&time) {
                0.1
            } else {
                0.3
            }
        });
        assert_eq!(count(&asleep), Some(0));
    }

    #[test]
    fn a_head_turned_away_or_no_face_at_all_says_nothing() {
        let turned = glimpses(150, |_, face| face.pose.yaw = 40.0);
        assert_eq!(count(&turned), None);
        assert_eq!(count(&[]), None);
    }
}
