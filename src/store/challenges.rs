//! Challenges: drawn for a session so often and no more, and used up by one examination.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder,
};

use crate::session::challenge::{Challenge, ChallengeOrder, MOST_DRAWS};
use crate::session::ids::{ChallengeId, SessionId};
use crate::session::status::{Move, SessionStatus};
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::database::settle;
use crate::store::entity::challenges::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::{Row, to_json};
use crate::store::sessions;

impl Store {
    /// Keeps a challenge for a session that still takes evidence, and tells how many more it may draw.
    pub async fn draw_challenge(&self, challenge: &Challenge) -> Result<u64, StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            // Whoever draws takes the session's row first, so that two do not count the same draws.
            let taking = SessionStatus::allowing(Move::AcceptEvidence);
            sessions::touch(&transaction, challenge.session, taking, challenge.drawn_at).await?;
            let session = Column::SessionId.eq(challenge.session.0.to_string());
            let drawn = Entity::find().filter(session).count(&transaction).await?;
            if drawn >= MOST_DRAWS {
                return Err(StoreError::ChallengesUsedUp { drawn });
            }
            insert(&transaction, challenge).await?;
            Ok(MOST_DRAWS - drawn - 1)
        }
        .await;
        settle(transaction, done).await
    }

    /// The challenge drawn last for a session, used up or not.
    pub async fn last_challenge(
        &self,
        session: SessionId,
    ) -> Result<Option<Challenge>, StoreError> {
        last(&self.database, session)
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }
}

async fn last<C: ConnectionTrait>(
    connection: &C,
    session: SessionId,
) -> Result<Option<Model>, StoreError> {
    let last = Entity::find()
        .filter(Column::SessionId.eq(session.0.to_string()))
        .order_by_desc(Column::DrawnAt)
        .order_by_desc(Column::Id)
        .one(connection)
        .await?;
    Ok(last)
}

async fn insert(
    transaction: &DatabaseTransaction,
    challenge: &Challenge,
) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(challenge.id.0.to_string()),
        session_id: Set(challenge.session.0.to_string()),
        steps: Set(to_json("a challenge", &challenge.steps)?),
        drawn_at: Set(challenge.drawn_at.0),
        expires_at: Set(challenge.expires_at.0),
        used_at: Set(None),
    };
    Entity::insert(row)
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

/// Uses up the challenge that an order was made with. It answers for one examination alone, and only
/// while no other was drawn since the order was made: the session's row is held, so that none is now.
pub(super) async fn use_up(
    transaction: &DatabaseTransaction,
    session: SessionId,
    order: Option<&ChallengeOrder>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let last = last(transaction, session).await?;
    let last_id = last.as_ref().map(|last| last.id.as_str());
    let ordered = order.map(|order| order.id.0.to_string());
    if last_id != ordered.as_deref() {
        return Err(StoreError::AnotherChallenge);
    }
    let Some(order) = order else {
        return Ok(());
    };
    let used = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(at.0))
        .filter(Column::Id.eq(order.id.0.to_string()))
        .filter(Column::UsedAt.is_null())
        .exec(transaction)
        .await?;
    // One that was used up before is ordered as what no video answers any more.
    if used.rows_affected == 0 && order.in_time {
        return Err(StoreError::AnotherChallenge);
    }
    Ok(())
}

fn read(model: &Model) -> Result<Challenge, StoreError> {
    let row = Row {
        table: "challenges",
        id: &model.id,
    };
    Ok(Challenge {
        id: ChallengeId(row.uuid("id", &model.id)?),
        session: SessionId(row.uuid("session_id", &model.session_id)?),
        steps: row.json("steps", &model.steps)?,
        drawn_at: Timestamp(model.drawn_at),
        expires_at: Timestamp(model.expires_at),
        used: model.used_at.is_some(),
    })
}
