//! Posts results to the addresses that callers named, and tries again when they are not taken.

use std::time::Duration;

use uuid::Uuid;

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::delivery::DeliveryState;
use crate::session::ids::CallbackId;
use crate::session::time::Timestamp;
use crate::store::callbacks::Callback;

/// Milliseconds to wait after each failed try; after the last one the callback is given up.
pub const LADDER_MS: [i64; 7] = [
    5_000,
    30_000,
    5 * 60_000,
    30 * 60_000,
    2 * 60 * 60_000,
    6 * 60 * 60_000,
    12 * 60 * 60_000,
];

/// Longer than a post can take: from then on a try counts as broken off.
const LEASE_MS: i64 = 120_000;

/// How long to sleep before looking again whether anything is due.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

impl Operations {
    /// Refuses an address that nothing may be posted to.
    pub async fn check_callback(&self, address: &str) -> Result<(), Error> {
        let (poster, address) = (self.poster.clone(), address.to_owned());
        let checking = tokio::task::spawn_blocking(move || poster.check(&address));
        match checking.await.map_err(Error::internal)? {
            Ok(_) => Ok(()),
            Err(forbidden) => Err(Error::invalid(format!("the callback address: {forbidden}"))),
        }
    }

    /// Has a result posted to an address that was checked.
    pub async fn queue_callback(
        &self,
        caller: &Caller,
        address: &str,
        body: String,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        self.store
            .queue_callback(&Callback {
                id: CallbackId(Uuid::now_v7()),
                project: caller.project.id,
                address: address.to_owned(),
                body,
                attempts: 0,
                next_at: now,
                state: DeliveryState::Waiting,
                queued_at: now,
                ended_at: None,
                last_error: None,
            })
            .await?;
        self.signalling.post_waits();
        Ok(())
    }

    /// Posts the result that has been due the longest; tells whether there was one.
    pub async fn post_next_result(&self) -> Result<bool, Error> {
        let now = self.clock.now();
        let claimed = self.store.claim_callback(now, now.plus(LEASE_MS)).await?;
        let Some(callback) = claimed else {
            return Ok(false);
        };
        let poster = self.poster.clone();
        let (address, body) = (callback.address.clone(), callback.body.clone());
        let posted = tokio::task::spawn_blocking(move || poster.post(&address, &body))
            .await
            .map_err(Error::internal)?;
        match posted {
            Ok(()) => {
                let now = self.clock.now();
                self.store.end_callback(&callback, now, None).await?;
            }
            Err(error) => {
                let rung = callback.attempts.saturating_sub(1) as usize;
                let wait = LADDER_MS.get(rung);
                tracing::warn!(callback = %callback.id, attempt = callback.attempts, given_up = wait.is_none(), %error, "a result was not taken");
                let (now, reason) = (self.clock.now(), error.to_string());
                match wait {
                    Some(wait) => {
                        let until = now.plus(*wait);
                        self.store.delay_callback(&callback, until, &reason).await?;
                    }
                    None => {
                        self.store
                            .end_callback(&callback, now, Some(&reason))
                            .await?;
                    }
                }
            }
        }
        Ok(true)
    }

    /// How many results are on their way, and how many of them are due.
    pub async fn callbacks_waiting(&self, now: Timestamp) -> Result<(u64, u64), Error> {
        Ok(self.store.count_callbacks(now).await?)
    }

    /// Resolves when there is probably something to post.
    pub async fn posts(&self) {
        // Woken or not: what counts is read again.
        let _ = tokio::time::timeout(LOOK_AGAIN, self.signalling.posts()).await;
    }
}
