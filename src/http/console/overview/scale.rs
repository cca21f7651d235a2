//! Where things lie in a drawing: its size, and an axis that ends at a round number.

use maud::{Markup, html};

pub(super) const WIDTH: f64 = 900.0;
pub(super) const HEIGHT: f64 = 210.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 10.0;
const BELOW: f64 = 24.0;

/// Words below a drawing: more of them run into each other.
const WORDS: usize = 8;

/// An axis from nothing to a round number, and so many places side by side.
pub(super) struct Scale {
    pub(super) most: f64,
    pub(super) places: usize,
}

impl Scale {
    /// A scale on which the value has room.
    pub(super) fn reaching(value: f64, places: usize) -> Self {
        let mut unit = 1.0;
        while value > unit * 10.0 {
            unit *= 10.0;
        }
        let units = (value / unit).ceil().max(1.0);
        // So that its half is a round number too.
        let even = if units > 1.0 {
            (units / 2.0).ceil() * 2.0
        } else {
            2.0
        };
        Self {
            most: even * unit,
            places: places.max(1),
        }
    }

    /// Where a place begins.
    pub(super) fn x(&self, place: usize) -> f64 {
        round(LEFT + (WIDTH - LEFT - RIGHT) * place as f64 / self.places as f64)
    }

    pub(super) fn wide(&self) -> f64 {
        (WIDTH - LEFT - RIGHT) / self.places as f64
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        round(TOP + (HEIGHT - TOP - BELOW) * (1.0 - (value / self.most).clamp(0.0, 1.0)))
    }

    /// Lines with their numbers, and the words of some of the places.
    pub(super) fn axes(&self, labels: &[String], unit: &str) -> Markup {
        let every = labels.len().div_ceil(WORDS).max(1);
        html! {
            @for part in [0.0, 0.5, 1.0] {
                @let value = self.most * part;
                line.axis x1=(LEFT) x2=(WIDTH - RIGHT) y1=(self.y(value)) y2=(self.y(value)) {}
                text x=(LEFT - 6.0) y=(self.y(value) + 4.0) text-anchor="end" { (value) (unit) }
            }
            @for (place, label) in labels.iter().enumerate().step_by(every) {
                text x=(self.x(place)) y=(HEIGHT - 6.0) { (label) }
            }
        }
    }
}

/// To a tenth, as no eye sees less.
pub(super) fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::Scale;

    #[test]
    fn an_axis_ends_at_a_round_number_whose_half_is_one() {
        for (value, end) in [
            (0.0, 2.0),
            (1.0, 2.0),
            (7.0, 8.0),
            (10.0, 10.0),
            (11.0, 20.0),
            (250.0, 400.0),
        ] {
            let most = Scale::reaching(value, 3).most;
            assert!((most - end).abs() < 1e-9, "{value}: {most}");
        }
    }

    #[test]
    fn what_is_larger_lies_higher_and_within_the_drawing() {
        let scale = Scale::reaching(9.0, 4);
        assert!(scale.y(9.0) < scale.y(1.0));
        assert!(scale.y(100.0) >= 0.0 && scale.y(-1.0) <= super::HEIGHT);
        assert!(scale.x(3) + scale.wide() <= super::WIDTH);
    }
}
