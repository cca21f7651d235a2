//! Makes tokens that live a day for callers that show a lasting one, and ends them again.

use crate::operations::Operations;
use crate::operations::authenticate::{Caller, token_hash};
use crate::operations::error::Error;
use crate::operations::manage_tokens::{NewToken, Secret};
use crate::session::ids::TokenId;

/// A day.
const LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;

impl Operations {
    /// A token of the caller's scopes. It ends with the one that the caller showed, at the latest.
    pub async fn exchange_token(&self, caller: &Caller, project: &str) -> Result<Secret, Error> {
        let shown = lasting_token(caller, project)?;
        self.create_token(NewToken {
            project: caller.project.name.clone(),
            scopes: caller.scopes.clone(),
            label: "for a day".to_owned(),
            lifetime_ms: Some(LIFETIME_MS),
            parent: Some(shown),
            officer: caller.officer,
            by: caller.actor(),
        })
        .await
    }

    /// Ends a token that was made here for the caller's project.
    pub async fn revoke_exchanged_token(
        &self,
        caller: &Caller,
        project: &str,
        secret: &str,
    ) -> Result<(), Error> {
        lasting_token(caller, project)?;
        let record = self
            .store
            .token_by_hash(&token_hash(secret))
            .await?
            .filter(|record| record.project == caller.project.id)
            .filter(|record| record.is_live(self.clock.now()))
            .ok_or(Error::Unauthenticated)?;
        if record.parent.is_none() {
            return Err(Error::Refused {
                reason: "only a token that this API made can be revoked through it".to_owned(),
            });
        }
        match self.revoke_token(record.id, caller.actor()).await {
            // Somebody else was faster.
            Err(Error::NotFound { .. }) => Ok(()),
            done => done,
        }
    }
}

/// The token that the caller showed, if it is the project's and no short-lived one.
fn lasting_token(caller: &Caller, project: &str) -> Result<TokenId, Error> {
    if caller.project.name != project || caller.parent.is_some() {
        return Err(Error::Unauthenticated);
    }
    caller.token.ok_or(Error::Unauthenticated)
}
