//! Hostile files through every door that takes one: each gets an answer that says why, and leaves nothing behind.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::reliability::damage::{Damaged, Good, Kind, damaged};
use crate::reliability::kept;
use crate::reliability::load::{Evidence, one_file};
use crate::reliability::service::{HANG, Service};
use crate::soak;
use crate::weights;

/// A door that takes a picture or a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    Session,
    MatchFaces,
    ProcessVideo,
    Embedding,
    FremisMatch,
    FremisEnrolment,
    Argos,
    Risetai,
    Opencv,
}

const FOR_PICTURES: [Door; 8] = [
    Door::Session,
    Door::FremisMatch,
    Door::MatchFaces,
    Door::Argos,
    Door::Risetai,
    Door::Opencv,
    Door::Embedding,
    Door::FremisEnrolment,
];
const FOR_VIDEOS: [Door; 3] = [Door::Session, Door::MatchFaces, Door::ProcessVideo];

/// What came of the files.
#[derive(Default)]
struct Tally {
    taken: usize,
    refused: usize,
    examined: usize,
    not_examinable: usize,
    slowest: Duration,
    by_way: BTreeMap<&'static str, [usize; 2]>,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_hostile_file_gets_an_answer_that_says_why_and_leaves_nothing_behind() {
    let name = "reliability::corpus::every_hostile_file_gets_an_answer_that_says_why_and_leaves_nothing_behind";
    if !weights::are_here(name) {
        return;
    }
    let evidence = Evidence::small();
    let good = Good::with(
        std::slice::from_ref(&evidence.document),
        std::slice::from_ref(&evidence.video),
    );
    let count = soak::count(34, 1_020);
    let cases: Vec<usize> = match soak::variable("LIKENESS_SOAK_CASE") {
        Some(one) => vec![one.parse().expect("the number of a case")],
        None => (0..count).collect(),
    };
    let mut service = Service::start(&[("LIKENESS_MAX_WAIT_SECONDS", "240")]).await;
    let process = service.id();
    let mut tally = Tally::default();
    let mut warm = None;
    for (done, case) in cases.iter().enumerate() {
        let file = damaged(*case, &good);
        let door = door_of(*case, file.kind);
        let began = Instant::now();
        let found = knock(&service, door, &file, &evidence, &mut tally).await;
        tally.slowest = tally.slowest.max(began.elapsed());
        if let Err(fault) = found {
            panic!(
                "case {case}, {:?} {:?} at {door:?}: {fault}\nto repeat it: LIKENESS_SOAK_CASE={case} cargo test --test it {name}\n{}",
                file.kind,
                file.how,
                service.last_words()
            );
        }
        assert!(
            service.is_alive() && service.id() == process,
            "case {case}, {:?}, took the service down",
            file.how
        );
        if done == cases.len() / 4 {
            service.until_at_rest().await;
            warm = Some(service.holds());
        }
    }
    let rest = service.until_at_rest().await;
    let (warm, end) = (warm.unwrap(), service.holds());
    let faults = service.faults();
    assert_eq!(faults, Vec::<String>::new(), "faults were logged");
    assert!(
        end.descriptors <= warm.descriptors + 8,
        "descriptors leak: {warm:?}, {end:?}"
    );
    let orphans = kept::orphans(&service).await;
    assert_eq!(orphans, Vec::<String>::new(), "blobs without rows");
    kept::refuse_unsound(&service).await;
    // A bomb may take its room, and must give it back.
    assert!(
        end.resident_kib < warm.resident_kib + 300 * 1024,
        "memory leaks: {warm:?}, {end:?}"
    );
    soak::report(
        "corpus",
        &json!({
            "files": cases.len(),
            "taken": tally.taken,
            "refused": tally.refused,
            "examined": tally.examined,
            "not_examinable": tally.not_examinable,
            "crashes": 0,
            "hangs": 0,
            "answers_of_5xx": 0,
            "slowest_ms": tally.slowest.as_millis() as u64,
            "limit_ms": HANG.as_millis() as u64,
            "rest_ms": rest.as_millis() as u64,
            "resident_mib": [warm.resident_kib / 1024, end.resident_kib / 1024],
            "descriptors": [warm.descriptors, end.descriptors],
            "orphans": orphans.len(),
            "ways": tally.by_way,
        }),
    );
}

fn door_of(case: usize, kind: Kind) -> Door {
    // Each way knocks at each door in the course of a whole run.
    let turn = case / 34 + case % 17;
    match kind {
        Kind::Picture => FOR_PICTURES[turn % FOR_PICTURES.len()],
        Kind::Video => FOR_VIDEOS[turn % FOR_VIDEOS.len()],
    }
}

/// Sends the file and judges the answers.
async fn knock(
    service: &Service,
    door: Door,
    file: &Damaged,
    good: &Evidence,
    tally: &mut Tally,
) -> Result<(), String> {
    let taken = match door {
        Door::Session => in_a_session(service, file, good, tally).await?,
        Door::MatchFaces => {
            let form = match file.kind {
                Kind::Picture => Evidence {
                    document: file.bytes.clone(),
                    video: good.video.clone(),
                },
                Kind::Video => Evidence {
                    document: good.document.clone(),
                    video: file.bytes.clone(),
                },
            };
            let call = service.post("/api-gateway/match-faces");
            judged(door, call.multipart(form.form())).await?
        }
        Door::ProcessVideo => {
            let form = one_file("video", &file.bytes).text("phrase", "one two three");
            let call = service.post("/api-gateway/process-video");
            judged(door, call.multipart(form)).await?
        }
        Door::Embedding
        | Door::FremisMatch
        | Door::FremisEnrolment
        | Door::Argos
        | Door::Risetai
        | Door::Opencv => judged(door, in_json(service, door, file, good)).await?,
    };
    let ends = tally.by_way.entry(file.how).or_default();
    ends[usize::from(!taken)] += 1;
    if taken {
        tally.taken += 1;
    } else {
        tally.refused += 1;
    }
    Ok(())
}

/// A call that carries its pictures as text.
fn in_json(service: &Service, door: Door, file: &Damaged, good: &Evidence) -> RequestBuilder {
    let (hostile, good) = (
        STANDARD.encode(&file.bytes),
        STANDARD.encode(&good.document),
    );
    let token = &service.token;
    let with = |path: &str, header: &str| {
        let call = service.client.post(service.url(path));
        call.header(header.to_owned(), token)
    };
    match door {
        Door::FremisMatch => service.post("/v1/face/match").json(&json!({
            "image_a": { "content": hostile }, "image_b": { "content": good },
        })),
        Door::FremisEnrolment => service
            .post("/v1/face/enrollment")
            .json(&json!({ "image": hostile })),
        Door::Argos => with("/modules/compare", "x-api-key")
            .json(&json!({ "originFace": good, "targetFace": hostile })),
        Door::Risetai => with("/face-api/compare-images", "Accesstoken").json(&json!({
            "source_image": hostile, "target_image": good, "trx_id": "soak",
        })),
        Door::Opencv => with("/compare", "x-api-key")
            .json(&json!({ "face_base_64": hostile, "ref_face_base_64": good })),
        Door::Session | Door::MatchFaces | Door::ProcessVideo | Door::Embedding => service
            .post("/v1/embeddings")
            .json(&json!({ "image": hostile })),
    }
}

/// A session with the hostile file and a good one; what is taken is examined.
async fn in_a_session(
    service: &Service,
    file: &Damaged,
    good: &Evidence,
    tally: &mut Tally,
) -> Result<bool, String> {
    let opened = told(service.post("/v1/sessions")).await?;
    let id = opened.1["id"].as_str().unwrap_or_default().to_owned();
    let (hostile, other, other_bytes) = match file.kind {
        Kind::Picture => ("document", "video", &good.video),
        Kind::Video => ("video", "document", &good.document),
    };
    let send = |kind: &'static str, bytes: &[u8]| {
        let call = service.post(&format!("/v1/sessions/{id}/{kind}"));
        judged(Door::Session, call.multipart(one_file(kind, bytes)))
    };
    if !send(hostile, &file.bytes).await? {
        return Ok(false);
    }
    if !send(other, other_bytes).await? {
        return Err("a good file was refused".to_owned());
    }
    let call = service.post(&format!("/v1/sessions/{id}/examinations?wait=240"));
    let (status, body) = told(call).await?;
    if status != StatusCode::OK {
        return Err(format!("the examination: {status} {body}"));
    }
    match (body["status"].as_str(), body["failure_code"].as_str()) {
        (Some("done"), _) => tally.examined += 1,
        (Some("failed"), Some("DOCUMENT_UNREADABLE" | "VIDEO_UNREADABLE")) => {
            tally.not_examinable += 1;
        }
        _ => return Err(format!("the examination ended so: {body}")),
    }
    Ok(true)
}

/// Whether the file was taken; an error where the answer is neither a yes nor a no that says why.
async fn judged(door: Door, call: RequestBuilder) -> Result<bool, String> {
    let (status, body) = told(call).await?;
    if door == Door::Risetai && status == StatusCode::OK {
        // Here the status stands in the body.
        let said = body["status"].as_str().unwrap_or_default();
        let why = body["status_message"].as_str().unwrap_or_default();
        return match said {
            "200" => Ok(true),
            "" | "500" => Err(format!("{body}")),
            _ if why.is_empty() => Err(format!("no reason: {body}")),
            _ => Ok(false),
        };
    }
    if status.is_success() {
        return Ok(true);
    }
    let why = match door {
        Door::Session | Door::Embedding => &body["error"]["message"],
        Door::MatchFaces | Door::ProcessVideo => &body["error"],
        Door::FremisMatch | Door::FremisEnrolment => &body["description"],
        Door::Argos | Door::Risetai | Door::Opencv => &body["message"],
    };
    let says_why = why.as_str().is_some_and(|why| !why.is_empty());
    // A file that is too much for the door may be told so in words alone.
    if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS && says_why {
        Ok(false)
    } else {
        Err(format!("{status} {body}"))
    }
}

async fn told(call: RequestBuilder) -> Result<(StatusCode, Value), String> {
    let answer: Response = call.send().await.map_err(|error| format!("{error:?}"))?;
    let status = answer.status();
    let text = answer.text().await.map_err(|error| format!("{error:?}"))?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok((status, body))
}
