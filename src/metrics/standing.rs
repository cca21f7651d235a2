//! What stands at one moment and is read when somebody asks, rather than counted as it happens.

/// The state of the queue, of what is to be posted, and of what the service rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Standing {
    /// Examinations that wait for a worker.
    pub queued: u64,
    /// For how long the longest of them has waited.
    pub oldest_queued_seconds: f64,
    /// Workers that are alive.
    pub workers: u64,
    /// Events and results on their way.
    pub posts_waiting: u64,
    /// Those of them whose time has come.
    pub posts_due: u64,
    pub oldest_post_due_seconds: f64,
    /// Connections to the database, and those of them that nobody uses.
    pub connections: u64,
    pub idle_connections: u64,
    pub blob_failures: u64,
}
