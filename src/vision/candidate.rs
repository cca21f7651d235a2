//! A box on its way through the detector's cascade, and the choice among boxes that overlap.

use crate::vision::geometry::BoundingBox;
use crate::vision::nets::mtcnn::Verdict;
use crate::vision::resample::Region;

/// A box that a network takes for a face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    pub bounds: BoundingBox,
    pub score: f32,
    /// How far the network would move each side, as a fraction of the box.
    pub correction: [f32; 4],
}

/// What the shared area of two boxes is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// The area of both together.
    OfBoth,
    /// The smaller area, where a box counts the pixels on its right and lower edge as its own.
    OfSmaller,
}

impl Candidate {
    pub fn judged(bounds: BoundingBox, verdict: Verdict) -> Self {
        Self {
            bounds,
            score: verdict.probability,
            correction: verdict.correction,
        }
    }

    /// The box with its sides moved as the network said; `edge` is 1 where the box's right and
    /// lower edge count as its own, as they do in the second and the third stage.
    pub fn corrected(&self, edge: f32) -> BoundingBox {
        let bounds = self.bounds;
        let width = bounds.right - bounds.left + edge;
        let height = bounds.bottom - bounds.top + edge;
        let [left, top, right, bottom] = self.correction;
        BoundingBox {
            left: bounds.left + left * width,
            top: bounds.top + top * height,
            right: bounds.right + right * width,
            bottom: bounds.bottom + bottom * height,
        }
    }

    /// The pixels under the box. Its sides are cut to whole numbers that count from one, with the
    /// last pixel included, as in the cascade's first implementation.
    pub fn region(&self) -> Region {
        let first = |side: f32| (side as i64).max(1) as usize - 1;
        let last = |side: f32| (side as i64).max(0) as usize;
        Region {
            left: first(self.bounds.left),
            top: first(self.bounds.top),
            right: last(self.bounds.right),
            bottom: last(self.bounds.bottom),
        }
    }
}

/// Keeps the `count` likeliest.
pub fn keep_likeliest(candidates: &mut Vec<Candidate>, count: usize) {
    if candidates.len() > count {
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
        candidates.truncate(count);
    }
}

/// Of boxes that share more than `limit`, keeps the likeliest; the likeliest of all comes first.
pub fn suppress(candidates: &[Candidate], limit: f32, overlap: Overlap) -> Vec<Candidate> {
    kept(candidates, limit, overlap)
        .into_iter()
        .map(|index| candidates[index])
        .collect()
}

/// As [`suppress`], by place.
pub fn kept(candidates: &[Candidate], limit: f32, overlap: Overlap) -> Vec<usize> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by(|a, b| candidates[*b].score.total_cmp(&candidates[*a].score));
    let mut kept: Vec<usize> = Vec::new();
    for index in order {
        let bounds = &candidates[index].bounds;
        let hidden = kept
            .iter()
            .any(|other| shared(&candidates[*other].bounds, bounds, overlap) > limit);
        if !hidden {
            kept.push(index);
        }
    }
    kept
}

fn shared(a: &BoundingBox, b: &BoundingBox, overlap: Overlap) -> f32 {
    match overlap {
        Overlap::OfBoth => a.iou(b),
        Overlap::OfSmaller => {
            let area = |b: &BoundingBox| (b.right - b.left + 1.0) * (b.bottom - b.top + 1.0);
            let width = a.right.min(b.right) - a.left.max(b.left) + 1.0;
            let height = a.bottom.min(b.bottom) - a.top.max(b.top) + 1.0;
            width.max(0.0) * height.max(0.0) / area(a).min(area(b))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(left: f32, top: f32, side: f32, score: f32) -> Candidate {
        Candidate {
            bounds: BoundingBox {
                left,
                top,
                right: left + side,
                bottom: top + side,
            },
            score,
            correction: [0.0; 4],
        }
    }

    #[test]
    fn the_likeliest_of_overlapping_boxes_stays() {
        let candidates = [
            candidate(0.0, 0.0, 10.0, 0.7),
            candidate(1.0, 0.0, 10.0, 0.9),
            candidate(40.0, 0.0, 10.0, 0.8),
            candidate(8.0, 0.0, 10.0, 0.6),
        ];
        assert_eq!(kept(&candidates, 0.5, Overlap::OfBoth), [1, 2, 3]);
        assert!(kept(&[], 0.5, Overlap::OfBoth).is_empty());
    }

    #[test]
    fn a_box_within_another_goes_only_by_the_smaller_area() {
        let candidates = [
            candidate(0.0, 0.0, 100.0, 0.9),
            candidate(40.0, 40.0, 20.0, 0.8),
        ];
        assert_eq!(kept(&candidates, 0.7, Overlap::OfBoth), [0, 1]);
        assert_eq!(kept(&candidates, 0.7, Overlap::OfSmaller), [0]);
    }

    #[test]
    fn no_more_are_kept_than_asked_even_when_all_are_equally_likely() {
        let mut candidates: Vec<Candidate> =
            (0..9).map(|x| candidate(x as f32, 0.0, 5.0, 1.0)).collect();
        candidates.push(candidate(0.0, 9.0, 5.0, 1.5));
        keep_likeliest(&mut candidates, 4);
        let tops: Vec<bool> = candidates.iter().map(|c| c.bounds.top > 1.0).collect();
        assert_eq!(tops, [true, false, false, false]);
    }

    #[test]
    fn sides_are_cut_to_pixels_that_count_from_one() {
        let region = candidate(3.9, -2.5, 10.0, 1.0).region();
        let expected = Region {
            left: 2,
            top: 0,
            right: 13,
            bottom: 7,
        };
        assert_eq!(region, expected);
    }

    #[test]
    fn a_box_that_is_no_box_covers_no_picture() {
        let picture = crate::vision::picture::Picture::from_rgb(4, 4, vec![0; 48]).unwrap();
        for left in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 4.5e9, -50.0] {
            let region = candidate(left, 0.0, 10.0, 1.0).region().within(&picture);
            assert_eq!(region, None, "{left}");
        }
    }

    #[test]
    fn each_side_moves_by_its_part_of_the_box() {
        let mut moved = candidate(10.0, 20.0, 100.0, 1.0);
        moved.correction = [0.1, -0.1, 0.2, 0.0];
        let bounds = moved.corrected(0.0);
        let sides = [bounds.left, bounds.top, bounds.right, bounds.bottom];
        let expected = [20.0, 10.0, 130.0, 120.0];
        let astray = sides.iter().zip(expected).map(|(a, b)| (a - b).abs());
        assert!(astray.fold(0.0, f32::max) < 1e-4, "{sides:?}");
        let square = bounds.squared();
        assert!((square.width() - square.height()).abs() < 1e-4);
        assert!((square.centre().y - bounds.centre().y).abs() < 1e-4);
    }
}
