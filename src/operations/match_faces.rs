//! The whole job in one call: takes a document and a video, examines them and waits for the verdict.

use std::time::Duration;

use futures_util::future::join;

use crate::operations::Operations;
use crate::operations::accept_evidence::Target;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::intake::Upload;
use crate::operations::request_examination::Earlier;
use crate::session::evidence::{Evidence, EvidenceKind};
use crate::session::examination::{ExaminationRecord, ExaminationScope};
use crate::session::ids::SessionId;
use crate::store::submission::Submission;

/// Where the video comes from.
#[derive(Debug)]
pub enum VideoSource {
    Uploaded(Upload),
    /// The one that the session already keeps.
    Kept,
}

/// A match to make.
#[derive(Debug)]
pub struct MatchRequest {
    pub target: Target,
    pub document: Upload,
    pub video: VideoSource,
    pub wait: Duration,
}

impl Operations {
    /// Stores the evidence and queues the examination in one step, then waits for it to end.
    pub async fn match_faces(
        &self,
        caller: &Caller,
        request: MatchRequest,
    ) -> Result<ExaminationRecord, Error> {
        let (caller, target) = match self.queued_before(caller).await? {
            Earlier::Nothing => (caller.clone(), request.target),
            Earlier::Queued(record) => {
                return self
                    .await_examination(caller, record.session, record.id, request.wait)
                    .await;
            }
            Earlier::Broken(session) => (caller.beginning_anew(), Target::known(session)),
        };
        let caller = &caller;
        let aim = self.aim(caller, target).await?;
        let session = aim.session.id;
        self.refuse_when_busy().await?;
        // To the end: whoever comes while all places are taken would wait for those who have them.
        let _place = self.matching.take()?;
        let document = self.check(request.document, EvidenceKind::Document);
        let (document, video, kept_blob) = match request.video {
            VideoSource::Uploaded(upload) => {
                let video = self.check(upload, EvidenceKind::Video);
                let (document, video) = join(document, video).await;
                (document?, Some(video?), None)
            }
            VideoSource::Kept => (
                document.await?,
                None,
                Some(self.kept_video(session).await?.blob),
            ),
        };

        let document = document.record(caller, session);
        let document_blob = document.blob.clone();
        let mut evidence = vec![document];
        let video_blob = match (video.as_ref(), kept_blob) {
            (Some(video), _) => {
                let video = video.record(caller, session);
                let key = video.blob.clone();
                evidence.push(video);
                key
            }
            (None, Some(kept)) => kept,
            (None, None) => return Err(Error::NotFound { what: "video" }),
        };
        let order = self
            .order(
                caller,
                ExaminationScope::FaceMatch,
                aim.consent_basis,
                document_blob,
                video_blob,
            )
            .await?;
        let examination = self.queued_examination(caller, session, order);
        let id = examination.id;
        let _waiting = self.awaited.wait_for(id);
        self.store
            .submit(Submission {
                session: aim.session,
                create: aim.is_new,
                evidence,
                examination,
                max_queued: self.settings.max_queued,
            })
            .await?;
        self.signalling.work_waits();
        self.await_examination(caller, session, id, request.wait)
            .await
    }

    /// Turns a call away that could not be answered promptly, before its files are received.
    pub async fn refuse_match_when_busy(&self) -> Result<(), Error> {
        self.matching.refuse_when_taken()?;
        self.refuse_when_busy().await
    }

    pub(crate) async fn kept_video(&self, session: SessionId) -> Result<Evidence, Error> {
        self.store
            .latest_evidence(session, EvidenceKind::Video)
            .await?
            .ok_or_else(|| {
                Error::invalid("the session has no video yet: send it to process-video first")
            })
    }
}
