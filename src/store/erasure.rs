//! Erasure: what could tell who somebody is goes, in one transaction; verdicts, numbers and hashes stay.

use std::collections::BTreeSet;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::session::audit::AuditEntry;
use crate::session::evidence::EvidenceKind;
use crate::session::ids::{ProjectId, SessionId, SubjectId};
use crate::session::status::{Move, SessionStatus};
use crate::session::time::Timestamp;
use crate::session::webhook::Event;
use crate::store::Store;
use crate::store::database::{settle, take_galleries_turn, to_the_end};
use crate::store::entity::sessions::{Column, Entity};
use crate::store::entity::{consents, decisions, evidence, examinations, session_keys};
use crate::store::error::StoreError;
use crate::store::reading::{Row, if_readable};
use crate::store::receipts::{self, Gone, Receipt, Went};
use crate::store::{
    audit, doomed, idempotency, outbox, reviews, seed_cases, seeds, sessions, subjects,
};

/// An erasure to be carried out, all of it or nothing.
#[derive(Clone, Debug)]
pub struct Erasure {
    pub project: ProjectId,
    pub sessions: Vec<SessionId>,
    /// Enrolled people, who go out of every gallery.
    pub people: Vec<SubjectId>,
    pub now: Timestamp,
    /// Where it is set, nothing may have happened to the sessions and people from then on. Whom or what that is not true
    /// of, or a hold keeps, stays while the others go.
    pub untouched_since: Option<Timestamp>,
}

impl Erasure {
    /// The erasure of one session.
    pub fn of_session(project: ProjectId, session: SessionId, now: Timestamp) -> Self {
        Self {
            project,
            sessions: vec![session],
            people: Vec::new(),
            now,
            untouched_since: None,
        }
    }

    /// The erasure of enrolled people.
    pub fn of_people(project: ProjectId, people: Vec<SubjectId>, now: Timestamp) -> Self {
        Self {
            project,
            sessions: Vec::new(),
            people,
            now,
            untouched_since: None,
        }
    }
}

impl Store {
    /// Erases data and destroys the keys that they are sealed under, unless a session is held or being examined, or
    /// somebody comes from a held one; none where all of them are gone already, or something happened to them since.
    ///
    /// Goes through to the end even when nobody waits for it any more. The entries are worded once it is known what goes.
    pub async fn erase(
        &self,
        erasure: Erasure,
        entries: impl FnOnce(&Gone, &Receipt) -> Vec<AuditEntry> + Send + 'static,
    ) -> Result<Option<Receipt>, StoreError> {
        let store = self.clone();
        to_the_end(Box::pin(async move {
            let transaction = store.begin().await?;
            let done = store.erase_in(&transaction, &erasure, entries).await;
            let receipt = settle(transaction, done).await?;
            store.sweep_blobs(erasure.now).await;
            if receipt.is_some() {
                store.empty_journal().await;
            }
            Ok(receipt)
        }))
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
        let read = |id: &String| {
            let row = Row {
                table: "sessions",
                id,
            };
            Ok(SessionId(row.uuid("id", id)?))
        };
        Ok(ids.iter().map(read).filter_map(if_readable).collect())
    }

    async fn erase_in(
        &self,
        transaction: &DatabaseTransaction,
        erasure: &Erasure,
        entries: impl FnOnce(&Gone, &Receipt) -> Vec<AuditEntry> + Send,
    ) -> Result<Option<Receipt>, StoreError> {
        let mut gone = Gone::default();
        if !erasure.people.is_empty() {
            take_galleries_turn(transaction, erasure.project).await?;
        }
        for session in &erasure.sessions {
            if !self
                .empty(transaction, erasure, *session, &mut gone)
                .await?
            {
                continue;
            }
            seeds::erase(transaction, *session).await?;
            for copy in seed_cases::copies_of(transaction, *session).await? {
                self.erase_copy(transaction, erasure, copy, &mut gone)
                    .await?;
            }
        }
        for person in &erasure.people {
            let went = subjects::remove(transaction, &self.vault, erasure, *person).await?;
            gone.people.extend(went.people);
            gone.keys.extend(went.keys);
        }
        if gone.is_empty() {
            return Ok(None);
        }
        let receipt = self
            .give_receipt(transaction, erasure.project, &gone, erasure.now)
            .await?;
        for entry in &entries(&gone, &receipt) {
            audit::append(transaction, entry).await?;
        }
        self.announce_erasure(transaction, erasure, &gone).await?;
        Ok(Some(receipt))
    }

    pub(super) async fn give_receipt(
        &self,
        transaction: &DatabaseTransaction,
        project: ProjectId,
        gone: &Gone,
        now: Timestamp,
    ) -> Result<Receipt, StoreError> {
        receipts::give(transaction, self.vault.receipts(), project, gone, now).await
    }

    /// Has those told who want to know that sessions' data are gone. Of copies of known cases nobody was ever told.
    async fn announce_erasure(
        &self,
        transaction: &DatabaseTransaction,
        erasure: &Erasure,
        gone: &Gone,
    ) -> Result<(), StoreError> {
        for (session, _) in &gone.sessions {
            if seed_cases::is_copy(transaction, *session).await? {
                continue;
            }
            let event = Event::erased(*session, erasure.now);
            outbox::announce(transaction, erasure.project, &event).await?;
        }
        Ok(())
    }

    /// Erases a copy of a known case with that case: it shows the same face. What was held of the copy is held of the
    /// case itself, or not at all.
    async fn erase_copy(
        &self,
        transaction: &DatabaseTransaction,
        erasure: &Erasure,
        copy: SessionId,
        gone: &mut Gone,
    ) -> Result<(), StoreError> {
        Entity::update_many()
            .col_expr(Column::HeldAt, Expr::value(None::<i64>))
            .filter(Column::Id.eq(copy.0.to_string()))
            .exec(transaction)
            .await?;
        let of_copy = Erasure::of_session(erasure.project, copy, erasure.now);
        self.empty(transaction, &of_copy, copy, gone).await?;
        Ok(())
    }

    /// Empties one session's rows, destroys its key and dooms its blobs; tells whether there was anything.
    async fn empty(
        &self,
        transaction: &DatabaseTransaction,
        erasure: &Erasure,
        session: SessionId,
        gone: &mut Gone,
    ) -> Result<bool, StoreError> {
        let mut went = texts_of(transaction, session).await?;
        // First of all, so that nothing is added to the session while it is emptied.
        if !empty_session(transaction, erasure, session).await? {
            return Ok(false);
        }
        let id = session.0.to_string();
        let (blobs, files) = self.blobs_of(transaction, session).await?;
        went.add(files);
        doomed::doom(transaction, &blobs, erasure.now).await?;
        let named = consents::Entity::update_many()
            .col_expr(consents::Column::SubjectName, Expr::value(""))
            .col_expr(consents::Column::NameIndex, Expr::value(None::<String>))
            .filter(consents::Column::SessionId.eq(id.clone()))
            .filter(consents::Column::SubjectName.ne(""))
            .exec(transaction)
            .await?;
        let reports = examinations::Entity::update_many()
            .col_expr(
                examinations::Column::ReportJson,
                Expr::value(None::<String>),
            )
            .filter(examinations::Column::SessionId.eq(id.clone()))
            .filter(examinations::Column::ReportJson.is_not_null())
            .exec(transaction)
            .await?;
        let notes = decisions::Entity::find()
            .filter(decisions::Column::SessionId.eq(id.clone()))
            .filter(decisions::Column::Note.is_not_null())
            .count(transaction)
            .await?;
        went.texts += named.rows_affected;
        went.reports += reports.rows_affected;
        went.notes += notes;
        let keys = self
            .vault
            .destroy(transaction, std::slice::from_ref(&id))
            .await?;
        session_keys::Entity::delete_by_id(id)
            .exec(transaction)
            .await?;
        reviews::erase(transaction, session, erasure.now).await?;
        idempotency::erase(transaction, session).await?;
        gone.sessions.push((session, went));
        gone.keys.extend(keys);
        Ok(true)
    }

    /// Everything that is kept for a session: what its rows name, and what lies in its folder; and how much of what it is.
    ///
    /// An examination that broke off may have left pictures that no report names.
    async fn blobs_of(
        &self,
        transaction: &DatabaseTransaction,
        session: SessionId,
    ) -> Result<(Vec<String>, Went), StoreError> {
        let received: Vec<(String, String)> = evidence::Entity::find()
            .select_only()
            .columns([evidence::Column::Blob, evidence::Column::Kind])
            .filter(evidence::Column::SessionId.eq(session.0.to_string()))
            .filter(evidence::Column::ErasedAt.is_null())
            .into_tuple()
            .all(transaction)
            .await?;
        let mut went = Went::default();
        let mut blobs = BTreeSet::new();
        for (blob, kind) in received {
            match EvidenceKind::from_name(&kind) {
                Some(EvidenceKind::Video) => went.videos += 1,
                Some(EvidenceKind::Document) | None => went.documents += 1,
            }
            blobs.insert(blob);
        }
        for blob in self.session_blobs(session).await? {
            let name = blob.rsplit('/').next().unwrap_or_default();
            let stem = name.strip_suffix(".jpg").unwrap_or_default();
            if !blobs.insert(blob.clone()) || stem.is_empty() {
                continue;
            }
            if stem.bytes().all(|byte| byte.is_ascii_digit()) {
                went.thumbnails += 1;
            } else {
                went.pictures += 1;
            }
        }
        Ok((blobs.into_iter().collect(), went))
    }
}

/// How many texts about somebody a session's row holds.
async fn texts_of(
    transaction: &DatabaseTransaction,
    session: SessionId,
) -> Result<Went, StoreError> {
    let row = Entity::find_by_id(session.0.to_string())
        .one(transaction)
        .await?;
    let texts = row.map_or(0, |row| {
        [
            row.reference,
            row.metadata,
            row.subject_name,
            row.device_info,
        ]
        .iter()
        .flatten()
        .count()
    });
    Ok(Went {
        texts: texts as u64,
        ..Went::default()
    })
}

/// Takes what names somebody out of the session's row, where it may be erased now.
async fn empty_session(
    transaction: &DatabaseTransaction,
    erasure: &Erasure,
    session: SessionId,
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
        Column::ReferenceIndex,
        Column::NameIndex,
    ] {
        change = change.col_expr(column, Expr::value(None::<String>));
    }
    change = change
        .filter(Column::Id.eq(session.0.to_string()))
        .filter(Column::Status.is_in(erasable()))
        .filter(Column::HeldAt.is_null());
    if let Some(since) = erasure.untouched_since {
        change = change.filter(Column::UpdatedAt.lt(since.0));
    }
    if change.exec(transaction).await?.rows_affected > 0 {
        return Ok(true);
    }
    let session = sessions::standing_of(transaction, session)
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
