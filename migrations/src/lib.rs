//! The database migrations of `likeness`, oldest first.
//!
//! They go forwards only: what a migration got wrong, a later one puts right.

use std::collections::HashSet;

use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::{DbErr, MigrationTrait, async_trait};
use sea_orm_migration::sea_orm::DatabaseTransaction;

mod columns;
mod m20261121_000001_projects;
mod m20261121_000002_sessions;
mod m20261121_000003_examinations;
mod m20261121_000004_consents;
mod m20261121_000005_galleries;
mod m20261121_000006_calls;
mod m20261121_000007_callbacks;
mod m20261121_000008_token_parents;
mod m20261121_000009_rule_versions;
mod m20261121_000010_verdicts;
mod m20261121_000011_audit;
mod m20261121_000012_decisions;
mod m20261121_000013_challenges;
mod m20261121_000014_accounts;
mod m20261121_000015_reviews;
mod m20261121_000016_deliveries;
mod m20261121_000017_figures;
mod m20261129_000018_vault;
mod m20261129_000019_idempotency;
mod m20261129_000020_webhooks;
mod m20261129_000020b_causes;
mod m20261129_000021_chores;

/// Applies the migrations that the database has not seen yet, inside the caller's transaction.
///
/// A database that a newer program has been at is left as it is: what that added, this one does not look at, and while
/// nodes are brought to a new version one after the other, the older ones have to start, too.
pub async fn apply(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    let known: HashSet<String> = Migrator::migrations()
        .iter()
        .map(|migration| migration.name().to_owned())
        .collect();
    let applied = Migrator::get_migration_models(transaction).await?;
    let applied: HashSet<String> = applied.into_iter().map(|model| model.version).collect();
    if applied.is_subset(&known) {
        return Migrator::up(transaction, None).await;
    }
    if known.is_subset(&applied) {
        return Ok(());
    }
    Err(DbErr::Custom(
        "another version of the program has been at this database, and neither is the older one"
            .to_owned(),
    ))
}

/// Applies the oldest of them alone, as an older program left a database behind: for tests of the rest.
pub async fn apply_first(transaction: &DatabaseTransaction, count: u32) -> Result<(), DbErr> {
    Migrator::up(transaction, Some(count)).await
}

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_projects::Migration),
            Box::new(m20261121_000002_sessions::Migration),
            Box::new(m20261121_000003_examinations::Migration),
            Box::new(m20261121_000004_consents::Migration),
            Box::new(m20261121_000005_galleries::Migration),
            Box::new(m20261121_000006_calls::Migration),
            Box::new(m20261121_000007_callbacks::Migration),
            Box::new(m20261121_000008_token_parents::Migration),
            Box::new(m20261121_000009_rule_versions::Migration),
            Box::new(m20261121_000010_verdicts::Migration),
            Box::new(m20261121_000011_audit::Migration),
            Box::new(m20261121_000012_decisions::Migration),
            Box::new(m20261121_000013_challenges::Migration),
            Box::new(m20261121_000014_accounts::Migration),
            Box::new(m20261121_000015_reviews::Migration),
            Box::new(m20261121_000016_deliveries::Migration),
            Box::new(m20261121_000017_figures::Migration),
            Box::new(m20261129_000018_vault::Migration),
            Box::new(m20261129_000019_idempotency::Migration),
            Box::new(m20261129_000020_webhooks::Migration),
            Box::new(m20261129_000020b_causes::Migration),
            Box::new(m20261129_000021_chores::Migration),
        ]
    }
}
