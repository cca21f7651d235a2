//! The program killed at random moments under load: what it acknowledged is there when it is back, once, and ends once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::task::JoinSet;

use crate::helpers::hex;
use crate::reliability::formats;
use crate::reliability::kept;
use crate::reliability::load::{Evidence, one_file};
use crate::reliability::receiver::Receiver;
use crate::reliability::service::Service;
use crate::soak::{self, Chance};
use crate::weights;

const CLIENTS: usize = 4;

/// Longest time between a start and the kill that follows it.
const LIFETIME_MS: usize = 1_500;

/// How long everything that was acknowledged may take to end once nobody kills any more.
const PATIENCE: Duration = Duration::from_mins(20);

/// Sessions that were sent whole and that nobody asked about, which are examined at the end.
const EXAMINED_AFTERWARDS: usize = 100;

/// What the service said that it took.
#[derive(Default)]
struct Ledger {
    sessions: BTreeMap<String, Acknowledged>,
    /// The bodies that are to be posted, by their transaction.
    results: HashMap<String, Value>,
    /// Answers that there should not be.
    surprises: Vec<String>,
    calls: usize,
}

#[derive(Clone, Default)]
struct Acknowledged {
    document: Option<String>,
    video: Option<String>,
    examination: Option<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_kills_at_random_moments() {
    let name = "reliability::crash::what_was_acknowledged_survives_kills_at_random_moments";
    if !weights::are_here(name) {
        return;
    }
    let kills = soak::count(4, 200);
    let receiver = Receiver::start().await;
    let mut service = Service::start(&[
        ("LIKENESS_CALLBACK_HOSTS", "127.0.0.1"),
        ("LIKENESS_MAX_WAIT_SECONDS", "30"),
        // Who was killed gives its work back after a second, and however often, that is no reason to give it up.
        ("LIKENESS_LEASE_SECONDS", "1"),
        ("LIKENESS_MAX_ATTEMPTS", "1000"),
        ("LIKENESS_MAX_QUEUED", "16"),
    ])
    .await;
    let url = receiver.address.as_str();
    service.said(&[
        "webhooks",
        "create",
        "--project",
        "soak",
        "--url",
        url,
        "--events",
        "session.judged",
    ]);
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = load(&service, &receiver, &ledger, &stop);
    let mut chance = Chance::of(kills);
    let mut slowest_start = Duration::ZERO;
    for kill in 0..kills {
        // Some are killed before they answer.
        let moment = Duration::from_millis(chance.below(LIFETIME_MS) as u64);
        tokio::time::sleep(moment).await;
        service.kill().await;
        service.spawn();
        if kill % 8 == 7 {
            continue;
        }
        let began = Instant::now();
        service.until_ready().await;
        slowest_start = slowest_start.max(began.elapsed());
        let scratch = service.files("scratch");
        assert!(scratch.len() <= 2 * CLIENTS + 8, "{scratch:?}");
        some_are_there(&service, &ledger, &mut chance).await;
    }
    service.until_ready().await;
    stop.store(true, Ordering::SeqCst);
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    let ledger = std::mem::take(&mut *ledger.lock().unwrap());
    assert_eq!(
        ledger.surprises,
        Vec::<String>::new(),
        "{}",
        service.last_words()
    );
    finish(&service, &ledger).await;
    let posted = all_is_posted(&service, &receiver, &ledger).await;
    none_is_there_twice(&service).await;
    let counted = count(&service).await;
    service.until_at_rest().await;
    kept::refuse_unsound(&service).await;
    let orphans = swept(&service).await;
    soak::report(
        "crash",
        &json!({
            "kills": kills,
            "calls": ledger.calls,
            "sessions_acknowledged": ledger.sessions.len(),
            "sessions_lost": 0,
            "files_acknowledged": ledger.files(),
            "files_lost_or_changed": 0,
            "examinations": counted.examinations,
            "examinations_ended_twice": 0,
            "results_to_post": ledger.results.len(),
            "results_received": posted.results,
            "events_received": posted.events,
            "received_again_with_the_same_id_and_body": posted.again,
            "still_waiting_to_be_posted": posted.waiting,
            "orphans_left_by_kills": orphans.0,
            "orphans_after_the_sweep": orphans.1,
            "attempts_at_most": counted.attempts,
            "slowest_start_ms": slowest_start.as_millis() as u64,
        }),
    );
}

impl Ledger {
    fn files(&self) -> usize {
        let files = self.sessions.values();
        files
            .map(|session| {
                usize::from(session.document.is_some()) + usize::from(session.video.is_some())
            })
            .sum()
    }
}

/// Clients that ask until they are stopped, whether anybody answers or not.
fn load(
    service: &Service,
    receiver: &Receiver,
    ledger: &Arc<Mutex<Ledger>>,
    stop: &Arc<AtomicBool>,
) -> JoinSet<()> {
    let good = Evidence::small();
    let numbers = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let asking = Asking {
            client: service.client.clone(),
            base: service.url(""),
            token: service.token.clone(),
            callback: receiver.address.clone(),
            good: good.clone(),
            ledger: ledger.clone(),
            numbers: numbers.clone(),
        };
        let stop = stop.clone();
        clients.spawn(async move {
            let mut chance = Chance::of(1_000_000 + number);
            while !stop.load(Ordering::SeqCst) {
                let done = match chance.below(5) {
                    0 => asking.match_faces().await,
                    1 => asking.compare().await,
                    _ => asking.session(&mut chance).await,
                };
                // Nobody there, or too much to do: a breath, as a client would take one.
                let breath = if done.is_none() {
                    40
                } else {
                    chance.below(30) as u64
                };
                tokio::time::sleep(Duration::from_millis(breath)).await;
            }
        });
    }
    clients
}

struct Asking {
    client: Client,
    base: String,
    token: String,
    callback: String,
    good: Evidence,
    ledger: Arc<Mutex<Ledger>>,
    numbers: Arc<AtomicUsize>,
}

impl Asking {
    fn post(&self, path: &str) -> RequestBuilder {
        let call = self.client.post(format!("{}{path}", self.base));
        call.bearer_auth(&self.token)
    }

    /// Files that no other session has, and still the same person.
    fn files(&self) -> (usize, Evidence) {
        let number = self.numbers.fetch_add(1, Ordering::SeqCst);
        let mark = format!("{number:016}");
        let document = formats::with_segment(&self.good.document, 0xfe, mark.as_bytes());
        let atom = [b"\0\0\0\x18free", mark.as_bytes()].concat();
        let video = [self.good.video.clone(), atom].concat();
        (number, Evidence { document, video })
    }

    /// The body of an answer of one of these kinds; none where nobody answered, or it is too much now.
    async fn ask(&self, call: RequestBuilder, wanted: &[StatusCode]) -> Option<(String, Value)> {
        let answer = call.send().await.ok()?;
        let status = answer.status();
        let session = answer.headers().get("x-session-id").cloned();
        let session = session.and_then(|id| id.to_str().ok().map(str::to_owned));
        let text = answer.text().await.ok()?;
        let body: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        self.ledger.lock().unwrap().calls += 1;
        if wanted.contains(&status) {
            return Some((session.unwrap_or_default(), body));
        }
        // The models are loaded after a start, and a queue has an end.
        let later = [
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        ];
        if !later.contains(&status) {
            let surprise = format!("{status} {text}");
            self.ledger.lock().unwrap().surprises.push(surprise);
        }
        None
    }

    fn acknowledge(&self, session: &str, change: impl FnOnce(&mut Acknowledged)) {
        let mut ledger = self.ledger.lock().unwrap();
        change(ledger.sessions.entry(session.to_owned()).or_default());
    }

    /// A session step by step; a client that loses the connection gives up there.
    async fn session(&self, chance: &mut Chance) -> Option<()> {
        let (number, files) = self.files();
        let opened = self
            .post("/v1/sessions")
            .json(&json!({ "reference": format!("soak-{number}") }));
        let (_, body) = self.ask(opened, &[StatusCode::CREATED]).await?;
        let id = body["id"].as_str().unwrap().to_owned();
        self.acknowledge(&id, |_| ());
        let document = self
            .post(&format!("/v1/sessions/{id}/document"))
            .multipart(one_file("document", &files.document));
        self.ask(document, &[StatusCode::CREATED]).await?;
        self.acknowledge(&id, |kept| kept.document = Some(sha256(&files.document)));
        let video = self
            .post(&format!("/v1/sessions/{id}/video"))
            .multipart(one_file("video", &files.video));
        self.ask(video, &[StatusCode::CREATED]).await?;
        self.acknowledge(&id, |kept| kept.video = Some(sha256(&files.video)));
        if chance.below(4) == 0 {
            return Some(());
        }
        let examine = self.post(&format!("/v1/sessions/{id}/examinations"));
        let taken = [StatusCode::ACCEPTED, StatusCode::OK];
        let (_, body) = self.ask(examine, &taken).await?;
        let examination = body["id"].as_str().unwrap().to_owned();
        self.acknowledge(&id, |kept| kept.examination = Some(examination));
        Some(())
    }

    async fn match_faces(&self) -> Option<()> {
        let (_, files) = self.files();
        let call = self
            .post("/api-gateway/match-faces")
            .multipart(files.form());
        let (session, _) = self.ask(call, &[StatusCode::OK]).await?;
        self.acknowledge(&session, |kept| {
            kept.document = Some(sha256(&files.document));
            kept.video = Some(sha256(&files.video));
        });
        Some(())
    }

    /// A comparison whose result is posted as well.
    async fn compare(&self) -> Option<()> {
        let picture = STANDARD.encode(&self.good.document);
        let call = self.client.post(format!("{}/modules/compare", self.base));
        let call = call.header("x-api-key", &self.token).json(&json!({
            "originFace": picture, "targetFace": picture, "callbackUrl": self.callback,
        }));
        let (_, body) = self.ask(call, &[StatusCode::OK]).await?;
        let transaction = body["transactionId"].as_str().unwrap().to_owned();
        let mut ledger = self.ledger.lock().unwrap();
        ledger.results.insert(transaction, body);
        Some(())
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// A few of the acknowledged sessions, right after a start.
async fn some_are_there(service: &Service, ledger: &Mutex<Ledger>, chance: &mut Chance) {
    let some: Vec<_> = {
        let ledger = ledger.lock().unwrap();
        let known: Vec<_> = ledger.sessions.iter().collect();
        let count = known.len().min(3);
        (0..count)
            .map(|_| {
                let (id, kept) = chance.of_these(&known);
                ((*id).clone(), (*kept).clone())
            })
            .collect()
    };
    for (id, kept) in some {
        let view = read(service, &format!("/v1/sessions/{id}")).await;
        holds(&id, &kept, &view);
    }
}

fn holds(id: &str, kept: &Acknowledged, view: &Value) {
    for (kind, sent) in [("document", &kept.document), ("video", &kept.video)] {
        if let Some(sent) = sent {
            assert_eq!(view[kind]["sha256"], sent.as_str(), "{id}: {view}");
        }
    }
}

async fn read(service: &Service, path: &str) -> Value {
    let answer = service.get(path).send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert_eq!(status, StatusCode::OK, "{path}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// Waits for every examination, has some of the sessions examined that were not, and holds what the examiner read against
/// what was sent: the bytes are the same, and each examination is there once and ended. The bytes of all are read by
/// `likeness store check`, as to examine so many would take longer than all the rest.
async fn finish(service: &Service, ledger: &Ledger) {
    let mut to_examine = EXAMINED_AFTERWARDS;
    for (id, kept) in &ledger.sessions {
        let path = format!("/v1/sessions/{id}");
        let began = Instant::now();
        loop {
            let view = read(service, &path).await;
            holds(id, kept, &view);
            let examinations = view["examinations"].as_array().unwrap();
            if let Some(wanted) = &kept.examination {
                let same = examinations
                    .iter()
                    .filter(|one| one["id"] == wanted.as_str());
                assert_eq!(same.count(), 1, "{id}: {view}");
            }
            let whole = kept.document.is_some() && kept.video.is_some();
            let on_the_way = |one: &Value| one["status"] == "queued" || one["status"] == "running";
            if examinations.is_empty() && whole && to_examine > 0 {
                let asked = service.post(&format!("{path}/examinations?wait=20"));
                let asked = asked.send().await.unwrap();
                assert!(
                    asked.status().is_success() || asked.status() == StatusCode::TOO_MANY_REQUESTS,
                    "{id}: {}",
                    asked.status()
                );
                to_examine -= usize::from(asked.status().is_success());
            } else if !examinations.iter().any(on_the_way) {
                for one in examinations {
                    assert_eq!(one["status"], "done", "{id}: {one}");
                    let read = &one["provenance"];
                    for (key, sent) in [
                        ("document_sha256", &kept.document),
                        ("video_sha256", &kept.video),
                    ] {
                        if let Some(sent) = sent {
                            assert_eq!(read[key], sent.as_str(), "{id}");
                        }
                    }
                }
                break;
            }
            assert!(began.elapsed() < PATIENCE, "{id} does not end: {view}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    service.said(&["store", "check", "--contents"]);
}

struct Posted {
    results: usize,
    events: usize,
    again: usize,
    waiting: usize,
}

/// Every result that was acknowledged and an event of every examination is received, or still kept to be posted; what is
/// received twice has the same id and is the same both times.
async fn all_is_posted(service: &Service, receiver: &Receiver, ledger: &Ledger) -> Posted {
    let began = Instant::now();
    loop {
        let received = receiver.received();
        let (mut results, mut events) = (HashMap::new(), HashMap::new());
        for one in &received {
            // An examination or a call has one id, whatever is posted again.
            let of = one.body["transactionId"].as_str();
            let same = match (of, one.body["data"]["examination"].as_str()) {
                (Some(transaction), _) => results.entry(transaction).or_insert(one),
                (None, Some(examination)) => events.entry(examination).or_insert(one),
                (None, None) => panic!("nobody asked for this: {one:?}"),
            };
            assert!(one.id.is_some() && **same == *one, "{same:?}, {one:?}");
        }
        let database = kept::open(service).await;
        let waiting = "SELECT body FROM callbacks WHERE state = 'waiting'";
        let waiting: Vec<Value> = kept::rows::<1>(&database, waiting)
            .await
            .iter()
            .map(|[body]| serde_json::from_str(body).unwrap())
            .collect();
        for (transaction, body) in &ledger.results {
            match results.get(transaction.as_str()) {
                Some(one) => assert_eq!(&one.body, body),
                None => assert!(waiting.contains(body), "neither received nor kept: {body}"),
            }
        }
        let judged = "SELECT 'exam_' || id FROM examinations WHERE status = 'done'";
        let is_waiting = |id: &str| waiting.iter().any(|body| body["data"]["examination"] == id);
        for [id] in kept::rows::<1>(&database, judged).await {
            let known = events.contains_key(id.as_str()) || is_waiting(&id);
            assert!(known, "neither received nor kept: the event of {id}");
        }
        // A post that was broken off is tried again when its lease has run out, which a cut does not wait for.
        if waiting.is_empty() || !soak::is_full() {
            return Posted {
                results: results.len(),
                events: events.len(),
                again: received.len() - results.len() - events.len(),
                waiting: waiting.len(),
            };
        }
        assert!(
            began.elapsed() < PATIENCE,
            "{} are not posted",
            waiting.len()
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

struct Counted {
    examinations: usize,
    attempts: u64,
}

/// No session was made twice: each has the reference that it was opened with, and no other has it.
async fn none_is_there_twice(service: &Service) {
    let mut references = HashSet::new();
    let mut page = "/v1/sessions?limit=200".to_owned();
    loop {
        let list = read(service, &page).await;
        for session in list["sessions"].as_array().unwrap() {
            if let Some(reference) = session["reference"].as_str() {
                assert!(references.insert(reference.to_owned()), "{session}");
            }
        }
        match list["next"].as_str() {
            Some(before) => page = format!("/v1/sessions?limit=200&before={before}"),
            None => return,
        }
    }
}

/// Counts behind the service's back: nothing ended twice.
async fn count(service: &Service) -> Counted {
    let database = kept::open(service).await;
    let judged_twice = "SELECT json_extract(details, '$.examination') FROM audit \
                        WHERE action = 'session.judged' GROUP BY 1 HAVING count(*) > 1";
    assert_eq!(
        kept::rows::<1>(&database, judged_twice).await,
        Vec::<[String; 1]>::new()
    );
    let unjudged = "SELECT id FROM examinations WHERE status = 'done' AND 'exam_' || id NOT IN \
                    (SELECT json_extract(details, '$.examination') FROM audit WHERE action = 'session.judged')";
    assert_eq!(
        kept::rows::<1>(&database, unjudged).await,
        Vec::<[String; 1]>::new()
    );
    let unended =
        "SELECT id FROM examinations WHERE status NOT IN ('done', 'failed') OR finished_at IS NULL";
    let unended = kept::rows::<1>(&database, unended).await;
    assert_eq!(unended, Vec::<[String; 1]>::new(), "they do not end");
    let all =
        "SELECT CAST(count(*) AS TEXT), CAST(coalesce(max(attempts), 0) AS TEXT) FROM examinations";
    let [examinations, attempts] = kept::rows::<2>(&database, all).await.remove(0);
    Counted {
        examinations: examinations.parse().unwrap(),
        attempts: attempts.parse().unwrap(),
    }
}

/// How many files the kills left without a row, and how many of them are left once they are old and have been
/// swept; everything that a row names is still there, and is what came in.
async fn swept(service: &Service) -> (usize, usize) {
    let orphans = kept::orphaned_files(service).await;
    let old = SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365);
    for (_, path) in &orphans {
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(old).unwrap();
    }
    service.said(&["store", "sweep"]);
    let left = kept::orphans(service).await;
    assert_eq!(left, Vec::<String>::new(), "old files without rows stay");
    service.said(&["store", "check", "--contents"]);
    (orphans.len(), left.len())
}
