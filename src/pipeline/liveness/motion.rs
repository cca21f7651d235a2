//! The signals of a watched clip, each by its own file.

use crate::pipeline::liveness::glimpse::Glimpse;
use crate::pipeline::liveness::{blinks, cuts, pulse, relief, repeats, screen};

/// What a clip's motion says; `None` where too little was seen to say it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Motion {
    pub blinks: Option<u32>,
    /// The others are percentages.
    pub relief: Option<f64>,
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
            fresh: repeats::fresh(glimpses),
            unbroken: cuts::unbroken(glimpses),
            screen_free: screen::free_of_bands(glimpses),
            pulse: pulse::clarity(glimpses),
        }
    }
}
