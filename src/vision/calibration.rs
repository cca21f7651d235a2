//! Similarity to percentage: straight lines through the points that a measurement put into the manifest.

use thiserror::Error;

use crate::packs::manifest::Calibration;

/// A strictly rising scale from 0 to 100 that ends at the same vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// Similarity and percentage, both strictly rising; the first percentage is 0, the last point is (1, 100).
    points: Vec<(f64, f64)>,
}

/// Why points make no scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CalibrationError {
    #[error("a calibration starts at 0 %")]
    Start,
    #[error("a calibration ends with 100 % at similarity 1")]
    End,
    #[error(
        "a calibration's similarities lie within -1 and 1 and rise with every percentage; point {index} does not"
    )]
    Order { index: usize },
}

impl Scale {
    /// The scale through a calibration's points; (1, 100) is added where they stop before it.
    pub fn new(calibration: &Calibration) -> Result<Self, CalibrationError> {
        let points = calibration.points.iter();
        Self::through(points.map(|p| (p.similarity, p.percentage)).collect())
    }

    /// Similarity 0 to 1 as it is: for a pack that is being measured and has no calibration yet.
    pub fn uncalibrated() -> Self {
        Self {
            points: vec![(0.0, 0.0), (1.0, 100.0)],
        }
    }

    /// 0 to 100; 0 for everything up to the first point.
    pub fn percentage(&self, similarity: f64) -> f64 {
        let above = self.points.partition_point(|point| point.0 <= similarity);
        match (above.checked_sub(1), self.points.get(above)) {
            (None, _) => 0.0,
            (Some(_), None) => 100.0,
            (Some(below), Some(&above)) => line(self.points[below], above, similarity),
        }
    }

    /// The similarity from which the percentage is reached.
    pub fn similarity_for(&self, percentage: f64) -> f64 {
        let above = self.points.partition_point(|point| point.1 <= percentage);
        match (above.checked_sub(1), self.points.get(above)) {
            (None, _) => self.points[0].0,
            (Some(_), None) => 1.0,
            (Some(below), Some(&above)) => {
                line(turned(self.points[below]), turned(above), percentage)
            }
        }
    }

    fn through(mut points: Vec<(f64, f64)>) -> Result<Self, CalibrationError> {
        if points.first().is_none_or(|first| first.1 != 0.0) {
            return Err(CalibrationError::Start);
        }
        match points.last() {
            Some(&(similarity, 100.0)) if similarity < 1.0 => return Err(CalibrationError::End),
            Some(&(_, percentage)) if percentage < 100.0 => points.push((1.0, 100.0)),
            _ => {}
        }
        let mut before = (-1.0 - f64::EPSILON, -1.0);
        for (index, point) in points.iter().enumerate() {
            if !(point.0 > before.0 && point.1 > before.1 && point.0 <= 1.0 && point.1 <= 100.0) {
                return Err(CalibrationError::Order { index });
            }
            before = *point;
        }
        Ok(Self { points })
    }
}

/// Where the line through two points stands at `x`, never outside them.
fn line(from: (f64, f64), to: (f64, f64), x: f64) -> f64 {
    let share = (x - from.0) / (to.0 - from.0);
    (from.1 + share * (to.1 - from.1)).clamp(from.1, to.1)
}

fn turned(point: (f64, f64)) -> (f64, f64) {
    (point.1, point.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINTS: [(f64, f64); 7] = [
        (0.05, 0.0),
        (0.31, 50.0),
        (0.39, 65.0),
        (0.46, 80.0),
        (0.52, 90.0),
        (0.57, 95.0),
        (1.0, 100.0),
    ];

    fn scale() -> Scale {
        Scale::through(POINTS.to_vec()).unwrap()
    }

    #[test]
    fn it_meets_its_points_both_ways() {
        for (similarity, percentage) in POINTS {
            assert!((scale().percentage(similarity) - percentage).abs() < 1e-9);
            assert!((scale().similarity_for(percentage) - similarity).abs() < 1e-9);
        }
    }

    #[test]
    fn it_never_falls_and_never_leaves_its_range() {
        let mut before = 0.0;
        for step in -12_000..=12_000 {
            let percentage = scale().percentage(f64::from(step) / 10_000.0);
            assert!((0.0..=100.0).contains(&percentage));
            assert!(percentage >= before, "falls at {step}");
            before = percentage;
        }
    }

    #[test]
    fn there_and_back_is_the_same_percentage() {
        for step in 0..=1000 {
            let percentage = f64::from(step) / 10.0;
            let back = scale().percentage(scale().similarity_for(percentage));
            assert!(
                (back - percentage).abs() < 1e-9,
                "{percentage} became {back}"
            );
        }
    }

    #[test]
    fn everything_below_the_start_is_nothing_and_the_same_vector_is_all() {
        assert_eq!(scale().percentage(-1.0).to_bits(), 0.0_f64.to_bits());
        assert_eq!(scale().percentage(1.0).to_bits(), 100.0_f64.to_bits());
        assert_eq!(scale().percentage(1.000_001).to_bits(), 100.0_f64.to_bits());
        assert_eq!(scale().percentage(f64::NAN).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn the_end_is_added_where_the_points_stop_before_it() {
        let short = Scale::through(POINTS[..6].to_vec()).unwrap();
        assert_eq!(short, scale());
    }

    #[test]
    fn points_that_make_no_scale_are_refused() {
        let refused = |points: &[(f64, f64)]| Scale::through(points.to_vec()).unwrap_err();
        assert_eq!(refused(&[]), CalibrationError::Start);
        assert_eq!(
            refused(&[(0.1, 5.0), (1.0, 100.0)]),
            CalibrationError::Start
        );
        assert_eq!(refused(&[(0.1, 0.0), (0.9, 100.0)]), CalibrationError::End);
        for wrong in [
            [(0.1, 0.0), (0.1, 50.0)],
            [(0.3, 0.0), (0.2, 50.0)],
            [(0.3, 0.0), (0.4, 0.0)],
            [(0.3, 0.0), (f64::NAN, 50.0)],
            [(0.3, 0.0), (0.4, f64::NAN)],
            [(0.3, 0.0), (1.0, 50.0)],
            [(0.3, 0.0), (0.4, 101.0)],
        ] {
            assert!(
                matches!(refused(&wrong), CalibrationError::Order { .. }),
                "{wrong:?}"
            );
        }
        assert_eq!(
            refused(&[(-2.0, 0.0), (0.4, 50.0)]),
            CalibrationError::Order { index: 0 }
        );
    }
}
