//! Versions of rules, what judged when, and what backtests and shadow reports read.

use likeness::scoring::rules::content_hash;
use likeness::scoring::verdict::Outcome;
use likeness::session::actor::Actor;
use likeness::session::audit::AuditAction;
use likeness::session::examination::{ExaminationRecord, ShadowVerdict};
use likeness::session::ids::ProjectId;
use likeness::session::rule_version::{Activation, RuleRole, RuleVersion};
use likeness::session::time::Span;
use likeness::session::visit::Session;
use likeness::store::Store;
use likeness::store::backtest::Place;
use likeness::store::error::StoreError;
use likeness::store::options::StoreOptions;
use likeness::store::queue::Judgement;
use likeness::store::shadow_report::ShadowSpan;
use sea_orm::{ConnectionTrait, Database, TransactionTrait};
use uuid::Uuid;

use crate::store::fixture::{Fixture, NOW, claim, entry, examination, judgement, verdict};

on_both_databases! {
    versions_are_numbered_one_by_one_whoever_saves
    what_was_saved_cannot_be_changed
    an_activation_holds_until_the_next_and_the_same_again_is_none
    pages_of_verdicts_leave_none_out
    a_shadow_report_counts_a_session_once
    a_projects_rules_of_old_become_its_first_version
}

fn version(project: ProjectId, text: &str) -> RuleVersion {
    RuleVersion {
        project,
        number: 0,
        text: text.to_owned(),
        hash: content_hash(text),
        author: Actor::Operator,
        note: "why".to_owned(),
        created_at: NOW,
    }
}

async fn save(store: &Store, project: ProjectId, text: &str) -> u32 {
    let saved = store.save_rules(version(project, text), |_| {
        entry(project, AuditAction::RulesSaved, "rules")
    });
    saved.await.unwrap().number
}

async fn put(
    store: &Store,
    project: ProjectId,
    role: RuleRole,
    number: Option<u32>,
) -> Result<(bool, Option<u32>), StoreError> {
    let activation = Activation {
        role,
        number,
        actor: Actor::Operator,
        at: NOW,
    };
    let mut before = None;
    let changed = store
        .activate_rules(project, &activation, |held| {
            before = held;
            entry(project, AuditAction::RulesActivated, "rules")
        })
        .await?;
    Ok((changed, before))
}

/// How often something is in the audit log.
async fn rows_of(store: &Store, action: &str) -> usize {
    let rows = store.audit_rows(0, 100).await.unwrap();
    rows.iter().filter(|row| row.action == action).count()
}

async fn versions_are_numbered_one_by_one_whoever_saves(fixture: &Fixture) {
    let (bank, shop) = (fixture.project("bank").await, fixture.project("shop").await);
    let saving: Vec<_> = (0..12)
        .map(|number| {
            let store = fixture.store.clone();
            let project = if number % 3 == 0 { shop } else { bank };
            tokio::spawn(async move { save(&store, project, &number.to_string()).await })
        })
        .collect();
    for one in saving {
        one.await.unwrap();
    }
    for (project, count) in [(bank, 8), (shop, 4)] {
        let versions = fixture
            .store
            .rule_versions(project, None, 100)
            .await
            .unwrap();
        let numbers: Vec<u32> = versions.iter().map(|version| version.number).collect();
        assert_eq!(numbers, (1..=count).rev().collect::<Vec<_>>());
    }
    assert_eq!(
        rows_of(&fixture.store, "rules.saved").await,
        12,
        "every one of them is in the log"
    );
    let page = fixture.store.rule_versions(bank, Some(4), 2).await.unwrap();
    let numbers: Vec<u32> = page.iter().map(|version| version.number).collect();
    assert_eq!(numbers, [3, 2]);
}

async fn what_was_saved_cannot_be_changed(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    let number = save(&fixture.store, project, "{}").await;
    put(&fixture.store, project, RuleRole::Active, Some(number))
        .await
        .unwrap();
    for statement in [
        "UPDATE rule_versions SET text = '{\"name\": \"lax\"}'",
        "DELETE FROM rule_versions",
        "UPDATE rule_activations SET actor = 'service'",
        "DELETE FROM rule_activations",
        "INSERT OR REPLACE INTO rule_versions SELECT project_id, number, '{}', hash, author, note, \
         created_at FROM rule_versions",
    ] {
        if statement.starts_with("INSERT OR REPLACE") && !fixture.is_sqlite() {
            continue;
        }
        let said = fixture.refused(statement).await;
        assert!(said.contains("is append-only"), "{statement}: {said}");
    }
    let kept = fixture.store.rule_version(project, number).await.unwrap();
    let saved = RuleVersion {
        number,
        ..version(project, "{}")
    };
    assert_eq!(kept, Some(saved));
}

async fn an_activation_holds_until_the_next_and_the_same_again_is_none(fixture: &Fixture) {
    let (store, project) = (&fixture.store, fixture.project("bank").await);
    let other = fixture.project("shop").await;
    let (one, two) = (
        save(store, project, "1").await,
        save(store, project, "2").await,
    );
    let active = async || {
        store
            .rules_in_role(project, RuleRole::Active)
            .await
            .unwrap()
    };
    assert_eq!(active().await, None);
    assert_eq!(
        put(store, project, RuleRole::Active, None).await.unwrap(),
        (false, None)
    );
    assert_eq!(
        put(store, project, RuleRole::Active, Some(one))
            .await
            .unwrap(),
        (true, None)
    );
    assert_eq!(
        put(store, project, RuleRole::Shadow, Some(two))
            .await
            .unwrap(),
        (true, None)
    );
    assert_eq!(
        put(store, project, RuleRole::Active, Some(one))
            .await
            .unwrap(),
        (false, None)
    );
    assert_eq!(
        put(store, project, RuleRole::Active, Some(two))
            .await
            .unwrap(),
        (true, Some(one))
    );
    assert_eq!(active().await.map(|version| version.number), Some(two));
    assert_eq!(
        put(store, project, RuleRole::Active, None).await.unwrap(),
        (true, Some(two))
    );
    assert_eq!(active().await, None);
    let shadow = store
        .number_in_role(project, RuleRole::Shadow)
        .await
        .unwrap();
    assert_eq!(
        shadow,
        Some(two),
        "the roles have nothing to do with each other"
    );
    let unknown = put(store, project, RuleRole::Active, Some(3)).await;
    assert!(matches!(unknown, Err(StoreError::NotFound { .. })));
    let foreign = put(store, other, RuleRole::Active, Some(one)).await;
    assert!(matches!(foreign, Err(StoreError::NotFound { .. })));
    let log = store.activations(project, 100).await.unwrap();
    let numbers: Vec<_> = log.iter().map(|change| change.number).collect();
    assert_eq!(numbers, [None, Some(two), Some(two), Some(one)]);
    // Two versions saved, four changes, and nothing for what changed nothing.
    assert_eq!(rows_of(store, "rules.saved").await, 2);
    assert_eq!(rows_of(store, "rules.activated").await, 4);
}

/// A session that was examined, `after` milliseconds from the start.
async fn judge(
    fixture: &Fixture,
    session: &Session,
    after: i64,
    shadow: Option<(u32, Outcome)>,
) -> ExaminationRecord {
    let record = examination(session);
    fixture.store.queue_examination(&record, 100).await.unwrap();
    let worker = Uuid::now_v7();
    claim(&fixture.store, worker, after).await.unwrap();
    let judged = Judgement {
        shadow: shadow.map(|(version, outcome)| {
            let mut verdict = verdict();
            verdict.outcome = outcome;
            ShadowVerdict {
                version,
                rules_hash: "e".repeat(64),
                verdict,
            }
        }),
        ..judgement()
    };
    let at = NOW.plus(after);
    let kept = fixture
        .store
        .finish_examination(record.id, worker, &judged, at);
    assert!(kept.await.unwrap());
    record
}

async fn open_again(fixture: &Fixture, session: &Session) {
    use likeness::session::status::Move;
    let moved = fixture
        .store
        .move_session(session.id, Move::AcceptEvidence, NOW);
    moved.await.unwrap();
}

async fn pages_of_verdicts_leave_none_out(fixture: &Fixture) {
    let (bank, shop) = (fixture.project("bank").await, fixture.project("shop").await);
    let mut judged = Vec::new();
    // Two of them end at the same moment each time.
    for after in [0, 0, 10, 10, 20] {
        let session = fixture.session(bank).await;
        judged.push(judge(fixture, &session, after, None).await.id);
    }
    let foreign = fixture.session(shop).await;
    judge(fixture, &foreign, 10, None).await;
    let waiting = fixture.session(bank).await;
    fixture
        .store
        .queue_examination(&examination(&waiting), 100)
        .await
        .unwrap();

    let all = Span::between(None, None);
    for limit in [1, 2, 3, 10] {
        let (mut found, mut place) = (Vec::new(), None);
        loop {
            let page = fixture.store.judged(bank, all, place, limit).await.unwrap();
            let Some(last) = page.last() else { break };
            place = Some(Place::from(last));
            found.extend(page.iter().map(|row| row.examination));
        }
        found.reverse();
        assert_eq!(found, judged, "{limit} at once");
    }
    let some = Span {
        from: NOW.plus(10),
        to: NOW.plus(20),
    };
    assert_eq!(fixture.store.ended(bank, some).await.unwrap(), 2);
    assert_eq!(fixture.store.ended(bank, all).await.unwrap(), 5);
    let rows = fixture.store.judged(bank, some, None, 10).await.unwrap();
    let row = rows.first().unwrap();
    assert_eq!((rows.len(), row.examination), (2, judged[3]));
    let kept = row.kept.as_ref().unwrap();
    assert_eq!(kept.outcome, Outcome::Refer);
    let signals: likeness::scoring::signals::Signals = serde_json::from_str(&kept.json).unwrap();
    assert_eq!(signals, judgement().signals);
}

async fn a_shadow_report_counts_a_session_once(fixture: &Fixture) {
    let (bank, shop) = (fixture.project("bank").await, fixture.project("shop").await);
    // What counts is a referral each time.
    let first = fixture.session(bank).await;
    judge(fixture, &first, 0, Some((3, Outcome::Pass))).await;
    open_again(fixture, &first).await;
    let newer = judge(fixture, &first, 10, Some((3, Outcome::Fail))).await;
    open_again(fixture, &first).await;
    judge(fixture, &first, 20, Some((4, Outcome::Pass))).await;
    for outcome in [Outcome::Refer, Outcome::Pass] {
        let session = fixture.session(bank).await;
        judge(fixture, &session, 5, Some((3, outcome))).await;
    }
    let unseen = fixture.session(bank).await;
    judge(fixture, &unseen, 5, None).await;
    let foreign = fixture.session(shop).await;
    judge(fixture, &foreign, 5, Some((3, Outcome::Fail))).await;

    let of = |from, to| ShadowSpan {
        project: bank,
        version: 3,
        span: Span::between(from, to),
    };
    let table = fixture.store.shadow_table(of(None, None)).await.unwrap();
    let counts = [Outcome::Pass, Outcome::Refer, Outcome::Fail]
        .map(|shadow| table.count(Outcome::Refer, shadow));
    assert_eq!((counts, table.sessions()), ([1, 1, 1], 3));
    let differing = fixture
        .store
        .shadow_differences(of(None, None), None, 10)
        .await
        .unwrap();
    assert_eq!(differing.len(), 2);
    assert_eq!(
        (differing[0].examination, differing[0].session),
        (newer.id, first.id)
    );
    assert_eq!(differing[0].shadow.outcome, Outcome::Fail);
    let place = fixture.store.place_of(bank, newer.id).await.unwrap();
    let rest = fixture
        .store
        .shadow_differences(of(None, None), place, 10)
        .await
        .unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].examination, differing[1].examination);
    assert_eq!(fixture.store.place_of(shop, newer.id).await.unwrap(), None);

    // Before the newer one ended, the older one was the newest.
    let early = fixture
        .store
        .shadow_table(of(None, Some(NOW.plus(10))))
        .await
        .unwrap();
    assert_eq!(early.count(Outcome::Refer, Outcome::Pass), 2);
}

async fn a_projects_rules_of_old_become_its_first_version(fixture: &Fixture) {
    fixture
        .on_new_ground(async |options: StoreOptions| {
            let (with, without) = (ProjectId(Uuid::now_v7()), ProjectId(Uuid::now_v7()));
            write_as_of_old(&options, with, without).await;
            let store = Store::open(&options).await.unwrap();
            let kept = store.rules_in_role(with, RuleRole::Active).await.unwrap();
            let kept = kept.unwrap();
            assert_eq!(
                (kept.number, kept.text.as_str()),
                (1, "{\"name\": \"it's ours\"}")
            );
            assert_eq!(
                kept.hash,
                likeness::scoring::rules::content_hash(&kept.text)
            );
            assert_eq!((kept.author, kept.created_at), (Actor::Operator, NOW));
            let settings = store.project(with).await.unwrap().unwrap().settings;
            assert_eq!(settings.frames, 12, "the other settings stay");
            assert_eq!(
                store
                    .rules_in_role(without, RuleRole::Active)
                    .await
                    .unwrap(),
                None
            );
            assert_eq!(save(&store, with, "{}").await, 2);
            store.close().await.unwrap();
        })
        .await;
}

/// Two projects as they were kept before rules had versions: one with rules among its settings.
async fn write_as_of_old(options: &StoreOptions, with: ProjectId, without: ProjectId) {
    let mut url = options.database_url.clone();
    if let Some(file) = url.strip_prefix("sqlite://") {
        std::fs::create_dir_all(std::path::Path::new(file).parent().unwrap()).unwrap();
        url.push_str("?mode=rwc");
    }
    let database = Database::connect(url).await.unwrap();
    let transaction = database.begin().await.unwrap();
    migrations::apply_first(&transaction, 8).await.unwrap();
    for (id, name, settings) in [
        (
            with,
            "with",
            r#"{"frames": 12, "rules": "{\"name\": \"it''s ours\"}"}"#,
        ),
        (without, "without", r#"{"frames": 4, "rules": null}"#),
    ] {
        let sql = format!(
            "INSERT INTO projects (id, name, settings, created_at) VALUES ('{}', '{name}', '{settings}', {})",
            id.0, NOW.0
        );
        transaction.execute_unprepared(&sql).await.unwrap();
    }
    transaction.commit().await.unwrap();
    database.close().await.unwrap();
}
