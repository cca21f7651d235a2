//! Erases the sessions whose project keeps them no longer.

use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::run_examination::causes;
use crate::session::actor::Actor;
use crate::store::erasure::Erasure;

/// Sessions of one project that are erased in one go.
const AT_ONCE: u64 = 100;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Operations {
    /// Erases sessions that nothing happened to for longer than their project keeps them, so many
    /// a project; tells whether there may be more. What is held or being examined stays. Results that
    /// were posted long enough ago are forgotten too, and the keys of requests that were carried out once.
    pub async fn expire_sessions(&self) -> Result<bool, Error> {
        self.forget_deliveries().await?;
        self.forget_keys().await?;
        // What could not be deleted before is tried again.
        self.sweep_blobs().await;
        let mut more = false;
        for project in self.store.projects().await? {
            more |= self.expire_kinds(&project).await?;
            let Some(days) = project.settings.retention_days else {
                continue;
            };
            let oldest = self.clock.now().plus(-i64::from(days) * DAY_MS);
            let expired = self
                .store
                .expired_sessions(project.id, oldest, AT_ONCE)
                .await?;
            let now = self.clock.now();
            // Without reading the session: one that cannot be read is to go like any other.
            let overdue = expired.iter().map(|id| {
                let erasure = Erasure {
                    untouched_since: Some(oldest),
                    ..Erasure::of_session(project.id, *id, now)
                };
                (id.to_string(), erasure)
            });
            let erased = self.erase_each(overdue.collect()).await;
            if erased > 0 {
                tracing::info!(project = %project.id, sessions = erased, "erased what is kept no longer");
            }
            more |= erased == AT_ONCE;
        }
        Ok(more)
    }

    /// Carries out one erasure after the other, each told of by whom or what it is about; tells how many found anything to
    /// erase.
    pub(crate) async fn erase_each(&self, overdue: Vec<(String, Erasure)>) -> u64 {
        let mut erased = 0;
        for (target, erasure) in overdue {
            match self.erase_all_of(erasure, Actor::Service).await {
                Ok(receipt) => erased += u64::from(receipt.is_some()),
                // The others are not to wait for this one; it is tried again in its time.
                Err(error) => {
                    tracing::error!(%target, error = %causes(&error), "what is kept no longer cannot be erased");
                }
            }
        }
        erased
    }
}
