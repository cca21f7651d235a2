//! Posts results to the addresses that callers named and events to a project's endpoints, and tries again when they
//! are not taken.

use std::time::Duration;

use uuid::Uuid;

use crate::metrics::PostOutcome;
use crate::notify::guard::Forbidden;
use crate::notify::post::{Letter, PostError};
use crate::notify::receiver::receiver;
use crate::notify::retry;
use crate::notify::signature::sign;
use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::background::in_background;
use crate::operations::error::Error;
use crate::operations::lanes::Turn;
use crate::session::delivery::DeliveryState;
use crate::session::ids::{CallbackId, EndpointId};
use crate::session::time::Timestamp;
use crate::session::webhook::WebhookSecret;
use crate::store::callbacks::Callback;

/// Posts at a time, to whomever.
pub const AT_ONCE: usize = 16;

/// The longest wait after so many failed tries; none where that was the last.
pub fn longest_wait_ms(tries: u32) -> Option<i64> {
    retry::longest_wait_ms(tries)
}

/// Longer than a post can take: from then on a try counts as broken off.
const LEASE_MS: i64 = 120_000;

/// How long to sleep before looking again whether anything is due.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Something that is to be posted now, by nobody else.
#[derive(Debug)]
pub struct Claimed {
    callback: Callback,
    _turn: Turn,
}

impl Operations {
    /// Refuses an address that nothing may be posted to.
    pub async fn check_callback(&self, address: &str) -> Result<(), Error> {
        self.check_address("the callback address", address).await
    }

    /// The same, in the words of whatever named it.
    pub(crate) async fn check_address(&self, what: &str, address: &str) -> Result<(), Error> {
        let (poster, address) = (self.poster.clone(), address.to_owned());
        let checking = in_background(move || poster.check(&address));
        match checking.await.map_err(Error::internal)? {
            Ok(_) => Ok(()),
            Err(forbidden) => Err(Error::invalid(format!("{what}: {forbidden}"))),
        }
    }

    /// Has a result posted to an address that was checked.
    pub async fn queue_callback(
        &self,
        caller: &Caller,
        address: &str,
        body: String,
    ) -> Result<(), Error> {
        let lane = receiver(address).ok_or_else(|| {
            Error::invalid(format!("the callback address: {}", Forbidden::NotHttp))
        })?;
        let now = self.clock.now();
        self.store
            .queue_callback(&Callback {
                id: CallbackId(Uuid::now_v7()),
                project: caller.project.id,
                lane,
                address: address.to_owned(),
                body,
                endpoint: None,
                event: None,
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

    /// Posts what has been due the longest; tells whether there was anything.
    pub async fn post_next_result(&self) -> Result<bool, Error> {
        let Some(claimed) = self.claim_post().await? else {
            return Ok(false);
        };
        self.post(claimed).await?;
        Ok(true)
    }

    /// Takes what has been due the longest and neither goes to a receiver nor comes of a project that is being posted
    /// to or for enough.
    pub async fn claim_post(&self) -> Result<Option<Claimed>, Error> {
        let now = self.clock.now();
        let full = self.lanes.full(AT_ONCE);
        let claimed = self
            .store
            .claim_callback(now, now.plus(LEASE_MS), &full)
            .await?;
        Ok(claimed.map(|callback| Claimed {
            _turn: self.lanes.take(&callback),
            callback,
        }))
    }

    /// Posts what was taken, and notes what came of it. Where the process dies in between, the same is posted
    /// again under the same identifier.
    pub async fn post(&self, claimed: Claimed) -> Result<(), Error> {
        let callback = &claimed.callback;
        let Some(letter) = self.letter(callback).await? else {
            let why = "its endpoint was removed or disabled";
            let now = self.clock.now();
            return Ok(self.store.end_callback(callback, now, Some(why)).await?);
        };
        let poster = self.poster.clone();
        let posted = in_background(move || poster.post(&letter))
            .await
            .map_err(Error::internal)?;
        self.metrics.posted(outcome(posted));
        match posted {
            Ok(()) => self.taken(callback).await,
            Err(error) => self.not_taken(callback, error).await,
        }
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

    /// What is posted: an event is signed by its endpoint's secrets, of which there are none where it is gone.
    async fn letter(&self, callback: &Callback) -> Result<Option<Letter>, Error> {
        let mut letter = Letter {
            address: callback.address.clone(),
            body: callback.body.clone(),
            id: callback.id.to_string(),
            signed: None,
        };
        let Some(id) = callback.endpoint else {
            return Ok(Some(letter));
        };
        let endpoint = self.store.endpoint(id).await?;
        let Some(endpoint) = endpoint.filter(|endpoint| endpoint.disabled_at.is_none()) else {
            return Ok(None);
        };
        let now = self.clock.now();
        let secrets = endpoint.signing(now);
        let keys = secrets.iter().map(WebhookSecret::bytes);
        let seconds = now.0.div_euclid(1000);
        let signature = sign(keys, &letter.id, seconds, &letter.body);
        letter.signed = Some((seconds, signature));
        Ok(Some(letter))
    }

    async fn taken(&self, callback: &Callback) -> Result<(), Error> {
        let now = self.clock.now();
        self.store.end_callback(callback, now, None).await?;
        let lag = (now.0 - callback.queued_at.0).max(0);
        self.metrics.post_lag(lag as f64 / 1000.0);
        Ok(())
    }

    async fn not_taken(&self, callback: &Callback, error: PostError) -> Result<(), Error> {
        let wait = if error.is_gone() {
            None
        } else {
            retry::wait_ms(callback.attempts, rand::random(), error.asked_ms())
        };
        tracing::warn!(callback = %callback.id, attempt = callback.attempts, given_up = wait.is_none(), %error, "a result was not taken");
        let (now, reason) = (self.clock.now(), error.to_string());
        if let Some(wait) = wait {
            let until = now.plus(wait);
            return Ok(self.store.delay_callback(callback, until, &reason).await?);
        }
        self.store
            .end_callback(callback, now, Some(&reason))
            .await?;
        self.metrics.post_given_up();
        match callback.endpoint {
            Some(endpoint) if error.is_gone() => self.disable(endpoint, now).await,
            _ => Ok(()),
        }
    }

    async fn disable(&self, endpoint: EndpointId, now: Timestamp) -> Result<(), Error> {
        tracing::warn!(%endpoint, "a webhook's endpoint is gone, and nothing more is posted to it");
        Ok(self.store.disable_endpoint(endpoint, now).await?)
    }
}

fn outcome(posted: Result<(), PostError>) -> PostOutcome {
    match posted {
        Ok(()) => PostOutcome::Taken,
        Err(error) if error.is_gone() => PostOutcome::Gone,
        Err(PostError::Answered { .. }) => PostOutcome::Refused,
        Err(PostError::Unreachable) => PostOutcome::Unreachable,
        Err(PostError::Forbidden(_)) => PostOutcome::Forbidden,
    }
}
