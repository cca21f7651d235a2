//! Examinations as they are read back: order, report and verdict.

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use crate::session::examination::{ExaminationRecord, ExaminationStatus};
use crate::session::ids::{ExaminationId, ProjectId, SessionId};
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::data_keys::{DataKey, Place, open_column};
use crate::store::entity::examinations::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::{Row, json_if_any, to_json};

impl Store {
    /// The project's examination of that identifier; another project's is none.
    pub async fn examination(
        &self,
        project: ProjectId,
        id: ExaminationId,
    ) -> Result<Option<ExaminationRecord>, StoreError> {
        let model = Entity::find_by_id(id.0.to_string())
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .one(&self.database)
            .await?;
        let Some(model) = model else { return Ok(None) };
        let key = self.vault.key(&self.database, &model.session_id).await?;
        read(&model, key.as_ref()).map(Some)
    }

    /// The session's newest examination.
    pub async fn latest_examination(
        &self,
        session: SessionId,
    ) -> Result<Option<ExaminationRecord>, StoreError> {
        let model = newest_first(session).one(&self.database).await?;
        let Some(model) = model else { return Ok(None) };
        let key = self.vault.key(&self.database, &model.session_id).await?;
        read(&model, key.as_ref()).map(Some)
    }

    /// Every examination of the session, newest first.
    pub async fn examinations(
        &self,
        session: SessionId,
    ) -> Result<Vec<ExaminationRecord>, StoreError> {
        let models = newest_first(session).all(&self.database).await?;
        let id = session.0.to_string();
        let key = self.vault.key(&self.database, &id).await?;
        models
            .iter()
            .map(|model| read(model, key.as_ref()))
            .collect()
    }
}

/// The session's newest examination, by its identifier alone.
pub(super) async fn newest<C: ConnectionTrait>(
    connection: &C,
    session: SessionId,
) -> Result<Option<ExaminationId>, StoreError> {
    let id: Option<String> = newest_first(session)
        .select_only()
        .column(Column::Id)
        .into_tuple()
        .one(connection)
        .await?;
    id.map(|id| {
        let row = Row {
            table: "examinations",
            id: &id,
        };
        Ok(ExaminationId(row.uuid("id", &id)?))
    })
    .transpose()
}

fn newest_first(session: SessionId) -> Select<Entity> {
    Entity::find()
        .filter(Column::SessionId.eq(session.0.to_string()))
        .order_by_desc(Column::QueuedAt)
        .order_by_desc(Column::Id)
}

pub(super) async fn insert<C: ConnectionTrait>(
    connection: &C,
    record: &ExaminationRecord,
) -> Result<(), StoreError> {
    let outcome = record
        .verdict
        .as_ref()
        .map(|verdict| verdict.outcome.name().to_owned());
    Entity::insert(ActiveModel {
        id: Set(record.id.0.to_string()),
        session_id: Set(record.session.0.to_string()),
        project_id: Set(record.project.0.to_string()),
        status: Set(record.status.name().to_owned()),
        order_json: Set(to_json("an examination's order", &record.order)?),
        queued_at: Set(record.queued_at.0),
        finished_at: Set(record.finished_at.map(|moment| moment.0)),
        attempts: Set(i32::try_from(record.attempts).unwrap_or(i32::MAX)),
        worker: Set(None),
        lease_until: Set(None),
        // It is sealed when it is written, at the end.
        report_json: Set(None),
        verdict_json: Set(json_if_any("a verdict", record.verdict.as_ref())?),
        failure: Set(json_if_any("a failure", record.failure.as_ref())?),
        scope: Set(Some(record.order.scope.name().to_owned())),
        outcome: Set(outcome),
        signals_json: Set(json_if_any("the signals", record.signals.as_ref())?),
        provenance_json: Set(json_if_any("a provenance", record.provenance.as_ref())?),
        cause: Set(json_if_any("a cause", record.cause.as_ref())?),
        ..Default::default()
    })
    .exec_without_returning(connection)
    .await
    .map_err(|error| StoreError::from(error).naming("that examination"))?;
    Ok(())
}

/// Where the report of an examination lies.
pub(super) fn report_place(id: &str) -> Place<'_> {
    Place {
        table: "examinations",
        column: "report_json",
        row: id,
    }
}

/// The record, without its report where the key is not there.
pub(super) fn read(model: &Model, key: Option<&DataKey>) -> Result<ExaminationRecord, StoreError> {
    let row = Row {
        table: "examinations",
        id: &model.id,
    };
    let report = open_column(key, report_place(&model.id), model.report_json.clone())?;
    Ok(ExaminationRecord {
        id: ExaminationId(row.uuid("id", &model.id)?),
        session: SessionId(row.uuid("session_id", &model.session_id)?),
        project: ProjectId(row.uuid("project_id", &model.project_id)?),
        status: row.known("status", ExaminationStatus::from_name(&model.status))?,
        order: row.json("order_json", &model.order_json)?,
        queued_at: Timestamp(model.queued_at),
        finished_at: model.finished_at.map(Timestamp),
        attempts: row.known("attempts", u32::try_from(model.attempts).ok())?,
        cause: row.json_if_any("cause", model.cause.as_deref())?,
        report: row.json_if_any("report_json", report.as_deref())?,
        signals: row.json_if_any("signals_json", model.signals_json.as_deref())?,
        verdict: row.json_if_any("verdict_json", model.verdict_json.as_deref())?,
        provenance: row.json_if_any("provenance_json", model.provenance_json.as_deref())?,
        failure: row.json_if_any("failure", model.failure.as_deref())?,
    })
}

/// The newest examination of each of the sessions, both by their bare identifiers.
pub(super) async fn newest_of<C: ConnectionTrait>(
    connection: &C,
    sessions: &[String],
) -> Result<HashMap<String, String>, StoreError> {
    // Identifiers carry their time, so that the largest is the newest.
    let rows: Vec<(String, String)> = Entity::find()
        .select_only()
        .column(Column::SessionId)
        .column_as(Column::Id.max(), "newest")
        .filter(Column::SessionId.is_in(sessions.iter()))
        .group_by(Column::SessionId)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows.into_iter().collect())
}

/// When an examination that ended in a verdict was asked for; none for any other.
pub(super) async fn judged_at<C: ConnectionTrait>(
    connection: &C,
    id: ExaminationId,
) -> Result<Option<Timestamp>, StoreError> {
    let asked: Option<i64> = Entity::find_by_id(id.0.to_string())
        .filter(Column::Status.eq(ExaminationStatus::Done.name()))
        .select_only()
        .column(Column::QueuedAt)
        .into_tuple()
        .one(connection)
        .await?;
    Ok(asked.map(Timestamp))
}
