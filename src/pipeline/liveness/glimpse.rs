//! What one watched picture of a clip shows, reduced to what the liveness signals compare.

use crate::session::examination::HeadPose;

/// One watched picture. It tells a face's shape, so it has no `Debug`.
pub struct Glimpse {
    pub time_ms: u64,
    pub sketch: Sketch,
    /// The subject, where it was found.
    pub face: Option<WatchedFace>,
}

/// The subject's face in a watched picture.
pub struct WatchedFace {
    /// The landmarks that bones hold in place, in pixels.
    pub bones: Vec<[f32; 2]>,
    /// Their middle, as shares of the picture's width and height.
    pub middle: [f32; 2],
    /// The middles of the upper lip's upper and of the lower lip's lower edge, in pixels.
    pub lips: [[f32; 2]; 2],
    /// The distance between the outer corners of the eyes, in pixels.
    pub eye_distance: f32,
    /// How far the eyes are open: the height of the gap between the lids against its width, the mean of both.
    pub openness: f32,
    pub pose: HeadPose,
    /// Mean red, green and blue of the cheeks and the forehead, 0–255.
    pub skin: [f32; 3],
}

/// Pixels that are looked at in one step; as many go into a sketch without a rest.
const LANES: usize = 16;

/// A small grey picture of the whole frame, for telling frames apart.
#[derive(Clone)]
pub struct Sketch {
    /// Rows from the top, [`Sketch::SIDE`] of as many.
    values: Vec<f32>,
}

impl Sketch {
    /// Pixels of a side. Small enough for grain to vanish, large enough for a hand's tremble to show.
    pub const SIDE: usize = 96;

    /// None for another number of values.
    pub fn new(values: Vec<f32>) -> Option<Self> {
        (values.len() == Self::SIDE * Self::SIDE).then_some(Self { values })
    }

    /// Mean difference of grey levels.
    pub fn difference(&self, other: &Self) -> f64 {
        // Sums side by side, so that several pixels are looked at in one step: every picture is held
        // against every other.
        let mut sums = [0.0_f32; LANES];
        let (ours, _) = self.values.as_chunks::<LANES>();
        let (theirs, _) = other.values.as_chunks::<LANES>();
        for (ours, theirs) in ours.iter().zip(theirs) {
            for lane in 0..LANES {
                sums[lane] += (ours[lane] - theirs[lane]).abs();
            }
        }
        f64::from(sums.iter().sum::<f32>()) / self.values.len() as f64
    }

    /// What is left of each pixel without the other's.
    pub fn without(&self, other: &Self) -> Vec<f32> {
        let pairs = self.values.iter().zip(&other.values);
        pairs.map(|(a, b)| a - b).collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// So many pictures of a face that looks ahead, 15 a second, each changed as is said.
    pub(crate) fn glimpses(
        count: u64,
        mut change: impl FnMut(u64, &mut WatchedFace),
    ) -> Vec<Glimpse> {
        let one = |index: u64| {
            let time_ms = index * 1000 / 15;
            let mut face = WatchedFace {
                bones: Vec::new(),
                lips: [[0.0; 2]; 2],
                middle: [0.5, 0.5],
                eye_distance: 100.0,
                openness: 0.3,
                pose: HeadPose {
                    yaw: 0.0,
                    pitch: 0.0,
                    roll: 0.0,
                },
                skin: [150.0, 110.0, 90.0],
            };
            change(time_ms, &mut face);
            Glimpse {
                time_ms,
                sketch: Sketch::new(vec![100.0; Sketch::SIDE * Sketch::SIDE]).unwrap(),
                face: Some(face),
            }
        };
        (0..count).map(one).collect()
    }

    /// So many pictures without a face, 15 a second: row, column and time in ms make a grey level.
    pub(crate) fn sketches(count: u64, grey: impl Fn(usize, usize, u64) -> f32) -> Vec<Glimpse> {
        let one = |index: u64| {
            let time_ms = index * 1000 / 15;
            let values = (0..Sketch::SIDE * Sketch::SIDE)
                .map(|at| grey(at / Sketch::SIDE, at % Sketch::SIDE, time_ms))
                .collect();
            Glimpse {
                time_ms,
                sketch: Sketch::new(values).unwrap(),
                face: None,
            }
        };
        (0..count).map(one).collect()
    }
}
