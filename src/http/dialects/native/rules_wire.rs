//! The bodies of the native API that are about rules.

use serde::Serialize;
use utoipa::ToSchema;

use crate::http::dialects::native::wire::rfc3339;
use crate::operations::check_rules::CheckedRules;
use crate::operations::manage_rules::NotSaved;
use crate::operations::read_rules::{ActivationView, OwnRules, Roles, VersionView};
use crate::scoring::rules::Problem;
use crate::session::actor::Actor;
use crate::session::project::Project;
use crate::session::rule_version::RuleVersion;

/// A project as its callers may know it.
#[derive(Serialize, ToSchema)]
#[schema(as = native::ProjectBody)]
pub struct ProjectBody {
    /// `proj_…`
    pub id: String,
    pub name: String,
    /// Whoever saved a version of the rules may not be the one who activates it.
    pub four_eyes: bool,
    /// The version of the rules that judges; null for the service's own rules.
    pub active_rules: Option<u32>,
    /// The version that judges beside it and does not count.
    pub shadow_rules: Option<u32>,
    /// How often one session may be examined; null for no limit.
    pub max_examinations: Option<u32>,
    /// Days after which a session's data are erased; null where they are kept.
    pub retention_days: Option<u32>,
}

impl ProjectBody {
    pub fn new(project: &Project, roles: Roles) -> Self {
        let settings = &project.settings;
        Self {
            id: project.id.to_string(),
            name: project.name.clone(),
            four_eyes: settings.four_eyes,
            active_rules: roles.active,
            shadow_rules: roles.shadow,
            max_examinations: settings.max_examinations,
            retention_days: settings.retention_days,
        }
    }
}

/// Who did something.
#[derive(Serialize, ToSchema)]
#[schema(as = native::ActorBody)]
pub struct ActorBody {
    /// `off_…` for a person, `tok_…` for a program's token, `operator`, or `service`.
    pub id: String,
    /// The person's name.
    pub name: Option<String>,
}

impl ActorBody {
    fn new(actor: Actor, name: Option<String>) -> Self {
        Self {
            id: actor.to_string(),
            name,
        }
    }
}

/// A version of a project's rules, without the rules.
#[derive(Serialize, ToSchema)]
#[schema(as = native::RuleVersionBody)]
pub struct RuleVersionBody {
    /// Counts from 1 within the project.
    pub version: u32,
    /// SHA-256 of the text, in hexadecimal.
    pub hash: String,
    pub note: String,
    pub author: ActorBody,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// Its verdicts count.
    pub active: bool,
    /// Its verdicts are kept beside those that count.
    pub shadow: bool,
}

impl From<VersionView> for RuleVersionBody {
    fn from(view: VersionView) -> Self {
        let RuleVersion {
            number,
            hash,
            author,
            note,
            created_at,
            ..
        } = view.version;
        Self {
            version: number,
            hash,
            note,
            author: ActorBody::new(author, view.author),
            created_at: rfc3339(created_at),
            active: view.active,
            shadow: view.shadow,
        }
    }
}

/// A page of a project's versions, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = native::RuleVersionListBody)]
pub struct RuleVersionListBody {
    /// The version that judges; null for the service's own rules.
    pub active: Option<u32>,
    pub shadow: Option<u32>,
    pub versions: Vec<RuleVersionBody>,
    /// Give this as `before` to read on; null on the last page.
    pub next: Option<u32>,
}

/// One rule set: a version of the project's, or the service's own.
#[derive(Serialize, ToSchema)]
#[schema(as = native::RulesBody)]
pub struct RulesBody {
    /// Null for the service's own rules, which have no author and no note.
    pub version: Option<u32>,
    pub hash: String,
    pub note: Option<String>,
    pub author: Option<ActorBody>,
    pub created_at: Option<String>,
    pub active: bool,
    pub shadow: bool,
    /// The rule file.
    #[schema(value_type = Object)]
    pub rules: serde_json::Value,
    /// The rule file to the byte, as it is kept and hashed.
    pub text: String,
}

impl From<VersionView> for RulesBody {
    fn from(view: VersionView) -> Self {
        let text = view.version.text.clone();
        let facts = RuleVersionBody::from(view);
        Self {
            version: Some(facts.version),
            hash: facts.hash,
            note: Some(facts.note),
            author: Some(facts.author),
            created_at: Some(facts.created_at),
            active: facts.active,
            shadow: facts.shadow,
            rules: as_json(&text),
            text,
        }
    }
}

impl From<OwnRules> for RulesBody {
    fn from(own: OwnRules) -> Self {
        Self {
            version: None,
            hash: own.hash,
            note: None,
            author: None,
            created_at: None,
            active: own.active,
            shadow: false,
            rules: as_json(&own.text),
            text: own.text,
        }
    }
}

/// Only what is JSON was ever saved.
fn as_json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// A change of what judges.
#[derive(Serialize, ToSchema)]
#[schema(as = native::ActivationBody)]
pub struct ActivationBody {
    /// `active` or `shadow`.
    pub role: &'static str,
    /// Null: the service's own rules were made active, or nothing runs in the shadow any more.
    pub version: Option<u32>,
    pub by: ActorBody,
    pub at: String,
}

impl From<ActivationView> for ActivationBody {
    fn from(view: ActivationView) -> Self {
        Self {
            role: view.activation.role.name(),
            version: view.activation.number,
            by: ActorBody::new(view.activation.actor, view.name),
            at: rfc3339(view.activation.at),
        }
    }
}

/// Changes of what judges, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = native::ActivationListBody)]
pub struct ActivationListBody {
    pub activations: Vec<ActivationBody>,
}

/// What judges now.
#[derive(Serialize, ToSchema)]
#[schema(as = native::RuleRolesBody)]
pub struct RuleRolesBody {
    /// The version that judges; null for the service's own rules.
    pub active: Option<u32>,
    pub shadow: Option<u32>,
    /// Whether this call changed anything.
    pub changed: bool,
}

/// What is wrong at one place of a rule file.
#[derive(Serialize, ToSchema)]
#[schema(as = native::RuleProblemBody)]
pub struct RuleProblemBody {
    /// A JSON pointer; empty where the whole file is meant.
    pub pointer: String,
    pub reason: String,
}

impl From<Problem> for RuleProblemBody {
    fn from(problem: Problem) -> Self {
        Self {
            pointer: problem.pointer,
            reason: problem.reason,
        }
    }
}

/// What was found in a rule file.
#[derive(Serialize, ToSchema)]
#[schema(as = native::CheckedRulesBody)]
pub struct CheckedRulesBody {
    pub valid: bool,
    pub problems: Vec<RuleProblemBody>,
    /// The names of what it asks for, in the order in which it is judged.
    pub conditions: Vec<String>,
}

impl From<CheckedRules> for CheckedRulesBody {
    fn from(checked: CheckedRules) -> Self {
        Self {
            valid: checked.problems.is_empty(),
            problems: bodies(checked.problems),
            conditions: checked.conditions,
        }
    }
}

/// The error of rules that were not saved.
#[derive(Serialize, ToSchema)]
#[schema(as = native::RefusedRulesBody)]
pub struct RefusedRulesBody {
    pub error: RefusedRulesDetail,
}

/// What went wrong, and where in the rule file.
#[derive(Serialize, ToSchema)]
#[schema(as = native::RefusedRulesDetail)]
pub struct RefusedRulesDetail {
    /// `invalid_rules`, or `invalid_request` for the rest of the body.
    pub code: String,
    pub message: String,
    /// With `invalid_rules` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problems: Option<Vec<RuleProblemBody>>,
}

impl RefusedRulesBody {
    pub fn new(problems: Vec<Problem>) -> Self {
        Self {
            error: RefusedRulesDetail {
                code: "invalid_rules".to_owned(),
                message: NotSaved::Problems(problems.clone()).to_string(),
                problems: Some(bodies(problems)),
            },
        }
    }
}

fn bodies(problems: Vec<Problem>) -> Vec<RuleProblemBody> {
    problems.into_iter().map(RuleProblemBody::from).collect()
}
