//! Records what an applicant consented to, or refused.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::manage_galleries::{MAX_NAME, refuse_bad_text};
use crate::session::evidence::{Consent, ConsentKind, name_key};
use crate::session::ids::SessionId;
use crate::session::project::{Project, Scope};

/// A statement as it came in.
pub struct ConsentStatement {
    pub session: Option<SessionId>,
    pub subject_name: String,
    pub kind: ConsentKind,
    pub given: bool,
    /// The version of the project's text that was shown; the one of now without it, where the project keeps a text.
    pub text_version: Option<u32>,
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
        let text_version = self
            .shown_text(&caller.project, statement.text_version)
            .await?;
        let consent = Consent {
            project: caller.project.id,
            session: statement.session,
            subject_name: name,
            kind: statement.kind,
            given: statement.given,
            at: self.clock.now(),
            text_version,
        };
        // Whoever waits for an examination that ended with this is told at once.
        for examination in self.store.record_consent(&consent).await? {
            self.signalling.has_finished(examination);
        }
        Ok(())
    }

    /// The version of the text that a statement is about; one that the project never had is refused.
    async fn shown_text(
        &self,
        project: &Project,
        named: Option<u32>,
    ) -> Result<Option<u32>, Error> {
        let current = project.settings.consent_version;
        let Some(version) = named else {
            let has_text = !project.settings.consent_text.is_empty();
            return Ok(has_text.then_some(current));
        };
        if version == current && current > 0 {
            return Ok(Some(version));
        }
        match self.store.consent_text(project.id, version).await? {
            Some(_) => Ok(Some(version)),
            None => Err(Error::invalid(
                "the project never had a text of consent of that version",
            )),
        }
    }
}
