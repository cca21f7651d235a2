//! Runs what takes a core on a thread of its own, under the span of whoever asks: its log lines tell whose work it is.

use tokio::task::{JoinHandle, spawn_blocking};
use tracing::Span;

/// Runs work on a thread of its own.
pub(crate) fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let span = Span::current();
    spawn_blocking(move || span.in_scope(work))
}
