//! Examines the next session that waits: the worker's verb, safe to run twice.

use std::fs::File;
use std::io::Read;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{try_join, try_join_all};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tracing::{Instrument as _, Span};
use uuid::Uuid;

use crate::metrics::Stage;
use crate::metrics::stopwatch::Stopwatch;
use crate::operations::Operations;
use crate::operations::background::in_background;
use crate::operations::error::Error;
use crate::pipeline::examiner::{ExaminationInput, ExamineError, Examined, Examiner};
use crate::scoring::reasons::ReasonCode;
use crate::scoring::rules::{Rules, content_hash};
use crate::scoring::signals::Signals;
use crate::scoring::verdict::judge;
use crate::session::examination::{
    ExaminationOrder, ExaminationRecord, ExaminationScope, Failure, Provenance, ShadowVerdict,
};
use crate::store::blobs::examination_picture_key;
use crate::store::plain_file::PlainFile;
use crate::store::queue::Judgement;
use crate::traces::context;

/// How long to rest before trying again to write what could not be written: that one is given back, or still held.
const WRITE_AGAIN: Duration = Duration::from_secs(1);

/// The shortest and the longest wait of what is given back because something cannot be reached.
const SHORT_WAIT_MS: i64 = 1000;
const LONG_WAIT_MS: i64 = 5 * 60 * 1000;

impl Operations {
    /// Examines one session and tells whether there was one. An error says that a rest makes sense before the next look.
    pub async fn run_next_examination(&self, worker: Uuid) -> Result<bool, Error> {
        let Some(examiner) = self.examiner.borrow().clone() else {
            return Ok(false);
        };
        let Some(record) = self.claim(worker).await? else {
            return Ok(false);
        };
        let span = self.begin_examination(&record);
        // On the heap, like its larger parts: their states hold records and what is done with them.
        Box::pin(self.run_claimed(record, worker, examiner))
            .instrument(span)
            .await?;
        Ok(true)
    }

    async fn run_claimed(
        &self,
        record: ExaminationRecord,
        worker: Uuid,
        examiner: Arc<dyn Examiner>,
    ) -> Result<(), Error> {
        let _running = self.metrics.runs();
        let id = record.id;
        if record.attempts > self.settings.max_attempts {
            // Every worker that tried it fell silent: it must not take another one along.
            self.give_up(&record, worker).await?;
        } else if let Err(error) = Box::pin(self.run(&record, worker, examiner)).await {
            if error.passes() {
                self.postpone(&record, worker).await?;
                return Err(error);
            }
            self.give_back(&record, worker, &error).await?;
        }
        self.signalling.has_finished(id);
        self.signalling.post_waits();
        self.mix_in_after(&record).await;
        Ok(())
    }

    /// The span of what is done for an examination: it carries the request that asked for it, and goes on with the
    /// trace that this one stood in.
    fn begin_examination(&self, record: &ExaminationRecord) -> Span {
        let cause = record.cause.as_ref();
        let span = tracing::info_span!(
            "examination",
            request_id = cause.map(|cause| cause.request.as_str()),
            examination = %record.id,
            session = %record.session,
            attempt = record.attempts
        );
        let (queued, now) = (record.queued_at, self.clock.now());
        let waited = (now.0 - queued.0).max(0) as f64 / 1000.0;
        self.metrics.took(Stage::QueueWait, waited);
        if let Some(place) = cause.and_then(|cause| cause.traceparent.as_deref()) {
            context::follow(&span, place);
            context::tell_of_the_past("queue wait", place, queued.0, now.0);
        }
        span
    }

    /// Takes one that a caller waits for, or the one that has waited longest: by turns where there are both.
    async fn claim(&self, worker: Uuid) -> Result<Option<ExaminationRecord>, Error> {
        let (now, lease) = (self.clock.now(), self.settings.lease_ms);
        let awaited = self.awaited.next();
        if !awaited.is_empty() {
            let first = self
                .store
                .claim_one_of(&awaited, worker, now, lease)
                .await?;
            if first.is_some() {
                return Ok(first);
            }
        }
        Ok(self.store.claim_examination(worker, now, lease).await?)
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

    /// Reads, examines and keeps what was found, the lease held all the while: each may take longer than one.
    async fn run(
        &self,
        record: &ExaminationRecord,
        worker: Uuid,
        examiner: Arc<dyn Examiner>,
    ) -> Result<(), Error> {
        tokio::select! {
            biased;
            done = Box::pin(self.carry_through(record, worker, examiner)) => done,
            lost = self.keep_lease(record, worker) => Err(lost),
        }
    }

    async fn carry_through(
        &self,
        record: &ExaminationRecord,
        worker: Uuid,
        examiner: Arc<dyn Examiner>,
    ) -> Result<(), Error> {
        let rules = Rules::parse(&record.order.rules).map_err(Error::internal)?;
        let fetching = try_join(
            self.fetch(&record.order.document_blob),
            self.fetch(&record.order.video_blob),
        );
        let (document, video) = self.staged(Stage::Fetch, Box::pin(fetching)).await?;
        let frames = usize::from(record.order.frames);
        let challenge = record.order.challenge.clone();
        let liveness = asks_liveness(&record.order, &rules);
        let examining = in_background(move || {
            let input = ExaminationInput {
                document: &document,
                video: &video,
                frames,
                liveness,
                challenge: challenge.as_ref(),
                pictures: true,
            };
            // Beside the examination: a thread that only reads is soon done.
            std::thread::scope(|threads| {
                let hashing = threads.spawn(|| Ok((sha256_of(&document)?, sha256_of(&video)?)));
                let examined = examiner.examine(input, &mut |_, _| ());
                let hashes: Result<_, Error> =
                    hashing.join().unwrap_or_else(|panic| resume_unwind(panic));
                Ok::<_, Error>((examined, hashes?))
            })
        });
        let examining = async { examining.await.map_err(Error::internal)? };
        let (examined, hashes) = self.staged(Stage::Examine, Box::pin(examining)).await?;
        match examined {
            Ok(examined) => {
                let spent = examined.spent;
                self.metrics.took(Stage::Decode, spent.decode_seconds);
                self.metrics.took(Stage::Look, spent.look_seconds);
                let provenance = self.provenance(&record.order, hashes);
                // On the heap: its state holds everything that was found.
                Box::pin(self.conclude(record, worker, provenance, &rules, examined)).await
            }
            Err(error) if error.is_about_evidence() => self.fail(record, worker, &error).await,
            Err(error) => Err(Error::internal(error)),
        }
    }

    async fn conclude(
        &self,
        record: &ExaminationRecord,
        worker: Uuid,
        provenance: Provenance,
        rules: &Rules,
        examined: Examined,
    ) -> Result<(), Error> {
        let judging = async {
            let verdict = judge(rules, &examined.signals, record.order.scope.checks());
            Ok((verdict, shadow_verdict(record, &examined.signals)))
        };
        let (verdict, shadow) = self.staged(Stage::Judge, Box::pin(judging)).await?;
        let judgement = Judgement {
            verdict,
            shadow,
            provenance,
            report: examined.examination,
            signals: examined.signals,
        };
        // All at once, as each waits for the disk.
        let pictures = examined.pictures.into_iter().map(|picture| async move {
            let key = examination_picture_key(record.session, record.id, picture.what);
            self.store.put_blob(&key, picture.jpeg).await?;
            Ok::<_, Error>(key)
        });
        let storing = async {
            let pictures = try_join_all(pictures).await?;
            let stored = self
                .store
                .finish_examination(record.id, worker, &judgement, self.clock.now())
                .await?;
            Ok((pictures, stored))
        };
        let (pictures, stored) = self.staged(Stage::Store, Box::pin(storing)).await?;
        if stored {
            let signals = &judgement.signals;
            self.metrics
                .judged(&judgement.verdict, signals.score(), signals.liveness);
        } else {
            self.take_back(record, &pictures).await?;
        }
        tracing::info!(
            examination = %record.id,
            session = %record.session,
            outcome = judgement.verdict.outcome.name(),
            frames = judgement.report.frames.len(),
            took_ms = judgement.report.took_ms,
            stored,
            "examined"
        );
        Ok(())
    }

    /// Deletes the pictures of a worker that came too late: somebody has had the session erased since, or the person
    /// withdrew their consent. Those that another worker was faster with are the same.
    async fn take_back(
        &self,
        record: &ExaminationRecord,
        pictures: &[String],
    ) -> Result<(), Error> {
        let session = self.store.session_of_any_project(record.session).await?;
        let erased = session.is_none_or(|session| session.erased_at.is_some());
        let kept = self.store.examination(record.project, record.id).await?;
        if erased || kept.is_some_and(|kept| kept.failure.is_some()) {
            for key in pictures {
                self.store.delete_blob(key).await?;
            }
        }
        Ok(())
    }

    /// Carries out a stage under a span of its own, and measures it.
    async fn staged<T>(
        &self,
        stage: Stage,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let watch = Stopwatch::start();
        let span = tracing::info_span!("stage", otel.name = stage.name());
        let done = work.instrument(span).await;
        self.metrics.took(stage, watch.seconds());
        done
    }

    fn provenance(&self, order: &ExaminationOrder, hashes: (String, String)) -> Provenance {
        Provenance {
            software: software(),
            rules_hash: content_hash(&order.rules),
            rules_version: order.rules_version,
            packs: self.models.hashes.clone(),
            document_sha256: hashes.0,
            video_sha256: hashes.1,
        }
    }

    async fn fail(
        &self,
        record: &ExaminationRecord,
        worker: Uuid,
        error: &ExamineError,
    ) -> Result<(), Error> {
        tracing::info!(examination = %record.id, session = %record.session, "the evidence cannot be examined");
        let stored = self
            .store
            .fail_examination(
                record.id,
                worker,
                &Failure {
                    by_evidence: true,
                    reason: error.to_string(),
                    code: Some(code_of(error)),
                },
                self.clock.now(),
            )
            .await?;
        self.count_failure(stored, true);
        Ok(())
    }

    fn count_failure(&self, stored: bool, by_evidence: bool) {
        if stored {
            self.metrics.failed(by_evidence);
        }
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

    /// After a fault that passes: another try that is not counted, as a full disk would use up all of them in a moment.
    /// The longer it has waited already, the longer it waits for the next, and others have their turn meanwhile.
    async fn postpone(&self, record: &ExaminationRecord, worker: Uuid) -> Result<(), Error> {
        let until = self.lease_end();
        loop {
            let now = self.clock.now();
            let not_before = now.plus(longer_wait_ms(now.0 - record.queued_at.0));
            let postponed = self
                .store
                .postpone_examination(record.id, worker, not_before);
            // Where the row cannot be written either, it is waited for as long as it is held.
            match postponed.await {
                Ok(_) => return Ok(()),
                Err(error) if error.trouble().is_none() => return Err(error.into()),
                Err(error) if Instant::now() >= until => return Err(error.into()),
                Err(_) => tokio::time::sleep(WRITE_AGAIN).await,
            }
        }
    }

    /// When a lease ends that is taken or renewed now.
    fn lease_end(&self) -> Instant {
        Instant::now() + Duration::from_millis(self.settings.lease_ms.unsigned_abs())
    }

    async fn give_up(&self, record: &ExaminationRecord, worker: Uuid) -> Result<(), Error> {
        let failure = Failure {
            by_evidence: false,
            reason: "the service could not carry out the examination".to_owned(),
            code: Some(ReasonCode::ServiceFailure),
        };
        let stored = self
            .store
            .fail_examination(record.id, worker, &failure, self.clock.now())
            .await?;
        self.count_failure(stored, false);
        Ok(())
    }

    /// Renews the lease until it is lost; never returns while it is held. A renewal that fails is tried again for as long
    /// as the lease lasts: a database that is away for a moment undoes no work.
    async fn keep_lease(&self, record: &ExaminationRecord, worker: Uuid) -> Error {
        let third = Duration::from_millis(self.settings.lease_ms.unsigned_abs() / 3);
        let mut end = self.lease_end();
        let mut wait = third;
        loop {
            tokio::time::sleep(wait).await;
            let asked = self.lease_end();
            let until = self.clock.now().plus(self.settings.lease_ms);
            match self.store.renew_lease(record.id, worker, until).await {
                Ok(true) => (end, wait) = (asked, third),
                Ok(false) => return Error::Busy,
                Err(error) if Instant::now() >= end => return error.into(),
                Err(_) => wait = WRITE_AGAIN.min(third),
            }
        }
    }

    /// Opens a blob into a file in memory, which goes when it is dropped.
    pub(crate) async fn fetch(&self, key: &str) -> Result<PlainFile, Error> {
        Ok(self.store.fetch_blob(key).await?)
    }
}

/// How long an examination that has waited so long waits for another try.
fn longer_wait_ms(waited_ms: i64) -> i64 {
    (waited_ms / 4).clamp(SHORT_WAIT_MS, LONG_WAIT_MS)
}

/// What is wrong, by the closed list.
fn code_of(error: &ExamineError) -> ReasonCode {
    match error {
        ExamineError::Document(_) | ExamineError::Picture(_) => ReasonCode::DocumentUnreadable,
        ExamineError::Video(_) => ReasonCode::VideoUnreadable,
        ExamineError::Vision(_) | ExamineError::Threads(_) => ReasonCode::ServiceFailure,
    }
}

/// The SHA-256 of a file's bytes, in lower-case hexadecimal.
pub(crate) fn sha256_of(file: &Path) -> Result<String, Error> {
    let mut hasher = Sha256::new();
    let mut file = File::open(file).map_err(Error::internal)?;
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut chunk).map_err(Error::internal)?;
        match chunk.get(..read) {
            None | Some([]) => break,
            Some(bytes) => hasher.update(bytes),
        }
    }
    Ok(hasher
        .finalize()
        .iter()
        .fold(String::with_capacity(64), |hex, byte| {
            format!("{hex}{byte:02x}")
        }))
}

/// What the rules in the shadow say, where there are any. They count for nothing, so that rules which
/// this program cannot read any more keep nobody from their verdict.
fn shadow_verdict(record: &ExaminationRecord, signals: &Signals) -> Option<ShadowVerdict> {
    let shadow = record.order.shadow.as_ref()?;
    let Ok(rules) = Rules::parse(&shadow.rules) else {
        tracing::warn!(
            examination = %record.id,
            version = shadow.version,
            "the rules in the shadow cannot judge any more"
        );
        return None;
    };
    Some(ShadowVerdict {
        version: shadow.version,
        rules_hash: content_hash(&shadow.rules),
        verdict: judge(&rules, signals, record.order.scope.checks()),
    })
}

/// Whether anything that judges asks for signals of liveness: where faces alone are compared, which
/// callers wait for, they are not drawn.
pub(crate) fn asks_liveness(order: &ExaminationOrder, rules: &Rules) -> bool {
    let checks = order.scope.checks();
    let shadow = order.shadow.as_ref();
    let shadow = shadow.and_then(|shadow| Rules::parse(&shadow.rules).ok());
    order.scope == ExaminationScope::Everything
        || rules.read_liveness(checks)
        || shadow.is_some_and(|shadow| shadow.read_liveness(checks))
}

/// What judged: the program and its version.
pub(crate) fn software() -> String {
    concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned()
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
