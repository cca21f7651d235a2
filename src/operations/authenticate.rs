//! Finds out who is asking: a bearer token to its project and scopes.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::places::CallPlace;
use crate::operations::run_once::Allotment;
use crate::session::actor::Actor;
use crate::session::cause::Cause;
use crate::session::ids::{OfficerId, TokenId};
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
    /// The person whom the token was made for.
    pub officer: Option<OfficerId>,
    /// The identifiers of what the request makes, where it is to be carried out once.
    pub allotted: Option<Allotment>,
    /// What the call holds while its pictures are looked at.
    pub place: CallPlace,
    /// The request that they ask by, where it is one.
    pub cause: Option<Cause>,
}

impl Caller {
    /// The token that what is made belongs to: the lasting one, so that it outlives the day's.
    pub fn owner(&self) -> Option<TokenId> {
        self.parent.or(self.token)
    }

    /// Who is to be named for what the caller does: the person, whichever token they use, or the token.
    pub fn actor(&self) -> Actor {
        match (self.officer, self.owner()) {
            (Some(officer), _) => Actor::Officer(officer),
            (None, Some(token)) => Actor::Token(token),
            // A call that an operator bound to a project came without one.
            (None, None) => Actor::Operator,
        }
    }

    /// Whether a person asks who is signed in to the console, and no program.
    pub fn is_in_the_console(&self) -> bool {
        self.officer.is_some() && self.token.is_none()
    }

    /// Refuses a caller whose token lacks the scope.
    pub fn require(&self, scope: Scope) -> Result<(), Error> {
        if self.scopes.contains(&scope) {
            return Ok(());
        }
        let reason = match (self.token, self.officer) {
            // Whoever works in the console has a role, and no token.
            (None, Some(_)) => {
                "this is not for your role in the project: ask one of its admins".to_owned()
            }
            (Some(_), _) | (None, None) => {
                format!("the access token lacks the scope `{}`", scope.name())
            }
        };
        Err(Error::Refused { reason })
    }

    /// Refuses a caller whose token has neither of the scopes.
    pub fn require_either(&self, one: Scope, other: Scope) -> Result<(), Error> {
        if self.scopes.contains(&other) {
            return Ok(());
        }
        self.require(one)
    }
}

/// What is kept of a token's secret.
pub(crate) fn token_hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

impl Operations {
    /// The caller behind a token's secret.
    ///
    /// A token is looked up by the SHA-256 of its secret, so how long the database compares tells something of
    /// hashes alone, from which nobody gets nearer to a secret of 256 bits; what it found is compared again in
    /// constant time, so that a look-up which is looser than it should be lets nobody in.
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
            officer: record.officer,
            allotted: None,
            place: CallPlace::default(),
            cause: None,
        })
    }
}
