//! Reads sessions, one or a page of them, and the examinations of one.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::decision::DecisionKind;
use crate::session::evidence::{Evidence, EvidenceKind};
use crate::session::examination::ExaminationRecord;
use crate::session::ids::{ExaminationId, ProjectId, SessionId};
use crate::session::known_answer::SEED_ORIGIN;
use crate::session::project::Scope;
use crate::session::visit::Session;
use crate::store::sessions::Page;

/// Sessions that whoever runs the machine reads at once.
const PAGE: u64 = 500;

/// A session with what came in for it and every attempt to examine it, the newest first.
#[derive(Debug)]
pub struct SessionView {
    pub session: Session,
    /// How somebody settled it last.
    pub decision: Option<DecisionKind>,
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
            decision: self.store.settled(&[id]).await?.remove(&id),
            session,
        })
    }

    /// A page of the project's sessions, newest first, each with how somebody settled it last.
    pub async fn list_sessions(
        &self,
        caller: &Caller,
        page: &Page,
    ) -> Result<Vec<(Session, Option<DecisionKind>)>, Error> {
        caller.require(Scope::Read)?;
        self.page_of_sessions(caller.project.id, page).await
    }

    /// The same for whoever runs the machine: a page that starts with the next older session.
    pub async fn sessions_before(
        &self,
        project: ProjectId,
        before: Option<SessionId>,
    ) -> Result<Vec<(Session, Option<DecisionKind>)>, Error> {
        let page = Page {
            limit: PAGE,
            before,
            status: None,
        };
        self.page_of_sessions(project, &page).await
    }

    async fn page_of_sessions(
        &self,
        project: ProjectId,
        page: &Page,
    ) -> Result<Vec<(Session, Option<DecisionKind>)>, Error> {
        let sessions = self.store.sessions(project, page).await?;
        let ids: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
        let mut settled = self.store.settled(&ids).await?;
        Ok(sessions
            .into_iter()
            .map(|session| {
                let decision = settled.remove(&session.id);
                (session, decision)
            })
            .collect())
    }

    /// The session of that identifier, for whoever runs the machine.
    pub async fn session_for_operator(&self, id: SessionId) -> Result<Session, Error> {
        self.store
            .session_of_any_project(id)
            .await?
            .ok_or(Error::NotFound { what: "session" })
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

    /// Another project's session is no session: whoever asks learns nothing of it. Nor is a copy of a
    /// known case, but for the officers whom it is made for.
    pub(crate) async fn find_session(
        &self,
        caller: &Caller,
        id: SessionId,
    ) -> Result<Session, Error> {
        self.store
            .session(caller.project.id, id)
            .await?
            .filter(|session| session.origin != SEED_ORIGIN || caller.is_in_the_console())
            .ok_or(Error::NotFound { what: "session" })
    }

    pub(crate) async fn find_examination(
        &self,
        caller: &Caller,
        session: SessionId,
        examination: ExaminationId,
    ) -> Result<ExaminationRecord, Error> {
        let found = self
            .store
            .examination(caller.project.id, examination)
            .await?
            .filter(|record| record.session == session)
            .ok_or(Error::NotFound {
                what: "examination",
            })?;
        self.find_session(caller, session).await?;
        Ok(found)
    }
}
