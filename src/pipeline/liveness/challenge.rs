//! Looks for the steps of a challenge: in their order, each soon after the one before, and no other in between.

use crate::pipeline::liveness::blinks;
use crate::pipeline::liveness::glimpse::{Glimpse, WatchedFace};
use crate::scoring::functions::{Function, median};
use crate::session::challenge::{Action, StepFinding};

/// How far from where it mostly is a head turns, and nods, in degrees, to be taken at its word.
const TURNED: f32 = 18.0;
const NODDED: f32 = 11.0;
/// How much larger than it mostly is a face becomes that comes closer.
const CLOSER: f32 = 1.25;
/// Where a face mostly is, as far as its size goes: most of the clip it is not close.
const USUAL_SIZE: Function = Function::Quantile(0.3);
/// Pictures in a row that show a motion, and that show none before the next one begins.
const LASTS: usize = 3;
const PAUSE: usize = 2;
/// A step follows the one before, or the beginning, within this time.
const SOON_MS: u64 = 10_000;
/// Two blinks that belong together.
const TWICE_MS: u64 = 3_000;

/// What became of each step; of a mirrored video, as some front cameras store it, left is right.
pub fn follow(steps: &[Action], glimpses: &[Glimpse]) -> Vec<StepFinding> {
    let seen = Seen::of(glimpses);
    let as_asked = seen.answer(steps.iter().copied());
    let mirrored = seen.answer(steps.iter().map(|action| action.mirrored()));
    let met = |findings: &[StepFinding]| findings.iter().filter(|step| step.met).count();
    if met(&mirrored) <= met(&as_asked) {
        return as_asked;
    }
    let back = |step: StepFinding| StepFinding {
        action: step.action.mirrored(),
        ..step
    };
    mirrored.into_iter().map(back).collect()
}

/// No step met: for a video that came too early or too late.
pub fn unmet(steps: &[Action]) -> Vec<StepFinding> {
    let step = |action: &Action| StepFinding {
        action: *action,
        met: false,
        at_ms: None,
    };
    steps.iter().map(step).collect()
}

/// The share of steps that were met, in percent; nothing where none was asked for.
pub fn percent(findings: &[StepFinding]) -> Option<f64> {
    let met = findings.iter().filter(|step| step.met).count();
    (!findings.is_empty()).then(|| 100.0 * met as f64 / findings.len() as f64)
}

/// A head that turned, nodded or came closer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Motion {
    action: Action,
    from_ms: u64,
    until_ms: u64,
}

/// What a clip shows of the actions.
struct Seen {
    motions: Vec<Motion>,
    blinks: Vec<u64>,
}

impl Seen {
    fn of(glimpses: &[Glimpse]) -> Self {
        Self {
            motions: motions(glimpses),
            blinks: blinks::times(glimpses).unwrap_or_default(),
        }
    }

    /// Goes from step to step until one is not what is seen next.
    fn answer(&self, steps: impl Iterator<Item = Action>) -> Vec<StepFinding> {
        let mut since = Some(0);
        let finding = |action: Action| {
            let seen = since.and_then(|since| self.next(action, since));
            since = seen.map(|(_, until)| until);
            StepFinding {
                action,
                met: seen.is_some(),
                at_ms: seen.map(|(from, _)| from),
            }
        };
        steps.map(finding).collect()
    }

    /// When that action is seen, from and until, if it is what comes next.
    fn next(&self, action: Action, since: u64) -> Option<(u64, u64)> {
        let motion = self.motions.iter().find(|motion| motion.from_ms > since);
        let soon = |at: u64| at <= since + SOON_MS;
        if action == Action::BlinkTwice {
            let before = motion.map_or(u64::MAX, |motion| motion.from_ms);
            let blinks: Vec<u64> = self
                .blinks
                .iter()
                .copied()
                .filter(|at| *at > since && *at < before && soon(*at))
                .collect();
            let twice = blinks
                .windows(2)
                .find(|pair| pair[1] - pair[0] <= TWICE_MS)?;
            return Some((twice[0], twice[1]));
        }
        let motion = motion?;
        (motion.action == action && soon(motion.from_ms))
            .then_some((motion.from_ms, motion.until_ms))
    }
}

/// Every motion that lasts, in order of time.
fn motions(glimpses: &[Glimpse]) -> Vec<Motion> {
    let Some(usual) = Usual::of(glimpses) else {
        return Vec::new();
    };
    let mut motions: Vec<Motion> = Vec::new();
    let mut run: Vec<(Action, u64)> = Vec::new();
    let mut still = PAUSE;
    for glimpse in glimpses {
        let action = glimpse.face.as_ref().and_then(|face| usual.action(face));
        let Some(action) = action else {
            run.clear();
            still += 1;
            continue;
        };
        if let Some(last) = motions.last_mut()
            && still < PAUSE
            && last.action == action
        {
            last.until_ms = glimpse.time_ms;
            still = 0;
            continue;
        }
        if run.first().is_some_and(|(first, _)| *first != action) {
            run.clear();
        }
        run.push((action, glimpse.time_ms));
        if run.len() == LASTS {
            motions.push(Motion {
                action,
                from_ms: run[0].1,
                until_ms: glimpse.time_ms,
            });
            run.clear();
            still = 0;
        }
    }
    motions
}

/// Where the head mostly is.
struct Usual {
    yaw: f32,
    pitch: f32,
    size: f32,
}

impl Usual {
    fn of(glimpses: &[Glimpse]) -> Option<Self> {
        let all = |measure: fn(&WatchedFace) -> f32| -> Vec<f64> {
            let faces = glimpses.iter().filter_map(|glimpse| glimpse.face.as_ref());
            faces.map(|face| f64::from(measure(face))).collect()
        };
        Some(Self {
            yaw: median(&all(|face| face.pose.yaw))? as f32,
            pitch: median(&all(|face| face.pose.pitch))? as f32,
            size: USUAL_SIZE.of(&all(|face| face.eye_distance))? as f32,
        })
    }

    /// What the head does that strays the most from where it mostly is. A person's left is the right
    /// of a picture that is not mirrored, where yaw grows.
    fn action(&self, face: &WatchedFace) -> Option<Action> {
        let turned = (face.pose.yaw - self.yaw) / TURNED;
        let nodded = (face.pose.pitch - self.pitch) / NODDED;
        let closer = (face.eye_distance / self.size.max(1.0) - 1.0) / (CLOSER - 1.0);
        let strayed = [
            (turned, Action::TurnLeft),
            (-turned, Action::TurnRight),
            (nodded, Action::LookUp),
            (-nodded, Action::LookDown),
            (closer, Action::ComeCloser),
        ];
        let (most, action) = strayed.into_iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
        (most >= 1.0).then_some(action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::liveness::glimpse::tests::glimpses;

    /// Two seconds an action, beginning after one second, with the head ahead in between.
    fn clip(actions: &[Action]) -> Vec<Glimpse> {
        let seconds = actions.len() as u64 * 2 + 2;
        glimpses(seconds * 15, |time, face| {
            let Some(since) = time.checked_sub(1_000) else {
                return;
            };
            let Some(action) = actions.get((since / 2_000) as usize) else {
                return;
            };
            let within = since % 2_000;
            let moving = (300..1_100).contains(&within);
            match action {
                Action::TurnLeft if moving => face.pose.yaw = 30.0,
                Action::TurnRight if moving => face.pose.yaw = -30.0,
                Action::LookUp if moving => face.pose.pitch = 18.0,
                Action::LookDown if moving => face.pose.pitch = -18.0,
                Action::ComeCloser if moving => face.eye_distance = 140.0,
                Action::BlinkTwice
                    if (400..520).contains(&within) || (900..1_020).contains(&within) =>
                {
                    face.openness = 0.15;
                }
                Action::TurnLeft
                | Action::TurnRight
                | Action::LookUp
                | Action::LookDown
                | Action::BlinkTwice
                | Action::ComeCloser => {}
            }
        })
    }

    fn met(asked: &[Action], shown: &[Action]) -> usize {
        let findings = follow(asked, &clip(shown));
        let met = findings.iter().take_while(|step| step.met).count();
        assert!(findings.iter().skip(met).all(|step| !step.met));
        met
    }

    #[test]
    fn every_sequence_that_is_shown_is_met_and_every_other_is_not() {
        for first in Action::ALL {
            for second in Action::ALL {
                if first == second {
                    continue;
                }
                let asked = [first, second];
                assert_eq!(met(&asked, &asked), 2, "{asked:?}");
                let mirrored = asked.map(Action::mirrored);
                assert_eq!(met(&asked, &mirrored), 2, "{asked:?} mirrored");
                if first != Action::BlinkTwice
                    && second != Action::BlinkTwice
                    && second != first.mirrored()
                {
                    assert_eq!(met(&[second, first], &asked), 0, "{asked:?} turned round");
                }
            }
        }
    }

    #[test]
    fn moving_in_every_direction_answers_only_one_sequence() {
        let everything = [
            Action::TurnLeft,
            Action::LookUp,
            Action::TurnRight,
            Action::LookDown,
        ];
        assert_eq!(met(&[Action::TurnLeft, Action::LookDown], &everything), 1);
        assert_eq!(met(&[Action::LookDown, Action::TurnLeft], &everything), 0);
        assert_eq!(met(&everything, &everything), 4);
    }

    #[test]
    fn a_still_face_meets_nothing_and_a_late_step_is_none() {
        assert_eq!(met(&[Action::TurnLeft], &[]), 0);
        let late = glimpses(15 * 15, |time, face| {
            if (12_000..13_000).contains(&time) {
                face.pose.yaw = 30.0;
            }
        });
        assert!(!follow(&[Action::TurnLeft], &late)[0].met);
    }

    #[test]
    fn the_share_is_of_the_steps_and_of_none_there_is_none() {
        assert_eq!(percent(&unmet(&[Action::LookUp])), Some(0.0));
        assert_eq!(percent(&[]), None);
        let half = follow(
            &[Action::LookUp, Action::LookDown],
            &clip(&[Action::LookUp]),
        );
        assert_eq!(percent(&half), Some(50.0));
        assert_eq!(half[0].at_ms, Some(1_333));
    }
}
