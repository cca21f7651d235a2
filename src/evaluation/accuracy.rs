//! The share of pairs judged rightly, at a threshold that the judged pairs did not choose when folds are given.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::evaluation::intervals::{Interval, wilson};

/// A pair and what was measured on it: no similarity when a picture of it shows no face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoredPair {
    pub same: bool,
    pub fold: Option<u32>,
    pub similarity: Option<f32>,
}

/// How the threshold was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// For each fold, on the pairs of all other folds.
    Folds,
    /// On the very pairs that it judges, which flatters; folds avoid that.
    BestThreshold,
}

/// One fold's own result.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FoldAccuracy {
    pub fold: u32,
    pub pairs: u64,
    pub right: u64,
    pub accuracy: f64,
    pub threshold: f64,
}

/// The accuracy over all pairs. A pair with a picture without a face counts as wrong, because a
/// system that cannot answer has not answered rightly; `over_compared` leaves such pairs out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Accuracy {
    pub accuracy: f64,
    pub interval: Option<Interval>,
    pub protocol: Protocol,
    pub pairs: u64,
    pub right: u64,
    pub not_compared: u64,
    pub over_compared: Option<f64>,
    /// The mean of the folds' thresholds, or the one threshold.
    pub threshold: f64,
    pub folds: Vec<FoldAccuracy>,
}

/// Measures the accuracy, or says why this list cannot carry one.
pub fn measure(pairs: &[ScoredPair]) -> Result<Accuracy, String> {
    for same in [true, false] {
        if !pairs
            .iter()
            .any(|pair| pair.same == same && pair.similarity.is_some())
        {
            let kind = if same {
                "of one person"
            } else {
                "of two people"
            };
            return Err(format!(
                "no pair {kind} could be compared; a threshold needs pairs of both kinds"
            ));
        }
    }
    let folds: BTreeSet<Option<u32>> = pairs.iter().map(|pair| pair.fold).collect();
    let numbers: Vec<u32> = folds.iter().filter_map(|fold| *fold).collect();
    if numbers.len() < 2 {
        let threshold = best_threshold(pairs.iter()).unwrap_or_default();
        let right = count_right(pairs.iter(), threshold);
        return Ok(summed(
            pairs,
            Protocol::BestThreshold,
            right,
            threshold,
            Vec::new(),
        ));
    }
    let folds: Option<Vec<FoldAccuracy>> = numbers
        .iter()
        .map(|fold| judge_fold(pairs, *fold))
        .collect();
    let folds = folds.ok_or("one fold holds every pair that could be compared")?;
    let right = folds.iter().map(|fold| fold.right).sum();
    let threshold = folds.iter().map(|fold| fold.threshold).sum::<f64>() / folds.len() as f64;
    Ok(summed(pairs, Protocol::Folds, right, threshold, folds))
}

fn judge_fold(pairs: &[ScoredPair], fold: u32) -> Option<FoldAccuracy> {
    let (own, others): (Vec<_>, Vec<_>) = pairs.iter().partition(|pair| pair.fold == Some(fold));
    let threshold = best_threshold(others.into_iter())?;
    let right = count_right(own.iter().copied(), threshold);
    Some(FoldAccuracy {
        fold,
        pairs: own.len() as u64,
        right,
        accuracy: right as f64 / own.len() as f64,
        threshold,
    })
}

fn summed(
    pairs: &[ScoredPair],
    protocol: Protocol,
    right: u64,
    threshold: f64,
    folds: Vec<FoldAccuracy>,
) -> Accuracy {
    let total = pairs.len() as u64;
    let compared = pairs
        .iter()
        .filter(|pair| pair.similarity.is_some())
        .count() as u64;
    Accuracy {
        accuracy: right as f64 / total as f64,
        interval: wilson(right, total),
        protocol,
        pairs: total,
        right,
        not_compared: total - compared,
        over_compared: (compared > 0).then(|| right as f64 / compared as f64),
        threshold,
        folds,
    }
}

fn count_right<'a>(pairs: impl Iterator<Item = &'a ScoredPair>, threshold: f64) -> u64 {
    pairs
        .filter(|pair| {
            let accepted = pair.similarity.map(|value| f64::from(value) >= threshold);
            accepted == Some(pair.same)
        })
        .count() as u64
}

/// The threshold that judges most pairs rightly, in the middle of the gap between two similarities;
/// of several equally good ones the middle one, so that chance at either end does not choose.
fn best_threshold<'a>(pairs: impl Iterator<Item = &'a ScoredPair>) -> Option<f64> {
    let mut scored: Vec<(f64, bool)> = pairs
        .filter_map(|pair| Some((f64::from(pair.similarity?), pair.same)))
        .collect();
    scored.sort_by(|one, other| one.0.total_cmp(&other.0));
    let lowest = scored.first()?.0;
    let mut right = scored.iter().filter(|(_, same)| *same).count();
    let mut most = right;
    let mut best = vec![lowest];
    for (place, (similarity, same)) in scored.iter().enumerate() {
        if *same {
            right -= 1;
        } else {
            right += 1;
        }
        let next = scored.get(place + 1).map(|(next, _)| *next);
        if next == Some(*similarity) || right < most {
            continue;
        }
        if right > most {
            most = right;
            best.clear();
        }
        best.push(next.map_or(similarity.next_up(), |next| {
            f64::midpoint(*similarity, next)
        }));
    }
    best.get(best.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(same: bool, fold: Option<u32>, similarity: f32) -> ScoredPair {
        ScoredPair {
            same,
            fold,
            similarity: Some(similarity),
        }
    }

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-6
    }

    #[test]
    fn the_best_threshold_lies_between_the_kinds() {
        let pairs = [
            pair(false, None, 0.1),
            pair(false, None, 0.3),
            pair(true, None, 0.7),
            pair(true, None, 0.9),
        ];
        let accuracy = measure(&pairs).unwrap();
        assert!(close(accuracy.accuracy, 1.0) && close(accuracy.threshold, 0.5));
        assert_eq!(accuracy.protocol, Protocol::BestThreshold);
    }

    #[test]
    fn one_pair_on_the_wrong_side_costs_one_in_five() {
        let pairs = [
            pair(false, None, 0.1),
            pair(true, None, 0.2),
            pair(false, None, 0.3),
            pair(true, None, 0.7),
            pair(true, None, 0.9),
        ];
        let accuracy = measure(&pairs).unwrap();
        assert!(close(accuracy.accuracy, 0.8), "{accuracy:?}");
    }

    #[test]
    fn equal_similarities_are_never_parted() {
        let pairs = [
            pair(false, None, 0.5),
            pair(true, None, 0.5),
            pair(true, None, 0.5),
        ];
        let accuracy = measure(&pairs).unwrap();
        assert_eq!(accuracy.right, 2);
    }

    #[test]
    fn a_fold_is_judged_by_the_threshold_of_the_others() {
        // Fold 0 alone would choose 0.5; the pairs of fold 1 choose 0.25 and so misjudge one of fold 0.
        let pairs = [
            pair(false, Some(0), 0.4),
            pair(true, Some(0), 0.6),
            pair(false, Some(1), 0.2),
            pair(true, Some(1), 0.3),
        ];
        let accuracy = measure(&pairs).unwrap();
        assert_eq!(accuracy.protocol, Protocol::Folds);
        assert!(close(accuracy.folds[0].threshold, 0.25));
        assert_eq!((accuracy.folds[0].right, accuracy.folds[1].right), (1, 1));
        assert!(close(accuracy.accuracy, 0.5) && close(accuracy.threshold, 0.375));
    }

    #[test]
    fn a_pair_without_a_face_is_wrong_and_said_so() {
        let mut pairs = vec![
            pair(false, None, 0.1),
            pair(true, None, 0.9),
            pair(true, None, 0.8),
        ];
        pairs.push(ScoredPair {
            same: false,
            fold: None,
            similarity: None,
        });
        let accuracy = measure(&pairs).unwrap();
        assert_eq!((accuracy.right, accuracy.not_compared), (3, 1));
        assert!(close(accuracy.accuracy, 0.75) && close(accuracy.over_compared.unwrap(), 1.0));
    }

    #[test]
    fn one_kind_alone_carries_no_accuracy() {
        let reason = measure(&[pair(true, None, 0.4)]).unwrap_err();
        assert!(reason.contains("of two people"), "{reason}");
    }
}
