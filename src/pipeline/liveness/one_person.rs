//! Whether one person is seen throughout: every frame's face against that of the frame which is most like all others.

use crate::vision::embedder::Embedding;

/// Below this percentage two faces are taken for two people's: one pair in a hundred of two people's comes to it.
const SAME: f64 = 50.0;

/// The share of faces, in percent, that are the session's own; nothing of a single face.
///
/// The face that is most like all others stands for the session, and not a mean: of half one
/// person and half another the mean resembles both.
pub fn share(faces: &[&Embedding], percentage: impl Fn(f32) -> f64) -> Option<f64> {
    if faces.len() < 2 {
        return None;
    }
    let likeness =
        |face: &Embedding| -> f32 { faces.iter().map(|other| face.similarity(other)).sum() };
    let own = faces
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    let agree = faces
        .iter()
        .filter(|face| percentage(own.similarity(face)) >= SAME);
    Some(100.0 * agree.count() as f64 / faces.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(person: usize, strays: f32) -> Embedding {
        let mut values = vec![strays, -strays, 0.0, 0.0];
        values[person] += 1.0;
        Embedding::from_values(values).unwrap()
    }

    fn shared(faces: &[Embedding]) -> Option<f64> {
        let faces: Vec<&Embedding> = faces.iter().collect();
        share(&faces, |similarity| f64::from(similarity) * 100.0)
    }

    #[test]
    fn another_person_half_way_is_half_of_the_faces() {
        let one: Vec<Embedding> = (0..4).map(|at| face(2, at as f32 * 0.05)).collect();
        assert_eq!(shared(&one), Some(100.0));
        let two: Vec<Embedding> = (0..8)
            .map(|at| face(2 + at / 4, at as f32 * 0.02))
            .collect();
        assert_eq!(shared(&two), Some(50.0));
        let visitor = [face(2, 0.0), face(2, 0.1), face(3, 0.0), face(2, 0.05)];
        assert_eq!(shared(&visitor), Some(75.0));
    }

    #[test]
    fn one_face_agrees_with_nobody() {
        assert_eq!(shared(&[face(2, 0.0)]), None);
    }
}
