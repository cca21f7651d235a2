//! The store on real databases: SQLite in a temporary file always, PostgreSQL where one is named; and its blobs in a
//! folder and on a server that speaks S3.

#![expect(clippy::unwrap_used, reason = "a test stops where something fails")]

/// Runs one test against both databases.
macro_rules! on_both_databases {
    ($($name:ident)*) => { $(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn sqlite() {
                let fixture = crate::store::fixture::Fixture::sqlite().await;
                super::$name(&fixture).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn postgres() {
                let name = concat!(module_path!(), "::postgres");
                if let Some(fixture) = crate::store::fixture::Fixture::postgres(name).await {
                    super::$name(&fixture).await;
                    fixture.clean_up().await;
                }
            }
        }
    )* };
}

/// Runs one test on both databases, and with the blobs in a bucket.
macro_rules! on_every_store {
    ($($name:ident)*) => {
        on_both_databases! { $($name)* }
        mod in_a_bucket { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let fixture = crate::store::fixture::Fixture::in_a_bucket().await;
                super::$name(&fixture).await;
            }
        )* }
    };
}

/// Runs one test with the blobs in a folder and in a bucket.
macro_rules! in_both_places {
    ($($name:ident)*) => {
        $( mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn folder() {
                let fixture = crate::store::fixture::Fixture::sqlite().await;
                super::$name(&fixture).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn bucket() {
                let fixture = crate::store::fixture::Fixture::in_a_bucket().await;
                super::$name(&fixture).await;
            }
        } )*
    };
}

mod audit;
mod blobs;
mod bucket;
mod consents;
mod decisions;
mod evidence;
pub(crate) mod fixture;
mod galleries;
mod idempotency;
mod leases;
mod opening;
mod orphans;
mod projects;
mod queue;
mod review_pages;
mod reviews;
mod rules;
mod sealing;
mod sessions;
mod statistics;
mod submission;
mod webhooks;
