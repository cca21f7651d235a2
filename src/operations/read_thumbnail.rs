//! Reads the picture of one frame of a timeline.

use serde_json::json;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::audit::AuditAction;
use crate::session::ids::{ExaminationId, SessionId};
use crate::session::project::Scope;

/// Where a frame's picture lies.
pub(crate) fn thumbnail_key(session: SessionId, examination: ExaminationId, frame: u32) -> String {
    format!(
        "sessions/{}/frames/{}/{frame}.jpg",
        session.0, examination.0
    )
}

impl Operations {
    /// The face of a sampled frame as a JPEG. That it was handed out is on record before it is.
    pub async fn read_thumbnail(
        &self,
        caller: &Caller,
        session: SessionId,
        examination: ExaminationId,
        frame: u32,
    ) -> Result<Vec<u8>, Error> {
        caller.require(Scope::Read)?;
        let what = "thumbnail";
        self.find_examination(caller, session, examination).await?;
        // Erased is gone, even where a file could not be deleted yet.
        if self
            .find_session(caller, session)
            .await?
            .erased_at
            .is_some()
        {
            return Err(Error::NotFound { what });
        }
        let thumbnail = self
            .store
            .get_blob(&thumbnail_key(session, examination, frame))
            .await?
            .ok_or(Error::NotFound { what })?;
        let deed = Deed {
            action: AuditAction::EvidenceRead,
            target: session.to_string(),
            details: json!({"examination": examination.to_string(), "frame": frame}),
        };
        let entry = self.audit_entry(caller.project.id, caller.actor(), deed);
        self.store.record(&entry).await?;
        Ok(thumbnail)
    }
}
