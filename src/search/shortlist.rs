//! The rows of a gallery that may belong to the best people, kept while rough scores come in.

use crate::session::ids::SubjectId;

/// Rows that are kept before those are thrown out that are no longer near enough.
const ROOM: usize = 1024;

/// The best people by their rough scores, and every row that is not more than a margin worse.
pub(super) struct Shortlist {
    count: usize,
    margin: f32,
    /// The most similar first, each once, `count` at most.
    people: Vec<(f32, SubjectId)>,
    rows: Vec<(f32, usize)>,
    /// What a row must reach.
    floor: f32,
    room: usize,
}

impl Shortlist {
    pub(super) fn new(count: usize, margin: f32) -> Self {
        Self {
            count,
            margin,
            people: Vec::new(),
            rows: Vec::new(),
            floor: f32::NEG_INFINITY,
            room: ROOM,
        }
    }

    /// Takes in rows that follow each other from `first` on, with their scores and whose they are.
    pub(super) fn offer(&mut self, first: usize, scores: &[f32], owners: &[SubjectId]) {
        for (offset, (score, owner)) in scores.iter().zip(owners).enumerate() {
            if *score >= self.floor {
                self.rank(*score, *owner);
                self.keep(*score, first + offset);
            }
        }
    }

    /// Both lists in one.
    pub(super) fn merged(mut self, other: Self) -> Self {
        for (score, owner) in other.people {
            self.rank(score, owner);
        }
        self.rows.extend(other.rows);
        self.throw_out();
        self
    }

    /// The rows that are near enough.
    pub(super) fn rows(mut self) -> impl Iterator<Item = usize> {
        self.throw_out();
        self.rows.into_iter().map(|(_, row)| row)
    }

    fn keep(&mut self, score: f32, row: usize) {
        self.rows.push((score, row));
        if self.rows.len() >= self.room {
            self.throw_out();
            // Where nearly all are near enough, do not look through them again for each that comes.
            self.room = ROOM.max(2 * self.rows.len());
        }
    }

    fn throw_out(&mut self) {
        self.rows.retain(|(score, _)| *score >= self.floor);
    }

    /// Puts a person in their place if they are among the best.
    fn rank(&mut self, score: f32, owner: SubjectId) {
        if let Some(known) = self.people.iter().position(|(_, person)| *person == owner) {
            if self.people[known].0 >= score {
                return;
            }
            self.people.remove(known);
        } else if self.people.len() == self.count {
            if self.people.last().is_some_and(|(least, _)| *least >= score) {
                return;
            }
            self.people.pop();
        }
        let place = self.people.partition_point(|(other, _)| *other >= score);
        self.people.insert(place, (score, owner));
        if let Some((least, _)) = self.people.get(self.count - 1) {
            self.floor = least - self.margin;
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn person(number: usize) -> SubjectId {
        SubjectId(Uuid::from_u128(number as u128))
    }

    /// A list that was offered rows of these scores, three rows a person.
    fn offered(first: usize, scores: &[f32]) -> Shortlist {
        let owners: Vec<SubjectId> = (first..first + scores.len())
            .map(|row| person(row / 3))
            .collect();
        let mut list = Shortlist::new(4, 0.5);
        list.offer(first, scores, &owners);
        list
    }

    fn kept(list: Shortlist) -> Vec<usize> {
        let mut rows: Vec<usize> = list.rows().collect();
        rows.sort_unstable();
        rows
    }

    #[test]
    fn the_best_people_count_once_and_who_is_near_them_stays() {
        // The fourth best person has 7: what is not under 6.5 stays.
        let scores = [
            9.0, 8.9, 8.8, 7.0, 1.0, 6.4, 8.0, 8.1, 8.2, 6.6, 6.5, 6.0, 7.5, 7.4, 7.3,
        ];
        assert_eq!(
            kept(offered(0, &scores)),
            [0, 1, 2, 3, 6, 7, 8, 9, 10, 12, 13, 14]
        );
    }

    #[test]
    fn fewer_people_than_are_wanted_all_stay() {
        assert_eq!(kept(offered(0, &[-1.0, 5.0, -9.0, 0.0])), [0, 1, 2, 3]);
    }

    #[test]
    fn two_lists_in_one_are_the_list_of_both() {
        let rising: Vec<f32> = (0..9_000).map(|row| row as f32 * 0.01).collect();
        let falling: Vec<f32> = rising.iter().rev().copied().collect();
        let equal = vec![1.0; 9_000];
        for scores in [rising, falling, equal] {
            let whole = kept(offered(0, &scores));
            for cut in [3, 600, 8_997] {
                let (one, other) = scores.split_at(cut);
                let both = offered(0, one).merged(offered(cut, other));
                assert_eq!(kept(both), whole);
            }
        }
    }
}
