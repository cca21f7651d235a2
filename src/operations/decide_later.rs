//! Decides so that it can be undone for a moment, and carries out what nobody undid.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::claim_review::{CLAIM_MS, officer};
use crate::operations::decide::NewDecision;
use crate::operations::error::Error;
use crate::operations::read_decisions::SignedDecision;
use crate::operations::run_examination::causes;
use crate::session::decision::DecisionKind;
use crate::session::ids::{OfficerId, SessionId};
use crate::session::review::{PendingDecision, ReviewRefusal};
use crate::store::error::StoreError;

/// Decisions that are carried out in one go.
const AT_ONCE: u64 = 100;

/// What became of a decision. It may name an officer, so it has no `Debug`.
pub enum Decided {
    /// It stands.
    Now(SignedDecision),
    /// It can be undone until it is due.
    Later(PendingDecision),
}

impl Operations {
    /// Decides a case that the officer has taken; it can be undone for as long as the project says.
    pub async fn decide_later(&self, caller: &Caller, new: NewDecision) -> Result<Decided, Error> {
        let officer = officer(caller)?;
        let wait_ms = i64::from(caller.project.settings.undo_seconds) * 1_000;
        match new.kind {
            DecisionKind::Note => {
                return Err(Error::invalid("a note is kept at once"));
            }
            DecisionKind::Approve
            | DecisionKind::Reject
            | DecisionKind::ProposeApprove
            | DecisionKind::ProposeReject
            | DecisionKind::AskAgain => {}
        }
        if wait_ms == 0 {
            self.refuse_unclaimed(caller, new.session, officer).await?;
            return Ok(Decided::Now(self.decide(caller, new).await?));
        }
        let decision = self.read_new_decision(caller, new).await?;
        let due_at = decision.at.plus(wait_ms);
        let held = self.store.hold_decision(decision, due_at).await?;
        Ok(Decided::Later(held))
    }

    /// Takes the officer's decision back before it is due, as if there had been none. They hold the
    /// case again.
    pub async fn undo_decision(&self, caller: &Caller, session: SessionId) -> Result<(), Error> {
        let officer = officer(caller)?;
        let session = self.find_session(caller, session).await?.id;
        let now = self.clock.now();
        self.store
            .undo_decision(session, officer, now, now.plus(CLAIM_MS))
            .await?;
        Ok(())
    }

    /// The decision about a session that can still be undone.
    pub async fn pending_decision(
        &self,
        caller: &Caller,
        session: SessionId,
    ) -> Result<Option<PendingDecision>, Error> {
        officer(caller)?;
        let session = self.find_session(caller, session).await?.id;
        Ok(self.store.pending_decision(session).await?)
    }

    /// Carries out the decisions that are due, so many at most, and tells how many it was. What is
    /// allowed no more is given up, and its case waits again.
    pub async fn carry_out_due_decisions(&self) -> Result<usize, Error> {
        let due = self.store.due_decisions(self.clock.now(), AT_ONCE).await?;
        let mut carried_out = 0;
        for decision in due {
            match self.carry_out(&decision).await {
                Ok(done) => carried_out += usize::from(done),
                // The others are not to wait for this one; it stays, and is tried again.
                Err(error) => {
                    tracing::error!(decision = %decision.id, error = %causes(&error), "a decision cannot be carried out");
                }
            }
        }
        Ok(carried_out)
    }

    /// Refuses an officer who has not taken the case.
    async fn refuse_unclaimed(
        &self,
        caller: &Caller,
        session: SessionId,
        officer: OfficerId,
    ) -> Result<(), Error> {
        let session = self.find_session(caller, session).await?;
        let now = self.clock.now();
        let case = self.store.review(session.project, session.id, now).await?;
        let claim = case.ok_or(ReviewRefusal::NotWaiting);
        let claim = claim.map(|case| case.claim).map_err(StoreError::from)?;
        match claim {
            Some(claim) if claim.officer == officer => Ok(()),
            Some(_) => Err(StoreError::from(ReviewRefusal::TakenByAnother).into()),
            None => Err(StoreError::from(ReviewRefusal::NotTaken).into()),
        }
    }

    async fn carry_out(&self, due: &PendingDecision) -> Result<bool, Error> {
        let entry = |decision: &_, hashes: &_| self.about_decision(decision, hashes);
        match self.store.carry_out(due, entry).await {
            Ok(kept) => {
                self.signalling.post_waits();
                Ok(kept.is_some())
            }
            Err(error) if is_refusal(&error) => {
                tracing::info!(decision = %due.id, why = %error, "a decision is void");
                self.store.void_decision(due, self.clock.now()).await?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether a decision is allowed no more, rather than that it could not be written down.
fn is_refusal(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::WrongState { .. }
            | StoreError::ExaminedAgain
            | StoreError::Unexamined
            | StoreError::ExaminationsUsedUp { .. }
            | StoreError::Review(_)
    )
}
