//! Galleries, always seen through their project.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder,
};

use crate::session::audit::AuditEntry;
use crate::session::gallery::{Gallery, GalleryKind};
use crate::session::ids::{GalleryId, ProjectId, SubjectId, TokenId};
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::audit;
use crate::store::database::{settle, take_galleries_turn};
use crate::store::entity::galleries::{ActiveModel, Column, Entity, Model};
use crate::store::entity::{gallery_changes, memberships};
use crate::store::error::StoreError;
use crate::store::reading::Row;
use crate::store::receipts::{Gone, Receipt};
use crate::store::subjects::{self, CHUNK, Turn};
use crate::store::usage::{Counted, count};
use crate::store::vault::Vault;

impl Store {
    /// Makes a gallery, unless its name is taken or the project may have no more.
    pub async fn create_gallery(
        &self,
        gallery: &Gallery,
        limit: Option<u64>,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            if gallery.kind == GalleryKind::Named {
                count(&transaction, gallery.project, Counted::Galleries, 1, limit).await?;
            }
            insert(&transaction, gallery).await
        }
        .await;
        settle(transaction, done).await
    }

    pub async fn gallery(
        &self,
        project: ProjectId,
        id: GalleryId,
    ) -> Result<Option<Gallery>, StoreError> {
        Entity::find_by_id(id.0.to_string())
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .one(&self.database)
            .await?
            .map(read)
            .transpose()
    }

    pub async fn gallery_by_name(
        &self,
        project: ProjectId,
        kind: GalleryKind,
        name: &str,
    ) -> Result<Option<Gallery>, StoreError> {
        Entity::find()
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .filter(Column::Kind.eq(kind.name()))
            .filter(Column::Name.eq(name))
            .one(&self.database)
            .await?
            .map(read)
            .transpose()
    }

    /// A project's named galleries, oldest first.
    pub async fn galleries(&self, project: ProjectId) -> Result<Vec<Gallery>, StoreError> {
        Entity::find()
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .filter(Column::Kind.eq(GalleryKind::Named.name()))
            .order_by_asc(Column::Id)
            .all(&self.database)
            .await?
            .into_iter()
            .map(read)
            .collect()
    }

    /// Gives a gallery another name and description.
    pub async fn describe_gallery(
        &self,
        gallery: &Gallery,
        name: &str,
        description: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        Entity::update_many()
            .col_expr(Column::Name, Expr::value(name))
            .col_expr(Column::Description, Expr::value(description))
            .col_expr(Column::UpdatedAt, Expr::value(now.0))
            .filter(Column::Id.eq(gallery.id.0.to_string()))
            .exec(&self.database)
            .await
            .map_err(|error| StoreError::from(error).naming("a gallery of that name"))?;
        Ok(())
    }

    /// How many people are enrolled in a gallery.
    pub async fn count_subjects(&self, gallery: GalleryId) -> Result<u64, StoreError> {
        Ok(memberships::Entity::find()
            .filter(memberships::Column::GalleryId.eq(gallery.0.to_string()))
            .count(&self.database)
            .await?)
    }

    /// Deletes a gallery with everybody who is in no other one; tells whether it was there. The
    /// entry is worded once it is known how many people went with it.
    pub async fn delete_gallery(
        &self,
        gallery: &Gallery,
        now: Timestamp,
        entry: impl FnOnce(u64, Option<&Receipt>) -> AuditEntry + Send,
    ) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            let Some(gone) = delete(&transaction, &self.vault, gallery, now).await? else {
                return Ok(false);
            };
            let receipt = if gone.is_empty() {
                None
            } else {
                let project = gallery.project;
                Some(self.give_receipt(&transaction, project, &gone, now).await?)
            };
            let entry = entry(gone.people.len() as u64, receipt.as_ref());
            audit::append(&transaction, &entry).await?;
            Ok(true)
        }
        .await;
        let deleted = settle(transaction, done).await?;
        self.sweep_blobs(now).await;
        self.empty_journal().await;
        Ok(deleted)
    }
}

async fn delete(
    transaction: &DatabaseTransaction,
    vault: &Vault,
    gallery: &Gallery,
    now: Timestamp,
) -> Result<Option<Gone>, StoreError> {
    let id = gallery.id.0.to_string();
    // First of all, so that no enrolment comes in between.
    take_galleries_turn(transaction, gallery.project).await?;
    if bump(transaction, gallery.id, now).await?.is_none() {
        return Ok(None);
    }
    let members = memberships::Entity::find()
        .filter(memberships::Column::GalleryId.eq(id.clone()))
        .all(transaction)
        .await?;
    memberships::Entity::delete_many()
        .filter(memberships::Column::GalleryId.eq(id.clone()))
        .exec(transaction)
        .await?;
    let row = Row {
        table: "memberships",
        id: &id,
    };
    let subjects = members
        .iter()
        .map(|member| Ok(SubjectId(row.uuid("subject_id", &member.subject_id)?)))
        .collect::<Result<Vec<_>, StoreError>>()?;
    let turn = Turn {
        project: gallery.project,
        now,
    };
    let mut gone = Gone::default();
    for some in subjects.chunks(CHUNK) {
        let lost = subjects::forget_the_homeless(transaction, vault, turn, some).await?;
        gone.people.extend(lost.people);
        gone.keys.extend(lost.keys);
    }
    gallery_changes::Entity::delete_many()
        .filter(gallery_changes::Column::GalleryId.eq(id.clone()))
        .exec(transaction)
        .await?;
    Entity::delete_by_id(id).exec(transaction).await?;
    if gallery.kind == GalleryKind::Named {
        count(transaction, gallery.project, Counted::Galleries, -1, None).await?;
    }
    Ok(Some(gone))
}

async fn insert<C: ConnectionTrait>(connection: &C, gallery: &Gallery) -> Result<(), StoreError> {
    Entity::insert(ActiveModel {
        id: Set(gallery.id.0.to_string()),
        project_id: Set(gallery.project.0.to_string()),
        kind: Set(gallery.kind.name().to_owned()),
        name: Set(gallery.name.clone()),
        description: Set(gallery.description.clone()),
        created_by: Set(gallery.created_by.map(|token| token.0.to_string())),
        created_at: Set(gallery.created_at.0),
        updated_at: Set(gallery.updated_at.0),
        revision: Set(gallery.revision),
    })
    .exec_without_returning(connection)
    .await
    .map_err(|error| StoreError::from(error).naming("a gallery of that name"))?;
    Ok(())
}

/// Takes the gallery's next revision, and with it the turn to change it; none where it is gone.
pub(super) async fn bump(
    transaction: &DatabaseTransaction,
    id: GalleryId,
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    Entity::update_many()
        .col_expr(Column::Revision, Expr::col(Column::Revision).add(1))
        .col_expr(Column::UpdatedAt, Expr::value(now.0))
        .filter(Column::Id.eq(id.0.to_string()))
        .exec(transaction)
        .await?;
    let row = Entity::find_by_id(id.0.to_string())
        .one(transaction)
        .await?;
    Ok(row.map(|model| model.revision))
}

fn read(model: Model) -> Result<Gallery, StoreError> {
    let row = Row {
        table: "galleries",
        id: &model.id,
    };
    let created_by = model
        .created_by
        .as_deref()
        .map(|text| row.uuid("created_by", text))
        .transpose()?;
    Ok(Gallery {
        id: GalleryId(row.uuid("id", &model.id)?),
        project: ProjectId(row.uuid("project_id", &model.project_id)?),
        kind: row.known("kind", GalleryKind::from_name(&model.kind))?,
        created_by: created_by.map(TokenId),
        created_at: Timestamp(model.created_at),
        updated_at: Timestamp(model.updated_at),
        revision: model.revision,
        name: model.name,
        description: model.description,
    })
}
