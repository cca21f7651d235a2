//! Whether the face that was followed is the one that the sampled frames show, and not somebody's beside it.

use crate::pipeline::liveness::glimpse::Glimpse;

/// A sampled frame further than this from every watched picture is compared with none.
const NEAR_MS: u64 = 150;
/// By how much of its own width and height a face's box may have been left since.
const MOVED: f32 = 0.5;

/// Where a sampled frame shows the subject's face: left, top, right and bottom as shares of the picture.
/// It has no `Debug`, as what it is made of has none.
pub struct Sampled {
    pub time_ms: u64,
    pub bounds: [f32; 4],
}

/// Lets go of the face that was followed where most of the sampled frames show theirs somewhere
/// else: what it did says nothing of theirs.
pub fn keep_to(sampled: &[Sampled], glimpses: &mut [Glimpse]) {
    let found: Vec<bool> = sampled
        .iter()
        .filter_map(|frame| Some(holds(frame, nearest(glimpses, frame.time_ms)?)))
        .collect();
    let elsewhere = found.iter().filter(|holds| !**holds).count();
    if elsewhere * 2 > found.len() {
        for glimpse in glimpses {
            glimpse.face = None;
        }
    }
}

/// Where the followed face was at about that time, if it was seen.
fn nearest(glimpses: &[Glimpse], time_ms: u64) -> Option<[f32; 2]> {
    let near = glimpses
        .iter()
        .min_by_key(|glimpse| glimpse.time_ms.abs_diff(time_ms))
        .filter(|glimpse| glimpse.time_ms.abs_diff(time_ms) <= NEAR_MS)?;
    near.face.as_ref().map(|face| face.middle)
}

fn holds(frame: &Sampled, [x, y]: [f32; 2]) -> bool {
    let [left, top, right, bottom] = frame.bounds;
    let (across, down) = (MOVED * (right - left), MOVED * (bottom - top));
    (left - across..=right + across).contains(&x) && (top - down..=bottom + down).contains(&y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::liveness::glimpse::tests::glimpses;

    /// Of a clip whose followed face is in the middle, eight frames with a face that begins there.
    fn kept(left: f32, frames_aside: u64) -> bool {
        let mut clip = glimpses(150, |_, face| face.middle = [0.5, 0.5]);
        let sampled: Vec<Sampled> = (0..8)
            .map(|frame| {
                let left = if frame < frames_aside { left } else { 0.4 };
                Sampled {
                    time_ms: frame * 1_200 + 30,
                    bounds: [left, 0.35, left + 0.2, 0.65],
                }
            })
            .collect();
        keep_to(&sampled, &mut clip);
        clip.iter().all(|glimpse| glimpse.face.is_some())
    }

    #[test]
    fn a_face_that_is_followed_beside_the_one_that_is_sampled_is_let_go() {
        assert!(!kept(0.7, 8));
        assert!(!kept(0.0, 5));
    }

    #[test]
    fn the_same_face_is_kept_though_it_moved_or_somebody_was_sampled_once() {
        assert!(kept(0.4, 0));
        assert!(kept(0.55, 8));
        assert!(kept(0.0, 2));
    }

    #[test]
    fn frames_that_were_not_watched_say_nothing() {
        let mut clip = glimpses(15, |_, face| face.middle = [0.5, 0.5]);
        let late = Sampled {
            time_ms: 5_000,
            bounds: [0.0, 0.0, 0.1, 0.1],
        };
        keep_to(&[late], &mut clip);
        assert!(clip[0].face.is_some());
    }
}
