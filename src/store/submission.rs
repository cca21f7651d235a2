//! A whole submission at once: a session, its evidence and the examination of it, or nothing.

use sea_orm::DatabaseTransaction;

use crate::session::examination::ExaminationRecord;
use crate::session::visit::Session;
use crate::store::Store;
use crate::store::database::{settle, take_queueing_turn, to_the_end};
use crate::store::error::StoreError;
use crate::store::evidence::{self, NewEvidence, Upload};
use crate::store::{queue, sessions};

/// Evidence that is to be examined at once.
#[derive(Debug)]
pub struct Submission<'a> {
    pub session: Session,
    /// Whether the session is new.
    pub create: bool,
    /// What came with it; `create` of each is left out, as the submission's own says it.
    pub evidence: Vec<NewEvidence<'a>>,
    /// Its `queued_at` is the moment of the whole submission.
    pub examination: ExaminationRecord,
    pub max_queued: u64,
}

impl Store {
    /// Keeps a submission and queues its examination: all of it, or nothing.
    ///
    /// Goes through to the end even when nobody waits for it any more.
    pub async fn submit(&self, submission: Submission<'_>) -> Result<(), StoreError> {
        let Submission {
            session,
            create,
            evidence,
            examination,
            max_queued,
        } = submission;
        let one_session = examination.session == session.id
            && examination.project == session.project
            && evidence.iter().all(|new| new.session == session.id);
        if !one_session {
            return Err(StoreError::Inconsistent {
                what: "the parts of a submission belong to different sessions",
            });
        }
        let uploads: Vec<Upload> = evidence
            .iter()
            .map(|new| new.prepare(examination.queued_at))
            .collect();
        let store = self.clone();
        // On the heap: its state holds the records and everything that is done with them.
        to_the_end(Box::pin(async move {
            let new_session = create.then_some(&session);
            let key = store.key_for(new_session, session.id).await?;
            let rows = async {
                let transaction = store.begin().await?;
                let done = async {
                    if let Some(session) = new_session {
                        sessions::insert(&transaction, &store.vault, session, &key).await?;
                    }
                    rows(&transaction, &uploads, &examination, max_queued).await
                }
                .await;
                settle(transaction, done).await
            };
            store.with_blobs(&uploads, &key, rows).await
        }))
        .await
    }
}

async fn rows(
    transaction: &DatabaseTransaction,
    uploads: &[Upload],
    examination: &ExaminationRecord,
    max_queued: u64,
) -> Result<(), StoreError> {
    // Before any session's row is locked, as whoever takes a consent back does it.
    take_queueing_turn(transaction).await?;
    evidence::insert(transaction, uploads, examination.queued_at).await?;
    queue::enqueue(transaction, examination, max_queued).await
}
