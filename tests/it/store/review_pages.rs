//! Pages of cases against a plain filter over all of them, and the cases of sessions older than there were any.

use likeness::scoring::reasons::ReasonCode;
use likeness::scoring::verdict::Outcome;
use likeness::session::actor::Actor;
use likeness::session::decision::DecisionKind;
use likeness::session::ids::{OfficerId, ProjectId, SessionId};
use likeness::session::review::{Review, ReviewFilter, ReviewOrder, ReviewPlace, ReviewState};
use likeness::session::time::{Span, Timestamp};
use likeness::store::Store;
use likeness::store::options::StoreOptions;
use likeness::store::review_list::ReviewPage;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sea_orm::sea_query::{InsertStatement, Query};
use sea_orm::{ConnectionTrait, Database, TransactionTrait};
use uuid::Uuid;

use crate::store::fixture::{Fixture, NOW};

const CASES: usize = 3_000;
const FILTERS: usize = 150;
const CODES: [ReasonCode; 3] = [
    ReasonCode::FaceMismatch,
    ReasonCode::VideoBlurred,
    ReasonCode::ScreenSeen,
];

on_both_databases! {
    pages_are_what_a_plain_filter_says
    nobody_sees_another_projects_cases
    sessions_judged_before_have_their_cases
}

async fn pages_are_what_a_plain_filter_says(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    let mut random = StdRng::seed_from_u64(7);
    let officers = [0, 1, 2].map(|_| OfficerId(Uuid::now_v7()));
    let reviews = made_up(&mut random, CASES, &officers);
    keep(fixture, project, &reviews).await;
    let mut found = 0;
    for number in 0..FILTERS {
        let filter = some_filter(&mut random, &reviews, &officers);
        let limit = random.random_range(1..120);
        let expected = plain(&reviews, &filter);
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = ReviewPage {
                filter: &filter,
                after,
                limit,
                now: NOW,
            };
            let page = fixture.store.reviews(project, page).await.unwrap();
            assert!(page.len() as u64 <= limit);
            after = page.last().map(ReviewPlace::from);
            let ended = (page.len() as u64) < limit;
            seen.extend(page);
            if ended {
                break;
            }
        }
        let ids = |reviews: &[Review]| -> Vec<SessionId> {
            reviews.iter().map(|review| review.session).collect()
        };
        assert_eq!(ids(&seen), ids(&expected), "filter {number}: {filter:?}");
        assert_eq!(seen, expected, "filter {number}");
        found += seen.len();
    }
    assert!(found > CASES, "only {found} cases were looked for");
    let overdue = NOW.plus(-500);
    let counts = fixture
        .store
        .review_counts(project, Some(officers[0]), overdue, NOW)
        .await
        .unwrap();
    let open = |review: &&Review| ReviewState::OPEN.contains(&review.state);
    let waiting = reviews.iter().filter(open);
    let mine = |review: &&Review| {
        review
            .claim
            .is_some_and(|claim| claim.officer == officers[0])
    };
    assert_eq!(counts.waiting, waiting.clone().count() as u64);
    assert_eq!(counts.mine, waiting.clone().filter(mine).count() as u64);
    let late = waiting.filter(|review| review.entered_at < overdue);
    assert_eq!(counts.overdue, late.count() as u64);
}

async fn nobody_sees_another_projects_cases(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    let other = fixture.project("other").await;
    let officer = OfficerId(Uuid::now_v7());
    let mut random = StdRng::seed_from_u64(8);
    let reviews = made_up(&mut random, 50, &[officer]);
    keep(fixture, project, &reviews).await;
    let base = ReviewFilter::everything();
    let mut filters = vec![base.clone()];
    filters.push(ReviewFilter {
        claimed_by: Some(officer),
        ..base.clone()
    });
    filters.push(ReviewFilter {
        reason: Some(CODES[0]),
        ..base.clone()
    });
    filters.push(ReviewFilter {
        search: Some(reviews[0].session.to_string()),
        ..base
    });
    for filter in &filters {
        let page = |now| ReviewPage {
            filter,
            after: None,
            limit: 100,
            now,
        };
        let own = fixture.store.reviews(project, page(NOW)).await.unwrap();
        assert!(!own.is_empty(), "{filter:?}");
        let none = fixture.store.reviews(other, page(NOW)).await.unwrap();
        assert_eq!(none, [], "{filter:?}");
    }
}

/// Cases of every kind, many of them at the same moments.
fn made_up(random: &mut StdRng, number: usize, officers: &[OfficerId]) -> Vec<Review> {
    (0..number)
        .map(|number| {
            let state = ReviewState::ALL[random.random_range(0..5)];
            let entered_at = NOW.plus(-random.random_range(0..1_000));
            let mut reasons: Vec<ReasonCode> = CODES
                .into_iter()
                .filter(|_| random.random_range(0..3) == 0)
                .collect();
            reasons.sort_by_key(|code| code.name());
            let claim = (ReviewState::OPEN.contains(&state) && random.random_range(0..4) == 0)
                .then(|| likeness::session::review::Claim {
                    officer: officers[random.random_range(0..officers.len())],
                    since: entered_at,
                    until: NOW.plus(1),
                });
            let outcome = random.random_range(0..4);
            Review {
                session: SessionId(Uuid::now_v7()),
                examination: likeness::session::ids::ExaminationId(Uuid::now_v7()),
                reference: (number % 3 > 0).then(|| format!("order {}", number % 40)),
                state,
                outcome: Outcome::ALL.get(outcome).copied(),
                reasons,
                score: (outcome < 3).then(|| f64::from(random.random_range(0..100_u8))),
                liveness: None,
                entered_at,
                claim,
                proposal: None,
                settled: (state == ReviewState::Settled).then_some(
                    likeness::session::review::Settlement {
                        kind: DecisionKind::Approve,
                        by: Actor::Operator,
                        at: NOW,
                    },
                ),
            }
        })
        .collect()
}

fn some_filter(random: &mut StdRng, reviews: &[Review], officers: &[OfficerId]) -> ReviewFilter {
    let mut filter = match random.random_range(0..3) {
        0 => ReviewFilter::queue(),
        1 => ReviewFilter::everything(),
        _ => ReviewFilter {
            states: vec![ReviewState::ALL[random.random_range(0..5)]],
            ..ReviewFilter::everything()
        },
    };
    if random.random_range(0..3) == 0 {
        filter.outcome = Some(Outcome::ALL[random.random_range(0..3)]);
    }
    if random.random_range(0..3) == 0 {
        filter.reason = Some(CODES[random.random_range(0..CODES.len())]);
    }
    if random.random_range(0..3) == 0 {
        let from = NOW.plus(-random.random_range(0..1_000));
        filter.entered = Span {
            from,
            to: from.plus(300),
        };
    }
    if random.random_range(0..4) == 0 {
        let from = f64::from(random.random_range(0..100_u8));
        filter.score = Some((from, from + 20.0));
    }
    if random.random_range(0..5) == 0 {
        filter.claimed_by = Some(officers[random.random_range(0..officers.len())]);
    }
    let some = &reviews[random.random_range(0..reviews.len())];
    match random.random_range(0..10) {
        0 => filter.search = Some(some.session.to_string()),
        1 => filter.search.clone_from(&some.reference),
        2 => filter.search = Some("order 999".to_owned()),
        _ => {}
    }
    if random.random() {
        filter.order = ReviewOrder::OldestFirst;
    }
    filter
}

/// What a page has to be, without a database.
fn plain(reviews: &[Review], filter: &ReviewFilter) -> Vec<Review> {
    let found = |review: &Review| match &filter.search {
        Some(text) => {
            review.reference.as_deref() == Some(text.trim()) || review.session.to_string() == *text
        }
        None => true,
    };
    let mut wanted: Vec<Review> = reviews
        .iter()
        .filter(|review| filter.states.contains(&review.state))
        .filter(|review| filter.outcome.is_none() || review.outcome == filter.outcome)
        .filter(|review| {
            filter
                .reason
                .is_none_or(|code| review.reasons.contains(&code))
        })
        .filter(|review| review.entered_at >= filter.entered.from)
        .filter(|review| review.entered_at < filter.entered.to)
        .filter(|review| {
            filter.score.is_none_or(|(from, to)| {
                review
                    .score
                    .is_some_and(|score| (from..=to).contains(&score))
            })
        })
        .filter(|review| {
            filter
                .claimed_by
                .is_none_or(|officer| review.claim.is_some_and(|claim| claim.officer == officer))
        })
        .filter(|review| found(review))
        .cloned()
        .collect();
    wanted.sort_by_key(|review| (review.entered_at, review.session.0.to_string()));
    if filter.order == ReviewOrder::NewestFirst {
        wanted.reverse();
    }
    wanted
}

/// Writes cases as they are, many at once.
async fn keep(fixture: &Fixture, project: ProjectId, reviews: &[Review]) {
    let connection = Database::connect(&fixture.options.database_url)
        .await
        .unwrap();
    for some in reviews.chunks(500) {
        for statement in rows(&fixture.store, project, some) {
            connection.execute(&statement).await.unwrap();
        }
    }
}

fn rows(store: &Store, id: ProjectId, reviews: &[Review]) -> Vec<InsertStatement> {
    let project = id.0.to_string();
    let mut sessions = Query::insert();
    sessions.into_table("sessions").columns([
        "id",
        "project_id",
        "status",
        "origin",
        "reference",
        "reference_index",
        "created_at",
        "updated_at",
    ]);
    let mut cases = Query::insert();
    cases.into_table("reviews").columns([
        "session_id",
        "project_id",
        "examination_id",
        "state",
        "outcome",
        "score",
        "entered_at",
        "claimed_by",
        "claimed_at",
        "claimed_until",
        "settled_kind",
        "settled_by",
        "settled_at",
    ]);
    let mut reasons = Query::insert();
    reasons.into_table("review_reasons").columns([
        "session_id",
        "code",
        "project_id",
        "state",
        "entered_at",
    ]);
    for review in reviews {
        let session = review.session.0.to_string();
        sessions.values_panic([
            session.clone().into(),
            project.clone().into(),
            "judged".into(),
            "native".into(),
            review.reference.clone().into(),
            review
                .reference
                .as_deref()
                .map(|reference| store.reference_index(id, reference).unwrap())
                .into(),
            NOW.0.into(),
            NOW.0.into(),
        ]);
        let claim = review.claim;
        let settled = review.settled;
        cases.values_panic([
            session.clone().into(),
            project.clone().into(),
            review.examination.0.to_string().into(),
            review.state.name().into(),
            review
                .outcome
                .map(|outcome| outcome.name().to_owned())
                .into(),
            review.score.into(),
            review.entered_at.0.into(),
            claim.map(|claim| claim.officer.0.to_string()).into(),
            claim.map(|claim| claim.since.0).into(),
            claim.map(|claim| claim.until.0).into(),
            settled.map(|settled| settled.kind.name().to_owned()).into(),
            settled.map(|settled| settled.by.to_string()).into(),
            settled.map(|settled| settled.at.0).into(),
        ]);
        for code in &review.reasons {
            reasons.values_panic([
                session.clone().into(),
                code.name().into(),
                project.clone().into(),
                review.state.name().into(),
                review.entered_at.0.into(),
            ]);
        }
    }
    vec![sessions, cases, reasons]
}

/// A session as it was kept before there were cases, and what its case is to be.
struct Old {
    status: &'static str,
    /// None where it failed.
    outcome: Option<&'static str>,
    decided: Option<&'static str>,
    /// When evidence came in: the examination is of 100, the decision of 300.
    received: i64,
    state: Option<ReviewState>,
}

const OLD: [Old; 9] = [
    old(
        "judged",
        Some("refer"),
        None,
        50,
        Some(ReviewState::Waiting),
    ),
    old(
        "judged",
        Some("pass"),
        None,
        50,
        Some(ReviewState::Unneeded),
    ),
    old(
        "judged",
        Some("fail"),
        None,
        50,
        Some(ReviewState::Unneeded),
    ),
    old("failed", None, None, 50, Some(ReviewState::Waiting)),
    old(
        "open",
        Some("refer"),
        None,
        200,
        Some(ReviewState::Unneeded),
    ),
    old(
        "ended",
        Some("refer"),
        None,
        200,
        Some(ReviewState::Unneeded),
    ),
    old("ended", Some("refer"), None, 50, Some(ReviewState::Waiting)),
    old(
        "judged",
        Some("refer"),
        Some("approve"),
        50,
        Some(ReviewState::Settled),
    ),
    old("erased", Some("refer"), Some("approve"), 50, None),
];

const fn old(
    status: &'static str,
    outcome: Option<&'static str>,
    decided: Option<&'static str>,
    received: i64,
    state: Option<ReviewState>,
) -> Old {
    Old {
        status,
        outcome,
        decided,
        received,
        state,
    }
}

async fn sessions_judged_before_have_their_cases(fixture: &Fixture) {
    fixture
        .on_new_ground(async |options: StoreOptions| {
            let project = ProjectId(Uuid::now_v7());
            let sessions = write_as_of_old(&options, project).await;
            let store = Store::open(&options).await.unwrap();
            for (session, old) in sessions.into_iter().zip(&OLD) {
                let case = store.review(project, session, NOW).await.unwrap();
                let what = format!("{} {:?}", old.status, old.outcome);
                assert_eq!(case.as_ref().map(|case| case.state), old.state, "{what}");
                let Some(case) = case else { continue };
                assert_eq!(case.entered_at, Timestamp(150), "{what}");
                assert_eq!(case.outcome.map(Outcome::name), old.outcome, "{what}");
                let judged = old.outcome.is_some();
                assert_eq!(case.score, judged.then_some(85.0), "{what}");
                assert_eq!(case.liveness, judged.then_some(96.5), "{what}");
                let code = if judged { CODES[0] } else { CODES[1] };
                assert_eq!(case.reasons, [code], "{what}");
                let settled = case.settled.map(|settled| settled.kind.name());
                assert_eq!(settled, old.decided, "{what}");
            }
            let filter = ReviewFilter {
                reason: Some(CODES[0]),
                ..ReviewFilter::queue()
            };
            let page = ReviewPage {
                filter: &filter,
                after: None,
                limit: 10,
                now: NOW,
            };
            assert_eq!(store.reviews(project, page).await.unwrap().len(), 2);
            store.close().await.unwrap();
        })
        .await;
}

async fn write_as_of_old(options: &StoreOptions, project: ProjectId) -> Vec<SessionId> {
    let mut url = options.database_url.clone();
    if let Some(file) = url.strip_prefix("sqlite://") {
        std::fs::create_dir_all(std::path::Path::new(file).parent().unwrap()).unwrap();
        url.push_str("?mode=rwc");
    }
    let database = Database::connect(url).await.unwrap();
    let transaction = database.begin().await.unwrap();
    migrations::apply_first(&transaction, 13).await.unwrap();
    let settings = serde_json::json!({}).to_string();
    let made = format!(
        "INSERT INTO projects (id, name, settings, created_at) VALUES ('{}', 'bank', '{settings}', 1)",
        project.0
    );
    transaction.execute_unprepared(&made).await.unwrap();
    let mut sessions = Vec::new();
    for old in &OLD {
        let session = SessionId(Uuid::now_v7());
        for statement in of_old(project, session, old) {
            transaction.execute_unprepared(&statement).await.unwrap();
        }
        sessions.push(session);
    }
    transaction.commit().await.unwrap();
    database.close().await.unwrap();
    sessions
}

fn of_old(project: ProjectId, session: SessionId, old: &Old) -> Vec<String> {
    let (project, session) = (project.0, session.0);
    let [first, newest, evidence, decision] = [0; 4].map(|_| Uuid::now_v7());
    let reason = r#"{"code":"FACE_MISMATCH"}"#;
    let (status, outcome, parts) = match old.outcome {
        Some(outcome) => (
            "done",
            format!("'{outcome}'"),
            format!(
                r#"'{{"outcome":"{outcome}","reasons":[{reason},{reason}]}}', '{{"percentages":[80.0,90.0],"liveness":96.5}}', NULL"#
            ),
        ),
        None => (
            "failed",
            "NULL".to_owned(),
            r#"NULL, NULL, '{"by_evidence":true,"reason":"x","code":"VIDEO_BLURRED"}'"#.to_owned(),
        ),
    };
    let examination = |id: Uuid, status: &str, queued_at: i64, rest: &str| {
        format!(
            "INSERT INTO examinations (id, session_id, project_id, status, order_json, attempts, queued_at, finished_at, \
             outcome, verdict_json, signals_json, failure) \
             VALUES ('{id}', '{session}', '{project}', '{status}', '{{}}', 1, {queued_at}, {}, {rest})",
            queued_at + 50
        )
    };
    let mut statements = vec![
        format!(
            "INSERT INTO sessions (id, project_id, status, origin, created_at, updated_at, erased_at) \
             VALUES ('{session}', '{project}', '{}', 'native', 1, 1, {})",
            old.status,
            if old.status == "erased" { "5" } else { "NULL" }
        ),
        format!(
            "INSERT INTO evidence (id, session_id, kind, blob, sha256, bytes, media_type, received_at) \
             VALUES ('{evidence}', '{session}', 'video', 'b', 'c', 1, 'video/mp4', {})",
            old.received
        ),
        // An older result, which the newest one overtook.
        examination(
            first,
            "failed",
            10,
            "NULL, NULL, NULL, '{\"code\":\"SCREEN_SEEN\"}'",
        ),
        examination(newest, status, 100, &format!("{outcome}, {parts}")),
    ];
    if let Some(kind) = old.decided {
        statements.push(format!(
            "INSERT INTO decisions (id, session_id, project_id, examination_id, kind, reasons, actor, at) \
             VALUES ('{decision}', '{session}', '{project}', '{newest}', '{kind}', '[]', 'operator', 300)"
        ));
    }
    statements
}
