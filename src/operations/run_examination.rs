//! Examines the next session that waits: the worker's verb, safe to run twice.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempPath;
use uuid::Uuid;

use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::read_thumbnail::thumbnail_key;
use crate::pipeline::examiner::{ExaminationInput, ExamineError, Examined, Examiner};
use crate::scoring::rules::{Check, Rules};
use crate::scoring::verdict::judge;
use crate::session::examination::{ExaminationRecord, ExaminationScope, Failure};

impl Operations {
    /// Examines one session and tells whether there was one.
    pub async fn run_next_examination(&self, worker: Uuid) -> Result<bool, Error> {
        let Some(examiner) = self.examiner.borrow().clone() else {
            return Ok(false);
        };
        let claimed = self
            .store
            .claim_examination(worker, self.clock.now(), self.settings.lease_ms)
            .await?;
        let Some(record) = claimed else {
            return Ok(false);
        };
        let id = record.id;
        if record.attempts > self.settings.max_attempts {
            // Every worker that tried it fell silent: it must not take another one along.
            self.give_up(&record, worker).await?;
        } else if let Err(error) = self.run(&record, worker, examiner).await {
            self.give_back(&record, worker, &error).await?;
        }
        self.signalling.has_finished(id);
        Ok(true)
    }

    /// Resolves when there is probably something to examine.
    pub async fn work(&self) {
        self.signalling.work().await;
    }

    /// Resolves once the models are warm; `false` when they never will be.
    pub async fn models_are_warm(&self) -> bool {
        self.examiner
            .clone()
            .wait_for(Option::is_some)
            .await
            .is_ok()
    }

    async fn run(
        &self,
        record: &ExaminationRecord,
        worker: Uuid,
        examiner: Arc<dyn Examiner>,
    ) -> Result<(), Error> {
        let rules = Rules::parse(&record.order.rules).map_err(Error::internal)?;
        let document = self.fetch(&record.order.document_blob).await?;
        let video = self.fetch(&record.order.video_blob).await?;
        let frames = usize::from(record.order.frames);
        let examining = tokio::task::spawn_blocking(move || {
            let input = ExaminationInput {
                document: &document,
                video: &video,
                frames,
            };
            examiner.examine(input, &mut |_, _| ())
        });
        let examined = tokio::select! {
            examined = examining => examined.map_err(Error::internal)?,
            lost = self.keep_lease(record, worker) => return Err(lost),
        };
        match examined {
            Ok(examined) => self.conclude(record, worker, &rules, examined).await,
            Err(error) if error.is_about_evidence() => self.fail(record, worker, &error).await,
            Err(error) => Err(Error::internal(error)),
        }
    }

    async fn conclude(
        &self,
        record: &ExaminationRecord,
        worker: Uuid,
        rules: &Rules,
        examined: Examined,
    ) -> Result<(), Error> {
        let checks: &[Check] = match record.order.scope {
            ExaminationScope::FaceMatch => &[Check::FaceMatch],
            ExaminationScope::Everything => &Check::ALL,
        };
        let verdict = judge(rules, &examined.examination.signals, checks);
        for thumbnail in examined.thumbnails {
            let key = thumbnail_key(record.session, record.id, thumbnail.frame);
            self.store.put_blob(&key, thumbnail.jpeg).await?;
        }
        let stored = self
            .store
            .finish_examination(
                record.id,
                worker,
                &examined.examination,
                &verdict,
                self.clock.now(),
            )
            .await?;
        tracing::info!(
            examination = %record.id,
            session = %record.session,
            outcome = verdict.outcome.name(),
            frames = examined.examination.frames.len(),
            took_ms = examined.examination.took_ms,
            stored,
            "examined"
        );
        Ok(())
    }

    async fn fail(
        &self,
        record: &ExaminationRecord,
        worker: Uuid,
        error: &ExamineError,
    ) -> Result<(), Error> {
        tracing::info!(examination = %record.id, session = %record.session, "the evidence cannot be examined");
        self.store
            .fail_examination(
                record.id,
                worker,
                &Failure {
                    by_evidence: true,
                    reason: error.to_string(),
                },
                self.clock.now(),
            )
            .await?;
        Ok(())
    }

    /// After a fault of ours: another try, or the end when there were enough.
    async fn give_back(
        &self,
        record: &ExaminationRecord,
        worker: Uuid,
        error: &Error,
    ) -> Result<(), Error> {
        tracing::error!(
            examination = %record.id,
            session = %record.session,
            attempt = record.attempts,
            error = %causes(error),
            "the examination broke off"
        );
        if record.attempts < self.settings.max_attempts {
            self.store.release_examination(record.id, worker).await?;
        } else {
            self.give_up(record, worker).await?;
        }
        Ok(())
    }

    async fn give_up(&self, record: &ExaminationRecord, worker: Uuid) -> Result<(), Error> {
        let failure = Failure {
            by_evidence: false,
            reason: "the service could not carry out the examination".to_owned(),
        };
        self.store
            .fail_examination(record.id, worker, &failure, self.clock.now())
            .await?;
        Ok(())
    }

    /// Renews the lease until it is lost; never returns while it is held.
    async fn keep_lease(&self, record: &ExaminationRecord, worker: Uuid) -> Error {
        let third = Duration::from_millis(self.settings.lease_ms.unsigned_abs() / 3);
        loop {
            tokio::time::sleep(third).await;
            let until = self.clock.now().plus(self.settings.lease_ms);
            match self.store.renew_lease(record.id, worker, until).await {
                Ok(true) => {}
                Ok(false) => return Error::Busy,
                Err(error) => return error.into(),
            }
        }
    }

    /// Copies a blob into the scratch folder; the copy goes when the path is dropped.
    async fn fetch(&self, key: &str) -> Result<TempPath, Error> {
        let path = tempfile::NamedTempFile::new_in(&self.settings.scratch)
            .map_err(Error::internal)?
            .into_temp_path();
        self.store.fetch_blob_to(key, &path).await?;
        Ok(path)
    }
}

/// An error with everything that caused it, on one line.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
