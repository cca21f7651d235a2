//! Four times what the service can do is asked of it: who is let in is answered about as fast as alone, who is not is told
//! to come back, and soon after it rests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use crate::reliability::load::Evidence;
use crate::reliability::service::Service;
use crate::soak;
use crate::weights;

/// How often more than it can do.
const TIMES: f64 = 4.0;

/// Calls on their way at once, however many are asked for: a client has an end, too.
const MOST_AT_ONCE: usize = 400;

/// Memory of a session in flight, in KiB: what docs/operating.md states for a clip and a document of a phone, and as much again for
/// what the allocator has not given back.
const A_SESSION_KIB: u64 = 2 * 100 * 1024;

/// What is asked for.
#[derive(Clone)]
enum Work {
    /// A document and a video, and the verdict waited for.
    Match(Evidence),
    /// Two pictures compared.
    Compare(Value),
}

impl Work {
    fn call(&self, service: &Service) -> RequestBuilder {
        match self {
            Self::Match(evidence) => service
                .post("/api-gateway/match-faces")
                .multipart(evidence.form()),
            Self::Compare(body) => service.post("/v1/face/match").json(body),
        }
    }
}

/// One answer, or that there was none.
struct Answer {
    status: Option<StatusCode>,
    says_when: bool,
    took: Duration,
}

#[tokio::test(flavor = "multi_thread")]
async fn four_times_too_many_matches_are_answered_promptly_or_told_to_come_back() {
    let name = "reliability::pressure::four_times_too_many_matches_are_answered_promptly_or_told_to_come_back";
    if !weights::are_here(name) {
        return;
    }
    let evidence = if soak::is_full() {
        Evidence::of_a_phone()
    } else {
        Evidence::small()
    };
    under_pressure("pressure-matches", Work::Match(evidence)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_times_too_many_comparisons_are_answered_promptly_or_told_to_come_back() {
    let name = "reliability::pressure::four_times_too_many_comparisons_are_answered_promptly_or_told_to_come_back";
    if !weights::are_here(name) {
        return;
    }
    let picture = STANDARD.encode(&Evidence::small().document);
    let body = json!({ "image_a": { "content": picture }, "image_b": { "content": picture } });
    under_pressure("pressure-comparisons", Work::Compare(body)).await;
}

async fn under_pressure(part: &str, work: Work) {
    let service = Arc::new(Service::start(&[]).await);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // Once for what is made at the first call.
    one(&service, &work).await;
    let mut alone = Vec::new();
    for _ in 0..soak::count(5, 60) {
        let answer = one(&service, &work).await;
        assert_eq!(answer.status, Some(StatusCode::OK));
        alone.push(answer.took);
    }
    let capacity = capacity(&service, &work, cores).await;
    service.until_at_rest().await;
    let before = service.holds().resident_kib;
    let lasts = Duration::from_secs(soak::count(6, 300) as u64);
    let (peak, stop) = watch_memory(&service);
    let answers = storm(&service, &work, TIMES * capacity, lasts).await;
    stop.store(true, Ordering::SeqCst);
    let peak = peak.await.unwrap();
    let rest = service.until_at_rest().await;
    let (accepted, refused) = judged(&answers, &service);
    let bound = before + cores as u64 * A_SESSION_KIB;
    assert!(
        peak <= bound,
        "more memory than is stated: from {before} to {peak} KiB"
    );
    let now = one(&service, &work).await;
    assert_eq!(now.status, Some(StatusCode::OK), "it serves as before");
    report(
        part,
        (&alone, &accepted),
        capacity,
        lasts,
        refused,
        (before, peak),
        bound,
        rest,
    );
}

async fn one(service: &Service, work: &Work) -> Answer {
    let call = work.call(service);
    let began = Instant::now();
    let answer = call.send().await;
    let answer = match answer {
        Ok(answer) => {
            let status = answer.status();
            let says_when = answer.headers().contains_key("retry-after");
            // The answer is there when its body is.
            answer.bytes().await.ok().map(|_| (status, says_when))
        }
        Err(_) => None,
    };
    Answer {
        status: answer.map(|(status, _)| status),
        says_when: answer.is_some_and(|(_, says_when)| says_when),
        took: began.elapsed(),
    }
}

/// Answers a second when a client a core asks one call after the other, each again when it is told to.
async fn capacity(service: &Arc<Service>, work: &Work, clients: usize) -> f64 {
    let each = soak::count(4, 30);
    let began = Instant::now();
    let mut asking = JoinSet::new();
    for _ in 0..clients {
        let (service, work) = (service.clone(), work.clone());
        asking.spawn(async move {
            let mut answered = 0;
            while answered < each {
                let answer = one(&service, &work).await;
                answered += usize::from(answer.status == Some(StatusCode::OK));
            }
        });
    }
    asking.join_all().await;
    (clients * each) as f64 / began.elapsed().as_secs_f64()
}

/// So many calls a second whether or not those before are answered, each on a connection of its own as it comes.
async fn storm(service: &Arc<Service>, work: &Work, a_second: f64, lasts: Duration) -> Vec<Answer> {
    let mut ticks = interval(Duration::from_secs_f64(1.0 / a_second));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let began = Instant::now();
    let mut calls = JoinSet::new();
    let mut answers = Vec::new();
    while began.elapsed() < lasts {
        ticks.tick().await;
        while let Some(answer) = calls.try_join_next() {
            answers.push(answer.unwrap());
        }
        if calls.len() < MOST_AT_ONCE {
            let (service, work) = (service.clone(), work.clone());
            calls.spawn(async move { one(&service, &work).await });
        }
    }
    answers.extend(calls.join_all().await);
    answers
}

/// The most memory that the service and its children held together, looked at several times a second until it is stopped.
fn watch_memory(service: &Arc<Service>) -> (JoinHandle<u64>, Arc<AtomicBool>) {
    let stop = Arc::new(AtomicBool::new(false));
    let (service, stopped) = (service.clone(), stop.clone());
    let watching = tokio::spawn(async move {
        let mut peak = 0;
        while !stopped.load(Ordering::SeqCst) {
            peak = peak.max(service.holds().resident_kib);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        peak
    });
    (watching, stop)
}

/// How long those took that were let in, and how many were not; nobody was treated otherwise.
fn judged(answers: &[Answer], service: &Service) -> (Vec<Duration>, usize) {
    let mut accepted = Vec::new();
    let mut refused = 0;
    for answer in answers {
        match answer.status {
            Some(StatusCode::OK) => accepted.push(answer.took),
            Some(StatusCode::TOO_MANY_REQUESTS) if answer.says_when => refused += 1,
            other => panic!(
                "neither a yes nor a no: {other:?}; {}",
                service.last_words()
            ),
        }
    }
    assert!(!accepted.is_empty(), "somebody is served");
    assert!(refused > 0, "four times too much is too much");
    (accepted, refused)
}

#[expect(clippy::too_many_arguments, reason = "the figures of one report")]
fn report(
    part: &str,
    (alone, accepted): (&[Duration], &[Duration]),
    capacity: f64,
    lasts: Duration,
    refused: usize,
    (before, peak): (u64, u64),
    bound_kib: u64,
    rest: Duration,
) {
    let milliseconds = |times: &[Duration], share: f64| {
        let mut times = times.to_vec();
        times.sort();
        let at = ((times.len() - 1) as f64 * share).round() as usize;
        times[at].as_secs_f64() * 1000.0
    };
    let ratio = |share| milliseconds(accepted, share) / milliseconds(alone, share);
    soak::report(
        part,
        &json!({
            "capacity_a_second": round(capacity),
            "asked_a_second": round((accepted.len() + refused) as f64 / lasts.as_secs_f64()),
            "seconds": lasts.as_secs(),
            "accepted": accepted.len(),
            "refused_with_retry_after": refused,
            "other_answers": 0,
            "alone_ms": { "median": round(milliseconds(alone, 0.5)), "p95": round(milliseconds(alone, 0.95)) },
            "accepted_ms": { "median": round(milliseconds(accepted, 0.5)), "p95": round(milliseconds(accepted, 0.95)) },
            "ratio": { "median": round(ratio(0.5)), "p95": round(ratio(0.95)) },
            "resident_mib": { "before": before / 1024, "peak": peak / 1024, "bound": bound_kib / 1024 },
            "rest_ms": rest.as_millis() as u64,
        }),
    );
}

fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
