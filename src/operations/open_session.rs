//! Opens a session, one applicant's visit.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::ids::SessionId;
use crate::session::project::Scope;
use crate::session::status::SessionStatus;
use crate::session::visit::Session;

/// Longest reference, name or device description that is kept, in bytes.
const MAX_TEXT: usize = 2_000;

/// Largest metadata that is kept, in bytes of JSON.
const MAX_METADATA: usize = 16_000;

/// What a caller may say of a session when it opens.
#[derive(Clone, Default)]
pub struct NewSession {
    /// The door it comes through: `native` or `biometry`.
    pub origin: &'static str,
    pub reference: Option<String>,
    pub metadata: Option<serde_json::Value>,
    pub subject_name: Option<String>,
    pub device_info: Option<String>,
}

impl std::fmt::Debug for NewSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewSession({}, …)", self.origin)
    }
}

impl Operations {
    /// Opens a session for the caller's project.
    pub async fn open_session(&self, caller: &Caller, new: NewSession) -> Result<Session, Error> {
        caller.require(Scope::Submit)?;
        if let Some(opened) = self.opened_before(caller).await? {
            return Ok(opened);
        }
        let session = self.new_session(caller, new)?;
        self.store.insert_session(&session).await?;
        Ok(session)
    }

    /// The session that an earlier try of the same request opened.
    pub(crate) async fn opened_before(&self, caller: &Caller) -> Result<Option<Session>, Error> {
        match caller.earlier_id(0) {
            Some(id) => Ok(self.store.session(caller.project.id, SessionId(id)).await?),
            None => Ok(None),
        }
    }

    /// The row of a session that does not exist yet.
    pub(crate) fn new_session(&self, caller: &Caller, new: NewSession) -> Result<Session, Error> {
        for text in [&new.reference, &new.subject_name, &new.device_info]
            .into_iter()
            .flatten()
        {
            if text.len() > MAX_TEXT || text.chars().any(char::is_control) {
                return Err(Error::invalid(format!(
                    "a reference, name or device description is longer than {MAX_TEXT} bytes or holds a control character"
                )));
            }
        }
        if let Some(metadata) = &new.metadata
            && (!metadata.is_object() || metadata.to_string().len() > MAX_METADATA)
        {
            return Err(Error::invalid(format!(
                "`metadata` must be a JSON object of at most {MAX_METADATA} bytes"
            )));
        }
        let now = self.clock.now();
        Ok(Session {
            id: SessionId(caller.new_id(0)),
            project: caller.project.id,
            status: SessionStatus::Open,
            origin: new.origin.to_owned(),
            reference: new.reference,
            metadata: new.metadata,
            subject_name: new.subject_name,
            device_info: new.device_info,
            created_at: now,
            updated_at: now,
            held_at: None,
            erased_at: None,
        })
    }
}
