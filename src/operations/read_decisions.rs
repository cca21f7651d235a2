//! Reads what people decided about a session.

use std::collections::HashMap;

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::actor::Actor;
use crate::session::decision::{Decision, Note};
use crate::session::ids::SessionId;
use crate::session::project::Scope;

/// A decision and whose it is. It names an officer, so it has no `Debug`.
pub struct SignedDecision {
    pub decision: Decision,
    /// None where no officer decided.
    pub officer_name: Option<String>,
}

impl Operations {
    /// Everything that was decided about a session, newest first.
    pub async fn read_decisions(
        &self,
        caller: &Caller,
        session: SessionId,
    ) -> Result<Vec<SignedDecision>, Error> {
        caller.require_either(Scope::Read, Scope::Decide)?;
        let session = self.find_session(caller, session).await?;
        let mut decisions = self.store.decisions(session.id).await?;
        // What officers write, and who they are, is for those who decide: `read` is what the
        // program of an onboarding flow has.
        let mut names = HashMap::new();
        if caller.require(Scope::Decide).is_ok() {
            names = self.officer_names(caller).await?;
        } else {
            for decision in &mut decisions {
                if matches!(decision.note, Note::Text(_)) {
                    decision.note = Note::None;
                }
            }
        }
        Ok(decisions
            .into_iter()
            .map(|decision| SignedDecision {
                officer_name: names.get(&decision.actor).cloned(),
                decision,
            })
            .collect())
    }

    /// A decision with the name of whoever made it.
    pub(crate) async fn sign(
        &self,
        caller: &Caller,
        decision: Decision,
    ) -> Result<SignedDecision, Error> {
        let mut names = self.officer_names(caller).await?;
        Ok(SignedDecision {
            officer_name: names.remove(&decision.actor),
            decision,
        })
    }

    async fn officer_names(&self, caller: &Caller) -> Result<HashMap<Actor, String>, Error> {
        let officers = self.store.officers(caller.project.id).await?;
        Ok(officers
            .into_iter()
            .map(|officer| (Actor::Officer(officer.id), officer.name))
            .collect())
    }
}
