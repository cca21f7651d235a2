//! Decisions of a span without their words: what is counted and exported of them.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::scoring::reasons::ReasonCode;
use crate::session::actor::Actor;
use crate::session::decision::{Decision, DecisionKind};
use crate::session::ids::{ExaminationId, ProjectId, SessionId};
use crate::session::time::{Span, Timestamp};
use crate::store::entity::decisions::{Column, Entity};
use crate::store::error::StoreError;
use crate::store::{Store, decisions};

/// A decision without note and checklist.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionRow {
    pub session: SessionId,
    pub examination: Option<ExaminationId>,
    pub kind: DecisionKind,
    pub reasons: Vec<ReasonCode>,
    pub actor: Actor,
    pub took_ms: Option<u64>,
    pub at: Timestamp,
}

impl From<Decision> for DecisionRow {
    fn from(decision: Decision) -> Self {
        Self {
            session: decision.session,
            examination: decision.examination,
            kind: decision.kind,
            reasons: decision.reasons,
            actor: decision.actor,
            took_ms: decision.took_ms,
            at: decision.at,
        }
    }
}

impl Store {
    /// What was decided in a project within a span, the oldest first, so many at most.
    pub async fn decisions_of_span(
        &self,
        project: ProjectId,
        span: Span,
        limit: u64,
    ) -> Result<Vec<DecisionRow>, StoreError> {
        Entity::find()
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .filter(Column::At.gte(span.from.0))
            .filter(Column::At.lt(span.to.0))
            .order_by_asc(Column::At)
            .order_by_asc(Column::Id)
            .limit(limit)
            .all(&self.database)
            .await?
            .iter()
            // Without a key no note is opened.
            .map(|model| decisions::read(model, None).map(DecisionRow::from))
            .collect()
    }
}
