//! A box on its way through the detector's cascade, and the choice among boxes that overlap.

use crate::vision::geometry::BoundingBox;
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
