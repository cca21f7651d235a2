//! Lets a call in: who asks, may they, and is any of the quota left? Every call that is let in is logged.

use uuid::Uuid;

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::places::CallPlace;
use crate::session::call::{CallRecord, Usage};
use crate::session::ids::CallId;
use crate::session::project::{Dialect, Scope};

/// Calls answered at once by [`Operations::find_calls`].
const MOST_CALLS: u64 = 1_000;

/// Longest reference of a caller's own, in characters.
pub const MAX_REFERENCE: usize = 120;

/// The door a call comes through.
#[derive(Clone, Debug)]
pub struct NewCall {
    pub dialect: Dialect,
    /// The route's pattern.
    pub endpoint: String,
}

impl Operations {
    /// The caller behind a token's secret, and the call's row in the log.
    pub async fn admit(&self, secret: &str, call: NewCall) -> Result<(Caller, CallId), Error> {
        let caller = self.authenticate(secret).await?;
        self.begin_call(caller, call).await
    }

    /// The same for a FREMIS call without a token, where an operator bound those to a project.
    pub async fn admit_anonymous_fremis(
        &self,
        endpoint: String,
    ) -> Result<(Caller, CallId), Error> {
        let caller = self.anonymous_fremis().await?;
        let call = NewCall {
            dialect: Dialect::Fremis,
            endpoint,
        };
        self.begin_call(caller, call).await
    }

    /// The caller of FREMIS calls without a token.
    pub async fn anonymous_fremis(&self) -> Result<Caller, Error> {
        let name = self
            .settings
            .fremis_project
            .as_deref()
            .ok_or(Error::Unauthenticated)?;
        let project = self
            .store
            .project_by_name(name)
            .await?
            .ok_or(Error::Unauthenticated)?;
        Ok(Caller {
            project,
            scopes: vec![Scope::Submit, Scope::Read, Scope::Enrol],
            token: None,
            parent: None,
            officer: None,
            allotted: None,
            place: CallPlace::default(),
            cause: None,
        })
    }

    /// Completes a call's row: the answer's code, and the caller's own number for the call.
    pub async fn end_call(&self, id: CallId, outcome: &str, reference: Option<&str>) {
        // The answer is made already, and a log that cannot be completed does not take it back.
        if let Err(error) = self.store.end_call(id, outcome, reference).await {
            tracing::warn!(call = %id, %error, "the log of calls could not be completed");
        }
    }

    /// What the caller's project has used.
    pub async fn usage(&self, caller: &Caller) -> Result<Usage, Error> {
        Ok(self.store.usage(caller.project.id).await?)
    }

    /// The project's calls, newest first, or those of one reference.
    pub async fn find_calls(
        &self,
        caller: &Caller,
        reference: Option<&str>,
        limit: u64,
    ) -> Result<Vec<CallRecord>, Error> {
        caller.require(Scope::Read)?;
        if reference.is_some_and(|reference| reference.contains('\0')) {
            return Ok(Vec::new());
        }
        let limit = limit.min(MOST_CALLS);
        Ok(self
            .store
            .calls(caller.project.id, reference, limit)
            .await?)
    }

    async fn begin_call(&self, caller: Caller, call: NewCall) -> Result<(Caller, CallId), Error> {
        let settings = &caller.project.settings;
        if settings.disabled.contains(&call.dialect) {
            return Err(Error::Disabled);
        }
        if settings.suspended {
            return Err(Error::Suspended);
        }
        self.count_caller(&caller)?;
        let record = CallRecord {
            id: CallId(Uuid::now_v7()),
            at: self.clock.now(),
            dialect: call.dialect.name().to_owned(),
            endpoint: call.endpoint,
            reference: None,
            outcome: None,
        };
        self.store
            .begin_call(caller.project.id, &record, settings.quotas.calls)
            .await?;
        Ok((caller, record.id))
    }
}
