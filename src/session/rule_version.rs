//! A project's rules by version: who wrote which, and which of them judged when.

use crate::session::actor::Actor;
use crate::session::ids::ProjectId;
use crate::session::time::Timestamp;

/// One saved rule set. It never changes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleVersion {
    pub project: ProjectId,
    /// Counts from 1 within the project.
    pub number: u32,
    /// The rule file's text as it was saved.
    pub text: String,
    /// The text's SHA-256.
    pub hash: String,
    pub author: Actor,
    /// Why it was saved, in the author's words.
    pub note: String,
    pub created_at: Timestamp,
}

/// What a version is put to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleRole {
    /// Its verdicts count.
    Active,
    /// Its verdicts are kept beside those that count.
    Shadow,
}

impl RuleRole {
    /// The name it is stored under.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Shadow => "shadow",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Active, Self::Shadow]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

/// A change of what judges, or of what judges in the shadow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    pub role: RuleRole,
    /// None: the service's own rules are active again, or nothing runs in the shadow any more.
    pub number: Option<u32>,
    pub actor: Actor,
    pub at: Timestamp,
}
