//! A project, its settings and its tokens.

use serde::{Deserialize, Serialize};

use crate::session::call::Quotas;
use crate::session::ids::{OfficerId, ProjectId, TokenId};
use crate::session::time::Timestamp;

/// Who holds the applicant's consent to be examined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentPolicy {
    /// The operator holds it elsewhere, by contract.
    ByContract,
    /// It must have been given to this service before anything is processed.
    Required,
}

/// The APIs that callers may speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    Native,
    Biometry,
    Fremis,
    Risetai,
    OpencvFr,
    Argos,
}

impl Dialect {
    pub const ALL: [Self; 6] = [
        Self::Native,
        Self::Biometry,
        Self::Fremis,
        Self::Risetai,
        Self::OpencvFr,
        Self::Argos,
    ];

    /// The name it is logged and configured under.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Biometry => "biometry",
            Self::Fremis => "fremis",
            Self::Risetai => "risetai",
            Self::OpencvFr => "opencv_fr",
            Self::Argos => "argos",
        }
    }

    /// The dialect of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }
}

/// From which percentage on a dialect that answers yes or no says yes: floors, which a call may
/// raise and never lower.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    pub fremis: f64,
    pub risetai: f64,
    pub opencv_fr: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            fremis: 80.0,
            risetai: 75.0,
            opencv_fr: 70.0,
        }
    }
}

/// What a dialect does whose answers must say whether a mask is worn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskPolicy {
    /// It is asked of the classifier; where none could be had, the call would be refused.
    #[default]
    Required,
    /// Nobody asks, and the answer says `null`.
    NotExamined,
}

/// What an operator may set for one project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own that an operator turns"
)]
pub struct ProjectSettings {
    /// `data.result` of the Biometry dialect is true from this score on (0–100).
    pub match_threshold: f64,
    /// Answer that result as 1 or 0 rather than as a boolean.
    pub numeric_result: bool,
    /// Frames looked at in a video, 1–64.
    pub frames: u8,
    pub consent: ConsentPolicy,
    pub thresholds: Thresholds,
    pub quotas: Quotas,
    /// APIs that the project's tokens do not open.
    pub disabled: Vec<Dialect>,
    pub masks: MaskPolicy,
    /// ARGOS calls must name a `callbackUrl`, and the result goes there.
    pub argos_asynchronous: bool,
    /// Nothing is processed for the project until it is lifted.
    pub suspended: bool,
    /// Whoever saved a version of the rules may not be the one who activates it.
    pub four_eyes: bool,
    /// How often one session may be examined; no limit without it.
    pub max_examinations: Option<u32>,
    /// Days after which a session's data are erased; they are kept without it.
    pub retention_days: Option<u32>,
    /// Days after which a document's file is erased, its session's other data left; they stay as long as the session without it.
    pub keep_documents_days: Option<u32>,
    /// The same of videos.
    pub keep_videos_days: Option<u32>,
    /// The same of the pictures of an examination.
    pub keep_pictures_days: Option<u32>,
    /// Days after which an enrolled person is erased to whom nothing happened; people are kept without it.
    pub keep_people_days: Option<u32>,
    /// An approval or a rejection takes two officers who say the same.
    pub decisions_by_two: bool,
    /// Who approves or rejects compares the faces feature by feature and says how.
    pub checklist: bool,
    /// How long a decision of the console can be undone, 0–60; 0 means that it stands at once.
    pub undo_seconds: u8,
    /// A case that waits for longer is overdue.
    pub review_within_minutes: u32,
    /// People look at what the rules failed as well as at what they referred.
    pub review_fails: bool,
    /// How many cases in a hundred are mixed in whose right answer is known, 0–50.
    pub seed_percent: u8,
    /// What applicants are asked to agree to; empty where the project keeps none here.
    pub consent_text: String,
    /// Counts how often that text was changed.
    pub consent_version: u32,
}

impl Default for ProjectSettings {
    fn default() -> Self {
        Self {
            match_threshold: 80.0,
            numeric_result: false,
            frames: 8,
            consent: ConsentPolicy::ByContract,
            thresholds: Thresholds::default(),
            quotas: Quotas::default(),
            disabled: Vec::new(),
            masks: MaskPolicy::default(),
            argos_asynchronous: false,
            suspended: false,
            four_eyes: false,
            max_examinations: None,
            retention_days: None,
            keep_documents_days: None,
            keep_videos_days: None,
            keep_pictures_days: None,
            keep_people_days: None,
            decisions_by_two: false,
            checklist: false,
            undo_seconds: 8,
            review_within_minutes: 240,
            review_fails: false,
            seed_percent: 0,
            consent_text: String::new(),
            consent_version: 0,
        }
    }
}

/// A customer of the service.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    pub id: ProjectId,
    pub name: String,
    pub settings: ProjectSettings,
    pub created_at: Timestamp,
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Post evidence and ask for examinations.
    Submit,
    /// Read sessions, timelines, pictures and videos.
    Read,
    /// Make galleries, enrol people and delete them.
    Enrol,
    /// Save, backtest and activate the project's rules.
    Rules,
    /// Decide about sessions, and hold them.
    Decide,
    /// Erase sessions.
    Erase,
    /// See how well reviews are done, and mark cases whose right answer is known: for people in the console alone.
    Supervise,
    /// Change the project's settings, its tokens, its officers and its webhooks: for people in the console, and for
    /// tokens that the operator makes, which open no more than the webhooks.
    Manage,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 7] = [
        Self::Submit,
        Self::Read,
        Self::Enrol,
        Self::Rules,
        Self::Decide,
        Self::Erase,
        Self::Manage,
    ];

    /// The scope of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// The name it is stored and answered under.
    pub fn name(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Read => "read",
            Self::Enrol => "enrol",
            Self::Rules => "rules",
            Self::Decide => "decide",
            Self::Erase => "erase",
            Self::Supervise => "supervise",
            Self::Manage => "manage",
        }
    }
}

/// A token as it is kept: the secret itself is never stored, only its SHA-256.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenRecord {
    pub id: TokenId,
    pub project: ProjectId,
    pub hash: [u8; 32],
    pub scopes: Vec<Scope>,
    pub label: String,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// The lasting token that this short-lived one was made for, and ends with.
    pub parent: Option<TokenId>,
    /// The person it was made for, where it was made for one.
    pub officer: Option<OfficerId>,
}

impl std::fmt::Debug for TokenRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenRecord({}, …)", self.id)
    }
}

impl TokenRecord {
    /// Whether the token opens anything at this moment.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}
