//! Compares a session's video with the enrolled applicant: queues it as any examination and waits for it.

use std::time::Duration;

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::request_examination::Earlier;
use crate::session::examination::{ExaminationOrder, ExaminationRecord, ExaminationScope};
use crate::session::gallery::{PictureKeeping, Subject};
use crate::session::ids::SessionId;
use crate::store::blobs::picture_key;

/// What came of looking for the applicant in the video.
pub enum Recognition {
    /// The video was compared with this person's newest picture.
    Ran {
        subject: Subject,
        record: Box<ExaminationRecord>,
    },
    /// It was compared with nobody; says why.
    DidNotRun(&'static str),
}

impl Operations {
    /// Compares the video that a session keeps with the person who is enrolled for it: by the
    /// session itself, or else by the name where one person alone bears it.
    pub async fn recognize_applicant(
        &self,
        caller: &Caller,
        session: SessionId,
        wait: Duration,
    ) -> Result<Recognition, Error> {
        let found = self.find_session(caller, session).await?;
        let Some(name) = found.subject_name.as_deref() else {
            return Ok(Recognition::DidNotRun("nobody is named"));
        };
        let subject = match self.enrolled_for(caller, session, name).await? {
            Ok(subject) => subject,
            Err(why) => return Ok(Recognition::DidNotRun(why)),
        };
        let faces = self.store.faces(&[subject.id]).await?;
        let kept = faces
            .iter()
            .rev()
            .find(|face| face.keeping == PictureKeeping::Picture);
        let Some(face) = kept else {
            return Ok(Recognition::DidNotRun("no picture of the person is kept"));
        };
        let caller = match self.queued_before(caller).await? {
            Earlier::Nothing => caller.clone(),
            Earlier::Queued(queued) => {
                let record = self
                    .await_examination(caller, session, queued.id, wait)
                    .await?;
                return Ok(Recognition::Ran {
                    subject,
                    record: Box::new(record),
                });
            }
            Earlier::Broken(_) => caller.beginning_anew(),
        };
        let caller = &caller;
        let consent_basis = self
            .consent_basis(caller, Some(session), Some(name))
            .await?;
        let video = self.kept_video(session).await?;
        // Whichever door it comes through, a video that was asked for steps has to show them.
        let challenge = self.challenge(session, video.received_at).await?;
        let order = self
            .order(
                caller,
                ExaminationScope::Everything,
                consent_basis,
                picture_key(caller.project.id, face.id),
                video.blob,
            )
            .await?;
        let order = ExaminationOrder { challenge, ..order };
        let examination = self.queued_examination(caller, session, order);
        let _waiting = self.awaited.wait_for(examination.id);
        self.store
            .queue_examination(&examination, self.settings.max_queued)
            .await?;
        self.signalling.work_waits();
        let record = self
            .await_examination(caller, session, examination.id, wait)
            .await?;
        Ok(Recognition::Ran {
            subject,
            record: Box::new(record),
        })
    }

    async fn enrolled_for(
        &self,
        caller: &Caller,
        session: SessionId,
        name: &str,
    ) -> Result<Result<Subject, &'static str>, Error> {
        let mut namesakes = self.store.subjects_named(caller.project.id, name).await?;
        let session = session.to_string();
        let of_session = namesakes.iter().position(|subject| {
            let details = subject.details.as_ref();
            details.and_then(|details| details["session"].as_str()) == Some(session.as_str())
        });
        if let Some(at) = of_session {
            return Ok(Ok(namesakes.swap_remove(at)));
        }
        Ok(match (namesakes.pop(), namesakes.is_empty()) {
            (None, _) => Err("nobody of that name is enrolled"),
            (Some(subject), true) => Ok(subject),
            (Some(_), false) => {
                Err("several people of that name are enrolled; enrol this one in the session")
            }
        })
    }
}
