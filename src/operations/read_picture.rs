//! Reads one of the pictures that were kept of an examination.

use serde_json::json;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::audit::AuditAction;
use crate::session::ids::{ExaminationId, SessionId};
use crate::session::picture::PictureKind;
use crate::session::project::Scope;
use crate::store::blobs::examination_picture_key;

impl Operations {
    /// A picture of an examination as a JPEG. That it was handed out is on record before it is.
    pub async fn read_picture(
        &self,
        caller: &Caller,
        session: SessionId,
        examination: ExaminationId,
        what: PictureKind,
    ) -> Result<Vec<u8>, Error> {
        caller.require(Scope::Read)?;
        let missing = || Error::NotFound {
            what: noun_of(what),
        };
        self.find_examination(caller, session, examination).await?;
        // Erased is gone, even where a file could not be deleted yet.
        if self
            .find_session(caller, session)
            .await?
            .erased_at
            .is_some()
        {
            return Err(missing());
        }
        let picture = self
            .store
            .get_blob(&examination_picture_key(session, examination, what))
            .await?
            .ok_or_else(missing)?;
        let deed = Deed {
            action: AuditAction::EvidenceRead,
            target: session.to_string(),
            details: json!({
                "examination": examination.to_string(),
                "picture": what.to_string(),
            }),
        };
        let entry = self.audit_entry(caller.project.id, caller.actor(), deed);
        self.store.record(&entry).await?;
        Ok(picture)
    }
}

fn noun_of(what: PictureKind) -> &'static str {
    match what {
        PictureKind::Thumbnail(_) => "thumbnail",
        PictureKind::Document
        | PictureKind::Portrait
        | PictureKind::Frame(_)
        | PictureKind::AlignedFace(_) => "picture",
    }
}
