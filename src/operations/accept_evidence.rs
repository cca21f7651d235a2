//! Takes a document photo or a video for a session.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::intake::Upload;
use crate::operations::open_session::NewSession;
use crate::session::evidence::{Evidence, EvidenceKind};
use crate::session::ids::SessionId;
use crate::session::project::Scope;
use crate::session::status::Move;
use crate::session::visit::Session;
use crate::store::evidence::NewEvidence;

/// The session that evidence is for.
#[derive(Debug)]
pub enum Target {
    /// One that is there already; what comes along fills in what it does not know yet.
    Existing {
        id: SessionId,
        subject_name: Option<String>,
        device_info: Option<String>,
    },
    /// One of its own.
    New(NewSession),
}

impl Target {
    fn subject_name(&self) -> Option<&str> {
        match self {
            Self::Existing { subject_name, .. } => subject_name.as_deref(),
            Self::New(new) => new.subject_name.as_deref(),
        }
    }

    fn device_info(&self) -> Option<&str> {
        match self {
            Self::Existing { device_info, .. } => device_info.as_deref(),
            Self::New(new) => new.device_info.as_deref(),
        }
    }

    /// A session that is there, of which nothing new is said.
    pub(crate) fn known(id: SessionId) -> Self {
        Self::Existing {
            id,
            subject_name: None,
            device_info: None,
        }
    }

    fn session(&self) -> Option<SessionId> {
        match self {
            Self::Existing { id, .. } => Some(*id),
            Self::New(_) => None,
        }
    }
}

/// A session that is found or about to be made, and why its person may be examined.
pub(crate) struct Aim {
    pub(crate) session: Session,
    pub(crate) is_new: bool,
    pub(crate) consent_basis: String,
}

impl Operations {
    /// Stores a document or a video, replacing an earlier one; a verdict that is there stays in
    /// the session's history.
    pub async fn accept_evidence(
        &self,
        caller: &Caller,
        target: Target,
        kind: EvidenceKind,
        upload: Upload,
    ) -> Result<(SessionId, Evidence), Error> {
        if let Some(accepted) = self.accepted_before(caller, &target, kind).await? {
            return Ok(accepted);
        }
        let aim = self.aim(caller, target).await?;
        let checked = self.check(upload, kind).await?;
        let session = aim.session.id;
        let record = NewEvidence {
            create: aim.is_new.then_some(aim.session),
            ..checked.record(caller, session)
        };
        // On the heap, as what it holds would be a part of every caller's state.
        let accepting = Box::pin(self.store.accept_evidence(record, self.clock.now()));
        Ok((session, accepting.await?))
    }

    /// What an earlier try of the same request stored.
    async fn accepted_before(
        &self,
        caller: &Caller,
        target: &Target,
        kind: EvidenceKind,
    ) -> Result<Option<(SessionId, Evidence)>, Error> {
        let Some(id) = caller.earlier_id(number(kind)) else {
            return Ok(None);
        };
        let session = target
            .session()
            .map_or(caller.new_id(0), |session| session.0);
        let session = SessionId(session);
        if self
            .store
            .session(caller.project.id, session)
            .await?
            .is_none()
        {
            return Ok(None);
        }
        let latest = self.store.latest_evidence(session, kind).await?;
        Ok(latest
            .filter(|evidence| evidence.id.0 == id)
            .map(|evidence| (session, evidence)))
    }

    /// Finds or makes the session and sees to the consent. Stores no evidence.
    pub(crate) async fn aim(&self, caller: &Caller, target: Target) -> Result<Aim, Error> {
        caller.require(Scope::Submit)?;
        let known = match target.session() {
            Some(id) => Some(self.find_session(caller, id).await?),
            None => None,
        };
        if let Some(session) = &known
            && session.status.after(Move::AcceptEvidence).is_none()
        {
            return Err(Error::WrongState {
                status: session.status,
            });
        }
        if let Some(session) = &known {
            // What may not be examined any more is not collected.
            self.refuse_when_used_up(caller, session.id).await?;
        }
        let name = target
            .subject_name()
            .or(known
                .as_ref()
                .and_then(|session| session.subject_name.as_deref()))
            .map(str::to_owned);
        let consent_basis = self
            .consent_basis(caller, target.session(), name.as_deref())
            .await?;
        if let Some(session) = &known {
            self.store
                .complete_session(
                    session.project,
                    session.id,
                    target.subject_name(),
                    target.device_info(),
                )
                .await?;
        }
        let (session, is_new) = match (known, target) {
            (Some(session), _) => (session, false),
            (None, Target::New(new)) => (self.new_session(caller, new)?, true),
            (None, Target::Existing { .. }) => return Err(Error::NotFound { what: "session" }),
        };
        Ok(Aim {
            session,
            is_new,
            consent_basis,
        })
    }
}

/// Which of a request's identifiers a piece of evidence takes; the first is the session's.
pub(crate) fn number(kind: EvidenceKind) -> u16 {
    match kind {
        EvidenceKind::Document => 1,
        EvidenceKind::Video => 2,
    }
}
