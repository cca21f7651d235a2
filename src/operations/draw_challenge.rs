//! Draws the steps that a session's video has to show.

use rand::seq::SliceRandom;
use uuid::Uuid;

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::challenge::{Action, Challenge, STEPS, VALID_MS};
use crate::session::ids::{ChallengeId, SessionId};
use crate::session::project::Scope;

/// A challenge, and how many more the session may have drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    pub challenge: Challenge,
    pub draws_left: u64,
}

impl Operations {
    /// Draws a challenge; the one that was drawn before counts no more.
    pub async fn draw_challenge(&self, caller: &Caller, id: SessionId) -> Result<Drawn, Error> {
        caller.require(Scope::Submit)?;
        if self.models.landmarks.is_none() {
            return Err(Error::NotInstalled { what: "challenges" });
        }
        let session = self.find_session(caller, id).await?;
        let mut actions = Action::ALL;
        // Of the system's randomness, which nobody foretells.
        actions.shuffle(&mut rand::rng());
        let now = self.clock.now();
        let challenge = Challenge {
            id: ChallengeId(Uuid::now_v7()),
            session: session.id,
            steps: actions[..STEPS].to_vec(),
            drawn_at: now,
            expires_at: now.plus(VALID_MS),
            used: false,
        };
        let draws_left = self.store.draw_challenge(&challenge).await?;
        Ok(Drawn {
            challenge,
            draws_left,
        })
    }
}
