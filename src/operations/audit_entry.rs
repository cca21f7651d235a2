//! Words what a verb did for the audit log.

use serde_json::Value;

use crate::operations::Operations;
use crate::session::actor::Actor;
use crate::session::audit::{AuditAction, AuditEntry};
use crate::session::ids::ProjectId;

/// What was done, to what, and the identifiers, codes and hashes that tell more.
pub(crate) struct Deed {
    pub(crate) action: AuditAction,
    /// An identifier.
    pub(crate) target: String,
    /// An object of identifiers, codes and hashes: never of words somebody wrote.
    pub(crate) details: Value,
}

impl Operations {
    /// The entry for something that happens now.
    pub(crate) fn audit_entry(&self, project: ProjectId, actor: Actor, deed: Deed) -> AuditEntry {
        AuditEntry {
            at: self.clock.now(),
            project: Some(project),
            actor,
            action: deed.action,
            target: deed.target,
            details: deed.details,
        }
    }
}
