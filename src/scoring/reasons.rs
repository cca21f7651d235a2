//! The closed list of reason codes.

use serde::{Deserialize, Serialize};

/// Why a session was judged or decided as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReasonCode {
    DocumentUnreadable,
    VideoUnreadable,
    ServiceFailure,
    ResubmissionsUsedUp,
    IdentityConfirmed,
    SuspectedFraud,
    DocumentNotAccepted,
    CaptureNotAccepted,
    PersonNotTheSame,
    Other,
}
