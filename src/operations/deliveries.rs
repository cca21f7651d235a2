//! Lists the results that were posted for a project or are about to be, has one posted again, and forgets the old ones.

use serde_json::json;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::read_rules::refuse_bad_limit;
use crate::session::audit::AuditAction;
use crate::session::delivery::{Delivery, DeliveryState};
use crate::session::ids::CallbackId;
use crate::session::project::Scope;
use crate::store::callbacks::Callback;

/// How long a result is kept after it was taken or given up, so that it can be posted again.
pub const KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

impl Operations {
    /// A page of the results of the caller's project, newest first: those older than `before`.
    pub async fn list_deliveries(
        &self,
        caller: &Caller,
        before: Option<CallbackId>,
        limit: u64,
    ) -> Result<Vec<Delivery>, Error> {
        caller.require(Scope::Manage)?;
        refuse_bad_limit(limit)?;
        let project = caller.project.id;
        let callbacks = self.store.callbacks(project, before, limit).await?;
        Ok(callbacks.into_iter().map(delivery).collect())
    }

    /// Has a result posted once more, as it was: to the same address, from the first try on.
    pub async fn replay_delivery(&self, caller: &Caller, id: CallbackId) -> Result<(), Error> {
        caller.require(Scope::Manage)?;
        let project = caller.project.id;
        let deed = Deed {
            action: AuditAction::DeliveryReplayed,
            target: id.to_string(),
            details: json!({}),
        };
        let entry = self.audit_entry(project, caller.actor(), deed);
        if !self.store.replay_callback(project, id, &entry).await? {
            return Err(Error::NotFound { what: "result" });
        }
        self.signalling.post_waits();
        Ok(())
    }

    /// Forgets results that ended long enough ago.
    pub async fn forget_deliveries(&self) -> Result<(), Error> {
        let ended_before = self.clock.now().plus(-KEPT_MS);
        self.store.forget_callbacks(ended_before).await?;
        Ok(())
    }
}

fn delivery(callback: Callback) -> Delivery {
    Delivery {
        id: callback.id,
        host: host(&callback.address).to_owned(),
        event: callback.event,
        state: callback.state,
        attempts: callback.attempts,
        queued_at: callback.queued_at,
        next_at: match callback.state {
            DeliveryState::Waiting => Some(callback.next_at),
            DeliveryState::Taken | DeliveryState::GivenUp => None,
        },
        ended_at: callback.ended_at,
        last_error: callback.last_error,
    }
}

/// The host of an address and its port: neither what stands before an `@` nor what stands behind a slash.
pub fn host(address: &str) -> &str {
    let behind = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = behind
        .split(['/', '?', '#', '\\'])
        .next()
        .unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_the_host_alone_is_told() {
        for (address, told) in [
            ("https://example.org/hook?key=secret", "example.org"),
            (
                "https://user:secret@example.org:8443#secret",
                "example.org:8443",
            ),
            ("https://example.org?secret", "example.org"),
            ("http://[::1]:80/secret", "[::1]:80"),
            ("https://example.org\\secret@x", "example.org"),
        ] {
            assert_eq!(host(address), told);
        }
    }
}
