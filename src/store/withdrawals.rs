//! A consent that is taken back: what waits to be examined or is under way ends, and the case is nobody's to review.

use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::scoring::reasons::ReasonCode;
use crate::session::evidence::{Consent, ConsentKind, name_key};
use crate::session::examination::{ExaminationStatus, Failure};
use crate::session::ids::{ExaminationId, SessionId};
use crate::session::review::VoidedBy;
use crate::session::status::{Move, SessionStatus};
use crate::session::time::Timestamp;
use crate::session::webhook::Event;
use crate::store::database::take_queueing_turn;
use crate::store::entity::{consents, examinations, sessions as sessions_entity};
use crate::store::error::StoreError;
use crate::store::reading::{Row, to_json};
use crate::store::vault::{Indexed, Vault};
use crate::store::{outbox, reviews, sessions};

/// Ends the examinations of whoever made the statement, and names them.
pub(super) async fn stop(
    transaction: &DatabaseTransaction,
    vault: &Vault,
    consent: &Consent,
) -> Result<Vec<ExaminationId>, StoreError> {
    let mut stopped = Vec::new();
    if consent.session.is_none() {
        // Whoever is queueing an examination of that name is waited for: it is ended then like the others.
        take_queueing_turn(transaction).await?;
    }
    for session in concerned(transaction, vault, consent).await? {
        // The session before its examinations, as whoever ends one of them does it.
        sessions::locked(transaction, session).await?;
        let ended = end(transaction, session, consent.at).await?;
        if !ended.is_empty() {
            sessions::make_move(transaction, session, Move::Fail, consent.at).await?;
        }
        for examination in &ended {
            let event = Event::failed(session, *examination, consent.at);
            outbox::announce(transaction, consent.project, &event).await?;
        }
        stopped.extend(ended);
        let by = VoidedBy::Refusal;
        reviews::leave_queue(transaction, session, by, consent.at).await?;
    }
    Ok(stopped)
}

/// Refuses a session whose person took their consent back while its call was under way. Its row is locked by now: whoever
/// takes it back from here on ends what the call queued.
pub(super) async fn refuse_withdrawn(
    transaction: &DatabaseTransaction,
    session: SessionId,
) -> Result<(), StoreError> {
    use sessions_entity::{Column, Entity};
    let id = session.0.to_string();
    let mut stated = newest(transaction, consents::Column::SessionId.eq(id.clone())).await?;
    if stated.is_none() {
        let index: Option<Option<String>> = Entity::find_by_id(id)
            .select_only()
            .column(Column::NameIndex)
            .into_tuple()
            .one(transaction)
            .await?;
        if let Some(index) = index.flatten() {
            let named = consents::Column::NameIndex.eq(index);
            let named = named.and(consents::Column::SessionId.is_null());
            stated = newest(transaction, named).await?;
        }
    }
    match stated {
        Some(false) => Err(StoreError::ConsentWithdrawn),
        Some(true) | None => Ok(()),
    }
}

/// What was last said about being examined: whether it was allowed.
async fn newest(
    transaction: &DatabaseTransaction,
    whose: Expr,
) -> Result<Option<bool>, StoreError> {
    use consents::{Column, Entity};
    Ok(Entity::find()
        .select_only()
        .column(Column::Given)
        .filter(whose)
        .filter(Column::Kind.eq(ConsentKind::Authorization.name()))
        .order_by_desc(Column::At)
        .order_by_desc(Column::Id)
        .into_tuple()
        .one(transaction)
        .await?)
}

/// The session in which it was said; or, where it was said under a name alone, those of that name that are being examined
/// and have no word of their own.
async fn concerned(
    transaction: &DatabaseTransaction,
    vault: &Vault,
    consent: &Consent,
) -> Result<Vec<SessionId>, StoreError> {
    use sessions_entity::{Column, Entity};
    if let Some(session) = consent.session {
        return Ok(vec![session]);
    }
    let key = name_key(&consent.subject_name);
    let index = vault.index(Indexed::Name, consent.project, &key)?;
    let ids: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ProjectId.eq(consent.project.0.to_string()))
        .filter(Column::NameIndex.eq(index))
        .filter(Column::Status.eq(SessionStatus::Examining.name()))
        .order_by_asc(Column::Id)
        .into_tuple()
        .all(transaction)
        .await?;
    let mut concerned = Vec::new();
    for id in ids {
        let own = newest(transaction, consents::Column::SessionId.eq(id.clone())).await?;
        let row = Row {
            table: "sessions",
            id: &id,
        };
        if own != Some(true) {
            concerned.push(SessionId(row.uuid("id", &id)?));
        }
    }
    Ok(concerned)
}

/// Ends what waits or runs. A worker that is at it finds that it holds the examination no more.
async fn end(
    transaction: &DatabaseTransaction,
    session: SessionId,
    now: Timestamp,
) -> Result<Vec<ExaminationId>, StoreError> {
    use examinations::{Column, Entity};
    let open = [
        ExaminationStatus::Queued.name(),
        ExaminationStatus::Running.name(),
    ];
    let ids: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::SessionId.eq(session.0.to_string()))
        .filter(Column::Status.is_in(open))
        .into_tuple()
        .all(transaction)
        .await?;
    let failure = Failure {
        by_evidence: true,
        reason: "the person withdrew their consent: nothing more is examined".to_owned(),
        code: Some(ReasonCode::ConsentWithdrawn),
    };
    let failure = to_json("a failure", &failure)?;
    let mut ended = Vec::new();
    for id in ids {
        let change = Entity::update_many()
            .col_expr(
                Column::Status,
                Expr::value(ExaminationStatus::Failed.name()),
            )
            .col_expr(Column::Failure, Expr::value(failure.clone()))
            .col_expr(Column::FinishedAt, Expr::value(now.0))
            .col_expr(Column::Worker, Expr::value(None::<String>))
            .col_expr(Column::LeaseUntil, Expr::value(None::<i64>))
            .filter(Column::Id.eq(id.clone()))
            .filter(Column::Status.is_in(open))
            .exec(transaction)
            .await?;
        if change.rows_affected > 0 {
            let row = Row {
                table: "examinations",
                id: &id,
            };
            ended.push(ExaminationId(row.uuid("id", &id)?));
        }
    }
    Ok(ended)
}
