//! Reads the picture of one frame of a timeline.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
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
    /// The face of a sampled frame as a JPEG.
    pub async fn read_thumbnail(
        &self,
        caller: &Caller,
        session: SessionId,
        examination: ExaminationId,
        frame: u32,
    ) -> Result<Vec<u8>, Error> {
        caller.require(Scope::Read)?;
        self.find_examination(caller, session, examination).await?;
        self.store
            .get_blob(&thumbnail_key(session, examination, frame))
            .await?
            .ok_or(Error::NotFound { what: "thumbnail" })
    }
}
