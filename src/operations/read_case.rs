//! Reads all that an officer needs to decide about a session, and everything that was done to it so far.

use std::collections::HashMap;

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::read_decisions::SignedDecision;
use crate::operations::read_sessions::SessionView;
use crate::session::actor::Actor;
use crate::session::audit::AuditRow;
use crate::session::gallery::Subject;
use crate::session::ids::SessionId;
use crate::session::project::Scope;
use crate::session::review::{PendingDecision, Review};

/// Everything about one session. It names people, so it has no `Debug`.
pub struct Case {
    pub view: SessionView,
    /// None where nothing was examined yet.
    pub review: Option<Review>,
    /// A decision that can still be undone.
    pub pending: Option<PendingDecision>,
    /// The newest first.
    pub decisions: Vec<SignedDecision>,
    /// What was done to the session, in order.
    pub history: Vec<AuditRow>,
    /// People who are enrolled under the applicant's name.
    pub enrolled: Vec<Subject>,
    /// The project's officers.
    pub names: HashMap<Actor, String>,
}

impl Operations {
    /// A session as an officer sees it.
    pub async fn read_case(&self, caller: &Caller, id: SessionId) -> Result<Case, Error> {
        caller.require(Scope::Decide)?;
        let view = self.read_session(caller, id).await?;
        let project = caller.project.id;
        let enrolled = match &view.session.subject_name {
            Some(name) => self.store.subjects_named(project, name).await?,
            None => Vec::new(),
        };
        let officers = self.store.officers(project).await?;
        Ok(Case {
            review: self.store.review(project, id, self.clock.now()).await?,
            pending: self.store.pending_decision(id).await?,
            decisions: self.read_decisions(caller, id).await?,
            history: self.store.audit_rows_about(&id.to_string()).await?,
            enrolled,
            names: officers
                .into_iter()
                .map(|officer| (Actor::Officer(officer.id), officer.name))
                .collect(),
            view,
        })
    }
}
