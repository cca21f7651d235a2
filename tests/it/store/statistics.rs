//! What the overview counts, held against a plain count of the same rows; and known cases that count for nothing.

use std::collections::{BTreeMap, HashSet};

use likeness::scoring::reasons::ReasonCode;
use likeness::scoring::rules::Check;
use likeness::scoring::verdict::{Outcome, Reason};
use likeness::session::actor::Actor;
use likeness::session::audit::AuditAction;
use likeness::session::decision::{Decision, DecisionKind, Note};
use likeness::session::evidence::EvidenceKind;
use likeness::session::examination::ExaminationRecord;
use likeness::session::histogram::{bin_of, day_of, wait_bin_of};
use likeness::session::ids::{DecisionId, ExaminationId, OfficerId, ProjectId, SessionId};
use likeness::session::known_answer::{KnownAnswer, KnownCase, SEED_ORIGIN};
use likeness::session::picture::PictureKind;
use likeness::session::review::{ReviewFilter, ReviewState};
use likeness::session::status::SessionStatus;
use likeness::session::time::{Span, Timestamp};
use likeness::session::visit::Session;
use likeness::store::Store;
use likeness::store::blobs::examination_picture_key;
use likeness::store::erasure::Erasure;
use likeness::store::error::StoreError;
use likeness::store::options::StoreOptions;
use likeness::store::receipts::{Gone, Receipt};
use likeness::store::review_list::ReviewPage;
use likeness::store::seed_cases::NewCopy;
use likeness::store::sessions::Page;
use likeness::store::statistics::{Days, Measure};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sea_orm::{ConnectionTrait, Database, TransactionTrait};
use uuid::Uuid;

use crate::store::fixture::{
    Fixture, NOW, because, entry, examination, judgement, new_evidence, session,
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const LEASE: i64 = 1_000;

on_both_databases! {
    counts_are_those_of_the_rows
    older_rows_are_counted_like_new_ones
    decisions_of_a_span_are_read_in_order
    a_copy_is_a_case_like_others_and_counts_nowhere
    either_of_a_case_and_its_copy_is_erased_alone_but_the_face_goes_with_the_case
    no_copy_is_made_of_what_is_known_no_more
}

/// What a plain count needs to know of a case.
struct Made {
    outcome: Option<Outcome>,
    score: Option<f64>,
    liveness: Option<f64>,
    finished: Timestamp,
    wait: i64,
    codes: Vec<ReasonCode>,
}

/// A session that was examined, by chance.
async fn made(fixture: &Fixture, project: ProjectId, random: &mut StdRng) -> Made {
    let finished = NOW.plus(random.random_range(0..6 * DAY_MS));
    let wait = random.random_range(0..3_000_000_i64).pow(2) / 1_000_000;
    let session = fixture.session(project).await;
    let mut record = examination(&session);
    record.queued_at = finished.plus(-wait);
    let outcome = [
        None,
        Some(Outcome::Pass),
        Some(Outcome::Refer),
        Some(Outcome::Fail),
    ][random.random_range(0..4)];
    let score = [0.0, 33.3, 100.0, random.random_range(0.0..100.0)][random.random_range(0..4)];
    let liveness = random
        .random_bool(0.7)
        .then(|| random.random_range(0.0..100.0));
    let codes: Vec<ReasonCode> = [ReasonCode::FaceMismatch, ReasonCode::ReviewRequired]
        .into_iter()
        .filter(|_| random.random_bool(0.5))
        .collect();
    let store = &fixture.store;
    store.queue_examination(&record, 1_000).await.unwrap();
    let worker = Uuid::now_v7();
    let leased = store.claim_examination(worker, finished, LEASE).await;
    assert_eq!(leased.unwrap().unwrap().id, record.id);
    let Some(outcome) = outcome else {
        let failure = because("nothing decodes");
        let failed = store.fail_examination(record.id, worker, &failure, finished);
        assert!(failed.await.unwrap());
        return Made {
            outcome: None,
            score: None,
            liveness: None,
            finished,
            wait,
            codes: vec![ReasonCode::VideoUnreadable],
        };
    };
    let mut judgement = judgement();
    judgement.verdict.outcome = outcome;
    judgement.verdict.reasons = codes.iter().map(|code| reason(*code)).collect();
    judgement.signals.percentages = vec![score];
    judgement.signals.liveness = liveness;
    let done = store.finish_examination(record.id, worker, &judgement, finished);
    assert!(done.await.unwrap());
    Made {
        outcome: Some(outcome),
        score: Some(score),
        liveness,
        finished,
        wait,
        codes,
    }
}

fn reason(code: ReasonCode) -> Reason {
    Reason {
        code,
        check: Some(Check::FaceMatch),
        condition: "score".to_owned(),
        outcome: likeness::scoring::condition::Effect::Refer,
        text: "score 71.20 is below 80".to_owned(),
    }
}

async fn counts_are_those_of_the_rows(fixture: &Fixture) {
    let store = &fixture.store;
    let mut random = StdRng::seed_from_u64(11);
    let (project, other) = (fixture.project("bank").await, fixture.project("shop").await);
    made(fixture, other, &mut random).await;
    let mut rows = Vec::new();
    for _ in 0..120 {
        rows.push(made(fixture, project, &mut random).await);
    }
    let first = day_of(NOW) + 1;
    let days = Days {
        first,
        last: first + 3,
    };
    rows.retain(|row| (days.first..=days.last).contains(&day_of(row.finished)));
    assert!(rows.len() > 40, "chance left {} rows", rows.len());
    for measure in [Measure::Score, Measure::Liveness] {
        let mut expected = BTreeMap::new();
        for row in &rows {
            let number = match measure {
                Measure::Score => row.score,
                Measure::Liveness => row.liveness,
            };
            let bin = number.map(|number| bin_of(number) as usize);
            *expected
                .entry((day_of(row.finished), row.outcome, bin))
                .or_insert(0) += 1;
        }
        let counted = store.results_by_day(project, days, measure).await.unwrap();
        let counted: BTreeMap<_, _> = counted
            .iter()
            .map(|cell| ((cell.day, cell.outcome, cell.bin), cell.count))
            .collect();
        assert_eq!(counted, expected, "{measure:?}");
    }
    let mut expected = BTreeMap::new();
    for row in &rows {
        let place = (day_of(row.finished), wait_bin_of(row.wait) as usize);
        *expected.entry(place).or_insert(0) += 1;
    }
    let counted = store.waits_by_day(project, days).await.unwrap();
    let counted: BTreeMap<_, _> = counted
        .iter()
        .map(|cell| ((cell.day, cell.bin), cell.count))
        .collect();
    assert_eq!(counted, expected);
    let span = Span {
        from: Timestamp(days.first * DAY_MS),
        to: Timestamp((days.last + 1) * DAY_MS),
    };
    let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
    for code in rows.iter().flat_map(|row| &row.codes) {
        *expected.entry(code.name()).or_insert(0) += 1;
    }
    let counted = store
        .most_frequent_reasons(project, span, 10)
        .await
        .unwrap();
    assert!(counted.windows(2).all(|pair| pair[0].1 >= pair[1].1));
    let counted: BTreeMap<&str, u64> = counted
        .iter()
        .map(|(code, count)| (code.name(), *count))
        .collect();
    assert_eq!(counted, expected);
}

/// Scores, and times from asking to the end, of rows that are older than the counts.
const OLD: [(f64, i64); 8] = [
    (0.0, -5),
    (0.5, 99),
    (33.999, 10_000),
    (99.99, 99_999),
    (100.0, 100_000),
    (70.0, 999_999),
    (70.5, 1_000_000),
    (12.0, 99_000_000),
];

async fn older_rows_are_counted_like_new_ones(fixture: &Fixture) {
    fixture
        .on_new_ground(async |options| {
            let project = ProjectId(Uuid::now_v7());
            write_as_of_old(&options, project).await;
            let store = Store::open(&options).await.unwrap();
            let days = Days {
                first: day_of(NOW),
                last: day_of(NOW),
            };
            for measure in [Measure::Score, Measure::Liveness] {
                let counted = store.results_by_day(project, days, measure).await.unwrap();
                let mut bins: Vec<i64> = counted
                    .iter()
                    .flat_map(|cell| vec![cell.bin.unwrap() as i64; cell.count as usize])
                    .collect();
                bins.sort_unstable();
                let mut expected = OLD.map(|(score, _)| bin_of(score));
                expected.sort_unstable();
                assert_eq!(bins, expected, "{measure:?}");
            }
            let counted = store.waits_by_day(project, days).await.unwrap();
            let bins: HashSet<i64> = counted.iter().map(|cell| cell.bin as i64).collect();
            assert_eq!(bins, OLD.map(|(_, wait)| wait_bin_of(wait)).into());
            store.close().await.unwrap();
        })
        .await;
}

/// A database as it was before anything was counted.
async fn write_as_of_old(options: &StoreOptions, project: ProjectId) {
    let mut url = options.database_url.clone();
    if let Some(file) = url.strip_prefix("sqlite://") {
        std::fs::create_dir_all(std::path::Path::new(file).parent().unwrap()).unwrap();
        url.push_str("?mode=rwc");
    }
    let database = Database::connect(url).await.unwrap();
    let transaction = database.begin().await.unwrap();
    migrations::apply_first(&transaction, 15).await.unwrap();
    let (bank, at) = (project.0, NOW.0);
    let mut statements = vec![format!(
        "INSERT INTO projects (id, name, settings, created_at) VALUES ('{bank}', 'bank', '{{}}', 1)"
    )];
    for (score, wait) in OLD {
        let id = Uuid::now_v7();
        statements.extend([
            format!(
                "INSERT INTO sessions (id, project_id, status, origin, created_at, updated_at) \
                 VALUES ('{id}', '{bank}', 'judged', 'native', {at}, {at})"
            ),
            format!(
                "INSERT INTO examinations (id, session_id, project_id, status, order_json, queued_at, finished_at, attempts) \
                 VALUES ('{id}', '{id}', '{bank}', 'done', '{{}}', {}, {at}, 1)",
                at - wait
            ),
            format!(
                "INSERT INTO reviews (session_id, project_id, examination_id, state, outcome, score, liveness, entered_at) \
                 VALUES ('{id}', '{bank}', '{id}', 'none', 'pass', {score}, {score}, {at})"
            ),
        ]);
    }
    for statement in statements {
        transaction.execute_unprepared(&statement).await.unwrap();
    }
    transaction.commit().await.unwrap();
    database.close().await.unwrap();
}

/// A case that waits, with evidence and pictures.
async fn waiting(fixture: &Fixture, project: ProjectId) -> (Session, ExaminationRecord) {
    let store = &fixture.store;
    let session = fixture.session(project).await;
    let mut record = examination(&session);
    for (kind, name) in [(EvidenceKind::Document, "d"), (EvidenceKind::Video, "v")] {
        let file = fixture.file(name);
        let new = new_evidence(session.id, kind, &file);
        let kept = store.accept_evidence(new, NOW).await.unwrap();
        match kind {
            EvidenceKind::Document => record.order.document_blob = kept.blob,
            EvidenceKind::Video => record.order.video_blob = kept.blob,
        }
    }
    store.queue_examination(&record, 1_000).await.unwrap();
    let worker = Uuid::now_v7();
    let leased = store.claim_examination(worker, NOW, LEASE).await.unwrap();
    assert_eq!(leased.unwrap().id, record.id);
    for what in [PictureKind::Portrait, PictureKind::Thumbnail(0)] {
        let key = examination_picture_key(session.id, record.id, what);
        store
            .put_blob(&key, what.to_string().into_bytes())
            .await
            .unwrap();
    }
    let done = store
        .finish_examination(record.id, worker, &judgement(), NOW.plus(2_000))
        .await;
    assert!(done.unwrap());
    (session, record)
}

fn decision(session: SessionId, project: ProjectId, kind: DecisionKind, at: i64) -> Decision {
    Decision {
        id: DecisionId(Uuid::now_v7()),
        session,
        project,
        examination: None,
        kind,
        reasons: Vec::new(),
        actor: Actor::Officer(OfficerId(Uuid::now_v7())),
        note: Note::Text("the same mole".to_owned()),
        checklist: None,
        took_ms: None,
        at: NOW.plus(at),
    }
}

async fn decide(fixture: &Fixture, decision: Decision) {
    let project = decision.project;
    let told = move |_: &Decision, _: &_| entry(project, AuditAction::SessionDecided, "");
    fixture.store.decide(decision, told).await.unwrap();
}

async fn decisions_of_a_span_are_read_in_order(fixture: &Fixture) {
    let (project, other) = (fixture.project("bank").await, fixture.project("shop").await);
    let (case, _) = Box::pin(waiting(fixture, project)).await;
    let (foreign, _) = Box::pin(waiting(fixture, other)).await;
    for (session, project, at) in [
        (case.id, project, 30_000),
        (case.id, project, 10_000),
        (foreign.id, other, 20_000),
        (case.id, project, 50_000),
    ] {
        decide(
            fixture,
            decision(session, project, DecisionKind::Reject, at),
        )
        .await;
    }
    let span = Span {
        from: NOW.plus(10_000),
        to: NOW.plus(50_000),
    };
    let read = |limit| fixture.store.decisions_of_span(project, span, limit);
    let times: Vec<i64> = read(10)
        .await
        .unwrap()
        .iter()
        .map(|row| row.at.0 - NOW.0)
        .collect();
    assert_eq!(times, [10_000, 30_000]);
    assert_eq!(read(1).await.unwrap().len(), 1);
}

/// A settled case that is marked, and its copy, not made yet.
async fn marked(fixture: &Fixture, project: ProjectId) -> (Session, NewCopy) {
    let (source, record) = Box::pin(waiting(fixture, project)).await;
    Box::pin(decide(
        fixture,
        decision(source.id, project, DecisionKind::Reject, 3_000),
    ))
    .await;
    let known = KnownCase {
        session: source.id,
        project,
        examination: record.id,
        answer: KnownAnswer::Reject,
        marked_by: Actor::Operator,
        at: NOW.plus(4_000),
    };
    let told = entry(project, AuditAction::KnownAnswerMarked, "");
    fixture.store.mark_known(&known, &told).await.unwrap();
    (source, copy_of(known))
}

fn copy_of(known: KnownCase) -> NewCopy {
    let (project, now) = (known.project, NOW.plus(DAY_MS));
    NewCopy {
        of: known,
        session: Session {
            status: SessionStatus::Judged,
            origin: SEED_ORIGIN.to_owned(),
            reference: None,
            metadata: None,
            created_at: now.plus(-5_000),
            ..session(project)
        },
        examination: ExaminationId(Uuid::now_v7()),
        queued_at: now.plus(-4_000),
        now,
        entry: entry(project, AuditAction::KnownAnswerMixedIn, ""),
    }
}

async fn mixed_in(fixture: &Fixture, project: ProjectId) -> (Session, SessionId, ExaminationId) {
    let (source, copy) = marked(fixture, project).await;
    let (id, examination) = (copy.session.id, copy.examination);
    assert!(fixture.store.mix_in(copy).await.unwrap());
    (source, id, examination)
}

async fn queue(fixture: &Fixture, project: ProjectId) -> Vec<SessionId> {
    let filter = ReviewFilter::queue();
    let page = ReviewPage {
        filter: &filter,
        after: None,
        limit: 10,
        now: NOW,
    };
    let found = fixture.store.reviews(project, page).await.unwrap();
    found.iter().map(|review| review.session).collect()
}

/// Of a case and its copy, everything but the queue counts the case.
async fn counts_once(store: &Store, source: &Session) {
    let project = source.project;
    let page = Page {
        limit: 10,
        before: None,
        status: None,
    };
    let listed = store.sessions(project, &page).await.unwrap();
    assert_eq!(
        listed.iter().map(|it| it.id).collect::<Vec<_>>(),
        [source.id]
    );
    let always = Span::between(None, None);
    assert_eq!(store.ended(project, always).await.unwrap(), 1);
    assert_eq!(
        store.judged(project, always, None, 10).await.unwrap().len(),
        1
    );
    let days = Days {
        first: day_of(NOW) - 1,
        last: day_of(NOW) + 2,
    };
    let counted = store
        .results_by_day(project, days, Measure::Score)
        .await
        .unwrap();
    assert_eq!(counted.iter().map(|cell| cell.count).sum::<u64>(), 1);
    let waits = store.waits_by_day(project, days).await.unwrap();
    assert_eq!(waits.iter().map(|cell| cell.count).sum::<u64>(), 1);
}

async fn a_copy_is_a_case_like_others_and_counts_nowhere(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let (source, copy, examination) = mixed_in(fixture, project).await;
    assert_eq!(queue(fixture, project).await, [copy]);
    let review = store.review(project, copy, NOW).await.unwrap().unwrap();
    let original = store
        .review(project, source.id, NOW)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(review.state, ReviewState::Waiting);
    assert_eq!(
        (
            review.outcome,
            review.score,
            review.liveness,
            &review.reasons
        ),
        (
            original.outcome,
            original.score,
            original.liveness,
            &original.reasons
        )
    );

    let record = store
        .examination(project, examination)
        .await
        .unwrap()
        .unwrap();
    let theirs = store
        .examination(project, original.examination)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (&record.report, &record.verdict),
        (&theirs.report, &theirs.verdict)
    );
    assert_ne!(record.order.video_blob, theirs.order.video_blob);
    for (ours, theirs) in [
        (&record.order.video_blob, &theirs.order.video_blob),
        (&record.order.document_blob, &theirs.order.document_blob),
    ] {
        let bytes = store.get_blob(ours).await.unwrap();
        assert!(bytes.is_some() && bytes == store.get_blob(theirs).await.unwrap());
    }
    let portrait = examination_picture_key(copy, examination, PictureKind::Portrait);
    assert_eq!(
        store.get_blob(&portrait).await.unwrap().unwrap(),
        b"portrait"
    );
    let video = store
        .latest_evidence(copy, EvidenceKind::Video)
        .await
        .unwrap();
    assert_eq!(video.unwrap().blob, record.order.video_blob);

    counts_once(store, &source).await;

    assert_eq!(store.idle_known_cases(project).await.unwrap(), []);
    let known = store.known_case(project, source.id).await.unwrap().unwrap();
    assert!(
        !store.mix_in(copy_of(known)).await.unwrap(),
        "one copy waits at a time"
    );
    // A note answers nothing.
    decide(fixture, decision(copy, project, DecisionKind::Note, DAY_MS)).await;
    let use_of = |fixture: &Fixture| {
        let store = fixture.store.clone();
        async move {
            let [found] = store.known_cases(project, 9).await.unwrap()[..] else {
                panic!("there is one");
            };
            (found.copies, found.answered)
        }
    };
    assert_eq!(use_of(fixture).await, (1, 0));
    decide(
        fixture,
        decision(copy, project, DecisionKind::Approve, DAY_MS + 1),
    )
    .await;
    assert_eq!(use_of(fixture).await, (1, 1));
    assert_eq!(queue(fixture, project).await, []);
    assert_eq!(store.idle_known_cases(project).await.unwrap(), [source.id]);
    let seeded = store.seeded(project, NOW.plus(DAY_MS)).await.unwrap();
    assert_eq!(
        seeded.into_iter().collect::<Vec<_>>(),
        [(copy, KnownAnswer::Reject)]
    );
    // Each judgement that the log tells of is in the database as it tells.
    for row in store.audit_rows_about(&copy.to_string()).await.unwrap() {
        assert_eq!(store.contradiction(&row).await.unwrap(), None);
        assert!(!row.action.starts_with("known"), "{row:?}");
    }
}

async fn erase(fixture: &Fixture, project: ProjectId, session: SessionId) {
    let erasure = Erasure::of_session(project, session, NOW.plus(2 * DAY_MS));
    let told = move |gone: &Gone, _: &Receipt| {
        let sessions = gone.sessions.iter();
        sessions
            .map(|(id, _)| entry(project, AuditAction::SessionErased, &id.to_string()))
            .collect()
    };
    let erased = fixture.store.erase(erasure, told).await.unwrap();
    assert!(erased.is_some());
}

async fn either_of_a_case_and_its_copy_is_erased_alone_but_the_face_goes_with_the_case(
    fixture: &Fixture,
) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let (source, first, _) = mixed_in(fixture, project).await;
    let whole = fixture.blob_files().len();
    assert_eq!(whole, 8, "two files and two pictures each");
    erase(fixture, project, first).await;
    assert_eq!(fixture.blob_files().len(), 4, "the case keeps its own");
    assert!(
        store
            .known_case(project, source.id)
            .await
            .unwrap()
            .is_some()
    );
    let idle = store.idle_known_cases(project).await.unwrap();
    assert_eq!(idle, [source.id], "an erased copy is waited for no more");

    let (source, second, _) = mixed_in(fixture, project).await;
    let (_, third, _) = mixed_in(fixture, project).await;
    erase(fixture, project, source.id).await;
    let gone = store.session(project, second).await.unwrap().unwrap();
    assert_eq!(gone.status, SessionStatus::Erased);
    assert_eq!(store.known_case(project, source.id).await.unwrap(), None);
    assert!(!queue(fixture, project).await.contains(&second));
    let seeded = store.seeded(project, NOW.plus(9 * DAY_MS)).await.unwrap();
    let left: HashSet<SessionId> = seeded.into_keys().collect();
    assert_eq!(
        left,
        HashSet::from([first, second, third]),
        "an erased copy is no visit either"
    );
    let always = Span::between(None, None);
    assert_eq!(store.ended(project, always).await.unwrap(), 3);
    let left = store.session(project, third).await.unwrap().unwrap();
    assert_eq!(left.status, SessionStatus::Judged);
    let told = store.audit_rows_about(&second.to_string()).await.unwrap();
    assert_eq!(told.last().unwrap().action, "session.erased");
    assert_eq!(fixture.blob_files().len(), 4 + 8);
}

async fn no_copy_is_made_of_what_is_known_no_more(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let (source, copy) = marked(fixture, project).await;
    let files = fixture.blob_files().len();
    let told = entry(project, AuditAction::KnownAnswerRemoved, "");
    assert!(store.unmark_known(project, source.id, &told).await.unwrap());
    assert!(!store.unmark_known(project, source.id, &told).await.unwrap());
    assert!(!store.mix_in(copy).await.unwrap());
    assert_eq!(
        fixture.blob_files().len(),
        files,
        "nothing of the copy is left"
    );
    assert_eq!(queue(fixture, project).await, []);

    let (source, copy) = marked(fixture, project).await;
    let known = copy.of;
    erase(fixture, project, source.id).await;
    assert!(!store.mix_in(copy).await.unwrap());
    let refused = store.mark_known(&known, &told).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::WrongState { .. }),
        "{refused:?}"
    );
}
