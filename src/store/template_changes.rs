//! What changed in a gallery since a revision: how a search that holds it in memory catches up.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::session::gallery::EnrolledFace;
use crate::session::ids::{GalleryId, SubjectId, TemplateId};
use crate::store::Store;
use crate::store::entity::gallery_changes::{ActiveModel, Column, Entity};
use crate::store::entity::{memberships, templates};
use crate::store::error::StoreError;
use crate::store::reading::Row;
use crate::store::subjects::{self, CHUNK};

/// Changes that are kept a gallery; whoever lags further behind reads the gallery anew.
const KEPT: i64 = 65_536;

/// How often old changes are thrown away, in revisions.
const TIDY_EVERY: i64 = 1_024;

/// What to do to have a gallery as it is.
#[derive(Debug)]
pub enum CatchUp {
    /// These came or were replaced, those went.
    Changes {
        present: Vec<EnrolledFace>,
        gone: Vec<TemplateId>,
    },
    /// Too much has happened: read it anew.
    Anew,
}

impl Store {
    /// What happened in a gallery after a revision.
    pub async fn changes_since(
        &self,
        gallery: GalleryId,
        known: i64,
        current: i64,
    ) -> Result<CatchUp, StoreError> {
        if current - known > KEPT {
            return Ok(CatchUp::Anew);
        }
        let id = gallery.0.to_string();
        let row = Row {
            table: "gallery_changes",
            id: &id,
        };
        let touched: BTreeSet<TemplateId> = Entity::find()
            .filter(Column::GalleryId.eq(id.clone()))
            .filter(Column::Revision.gt(known))
            .all(&self.database)
            .await?
            .iter()
            .map(|change| Ok(TemplateId(row.uuid("template_id", &change.template_id)?)))
            .collect::<Result<_, StoreError>>()?;
        let touched: Vec<TemplateId> = touched.into_iter().collect();
        let mut present = Vec::new();
        for some in touched.chunks(CHUNK) {
            present.extend(self.faces_of_members(gallery, some).await?);
        }
        let here: BTreeSet<TemplateId> = present.iter().map(|face| face.id).collect();
        let gone = touched
            .into_iter()
            .filter(|id| !here.contains(id))
            .collect();
        Ok(CatchUp::Changes { present, gone })
    }

    /// The next page of a gallery's faces: those of the people after `after`.
    pub async fn faces_after(
        &self,
        gallery: GalleryId,
        after: Option<SubjectId>,
    ) -> Result<(Vec<EnrolledFace>, Option<SubjectId>), StoreError> {
        let mut wanted = memberships::Entity::find()
            .filter(memberships::Column::GalleryId.eq(gallery.0.to_string()));
        if let Some(after) = after {
            wanted = wanted.filter(memberships::Column::SubjectId.gt(after.0.to_string()));
        }
        let members = wanted
            .order_by_asc(memberships::Column::SubjectId)
            .limit(CHUNK as u64)
            .all(&self.database)
            .await?;
        let people = members
            .iter()
            .map(|member| {
                let row = Row {
                    table: "memberships",
                    id: &member.subject_id,
                };
                Ok(SubjectId(row.uuid("subject_id", &member.subject_id)?))
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        let last = (people.len() == CHUNK)
            .then(|| people.last().copied())
            .flatten();
        let faces = subjects::faces(&self.database, &self.vault, &people).await?;
        Ok((faces, last))
    }

    /// Those of the faces that are there and whose person is in the gallery.
    async fn faces_of_members(
        &self,
        gallery: GalleryId,
        ids: &[TemplateId],
    ) -> Result<Vec<EnrolledFace>, StoreError> {
        let ids: Vec<String> = ids.iter().map(|id| id.0.to_string()).collect();
        let mut found = templates::Entity::find()
            .filter(templates::Column::Id.is_in(ids))
            .all(&self.database)
            .await?;
        let people: BTreeSet<String> = found.iter().map(|face| face.subject_id.clone()).collect();
        let members: BTreeSet<String> = memberships::Entity::find()
            .filter(memberships::Column::GalleryId.eq(gallery.0.to_string()))
            .filter(memberships::Column::SubjectId.is_in(people))
            .all(&self.database)
            .await?
            .into_iter()
            .map(|member| member.subject_id)
            .collect();
        found.retain(|face| members.contains(&face.subject_id));
        subjects::opened_faces(&self.database, &self.vault, &found).await
    }
}

/// Logs that faces came or went with a revision.
pub(super) async fn log_changes(
    transaction: &DatabaseTransaction,
    gallery: GalleryId,
    revision: i64,
    faces: &[TemplateId],
) -> Result<(), StoreError> {
    let rows = faces.iter().map(|face| ActiveModel {
        gallery_id: Set(gallery.0.to_string()),
        revision: Set(revision),
        template_id: Set(face.0.to_string()),
    });
    if !faces.is_empty() {
        Entity::insert_many(rows)
            .exec_without_returning(transaction)
            .await?;
    }
    if revision % TIDY_EVERY == 0 {
        Entity::delete_many()
            .filter(Column::GalleryId.eq(gallery.0.to_string()))
            .filter(Column::Revision.lte(revision - KEPT))
            .exec(transaction)
            .await?;
    }
    Ok(())
}
