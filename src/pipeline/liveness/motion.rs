//! The signals of a watched clip, each by its own file.

use crate::pipeline::liveness::glimpse::Glimpse;
use crate::pipeline::liveness::{blinks, cuts, expression, pulse, relief, repeats, screen, sway};

/// What a clip's motion says; `None` where too little was seen to say it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Motion {
    pub blinks: Option<u32>,
    /// The others are percentages.
    pub relief: Option<f64>,
    pub expression: Option<f64>,
    /// Of the distance between the eyes; it may be more than 100.
    pub sway: Option<f64>,
    pub fresh: Option<f64>,
    pub unbroken: Option<f64>,
    pub screen_free: Option<f64>,
    pub pulse: Option<f64>,
}

impl Motion {
    /// Of pictures in the order of time.
    pub fn of(glimpses: &[Glimpse]) -> Self {
        Self {
            blinks: blinks::count(glimpses),
            relief: relief::of_head(glimpses),
            expression: expression::of_mouth(glimpses),
            sway: sway::percent(glimpses),
            fresh: repeats::fresh(glimpses),
            unbroken: cuts::unbroken(glimpses),
            screen_free: screen::free_of_bands(glimpses),
            pulse: pulse::clarity(glimpses),
        }
    }

    /// What is left of it where the clip goes on unwatched: that nothing was shown twice and nothing
    /// cut can be said of a whole clip alone.
    #[must_use]
    pub fn of_a_part(self) -> Self {
        Self {
            fresh: None,
            unbroken: None,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::liveness::glimpse::tests::glimpses;

    #[test]
    fn a_part_of_a_clip_says_nothing_of_what_was_not_watched() {
        let whole = Motion::of(&glimpses(60, |_, _| {}));
        assert!(whole.fresh.is_some() && whole.unbroken.is_some());
        let part = whole.of_a_part();
        assert_eq!((part.fresh, part.unbroken), (None, None));
        assert_eq!(part.screen_free, whole.screen_free);
    }
}
