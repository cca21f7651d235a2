//! Reads a project's rules: its versions, one of them, and what judged when.

use std::collections::HashMap;

use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::rule_owner::RuleReader;
use crate::scoring::rules::content_hash;
use crate::session::actor::Actor;
use crate::session::ids::ProjectId;
use crate::session::rule_version::{Activation, RuleRole, RuleVersion};

/// The most that one page holds.
pub const MAX_PAGE: u64 = 200;

/// Which versions are put to what now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// None: the service's own rules judge.
    pub active: Option<u32>,
    pub shadow: Option<u32>,
}

/// A version with what is known of it. It has no `Debug`: it names its author.
pub struct VersionView {
    pub version: RuleVersion,
    /// The author's name, where the author is a person.
    pub author: Option<String>,
    pub active: bool,
    pub shadow: bool,
}

/// The service's own rules.
#[derive(Clone, Debug)]
pub struct OwnRules {
    pub text: String,
    pub hash: String,
    pub active: bool,
}

/// A change of what judges, and who made it. It has no `Debug`: it names them.
pub struct ActivationView {
    pub activation: Activation,
    pub name: Option<String>,
}

impl Operations {
    /// What judges now, and what judges in the shadow.
    pub async fn rule_roles(&self, reader: &RuleReader) -> Result<Roles, Error> {
        let in_role = async |role| self.store.number_in_role(reader.project.id, role).await;
        Ok(Roles {
            active: in_role(RuleRole::Active).await?,
            shadow: in_role(RuleRole::Shadow).await?,
        })
    }

    /// A page of the project's versions, newest first: those with a smaller number than `before`.
    pub async fn rule_versions(
        &self,
        reader: &RuleReader,
        before: Option<u32>,
        limit: u64,
    ) -> Result<Vec<VersionView>, Error> {
        refuse_bad_limit(limit)?;
        let project = reader.project.id;
        let versions = self.store.rule_versions(project, before, limit).await?;
        let (roles, names) = (
            self.rule_roles(reader).await?,
            self.names_of(project).await?,
        );
        Ok(versions
            .into_iter()
            .map(|version| view(version, roles, &names))
            .collect())
    }

    /// One version.
    pub async fn rule_version(
        &self,
        reader: &RuleReader,
        number: u32,
    ) -> Result<VersionView, Error> {
        let version = self.version(reader.project.id, number).await?;
        let roles = self.rule_roles(reader).await?;
        Ok(view(
            version,
            roles,
            &self.names_of(reader.project.id).await?,
        ))
    }

    /// The rules that judge while no version does.
    pub async fn own_rules(&self, reader: &RuleReader) -> Result<OwnRules, Error> {
        Ok(OwnRules {
            text: self.settings.default_rules.clone(),
            hash: content_hash(&self.settings.default_rules),
            active: self.rule_roles(reader).await?.active.is_none(),
        })
    }

    /// The latest changes of what judges, newest first.
    pub async fn rule_activations(
        &self,
        reader: &RuleReader,
        limit: u64,
    ) -> Result<Vec<ActivationView>, Error> {
        refuse_bad_limit(limit)?;
        let activations = self.store.activations(reader.project.id, limit).await?;
        let names = self.names_of(reader.project.id).await?;
        Ok(activations
            .into_iter()
            .map(|activation| ActivationView {
                name: names.get(&activation.actor).cloned(),
                activation,
            })
            .collect())
    }

    pub(crate) async fn version(
        &self,
        project: ProjectId,
        number: u32,
    ) -> Result<RuleVersion, Error> {
        self.store
            .rule_version(project, number)
            .await?
            .ok_or(Error::NotFound {
                what: "version of the rules",
            })
    }

    /// The names of a project's people.
    async fn names_of(&self, project: ProjectId) -> Result<HashMap<Actor, String>, Error> {
        let officers = self.store.officers(project).await?;
        Ok(officers
            .into_iter()
            .map(|officer| (Actor::Officer(officer.id), officer.name))
            .collect())
    }
}

pub(crate) fn refuse_bad_limit(limit: u64) -> Result<(), Error> {
    if (1..=MAX_PAGE).contains(&limit) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "`limit` lies between 1 and {MAX_PAGE}"
    )))
}

fn view(version: RuleVersion, roles: Roles, names: &HashMap<Actor, String>) -> VersionView {
    VersionView {
        author: names.get(&version.author).cloned(),
        active: roles.active == Some(version.number),
        shadow: roles.shadow == Some(version.number),
        version,
    }
}
