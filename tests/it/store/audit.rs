//! The audit log against those who hold the database: what is refused, and what is found out.

use std::sync::Arc;

use likeness::session::audit::{AuditAction, AuditHead, AuditRow, ChainCheck, ChainFault};
use likeness::session::ids::ProjectId;
use likeness::store::Store;
use sea_orm::{ConnectionTrait, Database, DatabaseBackend, DatabaseConnection};
use tokio::sync::Barrier;

use crate::store::fixture::{Fixture, entry};

on_both_databases! {
    rows_follow_one_another_and_hold
    the_database_refuses_to_change_or_to_delete_a_row
    a_row_changed_in_any_column_is_found
    rows_taken_out_swapped_or_renumbered_are_found
    an_end_that_was_noted_finds_out_who_wrote_the_log_anew
    a_crowd_leaves_one_chain
}

async fn rows_follow_one_another_and_hold(fixture: &Fixture) {
    let store = &fixture.store;
    assert_eq!(verify(store).await.unwrap().seq, 0);
    fill(fixture, 5).await;
    let end = verify(store).await.unwrap();
    assert_eq!(end, store.audit_head().await.unwrap());
    assert_eq!(end.seq, 6, "the project's row and five more");
    let rows = store.audit_rows(3, 2).await.unwrap();
    let seqs: Vec<i64> = rows.iter().map(|row| row.seq).collect();
    assert_eq!(seqs, [4, 5]);
}

async fn the_database_refuses_to_change_or_to_delete_a_row(fixture: &Fixture) {
    fill(fixture, 3).await;
    let connection = connect(fixture).await;
    for sql in [
        "UPDATE audit SET target = 'x' WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 2",
        "DELETE FROM audit",
    ] {
        let refused = connection.execute_unprepared(sql).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
    assert_eq!(verify(&fixture.store).await.unwrap().seq, 4);
}

async fn a_row_changed_in_any_column_is_found(fixture: &Fixture) {
    let project = fill(fixture, 5).await;
    let other = fixture.project("other").await;
    let connection = disarmed(fixture).await;
    let rows = fixture.store.audit_rows(0, 100).await.unwrap();
    let row = &rows[3];
    assert_eq!(row.seq, 4);
    let altered = ChainFault::Altered { seq: 4 };
    for (column, value, kept, fault) in [
        ("at", "at + 1", row.at.to_string(), &altered),
        (
            "project_id",
            &quoted(&other.0.to_string()),
            quoted(&project.0.to_string()),
            &altered,
        ),
        (
            "project_id",
            "NULL",
            quoted(&project.0.to_string()),
            &altered,
        ),
        ("actor", "'service'", quoted(&row.actor), &altered),
        ("action", "'session.held'", quoted(&row.action), &altered),
        ("target", "'deed 99'", quoted(&row.target), &altered),
        ("details", "'{\"a\":1}'", quoted(&row.details), &altered),
        // JSON of the same meaning is not the same row.
        ("details", "'{ }'", quoted(&row.details), &altered),
        (
            "previous",
            &quoted(&rows[1].hash),
            quoted(&row.previous),
            &altered,
        ),
        ("hash", &quoted(&rows[1].hash), quoted(&row.hash), &altered),
        (
            "seq",
            "70",
            "4".to_owned(),
            &ChainFault::Missing {
                expected: 4,
                found: 5,
            },
        ),
        (
            "seq",
            "-4",
            "4".to_owned(),
            &ChainFault::Reordered {
                expected: 1,
                found: -4,
            },
        ),
    ] {
        let at = if column == "seq" { value } else { "4" };
        run(
            &connection,
            &format!("UPDATE audit SET {column} = {value} WHERE seq = 4"),
        )
        .await;
        assert_eq!(verify(&fixture.store).await, Err(fault.clone()), "{column}");
        run(
            &connection,
            &format!("UPDATE audit SET {column} = {kept} WHERE seq = {at}"),
        )
        .await;
        verify(&fixture.store).await.unwrap();
    }
}

async fn rows_taken_out_swapped_or_renumbered_are_found(fixture: &Fixture) {
    fill(fixture, 5).await;
    let connection = disarmed(fixture).await;
    let store = &fixture.store;

    // Two rows, swapped but for their numbers.
    for (from, to) in [("2", "100"), ("4", "2"), ("100", "4")] {
        run(
            &connection,
            &format!("UPDATE audit SET seq = {to} WHERE seq = {from}"),
        )
        .await;
    }
    assert_eq!(
        verify(store).await,
        Err(ChainFault::Moved { seq: 2, written: 4 })
    );
    for (from, to) in [("2", "100"), ("4", "2"), ("100", "4")] {
        run(
            &connection,
            &format!("UPDATE audit SET seq = {to} WHERE seq = {from}"),
        )
        .await;
    }
    verify(store).await.unwrap();

    // The head alone, forward and to another row's hash.
    let head = store.audit_head().await.unwrap();
    run(&connection, "UPDATE audit_head SET seq = 7").await;
    assert_eq!(
        verify(store).await,
        Err(ChainFault::CutOff {
            expected: 7,
            found: 6
        })
    );
    let other = store.audit_rows(1, 1).await.unwrap().remove(0).hash;
    let set = |hash: &str| format!("UPDATE audit_head SET seq = 6, hash = '{hash}'");
    run(&connection, &set(&other)).await;
    assert_eq!(verify(store).await, Err(ChainFault::OtherEnd { seq: 6 }));
    run(&connection, &set(&head.hash)).await;
    verify(store).await.unwrap();

    // The last row taken out, with and without the head set back to the row before.
    let before = store.audit_rows(4, 1).await.unwrap().remove(0);
    run(&connection, "DELETE FROM audit WHERE seq = 6").await;
    assert_eq!(
        verify(store).await,
        Err(ChainFault::CutOff {
            expected: 6,
            found: 5
        })
    );
    let set_back = format!("UPDATE audit_head SET seq = 5, hash = '{}'", before.hash);
    run(&connection, &set_back).await;
    verify(store).await.unwrap();
    assert_eq!(
        verify_against(store, Some(head)).await,
        Err(ChainFault::CutOff {
            expected: 6,
            found: 5
        }),
        "only who noted the head knows"
    );

    // One in the middle taken out, and then the rest renumbered.
    run(&connection, "DELETE FROM audit WHERE seq = 3").await;
    assert_eq!(
        verify(store).await,
        Err(ChainFault::Missing {
            expected: 3,
            found: 4
        })
    );
    for seq in [4, 5] {
        run(
            &connection,
            &format!("UPDATE audit SET seq = {} WHERE seq = {seq}", seq - 1),
        )
        .await;
    }
    assert_eq!(
        verify(store).await,
        Err(ChainFault::Moved { seq: 3, written: 4 })
    );
}

async fn an_end_that_was_noted_finds_out_who_wrote_the_log_anew(fixture: &Fixture) {
    fill(fixture, 4).await;
    let store = &fixture.store;
    let noted = store.audit_head().await.unwrap();
    fill_more(fixture, 2).await;
    verify_against(store, Some(noted.clone())).await.unwrap();

    // Somebody with the whole table and its head forges a chain that holds by itself.
    let connection = disarmed(fixture).await;
    let mut rows = store.audit_rows(0, 100).await.unwrap();
    "nobody".clone_into(&mut rows[1].target);
    for index in 1..rows.len() {
        let before = rows[index - 1].hash.clone();
        let row = &mut rows[index];
        row.previous = before;
        row.hash = row.right_hash();
        rewrite(&connection, row).await;
    }
    let end = rows.last().unwrap();
    run(
        &connection,
        &format!("UPDATE audit_head SET hash = '{}'", end.hash),
    )
    .await;
    verify(store).await.unwrap();
    assert_eq!(
        verify_against(store, Some(noted.clone())).await,
        Err(ChainFault::Rewritten { seq: noted.seq })
    );
}

async fn a_crowd_leaves_one_chain(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    let together = Arc::new(Barrier::new(50));
    let crowd: Vec<_> = (0..50)
        .map(|number| {
            let (store, together) = (fixture.store.clone(), together.clone());
            tokio::spawn(async move {
                together.wait().await;
                let deed = entry(project, AuditAction::SessionHeld, &format!("deed {number}"));
                store.record(&deed).await.unwrap();
            })
        })
        .collect();
    for one in crowd {
        one.await.unwrap();
    }
    assert_eq!(verify(&fixture.store).await.unwrap().seq, 51);
}

async fn fill(fixture: &Fixture, deeds: usize) -> ProjectId {
    let project = fixture.project("bank").await;
    record(fixture, project, deeds).await;
    project
}

async fn fill_more(fixture: &Fixture, deeds: usize) {
    let project = fixture.store.project_by_name("bank").await.unwrap();
    record(fixture, project.unwrap().id, deeds).await;
}

async fn record(fixture: &Fixture, project: ProjectId, deeds: usize) {
    for number in 0..deeds {
        let deed = entry(
            project,
            AuditAction::SessionReleased,
            &format!("deed {number}"),
        );
        fixture.store.record(&deed).await.unwrap();
    }
}

async fn verify(store: &Store) -> Result<AuditHead, ChainFault> {
    verify_against(store, None).await
}

async fn verify_against(store: &Store, noted: Option<AuditHead>) -> Result<AuditHead, ChainFault> {
    let mut check = ChainCheck::holding(noted);
    for row in store.audit_rows(i64::MIN, 1_000).await.unwrap() {
        check.row(&row)?;
    }
    check.end(Some(&store.audit_head().await.unwrap()))
}

async fn connect(fixture: &Fixture) -> DatabaseConnection {
    Database::connect(&fixture.options.database_url)
        .await
        .unwrap()
}

/// A connection of somebody who may do anything, and has taken the triggers away.
async fn disarmed(fixture: &Fixture) -> DatabaseConnection {
    let connection = connect(fixture).await;
    let statements: &[&str] = if connection.get_database_backend() == DatabaseBackend::Postgres {
        &["DROP TRIGGER audit_append_only ON audit"]
    } else {
        &[
            "DROP TRIGGER audit_no_UPDATE",
            "DROP TRIGGER audit_no_DELETE",
        ]
    };
    for statement in statements {
        connection.execute_unprepared(statement).await.unwrap();
    }
    connection
}

async fn run(connection: &DatabaseConnection, sql: &str) {
    let changed = connection.execute_unprepared(sql).await.unwrap();
    assert_eq!(changed.rows_affected(), 1, "{sql}");
}

async fn rewrite(connection: &DatabaseConnection, row: &AuditRow) {
    let sql = format!(
        "UPDATE audit SET target = {}, previous = '{}', hash = '{}' WHERE seq = {}",
        quoted(&row.target),
        row.previous,
        row.hash,
        row.seq
    );
    run(connection, &sql).await;
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
