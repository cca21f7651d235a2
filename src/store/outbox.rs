//! Events that are to be posted, kept in the transaction that causes them: one row an endpoint, or none.

use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use crate::session::delivery::DeliveryState;
use crate::session::ids::{CallbackId, ProjectId};
use crate::session::webhook::Event;
use crate::store::callbacks::{self, Callback};
use crate::store::error::StoreError;
use crate::store::webhooks::{self, Asking};

/// Keeps an event for every endpoint of the project that asks for it.
pub(super) async fn announce(
    transaction: &DatabaseTransaction,
    project: ProjectId,
    event: &Event,
) -> Result<(), StoreError> {
    for asking in webhooks::asking(transaction, project, event.kind).await? {
        callbacks::insert(transaction, &to(&asking, event)).await?;
    }
    Ok(())
}

/// An event on its way to an endpoint, under an identifier that no other has.
pub(super) fn to(endpoint: &Asking, event: &Event) -> Callback {
    Callback {
        id: CallbackId(Uuid::now_v7()),
        project: endpoint.project,
        address: endpoint.url.clone(),
        body: event.body(),
        endpoint: Some(endpoint.id),
        event: Some(event.kind),
        lane: endpoint.id.0.to_string(),
        attempts: 0,
        next_at: event.at,
        state: DeliveryState::Waiting,
        queued_at: event.at,
        ended_at: None,
        last_error: None,
    }
}
