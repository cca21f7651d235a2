//! Wakes whoever waits in this process: a worker for work, a request for its examination.

use std::sync::Arc;

use tokio::sync::{Notify, broadcast};

use crate::session::ids::ExaminationId;

/// Knocks on doors inside this process. What counts is always read from the store; a knock that is
/// missed only costs the time to the next look.
#[derive(Clone, Debug)]
pub(crate) struct Signalling {
    work: Arc<Notify>,
    posts: Arc<Notify>,
    finished: broadcast::Sender<ExaminationId>,
}

impl Default for Signalling {
    fn default() -> Self {
        Self {
            work: Arc::new(Notify::new()),
            posts: Arc::new(Notify::new()),
            finished: broadcast::channel(256).0,
        }
    }
}

impl Signalling {
    /// There is something to examine.
    pub(crate) fn work_waits(&self) {
        self.work.notify_one();
    }

    /// Resolves at the next `work_waits`, or at once when one came since the last call.
    pub(crate) async fn work(&self) {
        self.work.notified().await;
    }

    /// There is something to post.
    pub(crate) fn post_waits(&self) {
        self.posts.notify_one();
    }

    /// Resolves at the next `post_waits`, or at once when one came since the last call.
    pub(crate) async fn posts(&self) {
        self.posts.notified().await;
    }

    pub(crate) fn has_finished(&self, examination: ExaminationId) {
        // Nobody waiting is no failure.
        let _ = self.finished.send(examination);
    }

    pub(crate) fn finished(&self) -> broadcast::Receiver<ExaminationId> {
        self.finished.subscribe()
    }
}
