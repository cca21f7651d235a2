//! Which moments of a clip are worth decoding, and from where (pure).

use crate::media::survey::Survey;

/// Moments looked at in each window, for the caller to choose the sharpest with a face.
pub(super) const CANDIDATES: usize = 3;
/// Candidates of a window are at most this far apart when reaching them means decoding everything
/// between: enough for an eye to open or a hand to steady.
const REACH_US: i64 = 700_000;

/// One candidate: the first picture from `at` on, else the last one between `from` and `at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Want {
    pub(super) window: usize,
    /// Pictures before this moment do not count.
    pub(super) from: i64,
    /// The moment wished for.
    pub(super) at: i64,
    /// Pictures from this moment on do not count.
    pub(super) until: i64,
    /// The key frame at which decoding has to start; `None` for the clip's beginning.
    pub(super) key: Option<i64>,
    /// That key frame is the candidate itself: nothing else has to be decoded.
    pub(super) key_alone: bool,
}

/// A clip divided into windows of equal time.
struct Grid {
    first: i64,
    span: i64,
    windows: usize,
}

impl Grid {
    fn of(survey: &Survey, windows: usize) -> Self {
        // The last picture is shown for about as long as the others were; what a file claims for
        // it may be anything.
        let length = survey.last_us.saturating_sub(survey.first_us).max(0);
        let gaps = i64::try_from(survey.pictures.saturating_sub(1))
            .unwrap_or(i64::MAX)
            .max(1);
        let span = length.saturating_add(length / gaps).max(1);
        Self {
            first: survey.first_us,
            span,
            windows,
        }
    }

    /// Where part `index` of `parts` equal parts begins, rounded up so that parts never overlap.
    fn start(&self, index: usize, parts: usize) -> i64 {
        let offset = (self.span as u128 * index as u128).div_ceil(parts.max(1) as u128);
        self.first
            .saturating_add(i64::try_from(offset).unwrap_or(i64::MAX))
    }
}

/// Half way between two moments, never the later one unless they are the same.
fn middle((from, until): (i64, i64)) -> i64 {
    from.saturating_add(until.saturating_sub(from) / 2)
}

/// The moments to look at, in order of time.
pub(super) fn wants(survey: &Survey, windows: usize) -> Vec<Want> {
    let grid = Grid::of(survey, windows);
    (0..windows)
        .flat_map(|window| in_window(&grid, window, &survey.keys))
        .collect()
}

/// The same moments, reached by decoding the whole clip: for streams whose key frames do not keep
/// their promise.
pub(super) fn wants_without_jumps(survey: &Survey, windows: usize) -> Vec<Want> {
    let grid = Grid::of(survey, windows);
    (0..windows)
        .flat_map(|window| in_window(&grid, window, &[]))
        .collect()
}

fn in_window(grid: &Grid, window: usize, keys: &[i64]) -> Vec<Want> {
    let parts = grid.windows * CANDIDATES;
    let slots: [(i64, i64); CANDIDATES] = std::array::from_fn(|slot| {
        let index = window * CANDIDATES + slot;
        (grid.start(index, parts), grid.start(index + 1, parts))
    });
    let in_slots = slots.map(|slot| key_nearest_middle(keys, slot));
    let alone = |((_, until), key): ((i64, i64), Option<i64>)| {
        let key = key?;
        Some(Want {
            window,
            from: key,
            at: key,
            until,
            key: Some(key),
            key_alone: true,
        })
    };
    if in_slots.iter().flatten().count() >= 2 {
        return slots.into_iter().zip(in_slots).filter_map(alone).collect();
    }
    decoded(window, slots, keys)
}

/// The key frame of `keys` within `[from, until)` that is nearest to the middle.
fn key_nearest_middle(keys: &[i64], (from, until): (i64, i64)) -> Option<i64> {
    let inside = &keys[keys.partition_point(|&key| key < from)..];
    let inside = &inside[..inside.partition_point(|&key| key < until)];
    let wished = middle((from, until));
    inside
        .iter()
        .copied()
        .min_by_key(|key| key.abs_diff(wished))
}

/// Moments that have to be decoded up to: spread over the window where that is cheap; close
/// together, behind the window's key frame if it has one, where it is long.
fn decoded(window: usize, slots: [(i64, i64); CANDIDATES], keys: &[i64]) -> Vec<Want> {
    let (start, end) = (slots[0].0, slots[CANDIDATES - 1].1);
    let parts = CANDIDATES as i64;
    let slots = if end.saturating_sub(start) / parts > REACH_US {
        let anchor = key_nearest_middle(keys, (start, end)).unwrap_or(start);
        let step = REACH_US.min(end.saturating_sub(anchor) / parts);
        let begins = |index: usize| anchor.saturating_add(step * index as i64);
        // The last one takes whatever the window still holds, for clips whose picture stands still.
        [
            (begins(0), begins(1)),
            (begins(1), begins(2)),
            (begins(2), end),
        ]
    } else {
        slots
    };
    slots
        .into_iter()
        .filter(|(from, until)| from < until)
        .map(|(from, until)| {
            let at = middle((from, until.min(from.saturating_add(REACH_US))));
            let before = keys.partition_point(|&key| key <= at).checked_sub(1);
            let key = before.and_then(|index| keys.get(index)).copied();
            Want {
                window,
                from,
                at,
                until,
                key,
                key_alone: false,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn survey(seconds: i64, rate: i64, key_every: i64) -> Survey {
        let pictures = seconds * rate;
        let gap = SECOND / rate;
        Survey {
            first_us: 0,
            last_us: (pictures - 1) * gap,
            end_us: pictures * gap,
            pictures: pictures as u64,
            keys: (0..pictures)
                .step_by(key_every as usize)
                .map(|index| index * gap)
                .collect(),
            damaged: false,
        }
    }

    fn check_order(wants: &[Want]) {
        for want in wants {
            assert!(want.from <= want.at && want.at < want.until, "{want:?}");
            assert!(want.key.is_none_or(|key| key <= want.at));
        }
        for pair in wants.windows(2) {
            assert!(pair[0].until <= pair[1].from, "{pair:?}");
            assert!(pair[0].window <= pair[1].window);
        }
    }

    #[test]
    fn a_short_clip_with_one_key_frame_is_spread_evenly() {
        let wants = wants(&survey(8, 25, 1000), 8);
        check_order(&wants);
        assert_eq!(wants.len(), 24);
        assert!(
            wants
                .iter()
                .all(|want| want.key == Some(0) && !want.key_alone)
        );
        assert_eq!(wants[0].at / 1000, 166);
        assert_eq!(wants[23].at / 1000, 7833);
    }

    #[test]
    fn dense_key_frames_are_taken_alone() {
        let wants = wants(&survey(80, 25, 50), 8);
        check_order(&wants);
        assert_eq!(wants.len(), 24);
        assert!(wants.iter().all(|want| want.key_alone));
    }

    #[test]
    fn a_long_clip_with_sparse_key_frames_is_decoded_just_behind_them() {
        let wants = wants(&survey(600, 30, 60 * 30), 8);
        check_order(&wants);
        assert_eq!(wants.len(), 24);
        for want in wants.iter().filter(|want| !want.key_alone) {
            let run = want.at - want.key.unwrap();
            assert!(run < 3 * SECOND, "{run}");
        }
    }

    #[test]
    fn hostile_figures_overflow_nothing() {
        for (first_us, last_us) in [(i64::MIN, i64::MAX), (0, 0), (i64::MAX, i64::MAX), (5, -5)] {
            let keys = vec![first_us];
            let survey = Survey {
                first_us,
                last_us,
                end_us: last_us,
                pictures: u64::MAX,
                keys,
                damaged: true,
            };
            wants(&survey, 64);
            wants_without_jumps(&survey, 1);
        }
    }

    #[test]
    fn one_picture_is_wanted_by_the_first_window_alone() {
        let survey = Survey {
            first_us: 0,
            last_us: 0,
            end_us: 10 * SECOND,
            pictures: 1,
            keys: vec![0],
            damaged: false,
        };
        let holding: Vec<_> = wants(&survey, 8)
            .into_iter()
            .filter(|want| (want.from..want.until).contains(&0))
            .collect();
        assert_eq!(holding.len(), 1);
        assert_eq!(holding[0].window, 0);
    }
}
