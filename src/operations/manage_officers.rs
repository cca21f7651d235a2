//! Adds the people who own a project's rules and decide about its sessions.

use serde_json::json;
use uuid::Uuid;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::error::Error;
use crate::operations::manage_galleries::{MAX_NAME, refuse_bad_text};
use crate::session::actor::{Actor, Officer};
use crate::session::audit::AuditAction;
use crate::session::evidence::name_key;
use crate::session::ids::{OfficerId, ProjectId};

impl Operations {
    /// The project's officer of that name, added when they are new.
    pub async fn ensure_officer(
        &self,
        project: ProjectId,
        name: &str,
        by: Actor,
    ) -> Result<Officer, Error> {
        let name = name.trim();
        // However the name is spelt: under four eyes a slip of the pen must not make two of one person.
        let key = name_key(name);
        let mut known = self.store.officers(project).await?.into_iter();
        if let Some(officer) = known.find(|officer| name_key(&officer.name) == key) {
            return Ok(officer);
        }
        refuse_bad_text("an officer's name", name, 1, MAX_NAME)?;
        let officer = Officer {
            id: OfficerId(Uuid::now_v7()),
            project,
            name: name.to_owned(),
            created_at: self.clock.now(),
        };
        let entry = self.audit_entry(
            project,
            by,
            Deed {
                action: AuditAction::OfficerAdded,
                target: officer.id.to_string(),
                details: json!({}),
            },
        );
        self.store.insert_officer(&officer, &entry).await?;
        Ok(officer)
    }

    /// A project's officers, oldest first.
    pub async fn officers(&self, project: ProjectId) -> Result<Vec<Officer>, Error> {
        Ok(self.store.officers(project).await?)
    }
}
