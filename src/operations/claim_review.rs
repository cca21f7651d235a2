//! Takes a case so that nobody else works on it meanwhile, renews that, and gives the case back.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::ids::{OfficerId, SessionId};
use crate::session::project::Scope;
use crate::session::review::Claim;
use crate::session::time::Timestamp;

/// How long a case is held by who has taken it and not renewed that.
pub const CLAIM_MS: i64 = 5 * 60_000;

impl Operations {
    /// Takes a case that waits. Taking what the officer holds already renews it.
    pub async fn claim_review(&self, caller: &Caller, session: SessionId) -> Result<Claim, Error> {
        let claim = self.new_claim(caller)?;
        let session = self.find_session(caller, session).await?.id;
        Ok(self
            .store
            .claim_review(caller.project.id, session, claim)
            .await?)
    }

    /// Holds a case for longer, and tells until when; a conflict where it is held no more.
    pub async fn renew_claim(
        &self,
        caller: &Caller,
        session: SessionId,
    ) -> Result<Timestamp, Error> {
        let claim = self.new_claim(caller)?;
        let session = self.find_session(caller, session).await?.id;
        self.store.renew_review_claim(session, claim).await?;
        Ok(claim.until)
    }

    /// Gives a case back. Giving back what the officer does not hold changes nothing.
    pub async fn release_review(&self, caller: &Caller, session: SessionId) -> Result<(), Error> {
        let officer = officer(caller)?;
        let session = self.find_session(caller, session).await?.id;
        self.store
            .release_review(caller.project.id, session, officer)
            .await?;
        Ok(())
    }

    /// Takes the case that has waited longest of those that the officer may work and nobody holds.
    pub async fn next_case(&self, caller: &Caller) -> Result<Option<SessionId>, Error> {
        let claim = self.new_claim(caller)?;
        Ok(self
            .store
            .claim_next_review(caller.project.id, claim)
            .await?)
    }

    fn new_claim(&self, caller: &Caller) -> Result<Claim, Error> {
        let now = self.clock.now();
        Ok(Claim {
            officer: officer(caller)?,
            since: now,
            until: now.plus(CLAIM_MS),
        })
    }
}

/// The person who asks: programs take no cases.
pub(crate) fn officer(caller: &Caller) -> Result<OfficerId, Error> {
    caller.require(Scope::Decide)?;
    caller.officer.ok_or_else(|| Error::Refused {
        reason: "cases are taken by officers, and none asks".to_owned(),
    })
}
