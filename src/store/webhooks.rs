//! The endpoints that a project's events are posted to.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
};

use crate::session::audit::AuditEntry;
use crate::session::ids::{EndpointId, ProjectId};
use crate::session::time::Timestamp;
use crate::session::webhook::{Endpoint, EventKind, Previous, WebhookSecret};
use crate::store::database::settle;
use crate::store::entity::webhook_endpoints::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::{Row, to_json};
use crate::store::{Store, audit, callbacks};

/// An endpoint as far as an event on its way there has to know it: without its secrets.
pub(super) struct Asking {
    pub(super) id: EndpointId,
    pub(super) project: ProjectId,
    pub(super) url: String,
}

impl From<&Endpoint> for Asking {
    fn from(endpoint: &Endpoint) -> Self {
        Self {
            id: endpoint.id,
            project: endpoint.project,
            url: endpoint.url.clone(),
        }
    }
}

/// What a secret is sealed for: it opens in the row of its endpoint alone.
fn place(id: &str) -> Vec<u8> {
    format!("webhook_endpoints/secret/{id}").into_bytes()
}

impl Store {
    /// Keeps a new endpoint, where the project has fewer than `most`.
    pub async fn insert_endpoint(
        &self,
        endpoint: &Endpoint,
        most: u64,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        let events: Vec<&str> = endpoint.events.iter().map(|kind| kind.name()).collect();
        let secret = self.sealed(endpoint.id, &endpoint.secret)?;
        let transaction = self.begin().await?;
        let done = async {
            let project = endpoint.project.0.to_string();
            let count = Entity::find()
                .filter(Column::ProjectId.eq(project.clone()))
                .count(&transaction)
                .await?;
            if count >= most {
                return Err(StoreError::QuotaReached { what: "webhooks" });
            }
            Entity::insert(ActiveModel {
                id: Set(endpoint.id.0.to_string()),
                project_id: Set(project),
                url: Set(endpoint.url.clone()),
                events: Set(to_json("an endpoint's events", &events)?),
                secret: Set(secret),
                created_at: Set(endpoint.created_at.0),
                ..Default::default()
            })
            .exec_without_returning(&transaction)
            .await?;
            audit::append(&transaction, entry).await
        }
        .await;
        settle(transaction, done).await
    }

    /// A project's endpoints, oldest first.
    pub async fn endpoints(&self, project: ProjectId) -> Result<Vec<Endpoint>, StoreError> {
        Entity::find()
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .order_by_asc(Column::Id)
            .all(&self.database)
            .await?
            .into_iter()
            .map(|model| self.read_endpoint(model))
            .collect()
    }

    /// An endpoint, whosever it is.
    pub async fn endpoint(&self, id: EndpointId) -> Result<Option<Endpoint>, StoreError> {
        Entity::find_by_id(id.0.to_string())
            .one(&self.database)
            .await?
            .map(|model| self.read_endpoint(model))
            .transpose()
    }

    /// Puts a new secret in the place of the old one, which signs beside it until a moment; false where the
    /// project has no such endpoint.
    pub async fn rotate_endpoint(
        &self,
        project: ProjectId,
        id: EndpointId,
        secret: &WebhookSecret,
        until: Timestamp,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let secret = self.sealed(id, secret)?;
        let transaction = self.begin().await?;
        let done = async {
            let old = Entity::find_by_id(id.0.to_string())
                .filter(Column::ProjectId.eq(project.0.to_string()))
                .one(&transaction)
                .await?;
            let Some(old) = old else { return Ok(false) };
            let rotated = Entity::update_many()
                .col_expr(Column::PreviousSecret, Expr::value(old.secret.clone()))
                .col_expr(Column::PreviousUntil, Expr::value(until.0))
                .col_expr(Column::Secret, Expr::value(secret))
                .filter(Column::Id.eq(old.id))
                // Two at once would lose the one that callers still hold.
                .filter(Column::Secret.eq(old.secret))
                .exec(&transaction)
                .await?;
            if rotated.rows_affected == 0 {
                return Ok(false);
            }
            audit::append(&transaction, entry).await?;
            Ok(true)
        }
        .await;
        settle(transaction, done).await
    }

    /// Removes an endpoint and gives up what is on its way there; false where the project has no such one.
    pub async fn remove_endpoint(
        &self,
        project: ProjectId,
        id: EndpointId,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            let removed = Entity::delete_many()
                .filter(Column::Id.eq(id.0.to_string()))
                .filter(Column::ProjectId.eq(project.0.to_string()))
                .exec(&transaction)
                .await?;
            if removed.rows_affected == 0 {
                return Ok(false);
            }
            let why = "its endpoint was removed";
            callbacks::give_up_all(&transaction, id, entry.at, why).await?;
            audit::append(&transaction, entry).await?;
            Ok(true)
        }
        .await;
        settle(transaction, done).await
    }

    /// Posts to a disabled endpoint again from now on; false where the project has no such one.
    pub async fn enable_endpoint(
        &self,
        project: ProjectId,
        id: EndpointId,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            let enabled = Entity::update_many()
                .col_expr(Column::DisabledAt, Expr::value(None::<i64>))
                .filter(Column::Id.eq(id.0.to_string()))
                .filter(Column::ProjectId.eq(project.0.to_string()))
                .exec(&transaction)
                .await?;
            if enabled.rows_affected == 0 {
                return Ok(false);
            }
            audit::append(&transaction, entry).await?;
            Ok(true)
        }
        .await;
        settle(transaction, done).await
    }

    /// Posts nothing more to an endpoint that says that it is gone, and gives up what is on its way there.
    pub async fn disable_endpoint(&self, id: EndpointId, now: Timestamp) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            Entity::update_many()
                .col_expr(Column::DisabledAt, Expr::value(now.0))
                .filter(Column::Id.eq(id.0.to_string()))
                .filter(Column::DisabledAt.is_null())
                .exec(&transaction)
                .await?;
            let why = "its endpoint answered that it is gone";
            callbacks::give_up_all(&transaction, id, now, why).await
        }
        .await;
        settle(transaction, done).await
    }
}

/// The project's endpoints that ask for such events and are not disabled.
pub(super) async fn asking(
    transaction: &DatabaseTransaction,
    project: ProjectId,
    kind: EventKind,
) -> Result<Vec<Asking>, StoreError> {
    let all = Entity::find()
        .filter(Column::ProjectId.eq(project.0.to_string()))
        .filter(Column::DisabledAt.is_null())
        .order_by_asc(Column::Id)
        .all(transaction)
        .await?;
    let mut asking = Vec::new();
    for model in all {
        let row = row(&model);
        if events(row, &model)?.contains(&kind) {
            asking.push(Asking {
                id: EndpointId(row.uuid("id", &model.id)?),
                project,
                url: model.url,
            });
        }
    }
    Ok(asking)
}

/// Whether there is an endpoint that is posted to.
pub(super) async fn is_live(
    transaction: &DatabaseTransaction,
    id: &str,
) -> Result<bool, StoreError> {
    let found = Entity::find_by_id(id)
        .filter(Column::DisabledAt.is_null())
        .one(transaction)
        .await?;
    Ok(found.is_some())
}

impl Store {
    /// A secret as it is kept: sealed under the service's own key, as it is nobody's whom an erasure could reach.
    fn sealed(&self, id: EndpointId, secret: &WebhookSecret) -> Result<Vec<u8>, StoreError> {
        let place = place(&id.0.to_string());
        self.vault.ownerless().seal(&place, secret.bytes())
    }

    fn read_endpoint(&self, model: Model) -> Result<Endpoint, StoreError> {
        let row = row(&model);
        let open = |column, sealed: &[u8]| {
            let secret = self.vault.ownerless().open(&place(&model.id), sealed);
            row.known(column, secret.and_then(WebhookSecret::kept))
        };
        let previous = match (&model.previous_secret, model.previous_until) {
            (Some(secret), Some(until)) => Some(Previous {
                secret: open("previous_secret", secret)?,
                until: Timestamp(until),
            }),
            _ => None,
        };
        Ok(Endpoint {
            id: EndpointId(row.uuid("id", &model.id)?),
            project: ProjectId(row.uuid("project_id", &model.project_id)?),
            events: events(row, &model)?,
            secret: open("secret", &model.secret)?,
            previous,
            created_at: Timestamp(model.created_at),
            disabled_at: model.disabled_at.map(Timestamp),
            url: model.url,
        })
    }
}

fn row(model: &Model) -> Row<'_> {
    Row {
        table: "webhook_endpoints",
        id: &model.id,
    }
}

fn events(row: Row<'_>, model: &Model) -> Result<Vec<EventKind>, StoreError> {
    let names: Vec<String> = row.json("events", &model.events)?;
    let events = names.iter().map(|name| EventKind::from_name(name));
    row.known("events", events.collect::<Option<Vec<_>>>())
}
