//! Copies of known cases: sessions of their own, with pictures and videos of their own, that count nowhere as visits.

use std::collections::{BTreeMap, HashMap};

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, SelectStatement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect, QueryTrait,
};
use uuid::Uuid;

use crate::session::audit::AuditEntry;
use crate::session::decision::{Decision, DecisionKind};
use crate::session::examination::ExaminationOrder;
use crate::session::ids::{EvidenceId, ExaminationId, ProjectId, SessionId};
use crate::session::known_answer::{KnownAnswer, KnownCase};
use crate::session::review::ReviewState;
use crate::session::time::Timestamp;
use crate::session::visit::Session;
use crate::store::blobs::{examination_folder, new_evidence_key};
use crate::store::data_keys::{DataKey, open_column};
use crate::store::database::{settle, to_the_end};
use crate::store::doomed::{doom, spare};
use crate::store::entity::seed_cases::{ActiveModel, Column, Entity};
use crate::store::entity::{evidence, examinations, sessions as sessions_entity};
use crate::store::error::StoreError;
use crate::store::examinations::report_place;
use crate::store::reading::{Row, to_json};
use crate::store::{Store, audit, reviews, seeds, sessions, statistics, testimony};

/// How long blobs that no row names yet are spared; copying takes a fraction of it.
const PATIENCE_MS: i64 = 60 * 60 * 1000;

/// A copy that is to be made. Its evidence and its examination are the known case's.
#[derive(Debug)]
pub struct NewCopy {
    pub of: KnownCase,
    /// Its `created_at` is when its evidence seems to have come in.
    pub session: Session,
    pub examination: ExaminationId,
    pub queued_at: Timestamp,
    pub now: Timestamp,
    pub entry: AuditEntry,
}

impl Store {
    /// Puts a copy of a known case into the queue, with blobs of its own: all of it, or nothing. False where the case is
    /// known no more, a copy of it waits already, or nobody would look at it by the project's settings.
    ///
    /// Goes through to the end even when nobody waits for it any more.
    pub async fn mix_in(&self, new: NewCopy) -> Result<bool, StoreError> {
        let store = self.clone();
        to_the_end(Box::pin(async move {
            let Some(parts) = store.parts(&new).await? else {
                return Ok(false);
            };
            let keys: Vec<String> = parts.blobs.values().cloned().collect();
            // Doomed until the rows are there: whatever breaks off leaves no picture behind.
            doom(&store.database, &keys, new.now.plus(PATIENCE_MS)).await?;
            let made = store.make(&new, parts, &keys).await;
            let kept = match &made {
                Ok(made) => *made,
                Err(error) => error.leaves_doubt(),
            };
            if !kept {
                doom(&store.database, &keys, new.now).await?;
                store.sweep_blobs(new.now).await;
            }
            made
        }))
        .await
    }

    /// The right answers to the copies that were made in a project up to a moment.
    pub async fn seeded(
        &self,
        project: ProjectId,
        until: Timestamp,
    ) -> Result<HashMap<SessionId, KnownAnswer>, StoreError> {
        let rows: Vec<(String, String)> = Entity::find()
            .select_only()
            .columns([Column::SessionId, Column::Answer])
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .filter(Column::MadeAt.lte(until.0))
            .into_tuple()
            .all(&self.database)
            .await?;
        rows.iter()
            .map(|(id, answer)| {
                let row = Row {
                    table: "seed_cases",
                    id,
                };
                let answer = row.known("answer", KnownAnswer::from_name(answer))?;
                Ok((SessionId(row.uuid("session_id", id)?), answer))
            })
            .collect()
    }

    /// What the copy is made of; none where the known case was erased or has nothing to show.
    async fn parts(&self, new: &NewCopy) -> Result<Option<Parts>, StoreError> {
        let examination = examinations::Entity::find_by_id(new.of.examination.0.to_string())
            .one(&self.database)
            .await?;
        let Some(examination) = examination else {
            return Ok(None);
        };
        let key = self
            .vault
            .key(&self.database, &examination.session_id)
            .await?;
        let place = report_place(&examination.id);
        let Some(report) = open_column(key.as_ref(), place, examination.report_json.clone())?
        else {
            return Ok(None);
        };
        let row = Row {
            table: "examinations",
            id: &examination.id,
        };
        let order: ExaminationOrder = row.json("order_json", &examination.order_json)?;
        let used = [order.document_blob.as_str(), order.video_blob.as_str()];
        let received = evidence::Entity::find()
            .filter(evidence::Column::SessionId.eq(new.of.session.0.to_string()))
            .filter(evidence::Column::Blob.is_in(used))
            .filter(evidence::Column::ErasedAt.is_null())
            .all(&self.database)
            .await?;
        let mut blobs = BTreeMap::new();
        let mut files = Vec::new();
        for file in received {
            blobs.insert(file.blob.clone(), new_evidence_key(new.session.id));
            files.push(file);
        }
        let from = examination_folder(new.of.session, new.of.examination);
        let to = examination_folder(new.session.id, new.examination);
        for key in self.session_blobs(new.of.session).await? {
            if let Some(name) = key.strip_prefix(&from) {
                blobs.insert(key.clone(), format!("{to}{name}"));
            }
        }
        Ok(Some(Parts {
            examination,
            report,
            order,
            files,
            blobs,
        }))
    }

    async fn make(&self, new: &NewCopy, parts: Parts, keys: &[String]) -> Result<bool, StoreError> {
        let key = DataKey::random();
        for (from, to) in &parts.blobs {
            self.copy_blob_under(from, to, &key).await?;
        }
        let transaction = self.begin().await?;
        let done = async {
            sessions::insert(&transaction, &self.vault, &new.session, &key).await?;
            if !rows(&transaction, new, parts, &key).await? {
                return Err(StoreError::NotFound { what: "known case" });
            }
            audit::append(&transaction, &new.entry).await?;
            spare(&transaction, keys).await
        }
        .await;
        match settle(transaction, done).await {
            Ok(()) => Ok(true),
            Err(StoreError::NotFound { .. } | StoreError::WrongState { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// What a copy is made of.
struct Parts {
    examination: examinations::Model,
    /// Its report, opened.
    report: String,
    order: ExaminationOrder,
    files: Vec<evidence::Model>,
    /// Where each blob lies, and where its copy is to.
    blobs: BTreeMap<String, String>,
}

/// The rows of a copy; false where the known case is known no more, another copy of it waits, or this one would not be
/// looked at.
async fn rows(
    transaction: &DatabaseTransaction,
    new: &NewCopy,
    parts: Parts,
    key: &DataKey,
) -> Result<bool, StoreError> {
    seeds::refuse_erased(transaction, new.of.session).await?;
    if !seeds::is_idle(transaction, &new.of).await? {
        return Ok(false);
    }
    insert_evidence(transaction, new, &parts).await?;
    let examination = insert_examination(transaction, new, parts, key).await?;
    Entity::insert(ActiveModel {
        session_id: Set(new.session.id.0.to_string()),
        project_id: Set(new.of.project.0.to_string()),
        source_id: Set(new.of.session.0.to_string()),
        answer: Set(new.of.answer.name().to_owned()),
        made_at: Set(new.now.0),
        ..Default::default()
    })
    .exec_without_returning(transaction)
    .await?;
    reviews::examined(transaction, &examination, new.now).await?;
    statistics::leave_out(transaction, new.session.id).await?;
    let entry = testimony::of_judgement(&examination, new.now)?;
    audit::append(transaction, &entry).await?;
    let case = reviews::locked(transaction, new.session.id).await?;
    Ok(case.is_some_and(|case| case.state == ReviewState::Waiting.name()))
}

async fn insert_evidence(
    transaction: &DatabaseTransaction,
    new: &NewCopy,
    parts: &Parts,
) -> Result<(), StoreError> {
    for file in &parts.files {
        // Never the known case's own: it would go with the copy.
        let missing = StoreError::NotFound { what: "known case" };
        let blob = parts.blobs.get(&file.blob).ok_or(missing)?;
        evidence::Entity::insert(evidence::ActiveModel {
            id: Set(EvidenceId(Uuid::now_v7()).0.to_string()),
            session_id: Set(new.session.id.0.to_string()),
            kind: Set(file.kind.clone()),
            blob: Set(blob.clone()),
            sha256: Set(file.sha256.clone()),
            bytes: Set(file.bytes),
            media_type: Set(file.media_type.clone()),
            received_at: Set(new.session.created_at.0),
            erased_at: Set(None),
        })
        .exec_without_returning(transaction)
        .await?;
    }
    Ok(())
}

/// The known case's examination as one of the copy. When it ended is told by no day that is counted.
async fn insert_examination(
    transaction: &DatabaseTransaction,
    new: &NewCopy,
    parts: Parts,
    key: &DataKey,
) -> Result<examinations::Model, StoreError> {
    let Parts {
        mut examination,
        report,
        mut order,
        blobs,
        ..
    } = parts;
    for blob in [&mut order.document_blob, &mut order.video_blob] {
        if let Some(copy) = blobs.get(blob.as_str()) {
            blob.clone_from(copy);
        }
    }
    examination.order_json = to_json("an examination's order", &order)?;
    examination.id = new.examination.0.to_string();
    let sealed = key.seal_text(report_place(&examination.id), &report)?;
    examination.report_json = Some(sealed);
    examination.session_id = new.session.id.0.to_string();
    examination.queued_at = new.queued_at.0;
    examination.finished_at = Some(new.now.0);
    examination.finished_day = None;
    examination.wait_bin = None;
    examinations::Entity::insert(examination.clone().into_active_model().reset_all())
        .exec_without_returning(transaction)
        .await?;
    Ok(examination)
}

/// Notes how a copy was answered; nothing where the session is none.
pub(super) async fn answered(
    transaction: &DatabaseTransaction,
    decision: &Decision,
) -> Result<(), StoreError> {
    if decision.kind == DecisionKind::Note {
        return Ok(());
    }
    Entity::update_many()
        .col_expr(Column::AnsweredKind, Expr::value(decision.kind.name()))
        .col_expr(Column::AnsweredBy, Expr::value(decision.actor.to_string()))
        .col_expr(Column::AnsweredAt, Expr::value(decision.at.0))
        .filter(Column::SessionId.eq(decision.session.0.to_string()))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Whether a session is a copy of a known case.
pub(super) async fn is_copy(
    transaction: &DatabaseTransaction,
    session: SessionId,
) -> Result<bool, StoreError> {
    let found = Entity::find_by_id(session.0.to_string())
        .one(transaction)
        .await?;
    Ok(found.is_some())
}

/// The copies of a known case. Their rows stay when their data are erased, so that no count ever takes them for visits.
pub(super) async fn copies_of(
    transaction: &DatabaseTransaction,
    source: SessionId,
) -> Result<Vec<SessionId>, StoreError> {
    let ids: Vec<String> = Entity::find()
        .select_only()
        .column(Column::SessionId)
        .filter(Column::SourceId.eq(source.0.to_string()))
        .into_tuple()
        .all(transaction)
        .await?;
    ids.iter()
        .map(|id| {
            let row = Row {
                table: "seed_cases",
                id,
            };
            Ok(SessionId(row.uuid("session_id", id)?))
        })
        .collect()
}

/// The known cases of a project that a copy waits of, by their bare identifiers.
pub(super) fn waiting_sources(project: ProjectId) -> SelectStatement {
    let there = sessions_entity::Entity::find()
        .select_only()
        .column(sessions_entity::Column::Id)
        .filter(sessions_entity::Column::ErasedAt.is_null())
        .filter(sessions_entity::Column::Id.in_subquery(of_project(project)))
        .into_query();
    Entity::find()
        .select_only()
        .column(Column::SourceId)
        .filter(Column::ProjectId.eq(project.0.to_string()))
        .filter(Column::AnsweredAt.is_null())
        .filter(Column::SessionId.in_subquery(there))
        .into_query()
}

/// The bare identifiers of a project's copies, for queries that leave them out.
pub(super) fn of_project(project: ProjectId) -> SelectStatement {
    Entity::find()
        .select_only()
        .column(Column::SessionId)
        .filter(Column::ProjectId.eq(project.0.to_string()))
        .into_query()
}
