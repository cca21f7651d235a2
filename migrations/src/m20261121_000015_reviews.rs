//! What waits for a person and who has taken it, decisions that can still be undone, and checklists.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseBackend};

use crate::columns::{id, index, number, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        reviews(manager).await?;
        reasons(manager).await?;
        pending(manager).await?;
        for column in [text("checklist"), number("took_ms")] {
            manager
                .alter_table(
                    Table::alter()
                        .table("decisions")
                        .add_column(column)
                        .to_owned(),
                )
                .await?;
        }
        let by_reference = ["project_id", "reference", "id"];
        index(
            manager,
            "sessions_by_reference",
            "sessions",
            &by_reference,
            false,
        )
        .await?;
        fill(manager).await
    }
}

async fn reviews(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("reviews")
                .col(id(manager, "session_id").not_null().primary_key())
                .col(id(manager, "project_id").not_null())
                .col(id(manager, "examination_id").not_null())
                .col(text("state").not_null())
                .col(text("outcome"))
                .col(ColumnDef::new("score").double())
                .col(ColumnDef::new("liveness").double())
                .col(number("entered_at").not_null())
                .col(id(manager, "claimed_by"))
                .col(number("claimed_at"))
                .col(number("claimed_until"))
                .col(text("proposed_kind"))
                .col(id(manager, "proposed_by"))
                .col(text("settled_kind"))
                .col(text("settled_by"))
                .col(number("settled_at"))
                .foreign_key(
                    ForeignKey::create()
                        .from("reviews", "session_id")
                        .to("sessions", "id"),
                )
                .to_owned(),
        )
        .await?;
    // A page is read state by state, from wherever the last one ended, in either direction. The
    // score stands in the index so that a narrow range of it is found without reading the rows.
    for (name, columns) in [
        (
            "reviews_by_state",
            &["project_id", "state", "entered_at", "session_id", "score"][..],
        ),
        (
            "reviews_by_outcome",
            &["project_id", "state", "outcome", "entered_at", "session_id"],
        ),
        (
            "reviews_by_claim",
            &[
                "project_id",
                "state",
                "claimed_by",
                "entered_at",
                "session_id",
            ],
        ),
    ] {
        index(manager, name, "reviews", columns, false).await?;
    }
    // A number a project that rises with every change of what waits in it.
    manager
        .create_table(
            Table::create()
                .table("review_revisions")
                .col(id(manager, "project_id").not_null().primary_key())
                .col(number("revision").not_null())
                .to_owned(),
        )
        .await
}

/// The codes of what speaks against each session's newest result. State and time are the review's
/// own, so that one index answers who asks for a code.
async fn reasons(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("review_reasons")
                .col(id(manager, "session_id").not_null())
                .col(text("code").not_null())
                .col(id(manager, "project_id").not_null())
                .col(text("state").not_null())
                .col(number("entered_at").not_null())
                .primary_key(Index::create().col("session_id").col("code"))
                .to_owned(),
        )
        .await?;
    index(
        manager,
        "review_reasons_by_code",
        "review_reasons",
        &["project_id", "code", "state", "entered_at", "session_id"],
        false,
    )
    .await
}

async fn pending(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("pending_decisions")
                .col(id(manager, "session_id").not_null().primary_key())
                .col(id(manager, "project_id").not_null())
                .col(id(manager, "decision_id").not_null())
                .col(id(manager, "examination_id").not_null())
                .col(text("kind").not_null())
                .col(text("reasons").not_null())
                .col(text("actor").not_null())
                .col(ColumnDef::new("note").blob())
                .col(text("checklist"))
                .col(number("at").not_null())
                .col(number("due_at").not_null())
                .foreign_key(
                    ForeignKey::create()
                        .from("pending_decisions", "session_id")
                        .to("sessions", "id"),
                )
                .to_owned(),
        )
        .await?;
    index(
        manager,
        "pending_decisions_by_due",
        "pending_decisions",
        &["due_at"],
        false,
    )
    .await
}

/// Makes the reviews of sessions that were judged before there were any.
async fn fill(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let (score, liveness, codes, failure) = if manager.get_database_backend()
        == DatabaseBackend::Postgres
    {
        (
            "(SELECT avg(one::float8) FROM json_array_elements_text(e.signals_json::json->'percentages') one)",
            "(e.signals_json::json->>'liveness')::float8",
            "SELECT DISTINCT r.session_id, one->>'code', r.project_id, r.state, r.entered_at \
                 FROM reviews r JOIN examinations e ON e.id = r.examination_id, \
                 json_array_elements(e.verdict_json::json->'reasons') one",
            "e.failure::json->>'code'",
        )
    } else {
        (
            "(SELECT avg(value) FROM json_each(e.signals_json, '$.percentages'))",
            "json_extract(e.signals_json, '$.liveness')",
            "SELECT DISTINCT r.session_id, json_extract(one.value, '$.code'), r.project_id, r.state, r.entered_at \
                 FROM reviews r JOIN examinations e ON e.id = r.examination_id, \
                 json_each(e.verdict_json, '$.reasons') one",
            "json_extract(e.failure, '$.code')",
        )
    };
    let columns = "review_reasons (session_id, code, project_id, state, entered_at)";
    for statement in [
        newest_results(score, liveness),
        format!("INSERT INTO {columns} {codes}"),
        format!(
            "INSERT INTO {columns} SELECT r.session_id, {failure}, r.project_id, r.state, r.entered_at \
             FROM reviews r JOIN examinations e ON e.id = r.examination_id WHERE {failure} IS NOT NULL"
        ),
    ] {
        manager
            .get_connection()
            .execute_unprepared(&statement)
            .await?;
    }
    Ok(())
}

/// A row for the newest result of every session that is not erased. It waits where a person is
/// needed, nobody has settled it, and nothing has come in since.
fn newest_results(score: &str, liveness: &str) -> String {
    format!(
        "INSERT INTO reviews (session_id, project_id, examination_id, state, outcome, score, liveness, entered_at, \
         settled_kind, settled_by, settled_at) \
         SELECT s.id, s.project_id, e.id, CASE \
         WHEN s.status IN ('open', 'examining') THEN 'none' \
         WHEN d.id IS NOT NULL THEN 'settled' \
         WHEN EXISTS (SELECT 1 FROM evidence v WHERE v.session_id = s.id AND v.received_at > e.queued_at) THEN 'none' \
         WHEN e.status = 'failed' OR e.outcome = 'refer' THEN 'waiting' ELSE 'none' END, \
         e.outcome, CASE WHEN e.signals_json IS NOT NULL THEN COALESCE({score}, 0.0) END, {liveness}, \
         COALESCE(e.finished_at, e.queued_at), d.kind, d.actor, d.at \
         FROM sessions s \
         JOIN examinations e ON e.id = (SELECT x.id FROM examinations x WHERE x.session_id = s.id \
         AND x.status IN ('done', 'failed') ORDER BY x.queued_at DESC, x.id DESC LIMIT 1) \
         LEFT JOIN decisions d ON d.id = (SELECT y.id FROM decisions y WHERE y.session_id = s.id \
         AND y.kind IN ('approve', 'reject') ORDER BY y.id DESC LIMIT 1) \
         AND d.examination_id = e.id AND s.status NOT IN ('open', 'examining') \
         AND NOT EXISTS (SELECT 1 FROM evidence v WHERE v.session_id = s.id AND v.received_at > d.at) \
         WHERE s.erased_at IS NULL"
    )
}
