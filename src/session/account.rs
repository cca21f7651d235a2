//! People who sign in to the console: who they are, what they may do in which project, and that they are signed in.

use std::fmt;

use crate::session::ids::{AccountId, OfficerId, ProjectId};
use crate::session::project::Scope;
use crate::session::time::Timestamp;

/// What somebody may do in a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reviews sessions and decides about them.
    Officer,
    /// Owns the rules too, and sees how well reviews are done.
    Lead,
    /// Owns the project: its settings, its tokens, its officers.
    Admin,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Officer, Self::Lead, Self::Admin];

    /// The name it is stored and chosen under.
    pub fn name(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Lead => "lead",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// What it opens.
    pub fn scopes(self) -> Vec<Scope> {
        let mut scopes = vec![Scope::Read, Scope::Decide];
        if self >= Self::Lead {
            scopes.extend([Scope::Rules, Scope::Supervise]);
        }
        if self >= Self::Admin {
            scopes.extend([Scope::Erase, Scope::Manage]);
        }
        scopes
    }
}

/// Somebody who may sign in. Its `Debug` shows neither name nor secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    /// What they type to sign in.
    pub name: String,
    /// Absent until they have set a password.
    pub credentials: Option<Credentials>,
    /// Wrong tries since the last right one.
    pub failures: u32,
    pub locked_until: Option<Timestamp>,
    pub created_at: Timestamp,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({}, …)", self.id)
    }
}

/// What somebody proves with that they are who they say.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Argon2id, in the form that names its parameters.
    pub password_hash: String,
    /// The secret that their device makes codes of.
    pub totp_secret: Vec<u8>,
    /// The thirty seconds whose code was used last: a code opens once.
    pub totp_step: i64,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// What an account is in a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    pub account: AccountId,
    pub project: ProjectId,
    pub role: Role,
    /// Under whom the project knows what they do.
    pub officer: OfficerId,
}

/// A link with which somebody sets their password, once.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// SHA-256 of the link's secret.
    pub hash: [u8; 32],
    pub account: AccountId,
    /// The secret that their device is to make codes of.
    pub totp_secret: Vec<u8>,
    pub expires_at: Timestamp,
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invitation({}, …)", self.account)
    }
}

/// Somebody who is signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct SignIn {
    /// SHA-256 of the cookie's secret.
    pub hash: [u8; 32],
    pub account: AccountId,
    /// The project that they work in now.
    pub project: ProjectId,
    pub seen_at: Timestamp,
    pub ends_at: Timestamp,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignIn({}, …)", self.account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_opens_what_the_one_below_opens_and_more() {
        for pair in Role::ALL.windows(2) {
            let [below, above] = [pair[0].scopes(), pair[1].scopes()];
            assert!(below.iter().all(|scope| above.contains(scope)));
            assert!(above.len() > below.len());
        }
        assert!(!Role::Lead.scopes().contains(&Scope::Manage));
        assert_eq!(Role::from_name("lead"), Some(Role::Lead));
        assert_eq!(Role::from_name("root"), None);
    }
}
