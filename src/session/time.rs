//! A moment, in milliseconds since 1970 UTC, and what lies between two of them.

use serde::{Deserialize, Serialize};

/// Milliseconds since the start of 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment, `milliseconds` later (or earlier, when negative).
    #[must_use]
    pub fn plus(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
}

/// What lies from one moment on and before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Span {
    /// The span between two moments; without one of them it has no bound on that side.
    pub fn between(from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        Self {
            from: from.unwrap_or(Timestamp(i64::MIN)),
            to: to.unwrap_or(Timestamp(i64::MAX)),
        }
    }
}
