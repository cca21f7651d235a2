//! Evidence: the blob first, then its row and the session's move in one transaction.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use futures_util::future::join_all;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::session::evidence::{Evidence, EvidenceKind};
use crate::session::ids::{EvidenceId, SessionId};
use crate::session::review::VoidedBy;
use crate::session::status::Move;
use crate::session::time::Timestamp;
use crate::session::visit::Session;
use crate::store::Store;
use crate::store::data_keys::DataKey;
use crate::store::database::{settle, to_the_end};
use crate::store::entity::evidence::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::Row;
use crate::store::sessions::Standing;
use crate::store::{reviews, sessions, withdrawals};

/// A received file that is to be kept.
#[derive(Debug)]
pub struct NewEvidence<'a> {
    pub id: EvidenceId,
    pub session: SessionId,
    /// The session's row, when it is new: made in the same transaction.
    pub create: Option<Session>,
    pub kind: EvidenceKind,
    /// Where its bytes are to lie in the store: [`new_evidence_key`](crate::store::blobs::new_evidence_key).
    pub blob: String,
    /// Where the bytes lie now; they are copied.
    pub file: &'a Path,
    pub sha256: String,
    pub bytes: u64,
    pub media_type: String,
}

impl NewEvidence<'_> {
    /// The record as it will be, and where its bytes are to be taken from.
    pub(super) fn prepare(&self, now: Timestamp) -> Upload {
        Upload {
            file: self.file.to_owned(),
            evidence: Evidence {
                id: self.id,
                session: self.session,
                kind: self.kind,
                blob: self.blob.clone(),
                sha256: self.sha256.clone(),
                bytes: self.bytes,
                media_type: self.media_type.clone(),
                received_at: now,
            },
        }
    }
}

/// A record whose bytes are still outside the store.
pub(super) struct Upload {
    pub(super) file: PathBuf,
    pub(super) evidence: Evidence,
}

impl Store {
    /// Keeps a file for a session whose state allows it: all of it, or nothing.
    ///
    /// Goes through to the end even when nobody waits for it any more.
    pub async fn accept_evidence(
        &self,
        new: NewEvidence<'_>,
        now: Timestamp,
    ) -> Result<Evidence, StoreError> {
        let store = self.clone();
        let uploads = [new.prepare(now)];
        let create = new.create;
        to_the_end(async move {
            let [Upload { evidence, .. }] = &uploads;
            let key = store.key_for(create.as_ref(), evidence.session).await?;
            let rows = store.evidence_rows(create, &key, &uploads, now);
            store.with_blobs(&uploads, &key, rows).await?;
            let [upload] = uploads;
            Ok(upload.evidence)
        })
        .await
    }

    /// The newest evidence of that kind that is kept.
    pub async fn latest_evidence(
        &self,
        session: SessionId,
        kind: EvidenceKind,
    ) -> Result<Option<Evidence>, StoreError> {
        Entity::find()
            .filter(Column::SessionId.eq(session.0.to_string()))
            .filter(Column::Kind.eq(kind.name()))
            .filter(Column::ErasedAt.is_null())
            .order_by_desc(Column::ReceivedAt)
            .order_by_desc(Column::Id)
            .one(&self.database)
            .await?
            .map(read)
            .transpose()
    }

    /// Puts the files into the blob store, then makes the rows; takes the files out again where
    /// the rows did not come to be.
    pub(super) async fn with_blobs<T>(
        &self,
        uploads: &[Upload],
        key: &DataKey,
        rows: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let outcome = match self.put_uploads(uploads, key).await {
            Ok(()) => rows.await,
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            self.take_back(uploads).await;
        }
        outcome
    }

    /// The key that a session's evidence is sealed under: a new one for a new session.
    pub(super) async fn key_for(
        &self,
        create: Option<&Session>,
        session: SessionId,
    ) -> Result<DataKey, StoreError> {
        if create.is_some() {
            return Ok(DataKey::random());
        }
        if let Some(key) = self.vault.session_key(&self.database, session).await? {
            return Ok(key);
        }
        let standing = sessions::standing_of(&self.database, session).await?;
        Err(match standing {
            Some(Standing { status, .. }) => StoreError::WrongState { status },
            None => StoreError::NotFound { what: "session" },
        })
    }

    async fn evidence_rows(
        &self,
        create: Option<Session>,
        key: &DataKey,
        uploads: &[Upload],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            if let Some(session) = &create {
                sessions::insert(&transaction, &self.vault, session, key).await?;
            }
            insert(&transaction, uploads, now).await
        }
        .await;
        settle(transaction, done).await
    }

    async fn put_uploads(&self, uploads: &[Upload], key: &DataKey) -> Result<(), StoreError> {
        // All of them at once, as each waits for the disk; and all to their end, so that nothing is
        // still being written where something has to be taken out again.
        let puts = uploads
            .iter()
            .map(|upload| self.put_blob_file_under(&upload.evidence.blob, &upload.file, key));
        join_all(puts).await.into_iter().collect()
    }

    /// Deletes blobs that no row names. A transaction may have been carried out although the
    /// answer was lost, so the rows are asked; while they cannot be, a blob too many is the lesser evil.
    async fn take_back(&self, uploads: &[Upload]) {
        for upload in uploads {
            let id = upload.evidence.id;
            let rows = Entity::find_by_id(id.0.to_string())
                .filter(Column::Blob.eq(upload.evidence.blob.clone()))
                .count(&self.database)
                .await;
            let deleted = match rows {
                Ok(0) => self.delete_blob(&upload.evidence.blob).await.is_ok(),
                Ok(_) => true,
                Err(_) => false,
            };
            if !deleted {
                tracing::warn!(evidence = %id, "a blob may be left that no row names");
            }
        }
    }
}

/// Adds evidence to a session that takes it. Every piece belongs to the same session.
pub(super) async fn insert(
    transaction: &DatabaseTransaction,
    uploads: &[Upload],
    now: Timestamp,
) -> Result<(), StoreError> {
    for Upload { evidence, .. } in uploads {
        sessions::make_move(transaction, evidence.session, Move::AcceptEvidence, now).await?;
        withdrawals::refuse_withdrawn(transaction, evidence.session).await?;
        let bytes = i64::try_from(evidence.bytes).map_err(|_| StoreError::Unstorable {
            what: "the length of a file",
        })?;
        Entity::insert(ActiveModel {
            id: Set(evidence.id.0.to_string()),
            session_id: Set(evidence.session.0.to_string()),
            kind: Set(evidence.kind.name().to_owned()),
            blob: Set(evidence.blob.clone()),
            sha256: Set(evidence.sha256.clone()),
            bytes: Set(bytes),
            media_type: Set(evidence.media_type.clone()),
            received_at: Set(evidence.received_at.0),
            erased_at: Set(None),
        })
        .exec_without_returning(transaction)
        .await
        .map_err(|error| StoreError::from(error).naming("that evidence"))?;
    }
    if let Some(Upload { evidence, .. }) = uploads.first() {
        let by = VoidedBy::NewEvidence;
        reviews::leave_queue(transaction, evidence.session, by, now).await?;
    }
    Ok(())
}

pub(super) fn read(model: Model) -> Result<Evidence, StoreError> {
    let row = Row {
        table: "evidence",
        id: &model.id,
    };
    Ok(Evidence {
        id: EvidenceId(row.uuid("id", &model.id)?),
        session: SessionId(row.uuid("session_id", &model.session_id)?),
        kind: row.known("kind", EvidenceKind::from_name(&model.kind))?,
        bytes: row.known("bytes", u64::try_from(model.bytes).ok())?,
        received_at: Timestamp(model.received_at),
        blob: model.blob,
        sha256: model.sha256,
        media_type: model.media_type,
    })
}

/// When the newest evidence of each of the sessions was received, by their bare identifiers.
pub(super) async fn newest_of<C: ConnectionTrait>(
    connection: &C,
    sessions: &[String],
) -> Result<HashMap<String, i64>, StoreError> {
    let rows: Vec<(String, i64)> = Entity::find()
        .select_only()
        .column(Column::SessionId)
        .column_as(Column::ReceivedAt.max(), "newest")
        .filter(Column::SessionId.is_in(sessions.iter()))
        .group_by(Column::SessionId)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows.into_iter().collect())
}
