//! Saves versions of a project's rules, has one judge, and has one run in its shadow.

use serde_json::json;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::check_rules::read_rules;
use crate::operations::error::Error;
use crate::operations::rule_owner::RuleOwner;
use crate::scoring::rules::{Problem, Rules, content_hash};
use crate::session::actor::Actor;
use crate::session::audit::AuditAction;
use crate::session::rule_version::{Activation, RuleRole, RuleVersion};

/// The longest note, in characters.
const MAX_NOTE: usize = 500;

/// Why rules were not saved.
#[derive(Debug, thiserror::Error)]
pub enum NotSaved {
    #[error("the rules make no sense: {}", in_words(.0))]
    Problems(Vec<Problem>),
    #[error(transparent)]
    Other(#[from] Error),
}

impl Operations {
    /// Keeps a rule file's text as the project's next version. Nothing is judged by it yet.
    pub async fn save_rules(
        &self,
        owner: &RuleOwner,
        text: String,
        note: &str,
    ) -> Result<RuleVersion, NotSaved> {
        read_rules(&text).map_err(NotSaved::Problems)?;
        let version = RuleVersion {
            project: owner.project.id,
            number: 0,
            hash: content_hash(&text),
            text,
            author: owner.actor,
            note: sensible_note(note)?,
            created_at: self.clock.now(),
        };
        let saved = self.store.save_rules(version, |version| {
            self.audit_entry(
                owner.project.id,
                owner.actor,
                Deed {
                    action: AuditAction::RulesSaved,
                    target: owner.project.id.to_string(),
                    details: json!({ "version": version.number, "hash": version.hash }),
                },
            )
        });
        Ok(saved.await.map_err(Error::from)?)
    }

    /// Has a version judge from now on, or the service's own rules; false where they do already.
    ///
    /// What is queued keeps the rules it was queued with.
    pub async fn activate_rules(
        &self,
        owner: &RuleOwner,
        version: Option<u32>,
    ) -> Result<bool, Error> {
        let version = self.usable_version(owner, version).await?;
        if owner.project.settings.four_eyes {
            refuse_one_pair_of_eyes(owner.actor, version.as_ref())?;
        }
        self.put_to(owner, RuleRole::Active, version).await
    }

    /// Has a version judge beside the one that counts, or none; false where it is so already.
    pub async fn shadow_rules(
        &self,
        owner: &RuleOwner,
        version: Option<u32>,
    ) -> Result<bool, Error> {
        let version = self.usable_version(owner, version).await?;
        self.put_to(owner, RuleRole::Shadow, version).await
    }

    async fn put_to(
        &self,
        owner: &RuleOwner,
        role: RuleRole,
        version: Option<RuleVersion>,
    ) -> Result<bool, Error> {
        let project = owner.project.id;
        let activation = Activation {
            role,
            number: version.as_ref().map(|version| version.number),
            actor: owner.actor,
            at: self.clock.now(),
        };
        let action = match role {
            RuleRole::Active => AuditAction::RulesActivated,
            RuleRole::Shadow => AuditAction::RulesShadowed,
        };
        let entry = |before: Option<u32>| {
            let details = json!({
                "version": activation.number,
                "hash": version.as_ref().map(|version| version.hash.as_str()),
                "before": before,
            });
            let deed = Deed {
                action,
                target: project.to_string(),
                details,
            };
            self.audit_entry(project, owner.actor, deed)
        };
        Ok(self
            .store
            .activate_rules(project, &activation, entry)
            .await?)
    }

    /// The version of that number, once it has been seen that it can still judge.
    async fn usable_version(
        &self,
        owner: &RuleOwner,
        number: Option<u32>,
    ) -> Result<Option<RuleVersion>, Error> {
        let Some(number) = number else {
            return Ok(None);
        };
        let version = self.version(owner.project.id, number).await?;
        refuse_unreadable(&version)?;
        Ok(Some(version))
    }
}

/// Rules that were saved long ago may name what this program does not know any more.
pub(crate) fn refuse_unreadable(version: &RuleVersion) -> Result<Rules, Error> {
    Rules::parse(&version.text).map_err(|error| Error::Conflict {
        reason: format!("version {} cannot judge any more: {error}", version.number),
    })
}

/// Under four eyes somebody with a name activates what somebody else wrote. The service's own rules
/// have no author here.
fn refuse_one_pair_of_eyes(actor: Actor, version: Option<&RuleVersion>) -> Result<(), Error> {
    let refused = |reason: &str| {
        Err(Error::Refused {
            reason: reason.to_owned(),
        })
    };
    match actor {
        Actor::Token(_) | Actor::Operator | Actor::Service => {
            refused("the project asks for four eyes: a named officer activates rules")
        }
        Actor::Officer(_) if version.is_some_and(|version| version.author == actor) => refused(
            "the project asks for four eyes: who saved a version may not be who activates it",
        ),
        Actor::Officer(_) => Ok(()),
    }
}

fn sensible_note(note: &str) -> Result<String, Error> {
    let note = note.trim();
    let controls = |character: char| character.is_control() && character != '\n';
    if note.is_empty() || note.chars().count() > MAX_NOTE || note.contains(controls) {
        return Err(Error::invalid(format!(
            "the note says why, in 1 to {MAX_NOTE} characters, and holds no control character but line ends"
        )));
    }
    Ok(note.to_owned())
}

fn in_words(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(|problem| {
            if problem.pointer.is_empty() {
                problem.reason.clone()
            } else {
                format!("at {}: {}", problem.pointer, problem.reason)
            }
        })
        .collect::<Vec<_>>()
        .join("; ")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::session::ids::{OfficerId, ProjectId, TokenId};
    use crate::session::time::Timestamp;

    fn by(author: Actor) -> RuleVersion {
        RuleVersion {
            project: ProjectId(Uuid::now_v7()),
            number: 1,
            text: String::new(),
            hash: String::new(),
            author,
            note: String::new(),
            created_at: Timestamp(0),
        }
    }

    #[test]
    fn two_people_are_two_names() {
        let [one, other] = [1, 2].map(|id| Actor::Officer(OfficerId(Uuid::from_u128(id))));
        let token = Actor::Token(TokenId(Uuid::from_u128(1)));
        assert!(refuse_one_pair_of_eyes(other, Some(&by(one))).is_ok());
        assert!(refuse_one_pair_of_eyes(one, Some(&by(one))).is_err());
        assert!(refuse_one_pair_of_eyes(one, Some(&by(Actor::Operator))).is_ok());
        assert!(refuse_one_pair_of_eyes(one, None).is_ok());
        for nobody in [token, Actor::Operator, Actor::Service] {
            assert!(refuse_one_pair_of_eyes(nobody, Some(&by(one))).is_err());
            assert!(refuse_one_pair_of_eyes(nobody, None).is_err());
        }
    }

    #[test]
    fn a_note_says_something() {
        assert_eq!(sensible_note(" two\nlines ").unwrap(), "two\nlines");
        for bad in ["", "  \n", "a\tb", "a\0", &"x".repeat(501)] {
            assert!(sensible_note(bad).is_err(), "{bad:?}");
        }
        assert!(sensible_note(&"é".repeat(500)).is_ok());
    }
}
