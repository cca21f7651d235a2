//! Lets people in to the console: a name, a password and a code, and a secret for the cookie in return.

use serde_json::json;

use crate::operations::Operations;
use crate::operations::authenticate::{Caller, token_hash};
use crate::operations::error::Error;
use crate::operations::manage_tokens::Secret;
use crate::operations::passwords::{LONGEST, step_of};
use crate::operations::places::CallPlace;
use crate::session::account::{Account, Membership, Role, SignIn};
use crate::session::actor::Actor;
use crate::session::audit::{AuditAction, AuditEntry};
use crate::session::ids::{AccountId, ProjectId};
use crate::session::project::Project;

/// Wrong tries until an account is locked, and for how long.
const MOST_TRIES: u32 = 5;
const LOCK_MS: i64 = 15 * 60 * 1000;

/// How long somebody stays signed in: at most, and without doing anything.
const LONGEST_MS: i64 = 12 * 60 * 60 * 1000;
const IDLE_MS: i64 = 30 * 60 * 1000;

/// How much later than noted somebody may have been seen: a row is not written for every page.
const TOUCH_MS: i64 = 60 * 1000;

/// What somebody typed. It has no `Debug`.
pub struct Attempt {
    pub name: String,
    pub password: String,
    pub code: String,
}

/// Somebody who is signed in, and the project they work in. It names a person, so its `Debug` does not show it.
#[derive(Clone)]
pub struct Visitor {
    pub account: AccountId,
    pub name: String,
    pub role: Role,
    /// In whose name every verb is called.
    pub caller: Caller,
    /// Every project that they may work in.
    pub projects: Vec<Project>,
}

impl std::fmt::Debug for Visitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Visitor({}, …)", self.account)
    }
}

impl Operations {
    /// The secret of a cookie for whoever typed the right things. What was wrong is not said.
    pub async fn sign_in(&self, attempt: Attempt) -> Result<Secret, Error> {
        let refused = || Error::Refused {
            reason: format!(
                "the name, the password or the code is wrong; after {MOST_TRIES} wrong tries an account is locked for {} minutes",
                LOCK_MS / 60_000
            ),
        };
        let account = match attempt.name.len() {
            0..=LONGEST => self.store.account_by_name(&attempt.name).await?,
            _ => None,
        };
        let hash = account
            .as_ref()
            .and_then(|account| account.credentials.as_ref())
            .map(|kept| kept.password_hash.clone());
        let password = attempt.password.chars().take(LONGEST).collect();
        let is_right = self.passwords.is_right(password, hash).await?;
        // Others may have tried meanwhile: whether the account is locked is asked once it is one's turn.
        let account = match account {
            Some(account) => self.store.account(account.id).await?,
            None => None,
        };
        let now = self.clock.now();
        let account = account
            .filter(|account| account.locked_until.is_none_or(|until| now >= until))
            .ok_or_else(refused)?;
        let step = account
            .credentials
            .as_ref()
            .filter(|_| is_right)
            .and_then(|credentials| step_of(credentials, &attempt.code, now));
        let signed_in = match step {
            Some(step) => self.admit_to_console(&account, step).await?,
            None => None,
        };
        if signed_in.is_none() {
            self.note_wrong_try(&account).await?;
        }
        signed_in.ok_or_else(refused)
    }

    /// Ends what a cookie stands for.
    pub async fn sign_out(&self, secret: &str) -> Result<(), Error> {
        Ok(self.store.sign_out(&token_hash(secret)).await?)
    }

    /// Whoever has the cookie of this secret, while it lasts. What a page asks for by itself shows nobody
    /// to be there.
    pub async fn visitor(&self, secret: &str, is_by_hand: bool) -> Result<Visitor, Error> {
        let now = self.clock.now();
        let hash = token_hash(secret);
        let sign_in = self
            .store
            .signed_in(&hash)
            .await?
            .filter(|it| now < it.ends_at && now < it.seen_at.plus(IDLE_MS))
            .ok_or(Error::Unauthenticated)?;
        let account = self.store.account(sign_in.account).await?;
        let account = account.ok_or(Error::Unauthenticated)?;
        let memberships = self.store.memberships(account.id).await?;
        // Who was taken out of the project meanwhile goes on in another one, where there is any.
        let membership = memberships
            .iter()
            .find(|it| it.project == sign_in.project)
            .or(memberships.first())
            .copied()
            .ok_or(Error::Unauthenticated)?;
        if is_by_hand && now >= sign_in.seen_at.plus(TOUCH_MS) {
            self.store.touch_sign_in(&hash, now).await?;
        }
        self.visitor_as(account, membership, &memberships).await
    }

    /// Has somebody work in another of their projects from now on.
    pub async fn work_in(
        &self,
        visitor: &Visitor,
        secret: &str,
        project: ProjectId,
    ) -> Result<(), Error> {
        if !visitor.projects.iter().any(|it| it.id == project) {
            return Err(Error::NotFound { what: "project" });
        }
        Ok(self.store.work_in(&token_hash(secret), project).await?)
    }

    async fn visitor_as(
        &self,
        account: Account,
        membership: Membership,
        all: &[Membership],
    ) -> Result<Visitor, Error> {
        let mut projects = self.store.projects().await?;
        projects.retain(|project| all.iter().any(|it| it.project == project.id));
        let project = projects.iter().find(|it| it.id == membership.project);
        let project = project.cloned().ok_or(Error::Unauthenticated)?;
        Ok(Visitor {
            account: account.id,
            name: account.name,
            role: membership.role,
            caller: Caller {
                project,
                scopes: membership.role.scopes(),
                token: None,
                parent: None,
                officer: Some(membership.officer),
                allotted: None,
                place: CallPlace::default(),
                cause: None,
            },
            projects,
        })
    }

    /// None where the code was used already, or where there is nothing to be let in to.
    async fn admit_to_console(
        &self,
        account: &Account,
        step: i64,
    ) -> Result<Option<Secret>, Error> {
        let memberships = self.store.memberships(account.id).await?;
        let Some(first) = memberships.first() else {
            return Ok(None);
        };
        let now = self.clock.now();
        let secret = Secret::random();
        let sign_in = SignIn {
            hash: token_hash(secret.reveal()),
            account: account.id,
            project: first.project,
            seen_at: now,
            ends_at: now.plus(LONGEST_MS),
        };
        let actor = Actor::Officer(first.officer);
        let entry = self.account_entry(account.id, actor, AuditAction::OfficerSignedIn);
        let let_in = self.store.sign_in(&sign_in, step, &entry).await?;
        Ok(let_in.then_some(secret))
    }

    async fn note_wrong_try(&self, account: &Account) -> Result<(), Error> {
        let entry = self.account_entry(account.id, Actor::Service, AuditAction::OfficerLockedOut);
        let until = self.clock.now().plus(LOCK_MS);
        let locked = self
            .store
            .note_wrong_try(account.id, MOST_TRIES, until, &entry)
            .await?;
        if locked {
            tracing::warn!(account = %account.id, "an account was locked after too many wrong tries");
        }
        Ok(())
    }

    /// A row about an account, which is no project's.
    pub(crate) fn account_entry(
        &self,
        account: AccountId,
        actor: Actor,
        action: AuditAction,
    ) -> AuditEntry {
        AuditEntry {
            at: self.clock.now(),
            project: None,
            actor,
            action,
            target: account.to_string(),
            details: json!({}),
        }
    }
}
