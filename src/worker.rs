//! The second door: claims an examination, runs it, repeats; posts results, carries out due decisions
//! and erases what is kept no longer beside it; stops when told.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;

use crate::operations::Operations;
use crate::operations::post_results::AT_ONCE;
use crate::operations::run_examination::causes;
use crate::operations::vitals::Alive;

/// How long to rely on being knocked up before looking at the queue: another process may have
/// queued, or a worker elsewhere may have died.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How long to rest once nothing is left whose time has come.
const EXPIRE_AGAIN: Duration = Duration::from_secs(30);

/// How often to look whether there is something to tidy up.
const TIDY_AGAIN: Duration = Duration::from_mins(10);

/// Between two batches, so that examinations and requests have the database to themselves meanwhile.
const BREATH: Duration = Duration::from_secs(1);

/// The running workers.
#[derive(Debug)]
pub struct Workers {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts so many workers; each examines one session at a time.
    pub fn start(operations: &Operations, count: usize) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks: Vec<JoinHandle<()>> = (0..count.max(1))
            .map(|_| {
                let alive = operations.worker_starts();
                tokio::spawn(work(operations.clone(), stopped.clone(), alive))
            })
            .collect();
        tasks.push(tokio::spawn(post(operations.clone(), stopped.clone())));
        tasks.push(tokio::spawn(carry_out(operations.clone(), stopped.clone())));
        tasks.push(tokio::spawn(tidy(operations.clone(), stopped.clone())));
        tasks.push(tokio::spawn(expire(operations.clone(), stopped)));
        Self { stop, tasks }
    }

    /// Takes no more work and waits for what is being examined.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

/// Examines one session after the other. It counts as alive until it returns, or breaks down.
async fn work(operations: Operations, mut stopped: watch::Receiver<bool>, _alive: Alive) {
    let worker = Uuid::now_v7();
    tokio::select! {
        warm = operations.models_are_warm() => if !warm { return },
        _ = stopped.changed() => return,
    }
    while !*stopped.borrow() {
        match operations.run_next_examination(worker).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::error!(error = %causes(&error), "the queue cannot be worked"),
        }
        tokio::select! {
            () = operations.work() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            _ = stopped.changed() => {}
        }
    }
}

/// Posts several results at once; those to one receiver take turns.
async fn post(operations: Operations, mut stopped: watch::Receiver<bool>) {
    let mut posting = JoinSet::new();
    while !*stopped.borrow() {
        let room = posting.len() < AT_ONCE;
        let claimed = if room {
            operations.claim_post().await
        } else {
            Ok(None)
        };
        match claimed {
            Ok(Some(claimed)) => {
                let operations = operations.clone();
                posting.spawn(async move { operations.post(claimed).await });
                continue;
            }
            Ok(None) => {}
            Err(error) => {
                tracing::error!(error = %causes(&error), "what is to be posted cannot be read");
            }
        }
        tokio::select! {
            () = operations.posts(), if room => {}
            Some(posted) = posting.join_next() => {
                if let Ok(Err(error)) = posted {
                    tracing::error!(error = %causes(&error), "what came of a post cannot be noted");
                }
            }
            _ = stopped.changed() => {}
        }
    }
    // What is being posted is finished, so that it is not posted twice.
    while posting.join_next().await.is_some() {}
}

/// Carries out the decisions that nobody undid in time.
async fn carry_out(operations: Operations, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        if let Err(error) = operations.carry_out_due_decisions().await {
            tracing::error!(error = %causes(&error), "due decisions cannot be looked up");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            _ = stopped.changed() => {}
        }
    }
}

/// Deletes blobs that are to go, and those that a crash left without a row.
async fn tidy(operations: Operations, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        tokio::select! {
            kept = operations.keep_order() => if let Err(error) = kept {
                tracing::error!(error = %causes(&error), "the blobs cannot be kept in order");
            },
            _ = stopped.changed() => {}
        }
        tokio::select! {
            () = tokio::time::sleep(TIDY_AGAIN) => {}
            _ = stopped.changed() => {}
        }
    }
}

/// Erases what is kept no longer, a batch at a time.
async fn expire(operations: Operations, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let rest = match operations.expire_sessions().await {
            Ok(true) => BREATH,
            Ok(false) => EXPIRE_AGAIN,
            Err(error) => {
                tracing::error!(error = %causes(&error), "what is kept no longer cannot be looked up");
                EXPIRE_AGAIN
            }
        };
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            _ = stopped.changed() => {}
        }
    }
}
