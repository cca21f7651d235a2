//! Erases a session: pictures, names and notes go; verdicts, numbers and hashes stay.

use serde_json::json;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::actor::Actor;
use crate::session::audit::AuditAction;
use crate::session::ids::SessionId;
use crate::session::project::Scope;
use crate::session::time::Timestamp;
use crate::session::visit::Session;
use crate::store::erasure::{Erased, Erasure};

impl Operations {
    /// Erases a session of the caller's project. Erasing an erased session changes nothing.
    pub async fn erase_session(&self, caller: &Caller, id: SessionId) -> Result<(), Error> {
        caller.require(Scope::Erase)?;
        let session = self.find_session(caller, id).await?;
        self.erase(&session, caller.actor(), None).await?;
        Ok(())
    }

    /// Erases a session in somebody's name; false where it was erased already, or where something
    /// happened to it since the moment that is given.
    pub async fn erase(
        &self,
        session: &Session,
        by: Actor,
        untouched_since: Option<Timestamp>,
    ) -> Result<bool, Error> {
        let erasure = Erasure {
            session: session.id,
            now: self.clock.now(),
            untouched_since,
        };
        let (operations, id, project) = (self.clone(), session.id, session.project);
        let entry = move |erased: Erased| {
            let deed = Deed {
                action: AuditAction::SessionErased,
                target: id.to_string(),
                details: json!({"blobs": erased.blobs, "notes": erased.notes}),
            };
            operations.audit_entry(project, by, deed)
        };
        let erased = self.store.erase_session(erasure, entry).await?;
        self.signalling.post_waits();
        Ok(erased.is_some())
    }
}
