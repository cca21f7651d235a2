//! The time as an argument: the service asks this, tests turn it by hand.

use crate::session::time::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}
