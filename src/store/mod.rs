//! Rows and blobs: no database type leaves this room.

use std::fmt;

use sea_orm::DatabaseConnection;

use crate::store::blobs::Blobs;
use crate::store::counted::Failures;
use crate::store::error::StoreError;
use crate::store::options::StoreOptions;
use crate::store::vault::Vault;

pub mod accounts;
pub mod audit;
pub mod backtest;
mod blob_sealing;
pub mod blobs;
mod bucket;
pub mod callbacks;
pub mod calls;
pub mod challenges;
pub mod chores;
pub mod claims;
pub mod consent_texts;
pub mod consents;
mod counted;
mod data_keys;
mod database;
pub mod decision_rows;
pub mod decisions;
mod doomed;
pub mod enrolment;
#[expect(
    unreachable_pub,
    reason = "the entity macro asks for public names; the module keeps them inside the room"
)]
mod entity;
pub mod erasure;
pub mod error;
pub mod evidence;
pub mod examinations;
pub mod expiry;
pub mod galleries;
mod held_people;
pub mod holds;
pub mod idempotency;
pub mod keys;
pub mod master_keys;
pub mod officers;
pub mod options;
pub mod orphans;
mod outbox;
pub mod pending;
pub mod plain_file;
pub mod plain_rows;
pub mod projects;
mod proposals;
pub mod queue;
mod reading;
pub mod receipts;
pub mod review_list;
pub mod reviews;
pub mod rule_versions;
mod sealed_blob;
mod sealing;
pub mod seed_cases;
pub mod seeds;
pub mod sessions;
pub mod shadow_report;
pub mod shadow_verdicts;
pub mod sign_ins;
pub mod statistics;
pub mod stocktaking;
pub mod subjects;
pub mod submission;
pub mod template_changes;
mod testimony;
pub mod tokens;
pub mod trouble;
pub mod usage;
mod vault;
pub mod verdicts;
pub mod vitals;
pub mod webhooks;
mod withdrawals;

/// Everything the service keeps: rows in a database, pictures and videos in a folder of blobs or a bucket.
///
/// It is cheap to clone; every clone speaks to the same database.
#[derive(Clone)]
pub struct Store {
    database: DatabaseConnection,
    blobs: Blobs,
    vault: Vault,
    blob_failures: Failures,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store(…)")
    }
}

impl Store {
    /// Opens the database and the place of the blobs, makes what is missing and applies the migrations.
    pub async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        bucket::use_one_cryptography();
        let blob_failures = Failures::default();
        let blobs = Blobs::open(&options.blobs).await?.counting(&blob_failures);
        let database = database::open(options).await?;
        database::migrate(&database).await?;
        let vault = Vault::open(&database, &options.master_keys).await?;
        Ok(Self {
            database,
            blobs,
            vault,
            blob_failures,
        })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.database.ping().await?)
    }

    /// Ends every connection; what was written stays. For a program's orderly end.
    pub async fn close(self) -> Result<(), StoreError> {
        Ok(self.database.close().await?)
    }
}
