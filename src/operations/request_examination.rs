//! Queues the examination of a session's evidence.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::challenge::ChallengeOrder;
use crate::session::evidence::{Evidence, EvidenceKind};
use crate::session::examination::{
    ExaminationOrder, ExaminationRecord, ExaminationScope, ExaminationStatus, ShadowRules,
};
use crate::session::ids::{ExaminationId, SessionId};
use crate::session::project::Scope;
use crate::session::rule_version::RuleRole;
use crate::session::status::{Move, SessionStatus};
use crate::session::time::Timestamp;
use crate::store::error::StoreError;

/// How far an earlier try of the same request came.
pub(crate) enum Earlier {
    Nothing,
    Queued(Box<ExaminationRecord>),
    /// It was queued in this session and broke off for a fault that was not the evidence's.
    Broken(SessionId),
}

fn refuse_in_wrong_state(status: SessionStatus) -> Result<(), Error> {
    match status.after(Move::RequestExamination) {
        Some(_) => Ok(()),
        None => Err(Error::WrongState { status }),
    }
}

impl Operations {
    /// Queues the examination by every check of the project's rules.
    pub async fn request_examination(
        &self,
        caller: &Caller,
        id: SessionId,
    ) -> Result<ExaminationRecord, Error> {
        caller.require(Scope::Submit)?;
        let caller = match self.queued_before(caller).await? {
            Earlier::Nothing => caller.clone(),
            Earlier::Queued(record) => return Ok(*record),
            Earlier::Broken(_) => caller.beginning_anew(),
        };
        let caller = &caller;
        let session = self.find_session(caller, id).await?;
        let erased = session.erased_at.is_some();
        if !erased {
            self.refuse_when_used_up(caller, id).await?;
        }
        // Before the state: whoever withdrew their consent is not to be asked for other evidence.
        let consent = self.consent_basis(caller, Some(id), session.subject_name.as_deref());
        let consent_basis = consent.await;
        if erased || consent_basis.is_ok() {
            refuse_in_wrong_state(session.status)?;
        }
        let consent_basis = consent_basis?;
        let document = self.evidence(id, EvidenceKind::Document).await?;
        let video = self.evidence(id, EvidenceKind::Video).await?;
        let challenge = self.challenge(id, video.received_at).await?;
        let order = self
            .order(
                caller,
                ExaminationScope::Everything,
                consent_basis,
                document.blob,
                video.blob,
            )
            .await?;
        let order = ExaminationOrder { challenge, ..order };
        let examination = self.queued_examination(caller, id, order);
        self.store
            .queue_examination(&examination, self.settings.max_queued)
            .await?;
        self.signalling.work_waits();
        Ok(examination)
    }

    /// What the video of that moment has to show. A session that was asked for steps once is never
    /// examined as if it had not been: one that is used up, or too old, is met by no video.
    pub(crate) async fn challenge(
        &self,
        session: SessionId,
        received: Timestamp,
    ) -> Result<Option<ChallengeOrder>, Error> {
        let last = self.store.last_challenge(session).await?;
        Ok(last.map(|challenge| ChallengeOrder {
            id: challenge.id,
            in_time: challenge.is_answered_at(received),
            steps: challenge.steps,
        }))
    }

    async fn evidence(&self, session: SessionId, kind: EvidenceKind) -> Result<Evidence, Error> {
        self.store
            .latest_evidence(session, kind)
            .await?
            .ok_or_else(|| Error::Conflict {
                reason: format!("the session has no {} yet", kind.name()),
            })
    }

    /// What to do, with the rules as they stand now: a later change of them does not reach an
    /// examination that is already queued.
    pub(crate) async fn order(
        &self,
        caller: &Caller,
        scope: ExaminationScope,
        consent_basis: String,
        document_blob: String,
        video_blob: String,
    ) -> Result<ExaminationOrder, Error> {
        let project = caller.project.id;
        let active = self.store.rules_in_role(project, RuleRole::Active).await?;
        // A version in its own shadow would say nothing new.
        let shadow = match self.store.rules_in_role(project, RuleRole::Shadow).await {
            // The shadow keeps nobody from a verdict.
            Err(StoreError::Altered { .. }) => None,
            shadow => shadow?,
        };
        let shadow = shadow.filter(|shadow| {
            let number = active.as_ref().map(|version| version.number);
            number != Some(shadow.number)
        });
        let (rules_version, rules) = match active {
            Some(version) => (Some(version.number), version.text),
            None => (None, self.settings.default_rules.clone()),
        };
        Ok(ExaminationOrder {
            scope,
            frames: caller.project.settings.frames,
            rules,
            rules_version,
            shadow: shadow.map(|version| ShadowRules {
                version: version.number,
                rules: version.text,
            }),
            challenge: None,
            consent_basis,
            document_blob,
            video_blob,
        })
    }

    /// The examination that an earlier try of the same request queued.
    pub(crate) async fn queued_before(&self, caller: &Caller) -> Result<Earlier, Error> {
        let Some(id) = caller.earlier_id(0) else {
            return Ok(Earlier::Nothing);
        };
        let found = self
            .store
            .examination(caller.project.id, ExaminationId(id))
            .await?;
        Ok(match found {
            None => Earlier::Nothing,
            Some(record) if broke_off(&record) => Earlier::Broken(record.session),
            Some(record) => Earlier::Queued(Box::new(record)),
        })
    }

    pub(crate) fn queued_examination(
        &self,
        caller: &Caller,
        session: SessionId,
        order: ExaminationOrder,
    ) -> ExaminationRecord {
        ExaminationRecord {
            id: ExaminationId(caller.new_id(0)),
            session,
            project: caller.project.id,
            status: ExaminationStatus::Queued,
            order,
            queued_at: self.clock.now(),
            finished_at: None,
            attempts: 0,
            cause: caller.cause.clone(),
            report: None,
            signals: None,
            verdict: None,
            provenance: None,
            failure: None,
        }
    }

    /// Turns a session away that was examined as often as the project allows, before anything is
    /// done for it. The store counts again when it queues.
    pub(crate) async fn refuse_when_used_up(
        &self,
        caller: &Caller,
        session: SessionId,
    ) -> Result<(), Error> {
        let project = caller.project.id;
        Ok(self.store.refuse_when_used_up(project, session).await?)
    }

    /// Turns work away before anything heavy is done for it. The store counts again when it queues.
    pub(crate) async fn refuse_when_busy(&self) -> Result<(), Error> {
        if self.store.queued().await? >= self.settings.max_queued {
            return Err(Error::Busy);
        }
        Ok(())
    }
}

fn broke_off(record: &ExaminationRecord) -> bool {
    let by_evidence = record.failure.as_ref().map(|failure| failure.by_evidence);
    record.status == ExaminationStatus::Failed && by_evidence != Some(true)
}
