//! A session: one applicant's visit and what is known of it.

use std::fmt;

use crate::session::ids::{ProjectId, SessionId};
use crate::session::status::SessionStatus;
use crate::session::time::Timestamp;

/// One applicant's visit. Its `Debug` names no person.
#[derive(Clone, PartialEq)]
pub struct Session {
    pub id: SessionId,
    pub project: ProjectId,
    pub status: SessionStatus,
    /// The door it came through: `native` or `biometry`.
    pub origin: String,
    /// The project's own reference.
    pub reference: Option<String>,
    /// The project's own data, a JSON object kept as it came.
    pub metadata: Option<serde_json::Value>,
    pub subject_name: Option<String>,
    pub device_info: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Since when a legal hold keeps its data from being erased.
    pub held_at: Option<Timestamp>,
    /// When its data were erased; its verdicts stay.
    pub erased_at: Option<Timestamp>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({}, {}, …)", self.id, self.status.name())
    }
}
