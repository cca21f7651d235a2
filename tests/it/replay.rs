//! Verdicts that are judged again: from what was stored, and from the files as they were received.

use std::sync::Arc;

use likeness::media::limits::MediaLimits;
use likeness::operations::clock::Clock;
use likeness::operations::error::Error;
use likeness::operations::rates::Rates;
use likeness::operations::replay::Replayed;
use likeness::operations::{Operations, OperationsSettings, Parts};
use likeness::pipeline::examiner::ModelFacts;
use likeness::sandbox::decoding::Decoding;
use likeness::scoring::rules::{Rules, content_hash};
use likeness::scoring::signals::Signals;
use likeness::scoring::verdict::judge;
use likeness::session::actor::Actor;
use likeness::session::audit::ChainFault;
use likeness::session::examination::{ExaminationScope, ShadowRules, ShadowVerdict};
use likeness::session::ids::SessionId;
use likeness::session::time::Timestamp;
use likeness::store::queue::Judgement;
use likeness::vision::picture::PictureLimits;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::StatusCode;
use sea_orm::{ConnectionTrait, Database};
use serde_json::json;
use uuid::Uuid;

use crate::helpers::{Scene, TestApp, body, document_and_video};
use crate::store::fixture::{Fixture, LEASE, NOW, examination, judgement, session};

const TEMPLATES: [&str; 4] = [
    "default.json",
    "match-only.json",
    "strict.json",
    "review-everything.json",
];

struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// The verbs over a store of a test's own, without a door and without models.
fn verbs(fixture: &Fixture) -> Operations {
    Operations::new(Parts {
        store: fixture.store.clone(),
        clock: Arc::new(Standing),
        models: ModelFacts::default(),
        examiner: tokio::sync::watch::channel(None).1,
        settings: OperationsSettings {
            scratch: fixture.folder.path().to_owned(),
            default_rules: String::new(),
            picture_limits: PictureLimits { max_pixels: 1 },
            media_limits: MediaLimits {
                max_bytes: 1,
                max_duration_ms: 1,
                max_pixels: 1,
                max_streams: 1,
            },
            max_queued: 10,
            lease_ms: LEASE,
            max_attempts: 3,
            intake_threads: 1,
            look_threads: 1,
            max_waiting_looks: 1,
            max_awaited: 1,
            callback_hosts: String::new(),
            fremis_project: None,
            rates: Rates::default(),
        },
        decoding: Decoding::InProcess,
    })
}

fn template(name: &str) -> String {
    let path = format!("{}/scoring-rules/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// Signals as crooked as measurements are.
fn measured(random: &mut StdRng) -> Signals {
    // Half of them good, so that all three outcomes come up.
    let good = random.random_bool(0.5);
    let frames = random.random_range(if good { 6 } else { 0 }..=8);
    let least = if good { 0.82 } else { 0.0 };
    let percentages: Vec<f64> = (0..frames)
        .map(|_| 100.0 * random.random_range(least..1.0_f64))
        .collect();
    let mut maybe = |most: f64| {
        (good || random.random_bool(0.9)).then(|| {
            let share = random.random_range(if good { 0.5 } else { 0.0 }..0.85);
            share * most
        })
    };
    Signals {
        frames_asked: 8,
        frames_with_face: frames,
        faces_in_video: if good { 1 } else { frames.min(3) },
        sharpness: maybe(900.0),
        brightness: maybe(255.0),
        head_turn: maybe(90.0),
        document_faces: 1,
        document_face_px: maybe(300.0),
        document_sharpness: maybe(900.0),
        document_brightness: maybe(255.0),
        liveness: maybe(100.0),
        percentages,
        ..Signals::default()
    }
}

/// Keeps a judged session, as the worker does.
async fn kept(fixture: &Fixture, number: usize, random: &mut StdRng) -> SessionId {
    let project = fixture.project(&Uuid::now_v7().to_string()).await;
    let session = session(project);
    let mut record = examination(&session);
    record.order.scope = if number.is_multiple_of(2) {
        ExaminationScope::FaceMatch
    } else {
        ExaminationScope::Everything
    };
    record.order.rules = template(TEMPLATES[number % TEMPLATES.len()]);
    record.order.rules_version = None;
    let shadow = template(TEMPLATES[(number + 1) % TEMPLATES.len()]);
    record.order.shadow = Some(ShadowRules {
        version: 7,
        rules: shadow.clone(),
    });
    let signals = measured(random);
    let judged = |rules: &str| {
        judge(
            &Rules::parse(rules).unwrap(),
            &signals,
            record.order.scope.checks(),
        )
    };
    let mut judgement = Judgement {
        verdict: judged(&record.order.rules),
        shadow: Some(ShadowVerdict {
            version: 7,
            rules_hash: content_hash(&shadow),
            verdict: judged(&shadow),
        }),
        ..judgement()
    };
    judgement.provenance.rules_hash = content_hash(&record.order.rules);
    judgement.provenance.rules_version = None;
    judgement.signals = signals.clone();
    let (store, worker) = (&fixture.store, Uuid::now_v7());
    store.insert_session(&session).await.unwrap();
    store.queue_examination(&record, 10).await.unwrap();
    let claimed = store.claim_examination(worker, NOW, LEASE).await.unwrap();
    assert_eq!(claimed.unwrap().id, record.id);
    assert!(
        store
            .finish_examination(record.id, worker, &judgement, NOW)
            .await
            .unwrap()
    );
    session.id
}

#[tokio::test]
async fn a_thousand_sessions_come_out_to_the_byte() {
    let fixture = Fixture::sqlite().await;
    let operations = verbs(&fixture);
    let mut random = StdRng::seed_from_u64(4);
    let mut outcomes = std::collections::HashMap::new();
    for number in 0..1_000 {
        let session = kept(&fixture, number, &mut random).await;
        let replayed = operations.replay(session).await.unwrap();
        let [found] = replayed.as_slice() else {
            panic!("{} verdicts", replayed.len())
        };
        assert!(found.byte_equal && found.holds(), "{found:?}");
        *outcomes.entry(found.verdict.outcome.name()).or_insert(0) += 1;
    }
    // All three outcomes were among them, or the test has seen less than it says.
    assert_eq!(outcomes.len(), 3, "{outcomes:?}");
    assert!(outcomes.values().all(|count| *count >= 20), "{outcomes:?}");
    fixture.clean_up().await;
}

#[tokio::test]
async fn whatever_was_altered_is_named() {
    let fixture = Fixture::sqlite().await;
    let operations = verbs(&fixture);
    let mut random = StdRng::seed_from_u64(1);
    for (tampering, what) in [
        (
            "signals_json = replace(signals_json, '\"frames_asked\":8', '\"frames_asked\":80')",
            "/verdict",
        ),
        (
            "verdict_json = json_set(verdict_json, '$.outcome', 'pass')",
            "/verdict/outcome",
        ),
        ("verdict_json = verdict_json || ' '", "verdict's bytes"),
        ("outcome = 'pass'", "outcome column"),
        (
            "order_json = replace(order_json, 'Match score', 'Match  score')",
            "hash of the rules",
        ),
    ] {
        let session = loop {
            let session = kept(&fixture, 1, &mut random).await;
            let found = operations.replay(session).await.unwrap().remove(0);
            if found.verdict.outcome.name() == "fail" && found.verdict.failed_conditions.len() > 2 {
                break session;
            }
        };
        fixture
            .tamper(&format!(
                "UPDATE examinations SET {tampering} WHERE session_id = '{}'",
                session.0
            ))
            .await;
        let found = operations.replay(session).await.unwrap().remove(0);
        assert!(!found.holds(), "{tampering}");
        assert!(
            found
                .differences
                .iter()
                .any(|difference| difference.what.starts_with(what)),
            "{tampering}: {:?}",
            found.differences
        );
    }
    let session = kept(&fixture, 1, &mut random).await;
    fixture
        .tamper(&format!(
            "UPDATE shadow_verdicts SET verdict_json = json_set(verdict_json, \
             '$.failed_conditions', json_array('something else')) WHERE examination_id = \
             (SELECT id FROM examinations WHERE session_id = '{}')",
            session.0
        ))
        .await;
    let found = operations.replay(session).await.unwrap().remove(0);
    assert!(
        found.differences[0].what.starts_with("/shadow/7/"),
        "{:?}",
        found.differences
    );
    fixture.clean_up().await;
}

#[tokio::test]
async fn an_alteration_that_agrees_with_itself_is_found_in_the_log() {
    let app = TestApp::start().await;
    app.sees(Scene::of(&[20.0; 8]));
    let session = matched(&app).await;
    assert_eq!(
        app.operations.verify_audit(None).await.unwrap().map(drop),
        Ok(())
    );
    // The rules, their hash and the verdict are those of somebody who lets everybody pass.
    let lax = r#"{"name": "lax", "facematch_conditions": [
        {"name": "a", "signal": "score", "operator": ">=", "pass": 1}]}"#;
    let connection = Database::connect(app.database()).await.unwrap();
    let alter = format!(
        "UPDATE examinations SET order_json = json_set(order_json, '$.rules', '{lax}'), \
         provenance_json = json_set(provenance_json, '$.rules_hash', '{}'), outcome = 'pass', \
         verdict_json = '{{\"outcome\":\"pass\",\"failed_conditions\":[],\"failed_refer_conditions\":[],\"reasons\":[]}}'",
        content_hash(lax)
    );
    connection.execute_unprepared(&alter).await.unwrap();
    let found = app.operations.replay(session).await.unwrap().remove(0);
    assert!(found.byte_equal && !found.holds(), "{found:?}");
    let told = found.differences[0].kept.as_str().unwrap();
    assert!(
        told.starts_with("the outcome, order, verdict, provenance of the examination exam_"),
        "{told}"
    );
    let fault = app
        .operations
        .verify_audit(None)
        .await
        .unwrap()
        .unwrap_err();
    assert!(matches!(fault, ChainFault::Contradicted { .. }), "{fault}");
}

#[tokio::test]
async fn a_session_that_nobody_knows_is_an_error() {
    let fixture = Fixture::sqlite().await;
    let unknown = verbs(&fixture).replay(SessionId(Uuid::now_v7())).await;
    assert!(matches!(unknown, Err(Error::NotFound { .. })));
    fixture.clean_up().await;
}

/// A session that was matched through the door.
async fn matched(app: &TestApp) -> SessionId {
    let answer = app.match_faces(document_and_video()).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let sessions = app.sessions().await;
    sessions[0]["id"].as_str().unwrap().parse().unwrap()
}

async fn from_media(app: &TestApp, session: SessionId) -> Replayed {
    let mut replayed = app
        .operations
        .replay_from_media(session, Actor::Operator)
        .await
        .unwrap();
    assert_eq!(replayed.len(), 1);
    replayed.remove(0)
}

#[tokio::test]
async fn the_files_are_measured_again_and_what_differs_is_shown() {
    let app = TestApp::start().await;
    app.sees(Scene::of(&[90.0; 8]));
    let session = matched(&app).await;
    let found = from_media(&app, session).await;
    assert!(found.byte_equal && found.holds(), "{found:?}");
    assert_eq!(found.remarks, Vec::<String>::new());

    app.sees(Scene::of(&[90.0, 90.0, 90.0, 90.0, 90.0, 90.0, 90.0, 20.0]));
    let found = from_media(&app, session).await;
    assert!(found.byte_equal && !found.holds());
    let shown: Vec<&str> = found
        .differences
        .iter()
        .map(|difference| difference.what.as_str())
        .collect();
    assert!(shown.contains(&"/signals/percentages/7"), "{shown:?}");
    assert!(shown.contains(&"/timeline/7/percentage"), "{shown:?}");
    assert!(shown.contains(&"/verdict from media/outcome"), "{shown:?}");
    app.sees(Scene::of(&[90.0; 8]));

    // The bytes of the video are not those that were received.
    let evidence = app.files(&format!("blobs/sessions/{}", session.0));
    let video = evidence
        .iter()
        .filter(|file| !file.to_str().unwrap().contains("frames"))
        .max_by_key(|file| file.metadata().unwrap().len())
        .unwrap();
    let mut bytes = std::fs::read(video).unwrap();
    bytes[0] ^= 1;
    std::fs::write(video, bytes).unwrap();
    let found = from_media(&app, session).await;
    let shown: Vec<&str> = found
        .differences
        .iter()
        .map(|difference| difference.what.as_str())
        .collect();
    assert_eq!(shown, ["video's bytes"]);
}

#[tokio::test]
async fn looking_at_the_files_again_is_on_record() {
    let app = TestApp::start().await;
    let session = matched(&app).await;
    let audit = app.audit_rows().await;
    app.operations.replay(session).await.unwrap();
    assert_eq!(app.audit_rows().await.len(), audit.len());
    from_media(&app, session).await;
    let row = app.audit_rows().await.pop().unwrap();
    assert_eq!(row["action"], json!("evidence.read"));
    assert_eq!(row["target"], json!(session.to_string()));
    assert_eq!(row["actor"], json!("operator"));
}

#[tokio::test]
async fn a_verdict_of_before_hashes_were_kept_still_replays() {
    let app = TestApp::start().await;
    let session = matched(&app).await;
    let connection = Database::connect(app.database()).await.unwrap();
    connection
        .execute_unprepared(
            "UPDATE examinations SET provenance_json = NULL, \
             verdict_json = json_remove(verdict_json, '$.reasons'); \
             DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE action = 'session.judged'",
        )
        .await
        .unwrap();
    let found = app.operations.replay(session).await.unwrap().remove(0);
    assert!(found.holds(), "{found:?}");
    let listed = body(
        app.get(&format!("/v1/sessions/{session}"))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(listed["examinations"][0]["verdict"], json!("pass"));
}
