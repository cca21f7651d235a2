//! Records what an applicant consented to, or refused.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::manage_galleries::{MAX_NAME, refuse_bad_text};
use crate::session::evidence::{Consent, ConsentKind, name_key};
use crate::session::ids::SessionId;
use crate::session::project::Scope;

/// A statement as it came in.
pub struct ConsentStatement {
    pub session: Option<SessionId>,
    pub subject_name: String,
    pub kind: ConsentKind,
    pub given: bool,
}

impl std::fmt::Debug for ConsentStatement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ConsentStatement({}, {})", self.kind.name(), self.given)
    }
}

impl Operations {
    /// Keeps the statement; the newest one counts.
    pub async fn record_consent(
        &self,
        caller: &Caller,
        statement: ConsentStatement,
    ) -> Result<(), Error> {
        caller.require(Scope::Submit)?;
        let name = name_key(&statement.subject_name);
        refuse_bad_text("a person's name", &name, 0, MAX_NAME)?;
        if statement.session.is_none() && name.is_empty() {
            return Err(Error::invalid(
                "a consent needs the person's full name or a session",
            ));
        }
        if let Some(id) = statement.session {
            self.find_session(caller, id).await?;
        }
        let consent = Consent {
            project: caller.project.id,
            session: statement.session,
            subject_name: name,
            kind: statement.kind,
            given: statement.given,
            at: self.clock.now(),
        };
        self.store.record_consent(&consent).await?;
        Ok(())
    }
}
