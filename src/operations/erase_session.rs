//! Erases sessions and people: pictures, names and notes go with their keys; verdicts, numbers and hashes stay.

use serde_json::json;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::actor::Actor;
use crate::session::audit::{AuditAction, AuditEntry};
use crate::session::ids::{ProjectId, SessionId};
use crate::session::project::Scope;
use crate::session::time::Timestamp;
use crate::session::visit::Session;
use crate::store::erasure::Erasure;
use crate::store::receipts::{Gone, Receipt};

impl Operations {
    /// Erases a session of the caller's project, where `people` is set with whoever was enrolled from it, and gives the
    /// receipt. Erasing an erased session changes nothing and gives its receipt again; there is none of one that was
    /// erased before receipts were.
    pub async fn erase_session(
        &self,
        caller: &Caller,
        id: SessionId,
        people: bool,
    ) -> Result<Option<Receipt>, Error> {
        caller.require(Scope::Erase)?;
        let session = self.find_session(caller, id).await?;
        let mut erasure = Erasure::of_session(session.project, id, self.clock.now());
        if people {
            erasure.people = self
                .store
                .people_to_erase(session.project, None, &[id])
                .await?;
        }
        match self.erase_all_of(erasure, caller.actor()).await? {
            Some(receipt) => Ok(Some(receipt)),
            None => Ok(self.store.receipt(session.project, id.0).await?),
        }
    }

    /// Erases whoever the caller knows by a reference: every session of it, the people of that label in any gallery, and
    /// those who were enrolled from the sessions. All of it or nothing, with one receipt.
    pub async fn erase_subject(&self, caller: &Caller, reference: &str) -> Result<Receipt, Error> {
        caller.require(Scope::Erase)?;
        let missing = || Error::NotFound { what: "subject" };
        if reference.contains('\0') {
            return Err(missing());
        }
        let project = caller.project.id;
        let sessions = self.store.sessions_of_reference(project, reference).await?;
        let people = self
            .store
            .people_to_erase(project, Some(reference), &sessions)
            .await?;
        let erasure = Erasure {
            project,
            sessions,
            people,
            now: self.clock.now(),
            untouched_since: None,
        };
        self.erase_all_of(erasure, caller.actor())
            .await?
            .ok_or_else(missing)
    }

    /// The receipt of a session's or a person's erasure.
    pub async fn erasure_receipt(
        &self,
        caller: &Caller,
        subject: uuid::Uuid,
    ) -> Result<Receipt, Error> {
        caller.require(Scope::Read)?;
        self.store
            .receipt(caller.project.id, subject)
            .await?
            .ok_or(Error::NotFound { what: "receipt" })
    }

    /// Erases a session in somebody's name; none where it was erased already, or where something
    /// happened to it since the moment that is given.
    pub async fn erase(
        &self,
        session: &Session,
        by: Actor,
        untouched_since: Option<Timestamp>,
    ) -> Result<Option<Receipt>, Error> {
        let erasure = Erasure {
            untouched_since,
            ..Erasure::of_session(session.project, session.id, self.clock.now())
        };
        self.erase_all_of(erasure, by).await
    }

    /// Carries an erasure out and tells the audit log of each session and person.
    pub(crate) async fn erase_all_of(
        &self,
        erasure: Erasure,
        by: Actor,
    ) -> Result<Option<Receipt>, Error> {
        let (operations, project) = (self.clone(), erasure.project);
        let entries = move |gone: &Gone, receipt: &Receipt| {
            operations.erasure_entries(project, by, gone, receipt)
        };
        let receipt = self.store.erase(erasure, entries).await?;
        self.signalling.post_waits();
        Ok(receipt)
    }

    fn erasure_entries(
        &self,
        project: ProjectId,
        by: Actor,
        gone: &Gone,
        receipt: &Receipt,
    ) -> Vec<AuditEntry> {
        let sessions = gone.sessions.iter().map(|(id, went)| Deed {
            action: AuditAction::SessionErased,
            target: id.to_string(),
            details: json!({
                "blobs": went.blobs(),
                "notes": went.notes,
                "receipt_sha256": receipt.sha256(),
            }),
        });
        let people = gone.people.iter().map(|(id, _)| Deed {
            action: AuditAction::PersonErased,
            target: id.to_string(),
            details: json!({"receipt_sha256": receipt.sha256()}),
        });
        sessions
            .chain(people)
            .map(|deed| self.audit_entry(project, by, deed))
            .collect()
    }
}
