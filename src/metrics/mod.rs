//! What the service counts and measures of itself, as Prometheus reads it. No label comes from outside: each is a word
//! of a closed list, or the pattern of a route.

mod families;
pub mod resident;
pub mod standing;
pub mod stopwatch;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::metrics::families::Families;
use crate::metrics::standing::Standing;
use crate::scoring::reasons::ReasonCode;
use crate::scoring::verdict::{Outcome, Verdict};

/// What the text is, as its readers ask for it.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A part of the way from a request to its verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A form's files are streamed to disk.
    Receive,
    /// A received file is looked at before it is stored.
    Intake,
    /// An examination waits for a worker.
    QueueWait,
    /// Evidence is copied to where it is examined.
    Fetch,
    /// Video and document are decoded, faces found and compared, all at once.
    Examine,
    /// Decoding the video, a part of that.
    Decode,
    /// Finding faces and comparing them, another.
    Look,
    /// Rules judge what was found.
    Judge,
    /// Pictures and verdict are stored.
    Store,
}

impl Stage {
    pub const ALL: [Self; 9] = [
        Self::Receive,
        Self::Intake,
        Self::QueueWait,
        Self::Fetch,
        Self::Examine,
        Self::Decode,
        Self::Look,
        Self::Judge,
        Self::Store,
    ];

    /// The word it is labelled with.
    pub fn name(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Intake => "intake",
            Self::QueueWait => "queue_wait",
            Self::Fetch => "fetch",
            Self::Examine => "examine",
            Self::Decode => "decode",
            Self::Look => "look",
            Self::Judge => "judge",
            Self::Store => "store",
        }
    }
}

/// What came of a try to post something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostOutcome {
    Taken,
    /// The receiver answered with something else than a 2xx.
    Refused,
    /// The receiver answered that it is gone.
    Gone,
    Unreachable,
    /// The address may not be posted to any more.
    Forbidden,
}

impl PostOutcome {
    pub const ALL: [Self; 5] = [
        Self::Taken,
        Self::Refused,
        Self::Gone,
        Self::Unreachable,
        Self::Forbidden,
    ];

    /// The word it is labelled with.
    pub fn name(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Refused => "refused",
            Self::Gone => "gone",
            Self::Unreachable => "unreachable",
            Self::Forbidden => "forbidden",
        }
    }
}

/// A request that was answered.
#[derive(Clone, Debug)]
pub struct Answered<'a> {
    /// The route's pattern.
    pub route: &'a str,
    pub dialect: &'static str,
    pub status: u16,
    pub seconds: f64,
}

/// Cheap to clone; every clone counts into the same.
#[derive(Clone)]
pub struct Metrics(Arc<Families>);

impl Default for Metrics {
    fn default() -> Self {
        Self(Arc::new(Families::registered()))
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics(…)")
    }
}

impl Metrics {
    /// A request was answered.
    pub fn answered(&self, request: &Answered<'_>) {
        let class = match request.status / 100 {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        };
        let labels = [
            ("route", request.route.to_owned()),
            ("dialect", request.dialect.to_owned()),
            ("status", class.to_owned()),
        ];
        let requests = self.0.requests.get_or_create(&labels);
        requests.observe(request.seconds);
    }

    /// A stage took so long.
    pub fn took(&self, stage: Stage, seconds: f64) {
        let labels = [("stage", stage.name())];
        self.0.stages.get_or_create(&labels).observe(seconds);
    }

    /// An examination ended in a verdict with this percentage, and this liveness where a pack told it.
    pub fn judged(&self, verdict: &Verdict, percentage: f64, liveness: Option<f64>) {
        let outcome = [("outcome", verdict.outcome.name())];
        self.0.verdicts.get_or_create(&outcome).inc();
        let mut codes: Vec<ReasonCode> = verdict.reasons.iter().map(|reason| reason.code).collect();
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            let reason = [("reason", code.name())];
            self.0.reasons.get_or_create(&reason).inc();
        }
        self.0.percentages.observe(percentage);
        if let Some(liveness) = liveness {
            self.0.liveness.observe(liveness);
        }
    }

    /// An examination ended without a verdict.
    pub fn failed(&self, by_evidence: bool) {
        let cause = if by_evidence { "evidence" } else { "service" };
        self.0.failures.get_or_create(&[("cause", cause)]).inc();
    }

    /// An examination runs as long as what is returned lives.
    #[must_use]
    pub fn runs(&self) -> Running {
        self.0.running.inc();
        Running(self.clone())
    }

    /// A try to post something came to this.
    pub fn posted(&self, outcome: PostOutcome) {
        let labels = [("outcome", outcome.name())];
        self.0.post_attempts.get_or_create(&labels).inc();
    }

    /// Something was taken so long after it was queued.
    pub fn post_lag(&self, seconds: f64) {
        self.0.post_lag.observe(seconds);
    }

    /// Something that was to be posted was given up.
    pub fn post_given_up(&self) {
        self.0.posts_given_up.inc();
    }

    /// How many decoding processes have died of what, each a word of a closed list.
    pub fn sandbox_deaths(&self, kind: &'static str, count: u64) {
        let deaths = self.0.sandbox_deaths.get_or_create(&[("kind", kind)]);
        deaths.inner().store(count, Ordering::Relaxed);
    }

    /// Everything, with what stands at this moment.
    pub fn text(&self, standing: &Standing) -> Result<String, fmt::Error> {
        self.0.stand(standing);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.0.registry)?;
        Ok(text)
    }
}

/// An examination that is being carried out; it ends when this is dropped.
#[derive(Debug)]
pub struct Running(Metrics);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.running.dec();
    }
}

/// Every outcome and reason that is counted, so that none appears out of nothing.
fn outcomes() -> impl Iterator<Item = &'static str> {
    Outcome::ALL.into_iter().map(Outcome::name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_told() {
        let metrics = Metrics::default();
        let verdict = Verdict {
            outcome: Outcome::Refer,
            failed_conditions: Vec::new(),
            failed_refer_conditions: Vec::new(),
            reasons: Vec::new(),
        };
        metrics.judged(&verdict, 71.0, Some(12.0));
        metrics.took(Stage::Judge, 0.25);
        metrics.posted(PostOutcome::Taken);
        let running = metrics.runs();
        let standing = Standing {
            queued: 3,
            ..Standing::default()
        };
        let text = metrics.text(&standing).unwrap();
        for line in [
            "likeness_verdicts_total{outcome=\"refer\"} 1",
            "likeness_verdicts_total{outcome=\"pass\"} 0",
            "likeness_session_percentage_bucket{le=\"75.0\"} 1",
            "likeness_session_percentage_bucket{le=\"70.0\"} 0",
            "likeness_stage_seconds_sum{stage=\"judge\"} 0.25",
            "likeness_post_attempts_total{outcome=\"taken\"} 1",
            "likeness_examinations_running 1",
            "likeness_queue_depth 3",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        drop(running);
        let text = metrics.text(&standing).unwrap();
        assert!(text.contains("likeness_examinations_running 0"));
    }
}
