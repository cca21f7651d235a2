//! Makes, lists and revokes access tokens. Several may live at once, so that one can be rotated
//! while its successor is handed out.

use std::collections::HashSet;

use serde_json::json;
use uuid::Uuid;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::authenticate::{Caller, token_hash};
use crate::operations::error::Error;
use crate::operations::manage_galleries::refuse_bad_text;
use crate::session::actor::Actor;
use crate::session::audit::AuditAction;
use crate::session::ids::{OfficerId, TokenId};
use crate::session::project::{Scope, TokenRecord};

/// A secret that is shown once and never again.
pub struct Secret(String);

impl Secret {
    /// 256 bits of the system's randomness, in hexadecimal behind a prefix that scanners can find.
    pub(crate) fn random() -> Self {
        use std::fmt::Write as _;
        let bytes: [u8; 32] = rand::random();
        let mut text = String::from("lk_");
        for byte in bytes {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// The text to hand to the caller.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a new token is to be.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub project: String,
    pub scopes: Vec<Scope>,
    pub label: String,
    /// Milliseconds until it expires.
    pub lifetime_ms: Option<i64>,
    /// The token that this one is to end with.
    pub parent: Option<TokenId>,
    /// The person it is made for; who owns rules or decides about sessions is somebody.
    pub officer: Option<OfficerId>,
    /// Who makes it.
    pub by: Actor,
}

/// A token that an admin wants for their project.
#[derive(Clone, Debug)]
pub struct WantedToken {
    pub scopes: Vec<Scope>,
    /// A word to know it by.
    pub label: String,
    /// Days until it expires.
    pub days: Option<u32>,
    pub officer: Option<OfficerId>,
}

/// A token of a project, as its admins may know it.
#[derive(Clone, Debug)]
pub struct OwnToken {
    pub record: TokenRecord,
    /// Whether it opens anything now: one that was made for a day ends with the one behind it.
    pub is_live: bool,
}

/// The longest label, in characters.
const MAX_LABEL: usize = 100;

/// The most days that a token lasts, where it ends.
const MAX_DAYS: u32 = 36_500;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Operations {
    /// Makes a token for the caller's project.
    pub async fn create_own_token(
        &self,
        caller: &Caller,
        wanted: WantedToken,
    ) -> Result<Secret, Error> {
        caller.require(Scope::Manage)?;
        refuse_bad_text("a token's label", &wanted.label, 0, MAX_LABEL)?;
        if wanted.scopes.is_empty() {
            return Err(Error::invalid("a token has one scope at least"));
        }
        let of_people = [Scope::Manage, Scope::Supervise];
        if wanted.scopes.iter().any(|scope| of_people.contains(scope)) {
            return Err(Error::invalid("people alone manage a project, not tokens"));
        }
        if wanted
            .days
            .is_some_and(|days| !(1..=MAX_DAYS).contains(&days))
        {
            return Err(Error::invalid(format!(
                "a token lasts 1 to {MAX_DAYS} days, or has no end"
            )));
        }
        // Whoever makes a token sees its secret: with one in another's name they would be two people.
        if wanted.officer.is_some() && wanted.officer != caller.officer {
            return Err(Error::Refused {
                reason:
                    "a token for a person is made by that person: nobody acts in another's name"
                        .to_owned(),
            });
        }
        let new = NewToken {
            project: caller.project.name.clone(),
            scopes: wanted.scopes,
            label: wanted.label,
            lifetime_ms: wanted.days.map(|days| i64::from(days) * DAY_MS),
            parent: None,
            officer: wanted.officer,
            by: caller.actor(),
        };
        self.create_token(new).await
    }

    /// The tokens of the caller's project, newest first, their secrets not among them.
    pub async fn list_own_tokens(&self, caller: &Caller) -> Result<Vec<OwnToken>, Error> {
        caller.require(Scope::Manage)?;
        let now = self.clock.now();
        let records = self.store.tokens(caller.project.id).await?;
        let live: HashSet<TokenId> = records
            .iter()
            .filter(|record| record.is_live(now))
            .map(|record| record.id)
            .collect();
        let token = |record: TokenRecord| OwnToken {
            is_live: live.contains(&record.id)
                && record.parent.is_none_or(|parent| live.contains(&parent)),
            record,
        };
        Ok(records.into_iter().rev().map(token).collect())
    }

    /// Closes a token of the caller's project at once.
    pub async fn revoke_own_token(&self, caller: &Caller, id: TokenId) -> Result<(), Error> {
        let tokens = self.list_own_tokens(caller).await?;
        if !tokens.iter().any(|token| token.record.id == id) {
            return Err(Error::NotFound { what: "live token" });
        }
        self.revoke_token(id, caller.actor()).await
    }

    /// Makes a token, and its project when that is new.
    pub async fn create_token(&self, new: NewToken) -> Result<Secret, Error> {
        let personal = [Scope::Rules, Scope::Decide];
        if new.officer.is_none() && new.scopes.iter().any(|scope| personal.contains(scope)) {
            return Err(Error::invalid(
                "a token that may change rules or decide about sessions is made for a person: name the officer",
            ));
        }
        let project = self.ensure_project(&new.project).await?;
        let now = self.clock.now();
        let secret = Secret::random();
        let record = TokenRecord {
            id: TokenId(Uuid::now_v7()),
            project: project.id,
            hash: token_hash(secret.reveal()),
            scopes: new.scopes,
            label: new.label,
            created_at: now,
            expires_at: new.lifetime_ms.map(|lifetime| now.plus(lifetime)),
            revoked_at: None,
            parent: new.parent,
            officer: new.officer,
        };
        let deed = Deed {
            action: AuditAction::TokenCreated,
            target: record.id.to_string(),
            details: json!({
                "scopes": record.scopes,
                "officer": record.officer.map(|officer| officer.to_string()),
                "expires_at_ms": record.expires_at,
            }),
        };
        let entry = self.audit_entry(project.id, new.by, deed);
        self.store.insert_token(&record, &entry).await?;
        Ok(secret)
    }

    /// A project's tokens, their secrets not among them.
    pub async fn list_tokens(&self, project: &str) -> Result<Vec<TokenRecord>, Error> {
        let project = self.find_project(project).await?;
        Ok(self.store.tokens(project.id).await?)
    }

    /// Closes a token at once.
    pub async fn revoke_token(&self, id: TokenId, by: Actor) -> Result<(), Error> {
        let what = "live token";
        let record = self.store.token(id).await?;
        let project = record.ok_or(Error::NotFound { what })?.project;
        let deed = Deed {
            action: AuditAction::TokenRevoked,
            target: id.to_string(),
            details: json!({}),
        };
        let entry = self.audit_entry(project, by, deed);
        if self.store.revoke_token(id, &entry).await? {
            Ok(())
        } else {
            Err(Error::NotFound { what })
        }
    }
}
