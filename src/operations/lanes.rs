//! Who is being posted to in this process, so that one slow receiver does not hold up the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Posts to one receiver at a time.
pub(crate) const PER_LANE: usize = 2;

/// The lanes that are being posted to, and by how many.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lanes(Arc<Mutex<HashMap<String, usize>>>);

/// One post of a lane; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    lanes: Lanes,
    lane: String,
}

impl Lanes {
    /// The lanes that take no more.
    pub(crate) fn full(&self) -> Vec<String> {
        let lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full = lanes.iter().filter(|(_, count)| **count >= PER_LANE);
        full.map(|(lane, _)| lane.clone()).collect()
    }

    /// Counts a post of a lane.
    pub(crate) fn take(&self, lane: &str) -> Turn {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *lanes.entry(lane.to_owned()).or_default() += 1;
        Turn {
            lanes: self.clone(),
            lane: lane.to_owned(),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut lanes = self.lanes.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = lanes.get_mut(&self.lane) {
            *count -= 1;
            if *count == 0 {
                lanes.remove(&self.lane);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_full_until_one_of_its_posts_ends() {
        let lanes = Lanes::default();
        let first = lanes.take("a");
        assert!(lanes.full().is_empty());
        let _second = lanes.take("a");
        let _other = lanes.take("b");
        assert_eq!(lanes.full(), ["a"]);
        drop(first);
        assert!(lanes.full().is_empty());
    }
}
