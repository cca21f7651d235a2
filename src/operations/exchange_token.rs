//! Makes tokens that live a day for callers that show a lasting one, and ends them again.

use crate::operations::Operations;
use crate::operations::authenticate::{Caller, token_hash};
use crate::operations::error::Error;
use crate::operations::manage_tokens::{NewToken, Secret};
use crate::session::project::TokenRecord;

/// The label of tokens that were made here: they make no others, and no others are ended here.
const LABEL: &str = "oauth";

/// A day.
const LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;

impl Operations {
    /// A token of the caller's scopes. It does not outlive the token that the caller showed.
    pub async fn exchange_token(&self, caller: &Caller, project: &str) -> Result<Secret, Error> {
        let shown = self.lasting_token(caller, project).await?;
        let now = self.clock.now();
        let left = shown.expires_at.map(|end| end.0 - now.0);
        self.create_token(NewToken {
            project: caller.project.name.clone(),
            scopes: caller.scopes.clone(),
            label: LABEL.to_owned(),
            lifetime_ms: Some(left.map_or(LIFETIME_MS, |left| left.min(LIFETIME_MS))),
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
        self.lasting_token(caller, project).await?;
        let record = self
            .store
            .token_by_hash(&token_hash(secret))
            .await?
            .filter(|record| record.project == caller.project.id)
            .filter(|record| record.is_live(self.clock.now()))
            .ok_or(Error::Unauthenticated)?;
        if record.label != LABEL {
            return Err(Error::Refused {
                reason: "only a token that this API made can be revoked through it".to_owned(),
            });
        }
        match self.revoke_token(record.id).await {
            // Somebody else was faster.
            Err(Error::NotFound { .. }) => Ok(()),
            done => done,
        }
    }

    /// The token that the caller showed, if it is the project's and no short-lived one.
    async fn lasting_token(&self, caller: &Caller, project: &str) -> Result<TokenRecord, Error> {
        if caller.project.name != project {
            return Err(Error::Unauthenticated);
        }
        let id = caller.token.ok_or(Error::Unauthenticated)?;
        let shown = self.store.token(id).await?;
        shown
            .filter(|record| record.label != LABEL)
            .ok_or(Error::Unauthenticated)
    }
}
