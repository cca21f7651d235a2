//! Takes the listed pairs and a similarity for any two pictures, and measures everything there is to say.

use std::fmt;

use crate::evaluation::accuracy::{self, ScoredPair};
use crate::evaluation::cross::Crossing;
use crate::evaluation::distribution::Distribution;
use crate::evaluation::identities::{self, Identities, NotDerivable};
use crate::evaluation::intervals::{Share, jackknife};
use crate::evaluation::pairs::PairList;
use crate::evaluation::percentages::{Percentages, Spread};
use crate::evaluation::rates::{FALSE_MATCH_RATES, RateOutcome, RateRow, rate_row};
use crate::evaluation::report::{
    AccuracyOutcome, ImpostorSource, Impostors, PairCounts, PictureCounts, Report, Unreadable,
};

/// What was found in one picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    Face,
    NoFace,
    /// Why the file is no picture.
    Unreadable(String),
}

/// Everything to measure on. `similarity` is asked only for places whose finding is a face.
pub struct Sample<'a> {
    pub pack: &'a str,
    pub list: &'a PairList,
    pub findings: &'a [Finding],
    pub similarity: &'a (dyn Fn(usize, usize) -> f32 + Sync),
    /// The pack's calibration, when it has one.
    pub percentage: Option<&'a (dyn Fn(f32) -> f64 + Sync)>,
}

impl fmt::Debug for Sample<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Sample({}, {} pairs, …)",
            self.pack,
            self.list.pairs.len()
        )
    }
}

/// The report, and the similarities of two people that a calibration may be fitted to.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    pub report: Report,
    pub impostors: Distribution,
}

impl Sample<'_> {
    /// Measures.
    pub fn measure(&self) -> Measured {
        let scored = self.scored();
        let derived = identities::derive(self.list);
        let impostors = match &derived {
            Ok(identities) => Crosswise::of(self, identities).similarities(),
            Err(_) => listed_impostors(&scored),
        };
        let genuine: Vec<Option<f32>> = scored
            .iter()
            .filter(|pair| pair.same)
            .map(|pair| pair.similarity)
            .collect();
        let mut rates: Vec<RateRow> = FALSE_MATCH_RATES
            .iter()
            .map(|rate| rate_row(&impostors, &genuine, *rate))
            .collect();
        if let Ok(identities) = &derived {
            Crosswise::of(self, identities).widen(&mut rates);
        }
        let accuracy = accuracy::measure(&scored);
        let mut report = Report {
            pack: self.pack.to_owned(),
            accuracy: accuracy.as_ref().ok().map(|found| found.accuracy),
            accuracy_detail: match accuracy {
                Ok(stated) => AccuracyOutcome::Stated(stated),
                Err(refused) => AccuracyOutcome::Refused { refused },
            },
            rates,
            impostors: self.described(&derived, &impostors),
            pairs: pair_counts(&scored),
            pictures: self.picture_counts(),
            percentages: self.percentage.map(|scale| self.percentages(&scale)),
            notes: Vec::new(),
        };
        report.notes = notes(&report);
        Measured { report, impostors }
    }

    /// How a scale's percentages spread over the listed pairs.
    pub fn percentages(&self, percentage: &dyn Fn(f32) -> f64) -> Percentages {
        let scored = self.scored();
        let spread = |same: bool| {
            let kind = scored.iter().filter(|pair| pair.same == same);
            let similarities = kind.filter_map(|pair| pair.similarity);
            Spread::of(similarities.map(percentage).collect())
        };
        Percentages {
            same: spread(true),
            different: spread(false),
        }
    }

    fn scored(&self) -> Vec<ScoredPair> {
        let pairs = self.list.pairs.iter();
        pairs
            .map(|pair| ScoredPair {
                same: pair.same,
                fold: pair.fold,
                similarity: (self.has_face(pair.a) && self.has_face(pair.b))
                    .then(|| (self.similarity)(pair.a, pair.b)),
            })
            .collect()
    }

    fn has_face(&self, picture: usize) -> bool {
        self.findings.get(picture) == Some(&Finding::Face)
    }

    fn described(
        &self,
        derived: &Result<Identities, NotDerivable>,
        impostors: &Distribution,
    ) -> Impostors {
        let pictures = (0..self.list.pictures.len()).filter(|picture| self.has_face(*picture));
        let pictures = pictures.count();
        let pairs = impostors.total();
        match derived {
            Ok(identities) => Impostors {
                source: ImpostorSource::AllCrossIdentityPairs,
                pairs,
                pictures,
                identities: Some(identities.count),
                naming: Some(identities.rule),
                not_derived: None,
            },
            Err(NotDerivable(reason)) => Impostors {
                source: ImpostorSource::ListedPairs,
                pairs,
                pictures,
                identities: None,
                naming: None,
                not_derived: Some(reason.clone()),
            },
        }
    }

    fn picture_counts(&self) -> PictureCounts {
        let mut counts = PictureCounts {
            listed: self.list.pictures.len(),
            ..PictureCounts::default()
        };
        for (name, finding) in self.list.pictures.iter().zip(self.findings) {
            match finding {
                Finding::Face => counts.with_face += 1,
                Finding::NoFace => counts.without_face.push(name.clone()),
                Finding::Unreadable(reason) => counts.unreadable.push(Unreadable {
                    picture: name.clone(),
                    reason: reason.clone(),
                }),
            }
        }
        counts
    }
}

/// The pictures with a face, and who they show.
struct Crosswise<'a> {
    sample: &'a Sample<'a>,
    pictures: Vec<usize>,
    identity: Vec<usize>,
    identities: usize,
}

impl<'a> Crosswise<'a> {
    fn of(sample: &'a Sample<'a>, identities: &Identities) -> Self {
        let pictures = (0..sample.list.pictures.len()).filter(|place| sample.has_face(*place));
        let pictures: Vec<usize> = pictures.collect();
        Self {
            sample,
            identity: pictures
                .iter()
                .map(|place| identities.of_picture[*place])
                .collect(),
            pictures,
            identities: identities.count,
        }
    }

    fn crossing(&self) -> Crossing<'_> {
        Crossing {
            identity: &self.identity,
        }
    }

    fn similarity(&self) -> impl Fn(usize, usize) -> f32 + Sync {
        |a, b| (self.sample.similarity)(self.pictures[a], self.pictures[b])
    }

    fn similarities(&self) -> Distribution {
        self.crossing().similarities(self.similarity())
    }

    /// Pairs made crosswise share pictures and people, so an interval that takes them for
    /// independent would be far too narrow: the people are left out in turn instead.
    fn widen(&self, rates: &mut [RateRow]) {
        let mut stated: Vec<_> = rates
            .iter_mut()
            .filter_map(|row| match &mut row.outcome {
                RateOutcome::Stated(stated) => Some(stated),
                RateOutcome::Refused { .. } => None,
            })
            .collect();
        if stated.is_empty() {
            return;
        }
        let thresholds: Vec<f64> = stated.iter().map(|rate| rate.threshold).collect();
        let shares = self
            .crossing()
            .shares(self.identities, &thresholds, self.similarity());
        for (rate, shares) in stated.iter_mut().zip(shares) {
            let whole = Share {
                hits: rate.false_matches,
                total: rate.impostor_pairs,
            };
            rate.false_match_interval = jackknife(whole, &shares);
        }
    }
}

fn listed_impostors(scored: &[ScoredPair]) -> Distribution {
    let mut impostors = Distribution::default();
    let different = scored.iter().filter(|pair| !pair.same);
    different
        .filter_map(|pair| pair.similarity)
        .for_each(|similarity| impostors.add(similarity));
    impostors
}

fn pair_counts(scored: &[ScoredPair]) -> PairCounts {
    let count = |same: bool, compared: Option<bool>| {
        let kind = scored.iter().filter(|pair| pair.same == same);
        kind.filter(|pair| compared.is_none_or(|wanted| pair.similarity.is_some() == wanted))
            .count() as u64
    };
    PairCounts {
        listed: scored.len() as u64,
        same: count(true, None),
        different: count(false, None),
        same_not_compared: count(true, Some(false)),
        different_not_compared: count(false, Some(false)),
    }
}

fn notes(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    if let AccuracyOutcome::Stated(stated) = &report.accuracy_detail {
        if stated.protocol == accuracy::Protocol::BestThreshold {
            notes.push(
                "The accuracy's threshold was chosen on the pairs that it judges, which flatters; two folds or more avoid that."
                    .to_owned(),
            );
        }
        if stated.not_compared > 0 {
            notes.push(format!(
                "{} pairs have a picture without a usable face. They count as wrong in the accuracy and as not accepted \
                 in the true-accept rates; a false match needs two faces, so the false-match rates leave them out.",
                stated.not_compared
            ));
        }
    }
    if let Some(identities) = report.impostors.identities {
        notes.push(format!(
            "The {} pairs of two people are made of {} pictures of {identities} people and depend on each other: the \
             people are the sample, and the intervals of the false-match rates leave out one of them at a time.",
            report.impostors.pairs, report.impostors.pictures
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::pairs::read;

    /// `people` people with two pictures each; similarity 0.9 within a person, little else without.
    fn people(people: usize, named: bool) -> PairList {
        let mut text = String::from("a,b,same\n");
        let picture = |person: usize, shot: usize| {
            if named {
                format!("P{}_{shot}.jpg", char::from(b'a' + person as u8))
            } else {
                format!("{}.jpg", person * 2 + shot)
            }
        };
        for person in 0..people {
            let other = (person + 1) % people;
            let (first, second) = (picture(person, 0), picture(person, 1));
            let stranger = picture(other, 1);
            text.extend([&first, ",", &second, ",1\n", &first, ",", &stranger, ",0\n"]);
        }
        read(text.as_bytes()).unwrap()
    }

    fn report_on(list: &PairList, findings: &[Finding]) -> Report {
        let person = |picture: usize| list.pictures[picture].split_once('_').map(|parts| parts.0);
        let similarity = |a: usize, b: usize| {
            let same = person(a).is_some() && person(a) == person(b);
            if same {
                0.9
            } else {
                (a * 7 + b * 7) as f32 / 10_000.0
            }
        };
        let sample = Sample {
            pack: "made",
            list,
            findings,
            similarity: &similarity,
            percentage: Some(&|similarity| f64::from(similarity) * 100.0),
        };
        sample.measure().report
    }

    #[test]
    fn names_make_all_pairs_of_two_people() {
        let list = people(10, true);
        let report = report_on(&list, &vec![Finding::Face; 20]);
        // 190 pairs of 20 pictures, less one a person.
        assert_eq!(report.impostors.pairs, 180);
        assert_eq!(
            report.impostors.source,
            ImpostorSource::AllCrossIdentityPairs
        );
        assert_eq!(report.impostors.identities, Some(10));
        assert_eq!(report.accuracy, Some(1.0));
        assert!(
            report
                .notes
                .iter()
                .any(|note| note.contains("depend on each other"))
        );
        let spread = report.percentages.unwrap().same.unwrap();
        assert_eq!((spread.pairs, spread.at_least_80), (10, 10));
    }

    #[test]
    fn without_names_the_listed_pairs_are_taken_and_the_reason_is_given() {
        let list = people(10, false);
        let report = report_on(&list, &vec![Finding::Face; 20]);
        assert_eq!(report.impostors.source, ImpostorSource::ListedPairs);
        assert_eq!(report.impostors.pairs, 10);
        assert!(report.impostors.not_derived.is_some());
        let refused = |row: &RateRow| matches!(row.outcome, RateOutcome::Refused { .. });
        assert!(report.rates.iter().all(refused));
    }

    #[test]
    fn pictures_without_a_face_are_named_and_their_pairs_are_wrong() {
        let list = people(10, true);
        let mut findings = vec![Finding::Face; 20];
        findings[0] = Finding::NoFace;
        findings[19] = Finding::Unreadable("damaged".to_owned());
        let report = report_on(&list, &findings);
        assert_eq!(report.pictures.without_face, [list.pictures[0].clone()]);
        assert_eq!(report.pictures.unreadable[0].reason, "damaged");
        assert_eq!(report.pictures.with_face, 18);
        let pairs = report.pairs;
        let missing = pairs.same_not_compared + pairs.different_not_compared;
        assert!(missing >= 3, "{pairs:?}");
        let expected = (20 - missing) as f64 / 20.0;
        assert!((report.accuracy.unwrap() - expected).abs() < 1e-9);
        assert!(
            report
                .notes
                .iter()
                .any(|note| note.contains("count as wrong"))
        );
    }
}
