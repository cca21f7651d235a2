//! People who were enrolled from a session under a legal hold: they stay as long as it stands.

use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

use crate::session::ids::{ProjectId, SubjectId};
use crate::store::entity::{sessions, subjects};
use crate::store::error::StoreError;

/// Whether a hold keeps any of these people. The rows of their sessions are locked until the transaction ends, so that
/// nobody puts one on hold in between.
pub(super) async fn any_held(
    transaction: &DatabaseTransaction,
    people: &[SubjectId],
) -> Result<bool, StoreError> {
    use sessions::Column;
    let theirs = subjects::Entity::find()
        .select_only()
        .column(subjects::Column::SessionId)
        .filter(subjects::Column::Id.is_in(people.iter().map(|id| id.0.to_string())))
        .filter(subjects::Column::SessionId.is_not_null())
        .into_query();
    let held: Vec<Option<i64>> = sessions::Entity::find()
        .select_only()
        .column(Column::HeldAt)
        .filter(Column::Id.in_subquery(theirs))
        .order_by_asc(Column::Id)
        .lock_shared()
        .into_tuple()
        .all(transaction)
        .await?;
    Ok(held.iter().any(Option::is_some))
}

/// Who is kept by no hold, among a project's people.
pub(super) fn not_held(project: ProjectId) -> Condition {
    use subjects::Column;
    Condition::any()
        .add(Column::SessionId.is_null())
        .add(Column::SessionId.not_in_subquery(held_sessions(project)))
}

fn held_sessions(project: ProjectId) -> SelectStatement {
    use sessions::{Column, Entity};
    Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ProjectId.eq(project.0.to_string()))
        .filter(Column::HeldAt.is_not_null())
        .into_query()
}
