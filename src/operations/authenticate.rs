//! Finds out who is asking: a bearer token to its project and scopes.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::operations::Operations;
use crate::operations::error::Error;
use crate::session::ids::TokenId;
use crate::session::project::{Project, Scope};

/// Somebody with a live token.
#[derive(Clone, Debug)]
pub struct Caller {
    pub project: Project,
    pub scopes: Vec<Scope>,
    /// The token that was shown; none for calls that an operator bound to a project.
    pub token: Option<TokenId>,
    /// The lasting token behind it, where the one that was shown is short-lived.
    pub parent: Option<TokenId>,
}

impl Caller {
    /// The token that what is made belongs to: the lasting one, so that it outlives the day's.
    pub fn owner(&self) -> Option<TokenId> {
        self.parent.or(self.token)
    }

    /// Refuses a caller whose token lacks the scope.
    pub fn require(&self, scope: Scope) -> Result<(), Error> {
        if self.scopes.contains(&scope) {
            return Ok(());
        }
        let name = match scope {
            Scope::Submit => "submit",
            Scope::Read => "read",
            Scope::Enrol => "enrol",
        };
        Err(Error::Refused {
            reason: format!("the access token lacks the scope `{name}`"),
        })
    }
}

/// What is kept of a token's secret.
pub(crate) fn token_hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

impl Operations {
    /// The caller behind a token's secret.
    pub async fn authenticate(&self, secret: &str) -> Result<Caller, Error> {
        let hash = token_hash(secret);
        let record = self
            .store
            .token_by_hash(&hash)
            .await?
            .filter(|record| record.is_live(self.clock.now()))
            .filter(|record| bool::from(record.hash.ct_eq(&hash)))
            .ok_or(Error::Unauthenticated)?;
        if let Some(parent) = record.parent {
            self.store
                .token(parent)
                .await?
                .filter(|parent| parent.is_live(self.clock.now()))
                .ok_or(Error::Unauthenticated)?;
        }
        let project = self
            .store
            .project(record.project)
            .await?
            .ok_or(Error::Unauthenticated)?;
        Ok(Caller {
            project,
            scopes: record.scopes,
            token: Some(record.id),
            parent: record.parent,
        })
    }
}
