//! A sequence of steps, drawn at random for one session, that its video has to show.

use serde::{Deserialize, Serialize};

use crate::session::ids::{ChallengeId, SessionId};
use crate::session::time::Timestamp;

/// Steps of a challenge. Of six actions, each once, there are 360 sequences of four; since a mirrored
/// video is taken as well, and blinks may always be seen, one video can answer about ten of them.
pub const STEPS: usize = 4;
/// Challenges that a session may have drawn, so that nobody draws until an old video fits.
pub const MOST_DRAWS: u64 = 3;
/// A video that is received later than this after the drawing shows nothing.
pub const VALID_MS: i64 = 5 * 60 * 1000;

/// What the person before the camera is asked to do; left and right are the person's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    TurnLeft,
    TurnRight,
    LookUp,
    LookDown,
    BlinkTwice,
    ComeCloser,
}

impl Action {
    pub const ALL: [Self; 6] = [
        Self::TurnLeft,
        Self::TurnRight,
        Self::LookUp,
        Self::LookDown,
        Self::BlinkTwice,
        Self::ComeCloser,
    ];

    /// The word it is answered as.
    pub fn name(self) -> &'static str {
        match self {
            Self::TurnLeft => "turn_left",
            Self::TurnRight => "turn_right",
            Self::LookUp => "look_up",
            Self::LookDown => "look_down",
            Self::BlinkTwice => "blink_twice",
            Self::ComeCloser => "come_closer",
        }
    }

    /// What the applicant reads.
    pub fn instruction(self) -> &'static str {
        match self {
            Self::TurnLeft => "Turn your head to your left, then look ahead again.",
            Self::TurnRight => "Turn your head to your right, then look ahead again.",
            Self::LookUp => "Lift your chin, then look ahead again.",
            Self::LookDown => "Lower your chin, then look ahead again.",
            Self::BlinkTwice => "Look ahead and blink twice.",
            Self::ComeCloser => "Come closer to the camera, then move back.",
        }
    }

    /// The same seen in a mirror, as some cameras store it.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::TurnLeft => Self::TurnRight,
            Self::TurnRight => Self::TurnLeft,
            Self::LookUp | Self::LookDown | Self::BlinkTwice | Self::ComeCloser => self,
        }
    }
}

/// One challenge. It is used up by the examination that is asked for next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    pub id: ChallengeId,
    pub session: SessionId,
    pub steps: Vec<Action>,
    pub drawn_at: Timestamp,
    pub expires_at: Timestamp,
    /// An examination has looked for it already.
    pub used: bool,
}

impl Challenge {
    /// Whether a video of that moment may answer it: recorded before, it cannot have known the steps.
    pub fn is_answered_at(&self, received: Timestamp) -> bool {
        !self.used && (self.drawn_at.0..=self.expires_at.0).contains(&received.0)
    }
}

/// What an examination is to look for; kept with its order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeOrder {
    pub id: ChallengeId,
    pub steps: Vec<Action>,
    /// The video was received after the drawing and before the end, and no examination has used the challenge up.
    pub in_time: bool,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepFinding {
    pub action: Action,
    pub met: bool,
    /// When in the video it was seen.
    pub at_ms: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_video_from_before_the_drawing_or_after_the_end_answers_nothing() {
        let challenge = Challenge {
            id: ChallengeId(uuid::Uuid::nil()),
            session: SessionId(uuid::Uuid::nil()),
            steps: Action::ALL.to_vec(),
            drawn_at: Timestamp(1_000),
            expires_at: Timestamp(2_000),
            used: false,
        };
        let answered = [999, 1_000, 2_000, 2_001].map(|at| challenge.is_answered_at(Timestamp(at)));
        assert_eq!(answered, [false, true, true, false]);
        let used = Challenge {
            used: true,
            ..challenge
        };
        assert!(!used.is_answered_at(Timestamp(1_500)));
    }

    #[test]
    fn names_are_those_that_are_stored() {
        for action in Action::ALL {
            let stored = serde_json::to_string(&action).unwrap();
            assert_eq!(stored, format!("{:?}", action.name()));
            assert_eq!(action.mirrored().mirrored(), action);
        }
    }
}
