//! How long the figures of an overview take among a million sessions: `cargo bench --bench overview -- --cases 1000000`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its figures and stops where something fails"
)]

use std::path::Path;
use std::time::Instant;

use clap::Parser;
use likeness::session::histogram::{day_of, start_of};
use likeness::session::ids::ProjectId;
use likeness::session::time::{Span, Timestamp};
use likeness::store::Store;
use likeness::store::options::StoreOptions;
use likeness::store::statistics::{Days, Measure};
use sea_orm::{ConnectionTrait, Database};
use uuid::Uuid;

/// When the first result came; the others follow evenly over as many days as an overview shows.
const START_MS: i64 = 1_780_000_000_000;
const DAYS: i64 = 90;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Each figure is asked for so often.
const TIMES: usize = 10;

#[derive(Parser)]
struct Args {
    /// Sessions of the project, each examined once.
    #[arg(long, default_value_t = 100_000)]
    cases: i64,

    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() {
    let args = Args::parse();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&StoreOptions::in_folder(folder.path()))
        .await
        .unwrap();
    let project = ProjectId(Uuid::now_v7());
    fill(folder.path(), project, args.cases).await;
    let first = day_of(Timestamp(START_MS));
    let days = Days {
        first,
        last: first + DAYS,
    };
    let span = Span {
        from: start_of(days.first),
        to: start_of(days.last + 1),
    };
    println!("figure | rows p50 ms worst ms");
    let mut times = [const { Vec::new() }; 5];
    let mut rows = [0; 5];
    for _ in 0..TIMES {
        let score = || store.results_by_day(project, days, Measure::Score);
        let liveness = || store.results_by_day(project, days, Measure::Liveness);
        let waits = || store.waits_by_day(project, days);
        let reasons = || store.most_frequent_reasons(project, span, 12);
        rows[0] = timed(&mut times[0], score()).await.len();
        rows[1] = timed(&mut times[1], liveness()).await.len();
        rows[2] = timed(&mut times[2], waits()).await.len();
        rows[3] = timed(&mut times[3], reasons()).await.len();
        let together = async { tokio::try_join!(score(), liveness(), waits(), reasons()) };
        timed(&mut times[4], together).await;
    }
    let names = ["match", "liveness", "waits", "reasons", "all at once"];
    for ((name, mut times), rows) in names.into_iter().zip(times).zip(rows) {
        times.sort_by(f64::total_cmp);
        println!(
            "{name} | {rows} {:.0} {:.0}",
            times[TIMES / 2],
            times[TIMES - 1]
        );
    }
}

async fn timed<T, E: std::fmt::Debug>(
    times: &mut Vec<f64>,
    asked: impl Future<Output = Result<T, E>>,
) -> T {
    let started = Instant::now();
    let found = asked.await.unwrap();
    times.push(started.elapsed().as_secs_f64() * 1_000.0);
    found
}

/// Writes sessions, their cases and examinations as the service would have, all at once.
async fn fill(data: &Path, project: ProjectId, cases: i64) {
    let url = format!("sqlite://{}/likeness.db", data.display());
    let database = Database::connect(url).await.unwrap();
    let project = project.0;
    let apart = DAYS * DAY_MS / cases.max(1);
    let numbers = format!(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {cases})"
    );
    let id = "printf('%08x-0000-7000-8000-%012x', i, i)";
    let at = format!("({START_MS} + i * {apart})");
    // Three in four pass; scores gather towards the top, waits are of some seconds.
    let chance = "abs(random() % 100)";
    let outcome = "CASE WHEN i % 20 < 15 THEN 'pass' WHEN i % 20 < 19 THEN 'refer' ELSE 'fail' END";
    for statement in [
        format!(
            "INSERT INTO projects (id, name, settings, created_at) VALUES ('{project}', 'bench', '{{}}', 1)"
        ),
        format!(
            "{numbers} INSERT INTO sessions (id, project_id, status, origin, created_at, updated_at) \
             SELECT {id}, '{project}', 'judged', 'native', {at}, {at} FROM n"
        ),
        format!(
            "{numbers} INSERT INTO reviews (session_id, project_id, examination_id, state, outcome, entered_at, day, score_bin, liveness_bin) \
             SELECT {id}, '{project}', {id}, 'none', {outcome}, {at}, {at} / {DAY_MS}, max({chance}, {chance}), max({chance}, {chance}) FROM n"
        ),
        format!(
            "{numbers} INSERT INTO examinations (id, session_id, project_id, status, order_json, queued_at, finished_at, attempts, finished_day, wait_bin) \
             SELECT {id}, {id}, '{project}', 'done', '{{}}', {at}, {at}, 1, {at} / {DAY_MS}, min({chance}, {chance}) FROM n"
        ),
        format!(
            "{numbers} INSERT INTO review_reasons (session_id, code, project_id, state, entered_at) \
             SELECT {id}, CASE WHEN i % 2 THEN 'FACE_MISMATCH' ELSE 'VIDEO_BLURRED' END, '{project}', 'none', {at} FROM n"
        ),
    ] {
        database.execute_unprepared(&statement).await.unwrap();
    }
}
