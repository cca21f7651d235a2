//! How much the face moves about in the picture: by itself no sign of anything, but of a face that keeps
//! quite still nothing else can be asked than that it blinks.

use crate::pipeline::liveness::glimpse::{Glimpse, WatchedFace};
use crate::pipeline::liveness::relief::{LEAST_FRAMES, ahead};
use crate::scoring::functions::median;

/// The median way of the bones from where they mostly are, in percent of the distance between the
/// eyes; nothing of hardly any frames.
pub fn percent(glimpses: &[Glimpse]) -> Option<f64> {
    let faces: Vec<&WatchedFace> = ahead(glimpses).collect();
    if faces.len() < LEAST_FRAMES {
        return None;
    }
    let bones = faces.iter().map(|face| face.bones.len()).min()?;
    let usual: Vec<[f64; 2]> = (0..bones)
        .map(|bone| [0, 1].map(|axis| middle(&faces, |face| face.bones[bone][axis])))
        .collect();
    let eyes = middle(&faces, |face| face.eye_distance).max(1.0);
    let ways: Vec<f64> = faces
        .iter()
        .map(|face| {
            let squares = face.bones.iter().zip(&usual).map(|(seen, usual)| {
                (f64::from(seen[0]) - usual[0]).powi(2) + (f64::from(seen[1]) - usual[1]).powi(2)
            });
            100.0 * (squares.sum::<f64>() / bones.max(1) as f64).sqrt() / eyes
        })
        .collect();
    median(&ways)
}

fn middle(faces: &[&WatchedFace], measure: impl Fn(&WatchedFace) -> f32) -> f64 {
    let values: Vec<f64> = faces.iter().map(|face| f64::from(measure(face))).collect();
    median(&values).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::liveness::glimpse::tests::glimpses;

    #[test]
    fn the_way_is_measured_against_the_distance_between_the_eyes() {
        let aside = |far: f32| {
            glimpses(60, move |time, face| {
                let x = far * (time as f32 / 300.0).sin();
                face.bones = vec![[100.0 + x, 50.0], [140.0 + x, 90.0]];
            })
        };
        assert!(percent(&aside(0.0)).unwrap() < 1e-9);
        let swaying = percent(&aside(4.0)).unwrap();
        assert!((2.0..4.0).contains(&swaying), "{swaying}");
        assert_eq!(percent(&glimpses(5, |_, _| {})), None);
    }
}
