//! How long a page of cases takes among a million: `cargo bench --bench reviews -- --cases 1000000`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its figures and stops where something fails"
)]

use std::path::Path;
use std::time::Instant;

use clap::Parser;
use likeness::scoring::reasons::ReasonCode;
use likeness::scoring::verdict::Outcome;
use likeness::session::ids::{OfficerId, ProjectId};
use likeness::session::review::{Claim, ReviewFilter, ReviewOrder, ReviewPlace, ReviewState};
use likeness::session::time::{Span, Timestamp};
use likeness::store::Store;
use likeness::store::options::StoreOptions;
use likeness::store::review_list::ReviewPage;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use sea_orm::sea_query::Query;
use sea_orm::{ConnectionTrait, Database, TransactionTrait};
use uuid::Uuid;

/// When the first result came, and how far apart the others follow.
const START_MS: i64 = 1_780_000_000_000;
const APART_MS: i64 = 20_000;

/// Rows of one statement: SQLite takes 32 766 values.
const ROWS: usize = 1_000;

/// Pages of each kind, one after the other and from places spread over all of them.
const PAGES: usize = 100;
const LIMIT: u64 = 51;

#[derive(Parser)]
struct Args {
    /// Cases of the project.
    #[arg(long, default_value_t = 100_000)]
    cases: usize,

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
    fill(&store, folder.path(), project, args.cases).await;
    println!("asked for | pages rows p50 ms p95 ms worst ms");
    for (name, filter) in filters() {
        pages(&store, project, name, &filter, args.cases).await;
    }
    others(&store, project, args.cases).await;
}

fn filters() -> Vec<(&'static str, ReviewFilter)> {
    let [queue, list] = [ReviewFilter::queue(), ReviewFilter::everything()];
    let both = |name, one, change: fn(&mut ReviewFilter), base: &ReviewFilter| {
        let mut filter = base.clone();
        change(&mut filter);
        (
            if base.order == ReviewOrder::OldestFirst {
                one
            } else {
                name
            },
            filter,
        )
    };
    let mut all = Vec::new();
    for base in [&queue, &list] {
        all.push(both("list", "queue", |_| (), base));
        all.push(both(
            "list, refer",
            "queue, refer",
            |f| f.outcome = Some(Outcome::Refer),
            base,
        ));
        all.push(both(
            "list, common code",
            "queue, common code",
            |f| f.reason = Some(ReasonCode::FaceMismatch),
            base,
        ));
        all.push(both(
            "list, rare code",
            "queue, rare code",
            |f| f.reason = Some(ReasonCode::ScreenSeen),
            base,
        ));
        all.push(both(
            "list, 70 to 71",
            "queue, 70 to 71",
            |f| f.score = Some((70.0, 71.0)),
            base,
        ));
        all.push(both(
            "list, no such score",
            "queue, no such score",
            |f| f.score = Some((200.0, 201.0)),
            base,
        ));
        all.push(both(
            "list, a reference",
            "queue, a reference",
            |f| f.search = Some("order 77777".to_owned()),
            base,
        ));
    }
    all
}

/// Half of the pages follow one another from the start, half of them start anywhere.
async fn pages(store: &Store, project: ProjectId, name: &str, filter: &ReviewFilter, cases: usize) {
    let mut random = StdRng::seed_from_u64(2);
    let (mut times, mut rows, mut after) = (Vec::new(), 0, None);
    let now = Timestamp(START_MS + cases as i64 * APART_MS);
    for number in 0..PAGES {
        let mut filter = filter.clone();
        if number % 2 == 1 {
            let at = Timestamp(START_MS + random.random_range(0..cases as i64) * APART_MS);
            filter.entered = match filter.order {
                ReviewOrder::OldestFirst => Span::between(Some(at), None),
                ReviewOrder::NewestFirst => Span::between(None, Some(at)),
            };
        }
        let page = ReviewPage {
            filter: &filter,
            after: after.filter(|_| number % 2 == 0),
            limit: LIMIT,
            now,
        };
        let started = Instant::now();
        let found = store.reviews(project, page).await.unwrap();
        times.push(started.elapsed().as_secs_f64() * 1_000.0);
        rows += found.len();
        if number % 2 == 0 {
            after = found.last().map(ReviewPlace::from);
        }
    }
    print(name, rows, times);
}

async fn others(store: &Store, project: ProjectId, cases: usize) {
    let now = Timestamp(START_MS + cases as i64 * APART_MS);
    let officer = OfficerId(Uuid::now_v7());
    let (mut counts, mut claims) = (Vec::new(), Vec::new());
    let mut waiting = 0;
    for _ in 0..PAGES {
        let started = Instant::now();
        let overdue = now.plus(-14_400_000);
        let found = store.review_counts(project, Some(officer), overdue, now);
        waiting = found.await.unwrap().waiting;
        counts.push(started.elapsed().as_secs_f64() * 1_000.0);
        let claim = Claim {
            officer,
            since: now,
            until: now.plus(300_000),
        };
        let started = Instant::now();
        assert!(
            store
                .claim_next_review(project, claim)
                .await
                .unwrap()
                .is_some()
        );
        claims.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    print("counts", waiting as usize, counts);
    print("next case", PAGES, claims);
}

fn print(name: &str, rows: usize, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    println!(
        "{name} | {} {rows} {:.2} {:.2} {:.2}",
        times.len(),
        at(50),
        at(95),
        at(100)
    );
}

/// Writes sessions and their cases as the service would have, many at once.
async fn fill(store: &Store, data: &Path, id: ProjectId, cases: usize) {
    let url = format!("sqlite://{}/likeness.db", data.display());
    let database = Database::connect(url).await.unwrap();
    let project = id.0.to_string();
    let made = format!(
        "INSERT INTO projects (id, name, settings, created_at) VALUES ('{project}', 'bench', '{{}}', 1)"
    );
    database.execute_unprepared(&made).await.unwrap();
    let mut random = StdRng::seed_from_u64(1);
    let numbers: Vec<usize> = (0..cases).collect();
    for numbers in numbers.chunks(ROWS) {
        let transaction = database.begin().await.unwrap();
        let mut visits = Query::insert();
        visits.into_table("sessions").columns([
            "id",
            "project_id",
            "status",
            "origin",
            "reference",
            "reference_index",
            "created_at",
            "updated_at",
        ]);
        let mut reviews = Query::insert();
        reviews.into_table("reviews").columns([
            "session_id",
            "project_id",
            "examination_id",
            "state",
            "outcome",
            "score",
            "entered_at",
        ]);
        let mut reasons = Query::insert();
        reasons.into_table("review_reasons").columns([
            "session_id",
            "code",
            "project_id",
            "state",
            "entered_at",
        ]);
        for number in numbers {
            let at = START_MS + *number as i64 * APART_MS;
            let session = Uuid::from_u128(((at as u128) << 80) | *number as u128).to_string();
            let made = Made::by(&mut random, *number, cases);
            visits.values_panic([
                session.clone().into(),
                project.clone().into(),
                "judged".into(),
                "native".into(),
                format!("order {number}").into(),
                store
                    .reference_index(id, &format!("order {number}"))
                    .unwrap()
                    .into(),
                at.into(),
                at.into(),
            ]);
            reviews.values_panic([
                session.clone().into(),
                project.clone().into(),
                session.clone().into(),
                made.state.name().into(),
                made.outcome.name().into(),
                made.score.into(),
                at.into(),
            ]);
            for code in made.codes {
                reasons.values_panic([
                    session.clone().into(),
                    code.name().into(),
                    project.clone().into(),
                    made.state.name().into(),
                    at.into(),
                ]);
            }
        }
        for statement in [visits, reviews] {
            transaction.execute(&statement).await.unwrap();
        }
        transaction.execute(&reasons).await.unwrap();
        transaction.commit().await.unwrap();
    }
}

/// Three in four pass; who does not is mostly settled, except for the newest in fifty.
struct Made {
    state: ReviewState,
    outcome: Outcome,
    score: f64,
    codes: Vec<ReasonCode>,
}

impl Made {
    fn by(random: &mut StdRng, number: usize, cases: usize) -> Self {
        let outcome = match random.random_range(0..100) {
            0..75 => Outcome::Pass,
            75..95 => Outcome::Refer,
            _ => Outcome::Fail,
        };
        let is_new = number >= cases - cases / 50;
        let state = match outcome {
            Outcome::Pass | Outcome::Fail => ReviewState::Unneeded,
            Outcome::Refer if is_new && number.is_multiple_of(9) => ReviewState::Proposed,
            Outcome::Refer if is_new || random.random_range(0..20) == 0 => ReviewState::Waiting,
            Outcome::Refer => ReviewState::Settled,
        };
        let mut codes = vec![ReasonCode::VideoBlurred];
        if outcome != Outcome::Pass {
            codes.push(ReasonCode::FaceMismatch);
        }
        if random.random_range(0..5_000) == 0 {
            codes.push(ReasonCode::ScreenSeen);
        }
        Self {
            state,
            outcome,
            score: random.random_range(0.0..100.0),
            codes,
        }
    }
}
