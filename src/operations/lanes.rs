//! Who is being posted to in this process, and for whom, so that neither one slow receiver nor one project's many hold up
//! the others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::session::ids::ProjectId;
use crate::store::callbacks::{Callback, Full};

/// Posts to one receiver at a time.
pub(crate) const PER_LANE: usize = 2;

/// The lanes that are being posted to and the projects that are posted for, and by how many.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lanes(Arc<Mutex<Running>>);

#[derive(Debug, Default)]
struct Running {
    lanes: BTreeMap<String, usize>,
    projects: BTreeMap<ProjectId, usize>,
}

/// One post; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    lanes: Lanes,
    lane: String,
    project: ProjectId,
}

impl Lanes {
    /// The lanes and the projects that take no more, where there are so many places.
    ///
    /// No project takes more places than it leaves free: one alone fills half of them, two a third each, and one that
    /// has none yet finds a place beside them.
    pub(crate) fn full(&self, places: usize) -> Full {
        let running = self.running();
        let taken = running.projects.values().sum();
        let free = places.saturating_sub(taken);
        Full {
            lanes: with_at_least(&running.lanes, PER_LANE),
            projects: with_at_least(&running.projects, free),
        }
    }

    /// Counts a post.
    pub(crate) fn take(&self, callback: &Callback) -> Turn {
        let mut running = self.running();
        let (lane, project) = (callback.lane.clone(), callback.project);
        *running.lanes.entry(lane.clone()).or_default() += 1;
        *running.projects.entry(project).or_default() += 1;
        Turn {
            lanes: self.clone(),
            lane,
            project,
        }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut running = self.lanes.running();
        count_down(&mut running.lanes, &self.lane);
        count_down(&mut running.projects, &self.project);
    }
}

fn with_at_least<K: Clone>(counts: &BTreeMap<K, usize>, least: usize) -> Vec<K> {
    let full = counts.iter().filter(|(_, count)| **count >= least);
    full.map(|(key, _)| key.clone()).collect()
}

/// Counts one less, and forgets what nobody counts any more.
fn count_down<K: Ord>(counts: &mut BTreeMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use crate::session::delivery::DeliveryState;
    use crate::session::ids::CallbackId;
    use crate::session::time::Timestamp;

    use super::*;

    const PLACES: usize = 16;

    fn project(number: u128) -> ProjectId {
        ProjectId(Uuid::from_u128(number))
    }

    fn post(project: ProjectId, lane: &str) -> Callback {
        Callback {
            id: CallbackId(Uuid::now_v7()),
            project,
            address: String::new(),
            body: String::new(),
            endpoint: None,
            event: None,
            lane: lane.to_owned(),
            attempts: 1,
            next_at: Timestamp(0),
            state: DeliveryState::Waiting,
            queued_at: Timestamp(0),
            ended_at: None,
            last_error: None,
        }
    }

    /// Takes places for a project, to another receiver each, for as long as it may.
    fn take_all(lanes: &Lanes, project: ProjectId) -> Vec<Turn> {
        let mut turns = Vec::new();
        while !lanes.full(PLACES).projects.contains(&project) {
            turns.push(lanes.take(&post(project, &format!("{project:?} {}", turns.len()))));
            assert!(turns.len() <= PLACES, "it is never full");
        }
        turns
    }

    #[test]
    fn a_lane_is_full_until_one_of_its_posts_ends() {
        let lanes = Lanes::default();
        let first = lanes.take(&post(project(1), "a"));
        assert!(lanes.full(PLACES).lanes.is_empty());
        let _second = lanes.take(&post(project(2), "a"));
        let _other = lanes.take(&post(project(1), "b"));
        assert_eq!(lanes.full(PLACES).lanes, ["a"]);
        drop(first);
        assert!(lanes.full(PLACES).lanes.is_empty());
    }

    #[test]
    fn whoever_has_no_place_yet_finds_one_beside_those_who_took_all_they_may() {
        let lanes = Lanes::default();
        let greedy = take_all(&lanes, project(1));
        assert_eq!(greedy.len(), PLACES / 2);
        let second = take_all(&lanes, project(2));
        assert!(second.len() > 1);
        let third = take_all(&lanes, project(3));
        assert!(!third.is_empty());
        let taken = greedy.len() + second.len() + third.len();
        assert!(taken < PLACES, "there is one for a fourth");
        drop((greedy, second, third));
        assert_eq!(lanes.full(PLACES), Full::default());
        assert_eq!(take_all(&lanes, project(1)).len(), PLACES / 2);
    }
}
