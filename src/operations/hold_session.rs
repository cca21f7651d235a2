//! Puts a session under a legal hold, and lifts it.

use serde_json::json;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::actor::Actor;
use crate::session::audit::{AuditAction, AuditEntry};
use crate::session::ids::SessionId;
use crate::session::project::Scope;
use crate::session::visit::Session;

impl Operations {
    /// Keeps a session's data from being erased. Holding a held session changes nothing.
    pub async fn hold_session(&self, caller: &Caller, id: SessionId) -> Result<(), Error> {
        caller.require(Scope::Decide)?;
        let session = self.find_session(caller, id).await?;
        self.hold(&session, caller.actor()).await
    }

    /// Lifts the hold. Where there is none nothing changes.
    pub async fn release_session(&self, caller: &Caller, id: SessionId) -> Result<(), Error> {
        caller.require(Scope::Decide)?;
        let session = self.find_session(caller, id).await?;
        self.release(&session, caller.actor()).await
    }

    /// Holds a session in somebody's name.
    pub async fn hold(&self, session: &Session, by: Actor) -> Result<(), Error> {
        let entry = self.about_hold(session, by, AuditAction::SessionHeld);
        self.store.hold_session(session.id, &entry).await?;
        Ok(())
    }

    /// Lifts a hold in somebody's name.
    pub async fn release(&self, session: &Session, by: Actor) -> Result<(), Error> {
        let entry = self.about_hold(session, by, AuditAction::SessionReleased);
        self.store.release_session(session.id, &entry).await?;
        Ok(())
    }

    fn about_hold(&self, session: &Session, by: Actor, action: AuditAction) -> AuditEntry {
        let deed = Deed {
            action,
            target: session.id.to_string(),
            details: json!({}),
        };
        self.audit_entry(session.project, by, deed)
    }
}
