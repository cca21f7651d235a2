//! Many requests of every kind one after the other: the memory of the service stays where it was after the first of them.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::reliability::load::{Evidence, one_file};
use crate::reliability::service::{Holding, Service};
use crate::soak::{self, Chance};
use crate::weights;

const CLIENTS: usize = 4;

/// One of so many requests warms up: what is made at the first use, caches, and the allocator's own room.
const WARM_UP: usize = 4;

/// After so long at rest the threads that ran networks have ended, and what they held has been given back: ten seconds each.
const GIVEN_BACK: Duration = Duration::from_secs(25);

#[tokio::test(flavor = "multi_thread")]
async fn memory_stays_flat_over_many_requests() {
    let name = "reliability::memory::memory_stays_flat_over_many_requests";
    if !weights::are_here(name) {
        return;
    }
    let asked = soak::variable("LIKENESS_SOAK_REQUESTS").and_then(|asked| asked.parse().ok());
    let count = asked.unwrap_or_else(|| soak::count(300, 20_000));
    let service = Arc::new(
        Service::start(&[
            ("LIKENESS_MAX_AWAITED", "8"),
            ("LIKENESS_MAX_WAIT_SECONDS", "240"),
            ("LIKENESS_MAX_WAITING_LOOKS", "8"),
        ])
        .await,
    );
    let first = count / WARM_UP;
    send(&service, 0..first).await;
    let warm = at_rest(&service).await;
    let mut course = vec![warm.resident_kib / 1024];
    // In parts, so that a growth shows whether it goes on.
    let part = (count - first) / 5;
    let mut end = warm;
    for number in 0..5 {
        let from = first + number * part;
        send(&service, from..from + part).await;
        end = at_rest(&service).await;
        course.push(end.resident_kib / 1024);
    }
    let growth = end.resident_kib as f64 / warm.resident_kib as f64 - 1.0;
    assert!(
        end.descriptors <= warm.descriptors + 8,
        "descriptors leak: {warm:?}, {end:?}"
    );
    // A cut is not warm yet; a leak of a picture a request would show all the same.
    let bound = if soak::is_full() { 0.01 } else { 0.5 };
    assert!(growth < bound, "{course:?}");
    soak::report(
        "memory",
        &json!({
            "requests": count,
            "warm_up": first,
            "resident_mib": course,
            "growth_percent": (growth * 10_000.0).round() / 100.0,
            "descriptors": [warm.descriptors, end.descriptors],
            "threads": [warm.threads, end.threads],
        }),
    );
}

/// What the service holds when nobody asks for anything any more.
async fn at_rest(service: &Service) -> Holding {
    service.until_at_rest().await;
    if soak::is_full() {
        sleep(GIVEN_BACK).await;
    }
    service.holds()
}

async fn send(service: &Arc<Service>, numbers: std::ops::Range<usize>) {
    let mut clients = JoinSet::new();
    let material = Arc::new(Material::new());
    for client in 0..CLIENTS {
        let (service, material) = (service.clone(), material.clone());
        let mine: Vec<usize> = numbers.clone().skip(client).step_by(CLIENTS).collect();
        clients.spawn(async move {
            for number in mine {
                material.request(&service, number).await;
            }
        });
    }
    clients.join_all().await;
}

/// What requests carry.
struct Material {
    evidence: Evidence,
    pair: Value,
}

impl Material {
    fn new() -> Self {
        let evidence = Evidence::small();
        let picture = STANDARD.encode(&evidence.document);
        let pair = json!({ "image_a": { "content": picture }, "image_b": { "content": picture } });
        Self { evidence, pair }
    }

    /// The request of that number: most are cheap, as most are.
    async fn request(&self, service: &Service, number: usize) {
        let mut chance = Chance::of(number);
        match chance.below(40) {
            0 => self.visit(service).await,
            1 => {
                let call = service.post("/api-gateway/match-faces");
                answered(call.multipart(self.evidence.form()), 200).await;
            }
            2..8 => {
                answered(service.post("/v1/face/match").json(&self.pair), 200).await;
            }
            8..14 => {
                let call = service.post("/v1/sessions");
                answered(call.json(&json!({ "metadata": { "number": number } })), 201).await;
            }
            14..18 => {
                answered(service.post("/v1/sessions").body("{\"reference\": 7}"), 400).await;
            }
            18..22 => {
                let call = service.post("/v1/embeddings");
                answered(call.json(&json!({ "image": "bm8gcGljdHVyZQ==" })), 400).await;
            }
            22..26 => {
                answered(service.get("/v1/sessions?limit=50"), 200).await;
            }
            26..30 => {
                let id = "/v1/sessions/sess_01890a5d-ac96-774b-bcce-b302099a8057";
                answered(service.get(id), 404).await;
            }
            30..33 => {
                let call = service.client.get(service.url("/v1/usage"));
                answered(call.bearer_auth("lk_nobody"), 401).await;
            }
            33..36 => {
                answered(service.get("/v1/usage"), 200).await;
            }
            _ => {
                answered(service.client.get(service.url("/readyz")), 200).await;
            }
        }
    }

    /// A whole visit: opened, sent, examined and read.
    async fn visit(&self, service: &Service) {
        let opened = answered(service.post("/v1/sessions"), 201).await;
        let path = format!("/v1/sessions/{}", opened["id"].as_str().unwrap());
        for (kind, bytes) in [
            ("document", &self.evidence.document),
            ("video", &self.evidence.video),
        ] {
            let call = service.post(&format!("{path}/{kind}"));
            answered(call.multipart(one_file(kind, bytes)), 201).await;
        }
        let call = service.post(&format!("{path}/examinations?wait=240"));
        answered(call, 200).await;
        answered(service.get(&path), 200).await;
    }
}

async fn answered(call: RequestBuilder, status: u16) -> Value {
    let answer = call.send().await.unwrap();
    let found = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    assert_eq!(found, status, "{text}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}
