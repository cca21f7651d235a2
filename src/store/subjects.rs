//! Enrolled people: who is in which gallery, under which label, with which faces.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::session::audit::AuditEntry;
use crate::session::gallery::{EnrolledFace, PictureKeeping, Subject};
use crate::session::ids::{GalleryId, ProjectId, SubjectId, TemplateId};
use crate::session::template::Template;
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::audit;
use crate::store::blobs::{picture_key, thumbnail_key};
use crate::store::database::{settle, take_galleries_turn};
use crate::store::doomed;
use crate::store::entity::subjects::{ActiveModel, Column, Entity, Model};
use crate::store::entity::{memberships, templates};
use crate::store::error::StoreError;
use crate::store::galleries::bump;
use crate::store::reading::{Row, to_json};
use crate::store::template_changes::log_changes;
use crate::store::usage::{Counted, count};

/// Identifiers named in one statement; databases bound how many they take.
pub(super) const CHUNK: usize = 500;

/// What a person may be looked for by, among a project's people.
#[derive(Clone, Copy, Debug)]
pub struct People {
    pub gallery: GalleryId,
    pub skip: u64,
    pub take: u64,
}

impl Store {
    /// The person of that label in a gallery.
    pub async fn subject_in(
        &self,
        gallery: GalleryId,
        label: &str,
    ) -> Result<Option<Subject>, StoreError> {
        let Some(id) = member(&self.database, gallery, label).await? else {
            return Ok(None);
        };
        Ok(subjects(&self.database, &[id]).await?.pop())
    }

    /// Whose face of a project that is.
    pub async fn subject_of(
        &self,
        project: ProjectId,
        face: TemplateId,
    ) -> Result<Option<Subject>, StoreError> {
        let found = templates::Entity::find_by_id(face.0.to_string())
            .one(&self.database)
            .await?;
        let Some(face) = found else { return Ok(None) };
        Entity::find_by_id(face.subject_id)
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .one(&self.database)
            .await?
            .map(read)
            .transpose()
    }

    /// People by their identifiers; who is gone is left out.
    pub async fn subjects(&self, ids: &[SubjectId]) -> Result<Vec<Subject>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for some in ids.chunks(CHUNK) {
            found.extend(subjects(&self.database, some).await?);
        }
        Ok(found)
    }

    /// The people of a gallery by the time of their enrolment, oldest first.
    pub async fn people(&self, people: &People) -> Result<Vec<Subject>, StoreError> {
        let members = memberships::Entity::find()
            .filter(memberships::Column::GalleryId.eq(people.gallery.0.to_string()))
            .order_by_asc(memberships::Column::SubjectId)
            .offset(people.skip)
            .limit(people.take)
            .all(&self.database)
            .await?;
        let ids = members
            .iter()
            .map(|member| subject_id(&member.subject_id))
            .collect::<Result<Vec<_>, _>>()?;
        let mut found = self.subjects(&ids).await?;
        found.sort_by_key(|subject| subject.id);
        Ok(found)
    }

    /// A project's people of that name, whichever gallery they are in.
    pub async fn subjects_named(
        &self,
        project: ProjectId,
        name: &str,
    ) -> Result<Vec<Subject>, StoreError> {
        Entity::find()
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .filter(Column::Name.eq(name))
            .order_by_asc(Column::Id)
            .all(&self.database)
            .await?
            .into_iter()
            .map(read)
            .collect()
    }

    /// The galleries that hold a person.
    pub async fn galleries_of(&self, subject: SubjectId) -> Result<Vec<GalleryId>, StoreError> {
        galleries_of(&self.database, subject).await
    }

    /// The faces of people, oldest first.
    pub async fn faces(&self, subjects: &[SubjectId]) -> Result<Vec<EnrolledFace>, StoreError> {
        let mut found = Vec::new();
        for some in subjects.chunks(CHUNK) {
            found.extend(faces(&self.database, some).await?);
        }
        Ok(found)
    }

    /// Gives a person another name and other details.
    pub async fn describe_subject(
        &self,
        id: SubjectId,
        name: &str,
        details: Option<&serde_json::Value>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        describe(&self.database, id, name, details, now).await
    }

    /// Puts a person into a further gallery, under the same label; being there already is as good.
    pub async fn join_gallery(
        &self,
        project: ProjectId,
        gallery: GalleryId,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            take_galleries_turn(&transaction, project).await?;
            if galleries_of(&transaction, subject.id)
                .await?
                .contains(&gallery)
            {
                return Ok(());
            }
            add_member(&transaction, gallery, subject.id, &subject.label).await?;
            note(&transaction, gallery, &[subject.id], now).await
        }
        .await;
        settle(transaction, done).await
    }

    /// Takes a person out of a gallery, and deletes whoever is in none any more. Tells whether
    /// the person was there; the entry is kept where the person is deleted.
    pub async fn leave_gallery(
        &self,
        project: ProjectId,
        gallery: GalleryId,
        subject: SubjectId,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let now = entry.at;
        let transaction = self.begin().await?;
        let done = async {
            take_galleries_turn(&transaction, project).await?;
            // Noted while the faces are still there to be named.
            note(&transaction, gallery, &[subject], now).await?;
            let gone = memberships::Entity::delete_many()
                .filter(memberships::Column::GalleryId.eq(gallery.0.to_string()))
                .filter(memberships::Column::SubjectId.eq(subject.0.to_string()))
                .exec(&transaction)
                .await?;
            if forget_the_homeless(&transaction, project, &[subject], now).await? > 0 {
                audit::append(&transaction, entry).await?;
            }
            Ok(gone.rows_affected > 0)
        }
        .await;
        let left = settle(transaction, done).await?;
        self.sweep_blobs(now).await;
        Ok(left)
    }

    /// Deletes a person, out of every gallery.
    pub async fn delete_subject(
        &self,
        project: ProjectId,
        subject: SubjectId,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let now = entry.at;
        let transaction = self.begin().await?;
        let done = async {
            take_galleries_turn(&transaction, project).await?;
            let galleries = galleries_of(&transaction, subject).await?;
            for gallery in &galleries {
                note(&transaction, *gallery, &[subject], now).await?;
            }
            memberships::Entity::delete_many()
                .filter(memberships::Column::SubjectId.eq(subject.0.to_string()))
                .exec(&transaction)
                .await?;
            if galleries.is_empty() {
                return Ok(false);
            }
            forget_the_homeless(&transaction, project, &[subject], now).await?;
            audit::append(&transaction, entry).await?;
            Ok(true)
        }
        .await;
        let deleted = settle(transaction, done).await?;
        self.sweep_blobs(now).await;
        Ok(deleted)
    }
}

/// Deletes those of the people who are in no gallery: their faces, and what is kept of their
/// pictures. Tells how many people that were.
pub(super) async fn forget_the_homeless(
    transaction: &DatabaseTransaction,
    project: ProjectId,
    people: &[SubjectId],
    now: Timestamp,
) -> Result<u64, StoreError> {
    let housed: BTreeSet<String> = memberships::Entity::find()
        .filter(memberships::Column::SubjectId.is_in(texts(people)))
        .all(transaction)
        .await?
        .into_iter()
        .map(|member| member.subject_id)
        .collect();
    let homeless: Vec<SubjectId> = people
        .iter()
        .copied()
        .filter(|subject| !housed.contains(&subject.0.to_string()))
        .collect();
    if homeless.is_empty() {
        return Ok(0);
    }
    let lost = faces(transaction, &homeless).await?;
    delete_faces(transaction, project, &lost, now).await?;
    let deleted = Entity::delete_many()
        .filter(Column::Id.is_in(texts(&homeless)))
        .exec(transaction)
        .await?;
    Ok(deleted.rows_affected)
}

/// Deletes faces and dooms their pictures.
pub(super) async fn delete_faces(
    transaction: &DatabaseTransaction,
    project: ProjectId,
    lost: &[EnrolledFace],
    now: Timestamp,
) -> Result<(), StoreError> {
    for some in lost.chunks(CHUNK) {
        let ids: Vec<String> = some.iter().map(|face| face.id.0.to_string()).collect();
        templates::Entity::delete_many()
            .filter(templates::Column::Id.is_in(ids))
            .exec(transaction)
            .await?;
    }
    let keys: Vec<String> = lost
        .iter()
        .flat_map(|face| kept_keys(project, face))
        .collect();
    doomed::doom(transaction, &keys, now).await?;
    if !lost.is_empty() {
        let fewer = -i64::try_from(lost.len()).unwrap_or(i64::MAX);
        count(transaction, project, Counted::Faces, fewer, None).await?;
    }
    Ok(())
}

/// Where the blobs of a face lie.
pub(super) fn kept_keys(project: ProjectId, face: &EnrolledFace) -> Vec<String> {
    match face.keeping {
        PictureKeeping::Picture => vec![
            picture_key(project, face.id),
            thumbnail_key(project, face.id),
        ],
        PictureKeeping::Thumbnail => vec![thumbnail_key(project, face.id)],
        PictureKeeping::Nothing => Vec::new(),
    }
}

/// Notes for every search of the gallery that these people's faces came or went.
pub(super) async fn note(
    transaction: &DatabaseTransaction,
    gallery: GalleryId,
    people: &[SubjectId],
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(revision) = bump(transaction, gallery, now).await? else {
        return Err(StoreError::NotFound { what: "gallery" });
    };
    let ids: Vec<TemplateId> = faces(transaction, people)
        .await?
        .iter()
        .map(|face| face.id)
        .collect();
    log_changes(transaction, gallery, revision, &ids).await
}

pub(super) async fn insert<C: ConnectionTrait>(
    connection: &C,
    project: ProjectId,
    subject: &Subject,
) -> Result<(), StoreError> {
    Entity::insert(ActiveModel {
        id: Set(subject.id.0.to_string()),
        project_id: Set(project.0.to_string()),
        label: Set(subject.label.clone()),
        name: Set(subject.name.clone()),
        details: Set(details_text(subject.details.as_ref())?),
        created_at: Set(subject.created_at.0),
        updated_at: Set(subject.updated_at.0),
    })
    .exec_without_returning(connection)
    .await?;
    Ok(())
}

pub(super) async fn add_member<C: ConnectionTrait>(
    connection: &C,
    gallery: GalleryId,
    subject: SubjectId,
    label: &str,
) -> Result<(), StoreError> {
    memberships::Entity::insert(memberships::ActiveModel {
        gallery_id: Set(gallery.0.to_string()),
        subject_id: Set(subject.0.to_string()),
        label: Set(label.to_owned()),
    })
    .exec_without_returning(connection)
    .await
    .map_err(|error| StoreError::from(error).naming("a person of that identifier"))?;
    Ok(())
}

pub(super) async fn describe<C: ConnectionTrait>(
    connection: &C,
    id: SubjectId,
    name: &str,
    details: Option<&serde_json::Value>,
    now: Timestamp,
) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::Name, Expr::value(name))
        .col_expr(Column::Details, Expr::value(details_text(details)?))
        .col_expr(Column::UpdatedAt, Expr::value(now.0))
        .filter(Column::Id.eq(id.0.to_string()))
        .exec(connection)
        .await?;
    Ok(())
}

pub(super) async fn member<C: ConnectionTrait>(
    connection: &C,
    gallery: GalleryId,
    label: &str,
) -> Result<Option<SubjectId>, StoreError> {
    memberships::Entity::find()
        .filter(memberships::Column::GalleryId.eq(gallery.0.to_string()))
        .filter(memberships::Column::Label.eq(label))
        .one(connection)
        .await?
        .map(|member| subject_id(&member.subject_id))
        .transpose()
}

pub(super) async fn subjects<C: ConnectionTrait>(
    connection: &C,
    ids: &[SubjectId],
) -> Result<Vec<Subject>, StoreError> {
    Entity::find()
        .filter(Column::Id.is_in(texts(ids)))
        .all(connection)
        .await?
        .into_iter()
        .map(read)
        .collect()
}

pub(super) async fn galleries_of<C: ConnectionTrait>(
    connection: &C,
    subject: SubjectId,
) -> Result<Vec<GalleryId>, StoreError> {
    let id = subject.0.to_string();
    let row = Row {
        table: "memberships",
        id: &id,
    };
    // In one order everywhere, so that two writers never wait for each other.
    memberships::Entity::find()
        .filter(memberships::Column::SubjectId.eq(id.clone()))
        .order_by_asc(memberships::Column::GalleryId)
        .all(connection)
        .await?
        .iter()
        .map(|member| Ok(GalleryId(row.uuid("gallery_id", &member.gallery_id)?)))
        .collect()
}

pub(super) async fn faces<C: ConnectionTrait>(
    connection: &C,
    people: &[SubjectId],
) -> Result<Vec<EnrolledFace>, StoreError> {
    templates::Entity::find()
        .filter(templates::Column::SubjectId.is_in(texts(people)))
        .order_by_asc(templates::Column::SubjectId)
        .order_by_asc(templates::Column::Id)
        .all(connection)
        .await?
        .iter()
        .map(read_face)
        .collect()
}

pub(super) fn read_face(model: &templates::Model) -> Result<EnrolledFace, StoreError> {
    let row = Row {
        table: "templates",
        id: &model.id,
    };
    let (numbers, rest) = model.vector.as_chunks::<4>();
    let vector = rest.is_empty().then(|| {
        numbers
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect()
    });
    let template = vector.and_then(|vector| Template::new(model.pack.clone(), vector));
    Ok(EnrolledFace {
        id: TemplateId(row.uuid("id", &model.id)?),
        subject: SubjectId(row.uuid("subject_id", &model.subject_id)?),
        template: row.known("vector", template)?,
        keeping: row.known("keeping", PictureKeeping::from_name(&model.keeping))?,
        created_at: Timestamp(model.created_at),
    })
}

fn texts(ids: &[SubjectId]) -> Vec<String> {
    ids.iter().map(|id| id.0.to_string()).collect()
}

fn details_text(details: Option<&serde_json::Value>) -> Result<Option<String>, StoreError> {
    details
        .map(|details| to_json("a person's details", details))
        .transpose()
}

fn subject_id(text: &str) -> Result<SubjectId, StoreError> {
    let row = Row {
        table: "memberships",
        id: text,
    };
    Ok(SubjectId(row.uuid("subject_id", text)?))
}

fn read(model: Model) -> Result<Subject, StoreError> {
    let row = Row {
        table: "subjects",
        id: &model.id,
    };
    Ok(Subject {
        id: SubjectId(row.uuid("id", &model.id)?),
        details: row.json_if_any("details", model.details.as_deref())?,
        created_at: Timestamp(model.created_at),
        updated_at: Timestamp(model.updated_at),
        label: model.label,
        name: model.name,
    })
}
