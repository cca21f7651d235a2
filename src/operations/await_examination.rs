//! Waits for an examination to end.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::examination::{ExaminationRecord, ExaminationStatus};
use crate::session::ids::{ExaminationId, SessionId};

/// How long to rely on being knocked up before looking again: another process may have examined.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

impl Operations {
    /// The examination once it has ended, or `StillRunning` when the time is up.
    pub async fn await_examination(
        &self,
        caller: &Caller,
        session: SessionId,
        id: ExaminationId,
        wait: Duration,
    ) -> Result<ExaminationRecord, Error> {
        let deadline = Instant::now() + wait;
        let mut finished = self.signalling.finished();
        loop {
            let record = self.find_examination(caller, session, id).await?;
            match record.status {
                ExaminationStatus::Done | ExaminationStatus::Failed => return Ok(record),
                ExaminationStatus::Queued | ExaminationStatus::Running => {}
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::StillRunning);
            }
            let ours = async {
                loop {
                    match finished.recv().await {
                        Ok(ended) if ended != id => {}
                        Ok(_) | Err(_) => break,
                    }
                }
            };
            // Woken or not: what counts is read again.
            let _ = timeout(left.min(LOOK_AGAIN), ours).await;
        }
    }
}
