//! Reads sessions, one or a page of them, and the examinations of one.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::evidence::{Evidence, EvidenceKind};
use crate::session::examination::ExaminationRecord;
use crate::session::ids::{ExaminationId, SessionId};
use crate::session::project::Scope;
use crate::session::visit::Session;
use crate::store::sessions::Page;

/// A session with what came in for it and every attempt to examine it, the newest first.
#[derive(Debug)]
pub struct SessionView {
    pub session: Session,
    pub document: Option<Evidence>,
    pub video: Option<Evidence>,
    pub examinations: Vec<ExaminationRecord>,
}

impl Operations {
    /// One session of the caller's project.
    pub async fn read_session(&self, caller: &Caller, id: SessionId) -> Result<SessionView, Error> {
        caller.require(Scope::Read)?;
        let session = self.find_session(caller, id).await?;
        Ok(SessionView {
            document: self
                .store
                .latest_evidence(id, EvidenceKind::Document)
                .await?,
            video: self.store.latest_evidence(id, EvidenceKind::Video).await?,
            examinations: self.store.examinations(id).await?,
            session,
        })
    }

    /// A page of the project's sessions, newest first.
    pub async fn list_sessions(&self, caller: &Caller, page: &Page) -> Result<Vec<Session>, Error> {
        caller.require(Scope::Read)?;
        Ok(self.store.sessions(caller.project.id, page).await?)
    }

    /// One examination of one session.
    pub async fn read_examination(
        &self,
        caller: &Caller,
        session: SessionId,
        examination: ExaminationId,
    ) -> Result<ExaminationRecord, Error> {
        caller.require(Scope::Read)?;
        self.find_examination(caller, session, examination).await
    }

    /// Another project's session is no session: whoever asks learns nothing of it.
    pub(crate) async fn find_session(
        &self,
        caller: &Caller,
        id: SessionId,
    ) -> Result<Session, Error> {
        self.store
            .session(caller.project.id, id)
            .await?
            .ok_or(Error::NotFound { what: "session" })
    }

    pub(crate) async fn find_examination(
        &self,
        caller: &Caller,
        session: SessionId,
        examination: ExaminationId,
    ) -> Result<ExaminationRecord, Error> {
        self.store
            .examination(caller.project.id, examination)
            .await?
            .filter(|record| record.session == session)
            .ok_or(Error::NotFound {
                what: "examination",
            })
    }
}
