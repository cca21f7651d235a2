//! The families of numbers, with their names, units and buckets.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::metrics::standing::Standing;
use crate::metrics::{PostOutcome, Stage, outcomes, resident};
use crate::scoring::reasons::ReasonCode;

type One = [(&'static str, &'static str); 1];
type Three = [(&'static str, String); 3];
type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;
type Fraction = Gauge<f64, AtomicU64>;

/// From five milliseconds, which an answer without a picture takes, to the longest that a call waits.
const SECONDS: [f64; 13] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];

/// From a first try to the end of the ladder.
const LAG_SECONDS: [f64; 9] = [
    0.1, 1.0, 10.0, 60.0, 600.0, 3_600.0, 21_600.0, 86_400.0, 300_000.0,
];

/// Everything that is counted or measured.
pub(super) struct Families {
    pub(super) registry: Registry,
    pub(super) requests: Histograms<Three>,
    pub(super) stages: Histograms<One>,
    pub(super) verdicts: Family<One, Counter>,
    pub(super) reasons: Family<One, Counter>,
    pub(super) failures: Family<One, Counter>,
    pub(super) percentages: Histogram,
    pub(super) liveness: Histogram,
    pub(super) running: Gauge,
    pub(super) post_attempts: Family<One, Counter>,
    pub(super) post_lag: Histogram,
    pub(super) posts_given_up: Counter,
    pub(super) sandbox_deaths: Family<One, Counter>,
    queued: Gauge,
    oldest_queued: Fraction,
    workers: Gauge,
    posts: Family<One, Gauge>,
    oldest_post_due: Fraction,
    connections: Family<One, Gauge>,
    blob_failures: Counter,
    resident: Gauge,
}

impl Families {
    pub(super) fn registered() -> Self {
        let mut families = Self {
            registry: Registry::with_prefix("likeness"),
            requests: Family::new_with_constructor(seconds),
            stages: Family::new_with_constructor(seconds),
            verdicts: Family::default(),
            reasons: Family::default(),
            failures: Family::default(),
            percentages: percent(),
            liveness: percent(),
            running: Gauge::default(),
            post_attempts: Family::default(),
            post_lag: Histogram::new(LAG_SECONDS),
            posts_given_up: Counter::default(),
            sandbox_deaths: Family::default(),
            queued: Gauge::default(),
            oldest_queued: Fraction::default(),
            workers: Gauge::default(),
            posts: Family::default(),
            oldest_post_due: Fraction::default(),
            connections: Family::default(),
            blob_failures: Counter::default(),
            resident: Gauge::default(),
        };
        families.begin_at_zero();
        families.register_work();
        families.register_posts();
        families.register_machine();
        families
    }

    /// Closed lists are told whole from the start, so that a rate has something to begin from.
    fn begin_at_zero(&self) {
        for stage in Stage::ALL {
            let _ = self.stages.get_or_create(&[("stage", stage.name())]);
        }
        for outcome in outcomes() {
            let _ = self.verdicts.get_or_create(&[("outcome", outcome)]);
        }
        for reason in ReasonCode::ALL {
            let _ = self.reasons.get_or_create(&[("reason", reason.name())]);
        }
        for cause in ["evidence", "service"] {
            let _ = self.failures.get_or_create(&[("cause", cause)]);
        }
        for kind in ["exited", "signal", "overdue", "nonsense"] {
            let _ = self.sandbox_deaths.get_or_create(&[("kind", kind)]);
        }
        for outcome in PostOutcome::ALL {
            let _ = self
                .post_attempts
                .get_or_create(&[("outcome", outcome.name())]);
        }
    }

    fn register_work(&mut self) {
        let all = &mut self.registry;
        all.register_with_unit(
            "request",
            "From a request's head to its answer, by route, dialect and class of status",
            Unit::Seconds,
            self.requests.clone(),
        );
        all.register_with_unit(
            "stage",
            "A part of the way from a request to its verdict",
            Unit::Seconds,
            self.stages.clone(),
        );
        all.register(
            "queue_depth",
            "Examinations that wait for a worker, in the whole database",
            self.queued.clone(),
        );
        all.register_with_unit(
            "queue_oldest",
            "How long the longest waiting examination has waited",
            Unit::Seconds,
            self.oldest_queued.clone(),
        );
        all.register(
            "examinations_running",
            "Examinations that this process carries out now",
            self.running.clone(),
        );
        all.register(
            "workers",
            "Workers of this process that are alive",
            self.workers.clone(),
        );
        all.register(
            "verdicts",
            "Examinations that ended in a verdict, by outcome",
            self.verdicts.clone(),
        );
        all.register(
            "verdict_reasons",
            "Verdicts that a reason was given for, by its code",
            self.reasons.clone(),
        );
        all.register(
            "examination_failures",
            "Examinations that ended without a verdict, by what was to blame",
            self.failures.clone(),
        );
        all.register(
            "session_percentage",
            "The score of examinations that ended in a verdict, 0 to 100",
            self.percentages.clone(),
        );
        all.register(
            "session_liveness",
            "How live the faces looked where a pack tells it, 0 to 100",
            self.liveness.clone(),
        );
        all.register(
            "sandbox_deaths",
            "Decoding processes that died, by what of",
            self.sandbox_deaths.clone(),
        );
    }

    fn register_posts(&mut self) {
        let all = &mut self.registry;
        all.register(
            "posts",
            "Events and results on their way: all that wait, and those of them that are due",
            self.posts.clone(),
        );
        all.register_with_unit(
            "post_oldest_due",
            "How long the longest overdue event or result has been due",
            Unit::Seconds,
            self.oldest_post_due.clone(),
        );
        all.register(
            "post_attempts",
            "Tries to post an event or a result, by what came of them",
            self.post_attempts.clone(),
        );
        all.register_with_unit(
            "post_lag",
            "From what happened to a receiver's taking it",
            Unit::Seconds,
            self.post_lag.clone(),
        );
        all.register(
            "posts_given_up",
            "Events and results that no receiver took",
            self.posts_given_up.clone(),
        );
    }

    fn register_machine(&mut self) {
        let all = &mut self.registry;
        all.register(
            "database_connections",
            "Connections to the database that are open, by whether they are used",
            self.connections.clone(),
        );
        all.register(
            "blob_failures",
            "Reads and writes of pictures and videos that failed",
            self.blob_failures.clone(),
        );
        all.register_with_unit(
            "resident_memory",
            "Memory of this process",
            Unit::Bytes,
            self.resident.clone(),
        );
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        all.register("build", "The program's version", Info::new(version));
    }

    /// Puts in what is not counted but stands.
    pub(super) fn stand(&self, now: &Standing) {
        self.queued.set(signed(now.queued));
        self.oldest_queued.set(now.oldest_queued_seconds);
        self.workers.set(signed(now.workers));
        for (state, count) in [("waiting", now.posts_waiting), ("due", now.posts_due)] {
            self.posts
                .get_or_create(&[("state", state)])
                .set(signed(count));
        }
        self.oldest_post_due.set(now.oldest_post_due_seconds);
        let used = now.connections.saturating_sub(now.idle_connections);
        for (state, count) in [("used", used), ("idle", now.idle_connections)] {
            self.connections
                .get_or_create(&[("state", state)])
                .set(signed(count));
        }
        self.blob_failures
            .inner()
            .store(now.blob_failures, Ordering::Relaxed);
        self.resident.set(signed(resident::bytes().unwrap_or(0)));
    }
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

fn percent() -> Histogram {
    Histogram::new((1..=20).map(|step| f64::from(step) * 5.0))
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
