//! Projects, their settings and their tokens.

use likeness::session::audit::{AuditAction, AuditEntry};
use likeness::session::ids::{OfficerId, ProjectId, TokenId};
use likeness::session::project::{ConsentPolicy, Project, ProjectSettings, Scope, TokenRecord};
use likeness::session::time::Timestamp;
use likeness::store::error::StoreError;
use uuid::Uuid;

use crate::store::fixture::{Fixture, NOW, entry};

on_both_databases! {
    a_project_is_found_by_its_identifier_and_its_name
    a_name_is_given_once
    settings_are_replaced
    a_token_is_found_by_its_hash
    a_token_is_revoked_once
    a_row_that_makes_no_sense_is_named
}

async fn a_project_is_found_by_its_identifier_and_its_name(fixture: &Fixture) {
    let store = &fixture.store;
    let project = Project {
        id: ProjectId(Uuid::now_v7()),
        name: "Bank of Ñ".to_owned(),
        settings: ProjectSettings {
            four_eyes: true,
            ..ProjectSettings::default()
        },
        created_at: NOW,
    };
    let made = entry(project.id, AuditAction::ProjectCreated, "");
    store.create_project(&project, &made).await.unwrap();
    let other = fixture.project("other").await;

    assert_eq!(
        store.project(project.id).await.unwrap().as_ref(),
        Some(&project)
    );
    assert_eq!(
        store.project_by_name("Bank of Ñ").await.unwrap().as_ref(),
        Some(&project)
    );
    assert_eq!(store.project_by_name("bank").await.unwrap(), None);
    assert_eq!(
        store.project(ProjectId(Uuid::now_v7())).await.unwrap(),
        None
    );
    let all: Vec<ProjectId> = store
        .projects()
        .await
        .unwrap()
        .iter()
        .map(|p| p.id)
        .collect();
    assert_eq!(all, [project.id, other]);
}

async fn a_name_is_given_once(fixture: &Fixture) {
    let first = fixture.project("bank").await;
    let second = Project {
        id: ProjectId(Uuid::now_v7()),
        name: "bank".to_owned(),
        settings: ProjectSettings::default(),
        created_at: NOW,
    };
    let made = entry(second.id, AuditAction::ProjectCreated, "");
    let refused = fixture.store.create_project(&second, &made).await;
    let refused = refused.unwrap_err();
    assert!(
        matches!(refused, StoreError::AlreadyExists { .. }),
        "{refused:?}"
    );
    assert_eq!(fixture.store.projects().await.unwrap().len(), 1);
    assert_eq!(
        fixture
            .store
            .project_by_name("bank")
            .await
            .unwrap()
            .unwrap()
            .id,
        first
    );
}

async fn settings_are_replaced(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let settings = ProjectSettings {
        match_threshold: 66.5,
        numeric_result: true,
        frames: 64,
        consent: ConsentPolicy::Required,
        suspended: true,
        ..ProjectSettings::default()
    };
    let changed = entry(project, AuditAction::ProjectChanged, "");
    store
        .save_settings(project, &settings, &changed)
        .await
        .unwrap();
    assert_eq!(
        store.project(project).await.unwrap().unwrap().settings,
        settings
    );

    let nowhere = store
        .save_settings(ProjectId(Uuid::now_v7()), &settings, &changed)
        .await;
    assert!(matches!(nowhere, Err(StoreError::NotFound { .. })));
}

fn token(project: ProjectId, hash: [u8; 32]) -> TokenRecord {
    TokenRecord {
        id: TokenId(Uuid::now_v7()),
        project,
        hash,
        scopes: vec![Scope::Submit, Scope::Read],
        label: "onboarding".to_owned(),
        created_at: NOW,
        expires_at: Some(NOW.plus(1_000)),
        revoked_at: None,
        parent: Some(TokenId(Uuid::now_v7())),
        officer: Some(OfficerId(Uuid::now_v7())),
    }
}

async fn a_token_is_found_by_its_hash(fixture: &Fixture) {
    let store = &fixture.store;
    let bank = fixture.project("bank").await;
    let other = fixture.project("other").await;
    // A hash with a zero byte and high bytes: it is bytes, never text.
    let mut hash = [0xff; 32];
    hash[7] = 0;
    let (first, second) = (token(bank, hash), token(bank, [1; 32]));
    let elsewhere = token(other, [2; 32]);
    for record in [&first, &second, &elsewhere] {
        store.insert_token(record, &made(record)).await.unwrap();
    }

    assert!(store.token_by_hash(&hash).await.unwrap().unwrap() == first);
    assert!(store.token_by_hash(&[3; 32]).await.unwrap().is_none());
    assert!(store.token(elsewhere.id).await.unwrap().unwrap() == elsewhere);
    assert!(store.tokens(bank).await.unwrap() == [first.clone(), second]);

    let again = token(other, hash);
    let same_secret = store.insert_token(&again, &made(&again)).await;
    assert!(matches!(same_secret, Err(StoreError::AlreadyExists { .. })));
    let nowhere = token(ProjectId(Uuid::now_v7()), [4; 32]);
    let no_project = store.insert_token(&nowhere, &made(&nowhere)).await;
    assert!(matches!(no_project, Err(StoreError::NotFound { .. })));
}

fn made(token: &TokenRecord) -> AuditEntry {
    entry(
        token.project,
        AuditAction::TokenCreated,
        &token.id.to_string(),
    )
}

async fn a_token_is_revoked_once(fixture: &Fixture) {
    let store = &fixture.store;
    let record = token(fixture.project("bank").await, [9; 32]);
    store.insert_token(&record, &made(&record)).await.unwrap();

    let rows = store.audit_head().await.unwrap().seq;
    let revoked = entry(record.project, AuditAction::TokenRevoked, "tok");
    assert!(store.revoke_token(record.id, &revoked).await.unwrap());
    assert!(!store.revoke_token(record.id, &revoked).await.unwrap());
    assert!(
        !store
            .revoke_token(TokenId(Uuid::now_v7()), &revoked)
            .await
            .unwrap()
    );
    // What did not happen is not in the log.
    assert_eq!(store.audit_head().await.unwrap().seq, rows + 1);

    let kept = store.token_by_hash(&[9; 32]).await.unwrap().unwrap();
    assert_eq!(kept.revoked_at, Some(Timestamp(NOW.0)));
    assert!(!kept.is_live(NOW));
}

async fn a_row_that_makes_no_sense_is_named(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    fixture
        .tamper("UPDATE projects SET settings = 'not JSON'")
        .await;
    match fixture.store.project(project).await {
        Err(StoreError::Corrupt { table, column, row }) => {
            assert_eq!((table, column), ("projects", "settings"));
            assert_eq!(row, project.0.to_string());
        }
        other => panic!("{other:?}"),
    }
}
