//! The faces of a gallery in one block of memory, and the people most like a probe among them.

use std::collections::HashMap;

use kernels::dot;
use kernels::machine::Machine;
use rayon::prelude::*;

use crate::search::shortlist::Shortlist;
use crate::session::ids::{SubjectId, TemplateId};
use crate::session::template::cosine;

/// Rows that a thread takes at a time.
const PIECE: usize = 8192;

/// Rows whose scores are computed before they are looked at: few enough to stay near.
const BLOCK: usize = 256;

/// A person and the similarity of the face that is most like the probe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    pub subject: SubjectId,
    pub similarity: f32,
}

/// Unit vectors of one pack and whose they are.
///
/// A face takes 4 bytes a number, 32 for whose it is and which, and 29 to 57 for finding it by its
/// identifier: about 0.6 KB of dlib's, 1.1 KB of retail-0095's.
#[derive(Default)]
pub struct Faces {
    dimensions: usize,
    values: Vec<f32>,
    owners: Vec<SubjectId>,
    ids: Vec<TemplateId>,
    rows: HashMap<TemplateId, usize>,
}

impl std::fmt::Debug for Faces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Faces({} of them, …)", self.len())
    }
}

impl Faces {
    /// Room for vectors of that many numbers.
    pub fn new(dimensions: usize) -> Self {
        Self {
            dimensions,
            ..Self::default()
        }
    }

    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Numbers in each vector.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// Puts a face in, in the place of one of the same identifier; false when its vector has
    /// another length than the others.
    pub fn put(&mut self, id: TemplateId, owner: SubjectId, vector: &[f32]) -> bool {
        if vector.len() != self.dimensions {
            return false;
        }
        if let Some(&row) = self.rows.get(&id) {
            let start = row * self.dimensions;
            self.values[start..start + self.dimensions].copy_from_slice(vector);
            self.owners[row] = owner;
        } else {
            self.rows.insert(id, self.ids.len());
            self.values.extend_from_slice(vector);
            self.owners.push(owner);
            self.ids.push(id);
        }
        true
    }

    /// Takes a face out, wherever it lies; the last one moves into its place.
    pub fn remove(&mut self, id: TemplateId) {
        let Some(row) = self.rows.remove(&id) else {
            return;
        };
        let last = self.ids.len() - 1;
        let (start, end) = (row * self.dimensions, last * self.dimensions);
        self.values.copy_within(end..end + self.dimensions, start);
        self.values.truncate(end);
        self.ids.swap_remove(row);
        self.owners.swap_remove(row);
        if let Some(moved) = self.ids.get(row) {
            self.rows.insert(*moved, row);
        }
    }

    /// The `count` people most like the probe, the most similar first; among equals, who was
    /// enrolled first.
    ///
    /// A pass in single precision finds everybody who could be among them, and only those are
    /// scored in double precision, as two faces are that are compared alone. What the pass may err
    /// by is allowed for, so the answer is that of scoring everybody in double precision.
    pub fn search(&self, probe: &[f32], count: usize) -> Vec<Hit> {
        if count == 0 || self.is_empty() || probe.len() != self.dimensions {
            return Vec::new();
        }
        let margin = 2.0 * self.rough_error();
        let shortlist = (0..self.len().div_ceil(PIECE))
            .into_par_iter()
            .fold(
                || Shortlist::new(count, margin),
                |mut shortlist, piece| {
                    self.look_through(piece, probe, &mut shortlist);
                    shortlist
                },
            )
            .reduce(|| Shortlist::new(count, margin), Shortlist::merged);
        let mut best: HashMap<SubjectId, f32> = HashMap::new();
        for row in shortlist.rows() {
            let start = row * self.dimensions;
            let similarity = cosine(&self.values[start..start + self.dimensions], probe);
            best.entry(self.owners[row])
                .and_modify(|best| *best = best.max(similarity))
                .or_insert(similarity);
        }
        let mut hits: Vec<Hit> = best
            .into_iter()
            .map(|(subject, similarity)| Hit {
                subject,
                similarity,
            })
            .collect();
        hits.sort_by(|a, b| {
            b.similarity
                .total_cmp(&a.similarity)
                .then(a.subject.cmp(&b.subject))
        });
        hits.truncate(count);
        hits
    }

    /// Offers every row of a piece with its rough score.
    fn look_through(&self, piece: usize, probe: &[f32], shortlist: &mut Shortlist) {
        let mut scores = [0.0; BLOCK];
        let end = self.len().min((piece + 1) * PIECE);
        for start in (piece * PIECE..end).step_by(BLOCK) {
            let count = BLOCK.min(end - start);
            let rows = &self.values[start * self.dimensions..][..count * self.dimensions];
            let scores = &mut scores[..count];
            dot::products(Machine::best(), rows, probe, scores);
            shortlist.offer(start, scores, &self.owners[start..start + count]);
        }
    }

    /// The most by which a sum in single precision strays from the true one: for vectors of length
    /// one, the number of roundings times half a unit in the last place (Higham, Accuracy and
    /// Stability of Numerical Algorithms, 3.5), doubled to be on the safe side.
    fn rough_error(&self) -> f32 {
        self.dimensions as f32 * f32::EPSILON
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, RngExt, SeedableRng};
    use uuid::Uuid;

    use super::*;

    fn unit(random: &mut impl Rng, dimensions: usize) -> Vec<f32> {
        let raw: Vec<f32> = (0..dimensions)
            .map(|_| random.random_range(-1.0..1.0))
            .collect();
        let length = raw.iter().map(|v| v * v).sum::<f32>().sqrt();
        raw.iter().map(|value| value / length).collect()
    }

    fn template(number: u128) -> TemplateId {
        TemplateId(Uuid::from_u128(number))
    }

    fn subject(number: u128) -> SubjectId {
        SubjectId(Uuid::from_u128(number))
    }

    /// Everybody scored as two faces are that are compared alone.
    fn one_by_one(people: &[(SubjectId, Vec<f32>)], probe: &[f32], count: usize) -> Vec<Hit> {
        let mut best: HashMap<SubjectId, f32> = HashMap::new();
        for (subject, vector) in people {
            let similarity = cosine(vector, probe);
            let known = best.entry(*subject).or_insert(similarity);
            *known = known.max(similarity);
        }
        let mut hits: Vec<Hit> = best
            .into_iter()
            .map(|(subject, similarity)| Hit {
                subject,
                similarity,
            })
            .collect();
        hits.sort_by(|a, b| {
            b.similarity
                .total_cmp(&a.similarity)
                .then(a.subject.cmp(&b.subject))
        });
        hits.truncate(count);
        hits
    }

    #[test]
    fn a_search_says_what_comparing_one_by_one_says() {
        let mut random = rand::rngs::StdRng::seed_from_u64(7);
        for dimensions in [3, 128, 256] {
            let mut faces = Faces::new(dimensions);
            let mut people = Vec::new();
            let base = unit(&mut random, dimensions);
            for number in 0..9_000_u128 {
                // Crowds of near-equals: where a rough order would be wrong.
                let mut vector = if number % 3 == 0 {
                    unit(&mut random, dimensions)
                } else {
                    base.clone()
                };
                vector[0] += random.random_range(-1e-6..1e-6);
                let owner = subject(number / 2);
                assert!(faces.put(template(number), owner, &vector));
                people.push((owner, vector));
            }
            for count in [1, 5, 50] {
                let probe = unit(&mut random, dimensions);
                assert_eq!(
                    faces.search(&probe, count),
                    one_by_one(&people, &probe, count)
                );
                assert_eq!(
                    faces.search(&base, count),
                    one_by_one(&people, &base, count)
                );
            }
        }
    }

    #[test]
    fn among_equals_comes_first_who_was_enrolled_first() {
        let mut random = rand::rngs::StdRng::seed_from_u64(9);
        let vector = unit(&mut random, 128);
        let mut faces = Faces::new(128);
        // More than one piece, and in an order that is not the answer's.
        for number in (0..20_000_u128).rev() {
            faces.put(template(number), subject(number), &vector);
        }
        let found = faces.search(&vector, 5);
        let people: Vec<_> = found.iter().map(|hit| hit.subject).collect();
        assert_eq!(people, [0, 1, 2, 3, 4].map(subject));
        assert!(found.iter().all(|hit| hit.similarity >= 0.999_999));
    }

    #[test]
    fn what_is_taken_out_is_never_found_and_the_rest_still_is() {
        let mut random = rand::rngs::StdRng::seed_from_u64(8);
        let mut faces = Faces::new(32);
        let mut people = HashMap::new();
        for number in 0..200 {
            let vector = unit(&mut random, 32);
            faces.put(template(number), subject(number), &vector);
            people.insert(number, vector);
        }
        for number in (0..200).step_by(3) {
            faces.remove(template(number));
            faces.remove(template(number));
        }
        for (number, vector) in &people {
            let found = faces.search(vector, 1)[0].subject == subject(*number);
            assert_eq!(found, number % 3 != 0, "{number}");
        }
        assert_eq!(faces.len(), 200 - 67);
    }

    #[test]
    fn a_face_that_is_put_again_takes_its_own_place() {
        let mut faces = Faces::new(2);
        faces.put(template(1), subject(1), &[1.0, 0.0]);
        faces.put(template(1), subject(1), &[0.0, 1.0]);
        assert_eq!(faces.len(), 1);
        assert!((faces.search(&[0.0, 1.0], 1)[0].similarity - 1.0).abs() < f32::EPSILON);
        assert!(
            !faces.put(template(2), subject(2), &[1.0]),
            "another length"
        );
        assert_eq!(faces.search(&[1.0], 1), []);
        assert_eq!(faces.search(&[1.0, 0.0], 0), []);
    }
}
