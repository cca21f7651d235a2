//! Who may read a project's rules, and who may change and try them: no verb about rules works without one.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::actor::Actor;
use crate::session::project::{Project, Scope};

/// Somebody who may read a project's rules.
#[derive(Clone, Debug)]
pub struct RuleReader {
    pub(crate) project: Project,
}

impl RuleReader {
    /// Whose rules they are.
    pub fn project(&self) -> &Project {
        &self.project
    }
}

/// Somebody who may change a project's rules, and try them on its past.
#[derive(Clone, Debug)]
pub struct RuleOwner {
    pub(crate) project: Project,
    pub(crate) actor: Actor,
}

impl RuleOwner {
    /// Who owns rules may read them.
    pub fn reader(&self) -> RuleReader {
        RuleReader {
            project: self.project.clone(),
        }
    }
}

impl Caller {
    /// The caller as a reader of the rules of a project, by its name or identifier.
    pub fn reader_of_rules(&self, project: &str) -> Result<RuleReader, Error> {
        if !self.scopes.contains(&Scope::Rules) {
            self.require(Scope::Read)?;
        }
        Ok(RuleReader {
            project: self.own_project(project)?,
        })
    }

    /// The caller as an owner of the rules of a project, by its name or identifier.
    pub fn owner_of_rules(&self, project: &str) -> Result<RuleOwner, Error> {
        self.require(Scope::Rules)?;
        Ok(RuleOwner {
            project: self.own_project(project)?,
            actor: self.actor(),
        })
    }

    /// Another project is no project: whoever asks learns nothing of it.
    fn own_project(&self, named: &str) -> Result<Project, Error> {
        let Project { id, name, .. } = &self.project;
        if named == name || named == id.to_string() {
            return Ok(self.project.clone());
        }
        Err(Error::NotFound { what: "project" })
    }
}

impl Operations {
    /// Whoever runs the machine, as an owner of a project's rules: under the name of a person, who is
    /// added when they are new, or under none.
    pub async fn rule_owner(
        &self,
        project: &str,
        officer: Option<&str>,
    ) -> Result<RuleOwner, Error> {
        let project = self.find_project(project).await?;
        let actor = match officer {
            Some(name) => {
                let officer = self.ensure_officer(project.id, name, Actor::Operator);
                Actor::Officer(officer.await?.id)
            }
            None => Actor::Operator,
        };
        Ok(RuleOwner { project, actor })
    }
}
