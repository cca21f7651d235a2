//! One call of the API as the log of calls keeps it, and what a project may use.

use serde::{Deserialize, Serialize};

use crate::session::ids::CallId;
use crate::session::project::Dialect;
use crate::session::time::Timestamp;

/// One call: which door, what came of it, and the caller's own number for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    pub id: CallId,
    pub at: Timestamp,
    pub dialect: String,
    /// The route's pattern, never the path with what a caller put into it.
    pub endpoint: String,
    /// The caller's transaction identifier.
    pub reference: Option<String>,
    /// The answer's code; none while the call is being answered, or when the service broke off.
    pub outcome: Option<String>,
}

/// How many calls a project made of one dialect on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayOfCalls {
    /// The day's start, UTC.
    pub day: Timestamp,
    pub dialect: Dialect,
    pub calls: u64,
}

/// What a project has used, or may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Calls with a live token.
    pub calls: u64,
    /// Enrolled faces.
    pub faces: u64,
    pub galleries: u64,
}

/// The most a project may use of each; none is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    pub calls: Option<u64>,
    pub faces: Option<u64>,
    pub galleries: Option<u64>,
}

impl Quotas {
    /// What is left of each; where there is no limit, as much as an integer of 32 bits can say.
    pub fn remaining(&self, used: Usage) -> Usage {
        let left = |limit: Option<u64>, used: u64| {
            limit.map_or(i32::MAX as u64, |limit| limit.saturating_sub(used))
        };
        Usage {
            calls: left(self.calls, used.calls),
            faces: left(self.faces, used.faces),
            galleries: left(self.galleries, used.galleries),
        }
    }
}
