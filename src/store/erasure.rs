//! Erasure: what could tell who somebody is goes, in one transaction; verdicts, numbers and hashes stay.

use std::collections::BTreeSet;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::json;

use crate::session::audit::AuditEntry;
use crate::session::ids::{ProjectId, SessionId};
use crate::session::status::{Move, SessionStatus};
use crate::session::time::Timestamp;
use crate::session::webhook::Event;
use crate::store::Store;
use crate::store::database::{settle, to_the_end};
use crate::store::entity::sessions::{Column, Entity};
use crate::store::entity::{consents, decisions, evidence, examinations, session_keys};
use crate::store::error::StoreError;
use crate::store::reading::Row;
use crate::store::{audit, doomed, idempotency, outbox, reviews, seed_cases, seeds, sessions};

/// What went with an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erased {
    /// Pictures and videos.
    pub blobs: usize,
    /// Notes that nobody can read any more.
    pub notes: u64,
}

/// An erasure to be carried out.
#[derive(Clone, Copy, Debug)]
pub struct Erasure {
    pub session: SessionId,
    pub now: Timestamp,
    /// Where it is set, nothing may have happened to the session from then on.
    pub untouched_since: Option<Timestamp>,
}

impl Store {
    /// Erases a session's data, unless they are held or being examined; none where they are gone
    /// already, or something happened to the session since.
    ///
    /// Goes through to the end even when nobody waits for it any more. The entry is worded once it
    /// is known what goes.
    pub async fn erase_session(
        &self,
        erasure: Erasure,
        entry: impl FnOnce(Erased) -> AuditEntry + Send + 'static,
    ) -> Result<Option<Erased>, StoreError> {
        let store = self.clone();
        to_the_end(async move {
            let transaction = store.begin().await?;
            let done = store.erase(&transaction, &erasure, entry).await;
            let erased = settle(transaction, done).await?;
            store.sweep_blobs(erasure.now).await;
            Ok(erased)
        })
        .await
    }

    /// A project's sessions that nothing happened to since a moment, that nobody holds, and whose
    /// data are still there: the oldest, so many at most.
    pub async fn expired_sessions(
        &self,
        project: ProjectId,
        untouched_since: Timestamp,
        limit: u64,
    ) -> Result<Vec<SessionId>, StoreError> {
        let ids: Vec<String> = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .filter(Column::ErasedAt.is_null())
            .filter(Column::UpdatedAt.lt(untouched_since.0))
            .filter(Column::HeldAt.is_null())
            .filter(Column::Status.is_in(erasable()))
            .order_by_asc(Column::UpdatedAt)
            .limit(limit)
            .into_tuple()
            .all(&self.database)
            .await?;
        ids.iter()
            .map(|id| {
                let row = Row {
                    table: "sessions",
                    id,
                };
                Ok(SessionId(row.uuid("id", id)?))
            })
            .collect()
    }

    async fn erase(
        &self,
        transaction: &DatabaseTransaction,
        erasure: &Erasure,
        entry: impl FnOnce(Erased) -> AuditEntry + Send,
    ) -> Result<Option<Erased>, StoreError> {
        let Some(erased) = self.empty(transaction, erasure).await? else {
            return Ok(None);
        };
        seeds::erase(transaction, erasure.session).await?;
        let mut entries = vec![entry(erased)];
        for copy in seed_cases::copies_of(transaction, erasure.session).await? {
            entries.extend(self.erase_copy(transaction, copy, &entries).await?);
        }
        for entry in &entries {
            audit::append(transaction, entry).await?;
        }
        self.announce_erasure(transaction, erasure).await?;
        Ok(Some(erased))
    }

    /// Has those told who want to know that a session's data are gone. Of copies of known cases nobody was ever told.
    async fn announce_erasure(
        &self,
        transaction: &DatabaseTransaction,
        erasure: &Erasure,
    ) -> Result<(), StoreError> {
        let session = sessions::find(transaction, erasure.session).await?;
        let session = session.ok_or(StoreError::NotFound { what: "session" })?;
        if seed_cases::is_copy(transaction, session.id).await? {
            return Ok(());
        }
        let event = Event::erased(session.id, erasure.now);
        outbox::announce(transaction, session.project, &event).await
    }

    /// Erases a copy of a known case with that case: it shows the same face. What was held of the copy is held of the
    /// case itself, or not at all.
    async fn erase_copy(
        &self,
        transaction: &DatabaseTransaction,
        copy: SessionId,
        told: &[AuditEntry],
    ) -> Result<Option<AuditEntry>, StoreError> {
        let Some(told) = told.first() else {
            return Ok(None);
        };
        Entity::update_many()
            .col_expr(Column::HeldAt, Expr::value(None::<i64>))
            .filter(Column::Id.eq(copy.0.to_string()))
            .exec(transaction)
            .await?;
        let erasure = Erasure {
            session: copy,
            now: told.at,
            untouched_since: None,
        };
        let Some(erased) = self.empty(transaction, &erasure).await? else {
            return Ok(None);
        };
        Ok(Some(AuditEntry {
            target: copy.to_string(),
            details: json!({"blobs": erased.blobs, "notes": erased.notes}),
            ..told.clone()
        }))
    }

    /// Empties one session's rows and dooms its blobs.
    async fn empty(
        &self,
        transaction: &DatabaseTransaction,
        erasure: &Erasure,
    ) -> Result<Option<Erased>, StoreError> {
        // First of all, so that nothing is added to the session while it is emptied.
        if !empty_session(transaction, erasure).await? {
            return Ok(None);
        }
        let id = erasure.session.0.to_string();
        let blobs = self.blobs_of(transaction, erasure.session).await?;
        doomed::doom(transaction, &blobs, erasure.now).await?;
        consents::Entity::update_many()
            .col_expr(consents::Column::SubjectName, Expr::value(""))
            .filter(consents::Column::SessionId.eq(id.clone()))
            .exec(transaction)
            .await?;
        examinations::Entity::update_many()
            .col_expr(
                examinations::Column::ReportJson,
                Expr::value(None::<String>),
            )
            .filter(examinations::Column::SessionId.eq(id.clone()))
            .exec(transaction)
            .await?;
        let notes = decisions::Entity::find()
            .filter(decisions::Column::SessionId.eq(id.clone()))
            .filter(decisions::Column::Note.is_not_null())
            .count(transaction)
            .await?;
        session_keys::Entity::delete_by_id(id)
            .exec(transaction)
            .await?;
        reviews::erase(transaction, erasure.session, erasure.now).await?;
        idempotency::erase(transaction, erasure.session).await?;
        Ok(Some(Erased {
            blobs: blobs.len(),
            notes,
        }))
    }

    /// Everything that is kept for a session: what its rows name, and what lies in its folder.
    ///
    /// An examination that broke off may have left pictures that no report names.
    async fn blobs_of(
        &self,
        transaction: &DatabaseTransaction,
        session: SessionId,
    ) -> Result<Vec<String>, StoreError> {
        let named: Vec<String> = evidence::Entity::find()
            .select_only()
            .column(evidence::Column::Blob)
            .filter(evidence::Column::SessionId.eq(session.0.to_string()))
            .into_tuple()
            .all(transaction)
            .await?;
        let mut blobs: BTreeSet<String> = named.into_iter().collect();
        blobs.extend(self.session_blobs(session).await?);
        Ok(blobs.into_iter().collect())
    }
}

/// Takes what names somebody out of the session's row, where it may be erased now.
async fn empty_session(
    transaction: &DatabaseTransaction,
    erasure: &Erasure,
) -> Result<bool, StoreError> {
    let mut change = Entity::update_many()
        .col_expr(Column::Status, Expr::value(SessionStatus::Erased.name()))
        .col_expr(Column::UpdatedAt, Expr::value(erasure.now.0))
        .col_expr(Column::ErasedAt, Expr::value(erasure.now.0));
    for column in [
        Column::Reference,
        Column::Metadata,
        Column::SubjectName,
        Column::DeviceInfo,
    ] {
        change = change.col_expr(column, Expr::value(None::<String>));
    }
    change = change
        .filter(Column::Id.eq(erasure.session.0.to_string()))
        .filter(Column::Status.is_in(erasable()))
        .filter(Column::HeldAt.is_null());
    if let Some(since) = erasure.untouched_since {
        change = change.filter(Column::UpdatedAt.lt(since.0));
    }
    if change.exec(transaction).await?.rows_affected > 0 {
        return Ok(true);
    }
    let session = sessions::find(transaction, erasure.session)
        .await?
        .ok_or(StoreError::NotFound { what: "session" })?;
    if session.status == SessionStatus::Erased || erasure.untouched_since.is_some() {
        return Ok(false);
    }
    Err(if session.held_at.is_some() {
        StoreError::Held
    } else {
        StoreError::WrongState {
            status: session.status,
        }
    })
}

fn erasable() -> impl Iterator<Item = &'static str> {
    SessionStatus::allowing(Move::Erase).map(SessionStatus::name)
}
