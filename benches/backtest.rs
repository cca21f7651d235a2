//! How long a backtest of made-up sessions takes: `cargo bench --bench backtest -- --sessions 100000`.
//!
//! `--keep DIR` leaves the data folder, so that `likeness rules backtest 2 --project bench --data DIR` can be tried on it.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its figures and stops where something fails"
)]

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Parser;
use likeness::app;
use likeness::config::Config;
use likeness::operations::Operations;
use likeness::operations::backtest::{BacktestEvent, BacktestOrder, BacktestRange};
use likeness::operations::rule_owner::RuleOwner;
use likeness::scoring::rules::{Check, Rules};
use likeness::scoring::signals::Signals;
use likeness::scoring::verdict::judge;
use likeness::session::verdict_table::VerdictTable;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use sea_orm::sea_query::Query;
use sea_orm::{ConnectionTrait, Database, TransactionTrait};
use serde_json::{Value, json};
use uuid::Uuid;

/// The rules that judged.
const GIVEN: &str = include_str!("../scoring-rules/match-only.json");

/// When the first session was opened, and how far apart the others follow.
const START_MS: i64 = 1_780_000_000_000;
const APART_MS: i64 = 20_000;

/// Rows of one statement: SQLite takes 32 766 values.
const ROWS: usize = 1_000;

#[derive(Parser)]
struct Args {
    /// Sessions that were judged.
    #[arg(long, default_value_t = 10_000)]
    sessions: usize,

    /// Leaves the data in this folder, which must be new.
    #[arg(long)]
    keep: Option<PathBuf>,

    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() {
    let args = Args::parse();
    let scratch = tempfile::tempdir().unwrap();
    let data = args.keep.unwrap_or_else(|| scratch.path().join("data"));
    let config = Config {
        data: data.clone(),
        ..Config::default()
    };
    let (operations, _scratch) = app::operations(&config).await.unwrap();
    let project = operations.ensure_project("bench").await.unwrap();
    let owner = operations.rule_owner("bench", Some("Bench")).await.unwrap();
    let stricter = GIVEN.replace("\"pass\": 80", "\"pass\": 88");
    for (text, note) in [
        (GIVEN.to_owned(), "as it was"),
        (stricter, "a higher score"),
    ] {
        operations.save_rules(&owner, text, note).await.unwrap();
    }
    operations.activate_rules(&owner, Some(1)).await.unwrap();
    fill(&data, project.id.0, args.sessions).await;
    measure(&operations, &owner, args.sessions).await;
}

async fn measure(operations: &Operations, owner: &RuleOwner, sessions: usize) {
    let order = BacktestOrder {
        version: Some(2),
        range: BacktestRange::Last(sessions as u64),
    };
    println!("sessions run seconds changed");
    for run in 1..=3 {
        let started = Instant::now();
        let mut backtest = operations.backtest(owner, order).await.unwrap();
        let mut result = None;
        while let Some(events) = backtest.next().await.unwrap() {
            for event in events {
                if let BacktestEvent::Finished(finished) = event {
                    result = Some(finished);
                }
            }
        }
        let table = result.unwrap().table;
        assert_eq!(table.sessions(), sessions as u64);
        let seconds = started.elapsed().as_secs_f64();
        println!("{sessions} {run} {seconds:.2} {}", table.changed());
        if run == 3 {
            print(&table);
        }
    }
}

fn print(table: &VerdictTable) {
    println!("was, would be pass refer fail");
    for before in VerdictTable::OUTCOMES {
        let [pass, refer, fail] = VerdictTable::OUTCOMES.map(|after| table.count(before, after));
        println!("{} {pass} {refer} {fail}", before.name());
    }
}

/// Writes sessions and their examinations as the service would have, many at once.
async fn fill(data: &Path, project: Uuid, sessions: usize) {
    let url = format!("sqlite://{}/likeness.db", data.display());
    let database = Database::connect(url).await.unwrap();
    let rules = Rules::parse(GIVEN).unwrap();
    let mut random = StdRng::seed_from_u64(1);
    let numbers: Vec<usize> = (0..sessions).collect();
    for numbers in numbers.chunks(ROWS) {
        let mut visits = Query::insert();
        visits.into_table("sessions").columns([
            "id",
            "project_id",
            "status",
            "origin",
            "created_at",
            "updated_at",
        ]);
        let mut examinations = Query::insert();
        examinations.into_table("examinations").columns([
            "id",
            "session_id",
            "project_id",
            "status",
            "order_json",
            "queued_at",
            "finished_at",
            "attempts",
            "report_json",
            "verdict_json",
            "scope",
            "outcome",
            "signals_json",
            "provenance_json",
        ]);
        for number in numbers {
            let at = START_MS + *number as i64 * APART_MS;
            let session = Uuid::from_u128(((at as u128) << 80) | (*number as u128) << 1);
            let examination = Uuid::from_u128(session.as_u128() | 1);
            let made = Made::by(&mut random, &rules);
            visits.values_panic([
                session.to_string().into(),
                project.to_string().into(),
                "judged".into(),
                "native".into(),
                at.into(),
                at.into(),
            ]);
            examinations.values_panic([
                examination.to_string().into(),
                session.to_string().into(),
                project.to_string().into(),
                "done".into(),
                order().into(),
                at.into(),
                (at + 5_000).into(),
                1.into(),
                made.report.into(),
                made.verdict.into(),
                "everything".into(),
                made.outcome.into(),
                made.signals.into(),
                provenance().into(),
            ]);
        }
        let transaction = database.begin().await.unwrap();
        transaction.execute(&visits).await.unwrap();
        transaction.execute(&examinations).await.unwrap();
        transaction.commit().await.unwrap();
    }
}

/// One session's numbers, as the texts that are kept of them.
struct Made {
    report: String,
    signals: String,
    verdict: String,
    outcome: &'static str,
}

impl Made {
    fn by(random: &mut StdRng, rules: &Rules) -> Self {
        // Most are who they say, some were filmed badly, a few are somebody else.
        let middle = match random.random_range(0..100) {
            0..80 => 93.0,
            80..95 => 78.0,
            _ => 30.0,
        };
        let mut near = |middle: f64, spread: f64| -> f64 {
            (middle + random.random_range(-spread..spread)).clamp(0.0, 5_000.0)
        };
        let shift = near(50.0, 8.0) - 50.0;
        let mut eight = |middle: f64, spread: f64| -> Vec<f64> {
            (0..8).map(|_| near(middle, spread)).collect()
        };
        let percentages: Vec<f64> = eight(middle + shift, 4.0)
            .into_iter()
            .map(|percentage| percentage.min(100.0))
            .collect();
        let frames = json!({
            "sharpness": eight(300.0, 200.0), "brightness": eight(120.0, 50.0),
            "yaw": eight(10.0, 9.0), "pitch": eight(10.0, 9.0), "roll": eight(4.0, 3.0),
            "face_px": eight(240.0, 60.0), "confidence": eight(0.9, 0.1), "faces": vec![1.0; 8],
        });
        let signals = json!({
            "percentages": percentages, "frames_asked": 8, "frames_with_face": 8,
            "faces_in_video": 1, "sharpness": 312.25, "brightness": 121.5, "head_turn": 9.75,
            "document_faces": 1, "document_face_px": 130.0, "document_sharpness": 250.5,
            "document_brightness": 140.25, "liveness": null, "frames": frames,
        });
        let read: Signals = serde_json::from_value(signals.clone()).unwrap();
        let verdict = judge(rules, &read, &Check::ALL);
        Self {
            report: report(&percentages).to_string(),
            signals: signals.to_string(),
            outcome: verdict.outcome.name(),
            verdict: serde_json::to_string(&verdict).unwrap(),
        }
    }
}

fn report(percentages: &[f64]) -> Value {
    let face = json!({
        "face_box": { "left": 100.5, "top": 120.25, "width": 160.0, "height": 200.75 },
        "confidence": 0.998, "sharpness": 312.25, "brightness": 121.5,
        "pose": { "yaw": -3.25, "pitch": 1.5, "roll": 0.5 },
    });
    let frames: Vec<Value> = percentages
        .iter()
        .enumerate()
        .map(|(index, percentage)| {
            json!({
                "index": index, "time_ms": index * 500, "faces": 1, "face": face,
                "similarity": percentage / 100.0, "percentage": percentage,
            })
        })
        .collect();
    json!({
        "pack": "retail-0095",
        "document": {
            "code": "ok", "width": 1200, "height": 800, "quarter_turns": 0, "faces": 1, "face": face,
        },
        "video": {
            "code": "ok", "container": "mov,mp4", "codec": "h264", "width": 720, "height": 1280,
            "duration_ms": 4000, "truncated": false, "decoded_frames": 120,
        },
        "frames": frames, "took_ms": 1234,
    })
}

fn order() -> String {
    json!({
        "scope": "everything", "frames": 8, "rules": GIVEN, "rules_version": 1,
        "consent_basis": "by_contract", "document_blob": "none", "video_blob": "none",
    })
    .to_string()
}

fn provenance() -> String {
    json!({
        "software": "likeness 0.1.0", "rules_hash": "a".repeat(64), "rules_version": 1,
        "packs": [{ "name": "retail-0095", "sha256": "b".repeat(64) }],
        "document_sha256": "c".repeat(64), "video_sha256": "d".repeat(64),
    })
    .to_string()
}
