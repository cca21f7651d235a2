//! Counts the faces that looking only for what matters loses, against looking for everything.

use serde::Serialize;

use crate::evaluation::intervals::{Interval, wilson};
use crate::vision::detector::Face;
use crate::vision::subject::{self, frame_subject};

/// Two boxes that share so much of their area are of one face.
const SAME_FACE: f32 = 0.5;

/// What two ways of looking found in one picture.
#[derive(Clone, Debug)]
pub struct TwoLooks {
    pub width: u32,
    pub height: u32,
    /// Every face down to the smallest that the networks can see.
    pub everything: Vec<Face>,
    /// The faces that the service looks for.
    pub what_matters: Vec<Face>,
}

/// Whose face it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// The subject's: the most central of the large ones.
    Subject,
    /// One that counts beside the subject's.
    Company,
    /// One too small or too doubtful to count.
    Background,
}

/// A face that the service does not see.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LostFace {
    pub picture: String,
    pub whose: Whose,
    /// Its shorter side in pixels, and as a share of the picture's shorter side.
    pub pixels: f32,
    pub share: f32,
    pub confidence: f32,
}

/// How many faces of one kind there are, and how many of them the service does not see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Count {
    pub faces: u64,
    pub lost: u64,
}

impl Count {
    /// Of the share that is lost, 95 %; none without a face.
    pub fn interval(self) -> Option<Interval> {
        wilson(self.lost, self.faces)
    }
}

/// What was lost in all pictures.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Recall {
    pub pictures: u64,
    /// Pictures in which looking for everything finds nobody.
    pub without_face: u64,
    pub subjects: Count,
    pub company: Count,
    pub background: Count,
    /// Faces that only the service sees.
    pub gained: u64,
    /// Pictures whose subject is seen, and yet another face is taken for the subject.
    pub changed: Vec<String>,
    pub lost: Vec<LostFace>,
}

impl Recall {
    /// Adds a picture. From `comparable` of the subject's height on another face counts beside it.
    pub fn add(&mut self, picture: &str, looks: &TwoLooks, comparable: f32) {
        self.pictures += 1;
        let TwoLooks {
            everything,
            what_matters,
            ..
        } = looks;
        let gained = what_matters
            .iter()
            .filter(|face| !is_among(face, everything));
        self.gained += gained.count() as u64;
        let Some(subject) = frame_subject(everything, looks.width, looks.height) else {
            self.without_face += 1;
            return;
        };
        for (index, face) in everything.iter().enumerate() {
            let whose = if index == subject {
                Whose::Subject
            } else if counts_beside(face, &everything[subject], comparable) {
                Whose::Company
            } else {
                Whose::Background
            };
            let lost = !is_among(face, what_matters);
            let count = self.count(whose);
            count.faces += 1;
            count.lost += u64::from(lost);
            if lost {
                let pixels = face.bounds.width().min(face.bounds.height());
                self.lost.push(LostFace {
                    picture: picture.to_owned(),
                    whose,
                    pixels,
                    share: pixels / looks.width.min(looks.height) as f32,
                    confidence: face.confidence,
                });
            }
        }
        let subject = &everything[subject];
        let chosen = frame_subject(what_matters, looks.width, looks.height);
        let kept = chosen.is_some_and(|chosen| same(subject, &what_matters[chosen]));
        if !kept && is_among(subject, what_matters) {
            self.changed.push(picture.to_owned());
        }
    }

    fn count(&mut self, whose: Whose) -> &mut Count {
        match whose {
            Whose::Subject => &mut self.subjects,
            Whose::Company => &mut self.company,
            Whose::Background => &mut self.background,
        }
    }
}

/// As the examination of a frame counts people.
fn counts_beside(face: &Face, subject: &Face, comparable: f32) -> bool {
    face.confidence >= subject::SURE.min(subject.confidence)
        && face.bounds.height() >= comparable * subject.bounds.height()
}

fn is_among(face: &Face, faces: &[Face]) -> bool {
    faces.iter().any(|other| same(face, other))
}

fn same(face: &Face, other: &Face) -> bool {
    face.bounds.iou(&other.bounds) >= SAME_FACE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vision::geometry::{BoundingBox, Point};

    fn face(left: f32, side: f32, confidence: f32) -> Face {
        Face {
            bounds: BoundingBox {
                left,
                top: 100.0,
                right: left + side,
                bottom: 100.0 + side,
            },
            confidence,
            landmarks: [Point { x: left, y: 100.0 }; 5],
        }
    }

    fn recall(everything: &[Face], what_matters: &[Face]) -> Recall {
        let looks = TwoLooks {
            width: 600,
            height: 300,
            everything: everything.to_vec(),
            what_matters: what_matters.to_vec(),
        };
        let mut recall = Recall::default();
        recall.add("one.jpg", &looks, 0.6);
        recall
    }

    #[test]
    fn what_is_lost_is_counted_by_whose_it_is() {
        let subject = face(250.0, 100.0, 1.0);
        let friend = face(20.0, 70.0, 0.99);
        let passer_by = face(500.0, 30.0, 1.0);
        let pattern = face(400.0, 90.0, 0.8);
        let all = [subject.clone(), friend, passer_by, pattern];
        let found = recall(&all, &[face(252.0, 98.0, 1.0)]);
        assert_eq!(found.subjects, Count { faces: 1, lost: 0 });
        assert_eq!(found.company, Count { faces: 1, lost: 1 });
        assert_eq!(found.background, Count { faces: 2, lost: 2 });
        assert_eq!(found.lost.len(), 3);
        let friend = &found.lost[0];
        assert_eq!(friend.whose, Whose::Company);
        assert!((friend.pixels - 70.0).abs() < 1e-3 && (friend.share - 70.0 / 300.0).abs() < 1e-3);
        assert!(found.changed.is_empty() && found.gained == 0);
        let interval = found.company.interval().unwrap();
        assert!(interval.low > 0.2 && interval.high > 0.999);
    }

    #[test]
    fn a_subject_that_is_lost_is_another_thing_than_one_that_is_passed_over() {
        let (subject, friend) = (face(250.0, 100.0, 1.0), face(120.0, 100.0, 1.0));
        let both = [subject.clone(), friend.clone()];
        let lost = recall(&both, std::slice::from_ref(&friend));
        assert_eq!(lost.subjects, Count { faces: 1, lost: 1 });
        assert!(lost.changed.is_empty());
        // A larger face that only the service sees leaves the subject too small to be one.
        let larger = face(300.0, 210.0, 1.0);
        let passed = recall(&both, &[subject, friend, larger]);
        assert_eq!(passed.subjects, Count { faces: 1, lost: 0 });
        assert_eq!((passed.changed.len(), passed.gained), (1, 1));
    }

    #[test]
    fn a_picture_of_nobody_is_counted_as_such() {
        let found = recall(&[], &[face(250.0, 100.0, 0.8)]);
        assert_eq!(
            (found.pictures, found.without_face, found.gained),
            (1, 1, 1)
        );
        assert_eq!(found.subjects.interval(), None);
    }
}
